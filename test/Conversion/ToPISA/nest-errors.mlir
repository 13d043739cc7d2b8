// Products that a program cannot do, or that its target cannot.
//
// RUN: photonic-opt %s --split-input-file --photonic-set-target=target=mirage --photonic-set-memory --photonic-verify-schedule --verify-diagnostics

// Arrays that the target lacks.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{expected arrays that target 'mirage' has, found 'other'; it has 'core'}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"other", over = [0, 1]>
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Tiles that are too large for them: rows of the operand that stays,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c64 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{expected a tile of at most 32 rows and 16 columns, which the arrays 'core' of target 'mirage' have, found 64 and 16; run photonic-tile-array for this target}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [64, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Tiles of fewer rows than arrays have, of which there are more.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %c24 = arith.constant 24 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c24 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{expected a multiple of the 12 tiles that arrays of 32 rows and 16 columns need for this product, found 15 of 24 rows and 16 columns; run photonic-split-rns and photonic-tile-array for this target}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [24, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [80 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [80 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<80x40xf32>) -> tensor<80x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %c80 = arith.constant 80 : index
  %e = tensor.empty() : tensor<80x100xf32>
  %r0 = scf.for %n = %c0 to %c80 step %c40 iter_args(%a0 = %e) -> (tensor<80x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<80x100xf32>) {
      // expected-error@+1 {{expected a tile of at most 32 rows and 16 columns, which the arrays 'core' of target 'mirage' have, found 40 and 16; run photonic-tile-array for this target}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<80x40xf32>)
          outs(%a1 by #outputs : tensor<80x100xf32>)
          tile [%c0, %c0, %c0, %n, %k] sizes = [100, 40, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = second arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<80x100xf32>
    }
    scf.yield %r1 : tensor<80x100xf32>
  }
  return %r0 : tensor<80x100xf32>
}

// -----

// and passes of integers, which are not cut any more.
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
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c96 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{expected a tile of at most 32 rows and 16 columns, which the arrays 'core' of target 'mirage' have, found 32 and 32; run photonic-tile-array for this target}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x96xf32>, tensor<8x96xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 32] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<32xi8>, %b: vector<32xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<32xi8>, vector<32xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<32xi8>, vector<32xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<32xi8>, vector<32xi8> -> i32
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

// Moduli of a layer's own that the arrays lack: each array has its moduli built in.
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{expected moduli [31, 32, 33], which the arrays 'core' of target 'mirage' have, found [7, 16, 9, 11]; run photonic-split-rns for this target}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 7 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 16 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 9 : vector<16xi8>, vector<16xi8> -> i32
        %d3 = photonic.modular_dot %a, %b modulus = 11 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2, %d3 moduli = [7, 16, 9, 11] : i32
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

// The order counts: residues have numbers. Only the layer that has others is refused.
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
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
  %f = tensor.empty() : tensor<8x100xf32>
  %s0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%b0 = %f) -> (tensor<8x100xf32>) {
    %s1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%b1 = %b0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{expected moduli [31, 32, 33], which the arrays 'core' of target 'mirage' have, found [31, 33, 32]; run photonic-split-rns for this target}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%b1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 33, 32] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %s1 : tensor<8x100xf32>
  }
  %both = nn.add %r0, %s0 : (tensor<8x100xf32>, tensor<8x100xf32>) -> tensor<8x100xf32>
  return %both : tensor<8x100xf32>
}

// -----

// Integers that are not split.
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        // expected-error@+1 {{expected what arrays compute, found a dot of integers; run photonic-split-products}}
        %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
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

// Groups that take two digits,
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x80xf32>, %x: tensor<8x40xf32>) -> tensor<8x50xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c50 = arith.constant 50 : index
  %e = tensor.empty() : tensor<8x50xf32>
  %r0 = scf.for %g = %c0 to %c4 step %c1 iter_args(%a0 = %e) -> (tensor<8x50xf32>) {
    %r1 = scf.for %m = %c0 to %c50 step %c32 iter_args(%a1 = %a0) -> (tensor<8x50xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x50xf32>) {
        // expected-error@+1 {{its view of lhs has groups that are other than equal pieces of one dimension; an access map of a program cannot say that}}
        %y = photonic.array_product ins(%w by <groups = [2 x d0 by 50, 2 x d1 by 40], rows = [50 x d0], columns = [40 x d1]>, %x by <groups = [4 x d0 by 2], rows = [2 x d0], columns = [40 x d1]> : tensor<100x80xf32>, tensor<8x40xf32>)
            outs(%a2 by <groups = [4 x d0 by 2], rows = [50 x d1], columns = [2 x d0]> : tensor<8x50xf32>)
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
        scf.yield %y : tensor<8x50xf32>
      }
      scf.yield %r2 : tensor<8x50xf32>
    }
    scf.yield %r1 : tensor<8x50xf32>
  }
  return %r0 : tensor<8x50xf32>
}

