// What is fused and cannot be computed in chunks.
//
// RUN: photonic-opt %s --split-input-file --photonic-set-target=target=mirage --photonic-choose-chunks --photonic-place-buffers --photonic-emit-program --verify-diagnostics

func.func @main(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {photonic.memory = #photonic.memory<hierarchy>} {
  %y = photonic.fused {
    %0 = nn.softmax %x axis = 1 : tensor<8x16xf32>
    // expected-error@+1 {{follows what is no product; expected an operation of its own: take it out of the photonic.fused}}
    %1 = nn.relu %0 : tensor<8x16xf32>
    photonic.yield %1 : tensor<8x16xf32>
  } : tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

// -----

func.func @main(%x: tensor<8x16xf32>) -> tensor<16x8xf32> attributes {photonic.memory = #photonic.memory<hierarchy>} {
  %y = photonic.fused {
    // expected-error@+1 {{only moves elements in off-chip memory, in no chunks; take it out of the photonic.fused}}
    %0 = nn.transpose %x perm = [1, 0] : tensor<8x16xf32> -> tensor<16x8xf32>
    photonic.yield %0 : tensor<16x8xf32>
  } : tensor<16x8xf32>
  return %y : tensor<16x8xf32>
}

// -----

func.func @main(%x: tensor<8x16xf32>) -> tensor<8x16xf32> attributes {photonic.memory = #photonic.memory<hierarchy>} {
  %y = photonic.fused {
    // expected-error@+1 {{stage schedule: 'nn.reshape' is in a photonic.fused, and is neither a nest nor a digital operation that computes}}
    %0 = nn.reshape %x : tensor<8x16xf32> -> tensor<8x16xf32>
    photonic.yield %0 : tensor<8x16xf32>
  } : tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @main(%x: tensor<8x16xf32>) -> tensor<8x4xf32> attributes {photonic.memory = #photonic.memory<hierarchy>} {
  %w = nn.constant "w" dense<0.5> : tensor<4x16xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %e = tensor.empty() : tensor<8x4xf32>
  %y = photonic.fused {
    %0 = scf.for %m = %c0 to %c1 step %c1 iter_args(%acc = %e) -> (tensor<8x4xf32>) {
      %1 = photonic.array_product
          ins(%w by <rows = [4 x d0], columns = [16 x d1]>,
              %x by <rows = [8 x d0], columns = [16 x d1]> : tensor<4x16xf32>, tensor<8x16xf32>)
          outs(%acc by <rows = [4 x d1], columns = [8 x d0]> : tensor<8x4xf32>)
          tile [%c0, %c0, %m, %c0, %c0] sizes = [32, 8, 16] start %c0
          operator = "Gemm" formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %r0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %r1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %r2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %r0, %r1, %r2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %a: f32):
        %r = photonic.scaled_add %a, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %1 : tensor<8x4xf32>
    }
    // expected-error@+1 {{cannot change chunks of the product in front of it in place: expected an elementwise operation whose other operand has the shape of the result, one value per channel, or one value; take it out of the photonic.fused}}
    %2 = nn.softmax %0 axis = 1 : tensor<8x4xf32>
    photonic.yield %2 : tensor<8x4xf32>
  } : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
