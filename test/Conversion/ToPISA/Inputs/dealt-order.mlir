// Positions are dealt, the terms of each are gone through by one array.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x40x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x40x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %e = photonic.zeros : tensor<1x40x1x3xf32>
  %r0 = scf.for %m = %c0 to %c40 step %c32 iter_args(%a0 = %e) -> (tensor<1x40x1x3xf32>) {
    %r1 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x40x1x3xf32>) {
      %r2 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a2 = %a1) -> (tensor<1x40x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x40x1x2xf32>, tensor<1x32x1x2xf32>)
            outs(%a2 by #images : tensor<1x40x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] operator = "Conv"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<1x40x1x3xf32>
      }
      scf.yield %r2 : tensor<1x40x1x3xf32>
    }
    scf.yield %r1 : tensor<1x40x1x3xf32>
  }
  return %r0 : tensor<1x40x1x3xf32>
}

// -----

// Terms are dealt, the passes of each stay on one array.
#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [96 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [96 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c96 = arith.constant 96 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c96 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x96xf32>, tensor<8x96xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 32] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Halves of the contraction are dealt.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [64 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [64 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %i = %c0 to %c64 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %j = %c0 to %c32 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %k = arith.addi %i, %j : index
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<8x100xf32>
      }
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Positions are dealt, the pieces of columns that share elements with them are not.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x40x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x40x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %e = photonic.zeros : tensor<1x40x1x3xf32>
  %r0 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<1x40x1x3xf32>) {
    %r1 = scf.for %n = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x40x1x3xf32>) {
      %r2 = scf.for %m = %c0 to %c40 step %c32 iter_args(%a2 = %a1) -> (tensor<1x40x1x3xf32>) {
        %r3 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a3 = %a2) -> (tensor<1x40x1x3xf32>) {
          %p = arith.subi %c1, %t : index
          %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x40x1x2xf32>, tensor<1x32x1x2xf32>)
              outs(%a3 by #images : tensor<1x40x1x3xf32>)
              tile [%c0, %p, %m, %n, %k] sizes = [32, 1, 16] operator = "Conv"
              formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
          pass {
          ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
            %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
            photonic.yield %d : f32
          } combine {
          ^bb0(%sum: f32, %acc: f32):
            %r = photonic.float_add %acc, %sum
            photonic.yield %r : f32
          }
          scf.yield %y : tensor<1x40x1x3xf32>
        }
        scf.yield %r3 : tensor<1x40x1x3xf32>
      }
      scf.yield %r2 : tensor<1x40x1x3xf32>
    }
    scf.yield %r1 : tensor<1x40x1x3xf32>
  }
  return %r0 : tensor<1x40x1x3xf32>
}