// -----

// every other row,
#fp32 = #photonic.fp32<group = 16>
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
        // expected-error@+1 {{its view of lhs has groups that are other than equal pieces of one dimension; an access map of a program cannot say that}}
        %y = photonic.array_product ins(%w by <groups = [2 x d0], rows = [50 x d0 by 2], columns = [40 x d1]>, %x by <groups = [2 x d0 by 4], rows = [4 x d0], columns = [40 x d1]> : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by <groups = [2 x d0 by 4], rows = [50 x d1], columns = [4 x d0]> : tensor<8x50xf32>)
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

// -----

// and pieces with an offset.
#fp32 = #photonic.fp32<group = 16>
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
        // expected-error@+1 {{its view of rhs has groups that are other than equal pieces of one dimension; an access map of a program cannot say that}}
        %y = photonic.array_product ins(%w by <groups = [2 x d0 by 50], rows = [50 x d0], columns = [40 x d1]>, %x by <groups = [2 x d0 by 4], rows = [4 x d0], columns = [40 x d1], offsets = [-1, 0]> : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by <groups = [2 x d0 by 4], rows = [50 x d1], columns = [4 x d0]> : tensor<8x50xf32>)
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

// -----

// More dimensions than an instruction has.
#fp32 = #photonic.fp32<group = 16>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<10x10x2x4x5xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{its view of lhs has digits or offsets on 5 dimensions, of which instructions take 4; an access map of a program cannot say that}}
      %y = photonic.array_product ins(%w by <rows = [10 x d0, 10 x d1], columns = [2 x d2, 4 x d3, 5 x d4]>, %x by #images : tensor<10x10x2x4x5xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// An offset takes one, too.
#fp32 = #photonic.fp32<group = 16>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<10x10x2x20x3xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{its view of lhs has digits or offsets on 5 dimensions, of which instructions take 4; an access map of a program cannot say that}}
      %y = photonic.array_product ins(%w by <rows = [10 x d0, 10 x d1], columns = [2 x d2, 20 x d3], offsets = [0, 0, 0, 0, 1]>, %x by #images : tensor<10x10x2x20x3xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Positions of the second operand,
#fp32 = #photonic.fp32<group = 16>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<3x100x40xf32>, %x: tensor<3x8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = photonic.zeros : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %t = %c0 to %c3 step %c1 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %p = arith.subi %c2, %t : index
        // expected-error@+1 {{its view of rhs has positions; instructions number those of the first operand and the result only}}
        %y = photonic.array_product ins(%w by <positions = [3 x d0], rows = [100 x d1], columns = [40 x d2]>, %x by <positions = [3 x d0], rows = [8 x d1], columns = [40 x d2]> : tensor<3x100x40xf32>, tensor<3x8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 8, 16] operator = "Gemm"
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
        scf.yield %y : tensor<8x100xf32>
      }
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// of the first alone,
#fp32 = #photonic.fp32<group = 16>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<3x100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = photonic.zeros : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %t = %c0 to %c3 step %c1 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %p = arith.subi %c2, %t : index
        // expected-error@+1 {{its view of the result has no positions where others of its product have some; an access map of a program cannot say that}}
        %y = photonic.array_product ins(%w by <positions = [3 x d0], rows = [100 x d1], columns = [40 x d2]>, %x by #images : tensor<3x100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 8, 16] operator = "Gemm"
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
        scf.yield %y : tensor<8x100xf32>
      }
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// and of the result alone.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<10x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = photonic.zeros : tensor<10x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<10x100xf32>) {
    %r1 = scf.for %t = %c0 to %c3 step %c1 iter_args(%a1 = %a0) -> (tensor<10x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<10x100xf32>) {
        %p = arith.subi %c2, %t : index
        // expected-error@+1 {{its view of lhs has no positions where others of its product have some; an access map of a program cannot say that}}
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by <positions = [3 x d0], rows = [100 x d1], columns = [8 x d0]> : tensor<10x100xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 8, 16] operator = "Gemm"
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
        scf.yield %y : tensor<10x100xf32>
      }
      scf.yield %r2 : tensor<10x100xf32>
    }
    scf.yield %r1 : tensor<10x100xf32>
  }
  return %r0 : tensor<10x100xf32>
}

