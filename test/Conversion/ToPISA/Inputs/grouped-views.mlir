// The last group ends behind the tensor, where it reads +0: 3 * 36 of 100 rows.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<groups = [3 x d0 by 36], rows = [36 x d0], columns = [40 x d1]>
#images = #photonic.view<groups = [3 x d0 by 2], rows = [2 x d0], columns = [40 x d1]>
#outputs = #photonic.view<groups = [3 x d0 by 2], rows = [36 x d1], columns = [2 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<6x40xf32>) -> tensor<6x36xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c36 = arith.constant 36 : index
  %c40 = arith.constant 40 : index
  %e = tensor.empty() : tensor<6x36xf32>
  %r0 = scf.for %g = %c0 to %c3 step %c1 iter_args(%a0 = %e) -> (tensor<6x36xf32>) {
    %r1 = scf.for %m = %c0 to %c36 step %c32 iter_args(%a1 = %a0) -> (tensor<6x36xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<6x36xf32>) {
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<6x40xf32>)
            outs(%a2 by #outputs : tensor<6x36xf32>)
            tile [%g, %c0, %m, %c0, %k] sizes = [32, 2, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1, 2]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<6x36xf32>
      }
      scf.yield %r2 : tensor<6x36xf32>
    }
    scf.yield %r1 : tensor<6x36xf32>
  }
  return %r0 : tensor<6x36xf32>
}

// -----

// Rows that run backwards lie in the group before, but for the first.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<groups = [2 x d0 by 50], rows = [50 x d0 by -1], columns = [40 x d1]>
#images = #photonic.view<groups = [2 x d0 by 4], rows = [4 x d0], columns = [40 x d1]>
#outputs = #photonic.view<groups = [2 x d0 by 4], rows = [50 x d1], columns = [4 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x50xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c50 = arith.constant 50 : index
  %e = tensor.empty() : tensor<8x50xf32>
  %r0 = scf.for %g = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<8x50xf32>) {
    %r1 = scf.for %m = %c0 to %c50 step %c32 iter_args(%a1 = %a0) -> (tensor<8x50xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x50xf32>) {
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x50xf32>)
            tile [%g, %c0, %m, %c0, %k] sizes = [32, 4, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1, 2]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<8x50xf32>
      }
      scf.yield %r2 : tensor<8x50xf32>
    }
    scf.yield %r1 : tensor<8x50xf32>
  }
  return %r0 : tensor<8x50xf32>
}