// -----

// More loops than programs have; those that `arrays` names are one.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [16384 x d0], columns = [16 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [16 x d1]>
#outputs = #photonic.view<rows = [16384 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<16384x16xf32>, %x: tensor<8x16xf32>) -> tensor<8x16384xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %c256 = arith.constant 256 : index
  %c512 = arith.constant 512 : index
  %c1024 = arith.constant 1024 : index
  %c2048 = arith.constant 2048 : index
  %c4096 = arith.constant 4096 : index
  %c8192 = arith.constant 8192 : index
  %e = photonic.zeros : tensor<8x16384xf32>
  %r0 = scf.for %i0 = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<8x16384xf32>) {
    %r1 = scf.for %i1 = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<8x16384xf32>) {
      %r2 = scf.for %i2 = %c0 to %c2 step %c1 iter_args(%a2 = %a1) -> (tensor<8x16384xf32>) {
        %r3 = scf.for %i3 = %c0 to %c2 step %c1 iter_args(%a3 = %a2) -> (tensor<8x16384xf32>) {
          %r4 = scf.for %i4 = %c0 to %c2 step %c1 iter_args(%a4 = %a3) -> (tensor<8x16384xf32>) {
            %r5 = scf.for %i5 = %c0 to %c2 step %c1 iter_args(%a5 = %a4) -> (tensor<8x16384xf32>) {
              %r6 = scf.for %i6 = %c0 to %c2 step %c1 iter_args(%a6 = %a5) -> (tensor<8x16384xf32>) {
                %r7 = scf.for %i7 = %c0 to %c2 step %c1 iter_args(%a7 = %a6) -> (tensor<8x16384xf32>) {
                  %r8 = scf.for %i8 = %c0 to %c2 step %c1 iter_args(%a8 = %a7) -> (tensor<8x16384xf32>) {
                    %j0 = arith.muli %i0, %c8192 : index
                    %j1 = arith.muli %i1, %c4096 : index
                    %j2 = arith.muli %i2, %c2048 : index
                    %j3 = arith.muli %i3, %c1024 : index
                    %j4 = arith.muli %i4, %c512 : index
                    %j5 = arith.muli %i5, %c256 : index
                    %j6 = arith.muli %i6, %c128 : index
                    %j7 = arith.muli %i7, %c64 : index
                    %j8 = arith.muli %i8, %c32 : index
                    %m1 = arith.addi %j0, %j1 : index
                    %m2 = arith.addi %m1, %j2 : index
                    %m3 = arith.addi %m2, %j3 : index
                    %m4 = arith.addi %m3, %j4 : index
                    %m5 = arith.addi %m4, %j5 : index
                    %m6 = arith.addi %m5, %j6 : index
                    %m7 = arith.addi %m6, %j7 : index
                    %m8 = arith.addi %m7, %j8 : index
                    // expected-error@+1 {{needs 9 nested loops, programs have at most 8; name more loops of its nest in 'arrays', or merge some}}
                    %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<16384x16xf32>, tensor<8x16xf32>)
                        outs(%a8 by #outputs : tensor<8x16384xf32>)
                        tile [%c0, %c0, %m8, %c0, %c0] sizes = [32, 8, 16] operator = "Gemm"
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
                    scf.yield %y : tensor<8x16384xf32>
                  }
                  scf.yield %r8 : tensor<8x16384xf32>
                }
                scf.yield %r7 : tensor<8x16384xf32>
              }
              scf.yield %r6 : tensor<8x16384xf32>
            }
            scf.yield %r5 : tensor<8x16384xf32>
          }
          scf.yield %r4 : tensor<8x16384xf32>
        }
        scf.yield %r3 : tensor<8x16384xf32>
      }
      scf.yield %r2 : tensor<8x16384xf32>
    }
    scf.yield %r1 : tensor<8x16384xf32>
  }
  return %r0 : tensor<8x16384xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [16384 x d0], columns = [16 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [16 x d1]>
#outputs = #photonic.view<rows = [16384 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<16384x16xf32>, %x: tensor<8x16xf32>) -> tensor<8x16384xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %c256 = arith.constant 256 : index
  %c512 = arith.constant 512 : index
  %c1024 = arith.constant 1024 : index
  %c2048 = arith.constant 2048 : index
  %c4096 = arith.constant 4096 : index
  %c8192 = arith.constant 8192 : index
  %e = photonic.zeros : tensor<8x16384xf32>
  %r0 = scf.for %i0 = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<8x16384xf32>) {
    %r1 = scf.for %i1 = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<8x16384xf32>) {
      %r2 = scf.for %i2 = %c0 to %c2 step %c1 iter_args(%a2 = %a1) -> (tensor<8x16384xf32>) {
        %r3 = scf.for %i3 = %c0 to %c2 step %c1 iter_args(%a3 = %a2) -> (tensor<8x16384xf32>) {
          %r4 = scf.for %i4 = %c0 to %c2 step %c1 iter_args(%a4 = %a3) -> (tensor<8x16384xf32>) {
            %r5 = scf.for %i5 = %c0 to %c2 step %c1 iter_args(%a5 = %a4) -> (tensor<8x16384xf32>) {
              %r6 = scf.for %i6 = %c0 to %c2 step %c1 iter_args(%a6 = %a5) -> (tensor<8x16384xf32>) {
                %r7 = scf.for %i7 = %c0 to %c2 step %c1 iter_args(%a7 = %a6) -> (tensor<8x16384xf32>) {
                  %r8 = scf.for %i8 = %c0 to %c2 step %c1 iter_args(%a8 = %a7) -> (tensor<8x16384xf32>) {
                    %j0 = arith.muli %i0, %c8192 : index
                    %j1 = arith.muli %i1, %c4096 : index
                    %j2 = arith.muli %i2, %c2048 : index
                    %j3 = arith.muli %i3, %c1024 : index
                    %j4 = arith.muli %i4, %c512 : index
                    %j5 = arith.muli %i5, %c256 : index
                    %j6 = arith.muli %i6, %c128 : index
                    %j7 = arith.muli %i7, %c64 : index
                    %j8 = arith.muli %i8, %c32 : index
                    %m1 = arith.addi %j0, %j1 : index
                    %m2 = arith.addi %m1, %j2 : index
                    %m3 = arith.addi %m2, %j3 : index
                    %m4 = arith.addi %m3, %j4 : index
                    %m5 = arith.addi %m4, %j5 : index
                    %m6 = arith.addi %m5, %j6 : index
                    %m7 = arith.addi %m6, %j7 : index
                    %m8 = arith.addi %m7, %j8 : index
                    %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<16384x16xf32>, tensor<8x16xf32>)
                        outs(%a8 by #outputs : tensor<8x16384xf32>)
                        tile [%c0, %c0, %m8, %c0, %c0] sizes = [32, 8, 16] operator = "Gemm"
                        formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
                    pass {
                    ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
                      %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
                      photonic.yield %d : f32
                    } combine {
                    ^bb0(%sum: f32, %acc: f32):
                      %r = photonic.float_add %acc, %sum
                      photonic.yield %r : f32
                    }
                    scf.yield %y : tensor<8x16384xf32>
                  }
                  scf.yield %r8 : tensor<8x16384xf32>
                }
                scf.yield %r7 : tensor<8x16384xf32>
              }
              scf.yield %r6 : tensor<8x16384xf32>
            }
            scf.yield %r5 : tensor<8x16384xf32>
          }
          scf.yield %r4 : tensor<8x16384xf32>
        }
        scf.yield %r3 : tensor<8x16384xf32>
      }
      scf.yield %r2 : tensor<8x16384xf32>
    }
    scf.yield %r1 : tensor<8x16384xf32>
  }
  return %r0 : tensor<8x16384xf32>
}
