// RUN: photonic-opt %s --split-input-file --photonic-verify-tile --verify-diagnostics

//===----------------------------------------------------------------------===//
// What a nest is
//===----------------------------------------------------------------------===//

// A tile alone: its group, its block and its term are loops, also of one iteration.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %e = photonic.zeros : tensor<8x100xf32>
  // expected-error@+1 {{stage tile: 'photonic.array_product' needs a nest of scf.for loops in the body of its function}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
      outs(%e by #outputs : tensor<8x100xf32>)
      tile [%c0, %c0, %c0, %c0, %c0] sizes = [100, 8, 16] operator = "Gemm"
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
  return %y : tensor<8x100xf32>
}

// -----

// Only loops may be around it.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>, %cond: tensor<1xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.execute_region -> tensor<8x100xf32> {
        // expected-error@+1 {{stage tile: 'photonic.array_product' needs a nest of scf.for loops in the body of its function}}
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// A loop whose end is computed from the outer counter,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    // expected-note@+1 {{this one does not}}
    %r1 = scf.for %k = %c0 to %m step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that count from a constant to a larger one in constant steps}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// one without iterations,
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
  // expected-note@+1 {{this one does not}}
  %r0 = scf.for %m = %c100 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that count from a constant to a larger one in constant steps}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// one that does not get on.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    // expected-note@+1 {{this one does not}}
    %r1 = scf.for %k = %c0 to %c40 step %c0 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that count from a constant to a larger one in constant steps}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// Something else inside.
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
    // expected-note@+1 {{this one does not}}
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %other = photonic.zeros : tensor<1xf32>
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that carry its accumulator and compute nothing but indices}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// An operation of nn on the accumulator.
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
    // expected-note@+1 {{this one does not}}
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %other = nn.relu %a1 : tensor<8x100xf32>
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that carry its accumulator and compute nothing but indices}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// An accumulator that is dropped.
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
  // expected-note@+1 {{this one does not}}
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that carry its accumulator and compute nothing but indices}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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
    scf.yield %a0 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// A tile that adds to what the outer loop carries.
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
    // expected-note@+1 {{this one does not}}
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that carry its accumulator and compute nothing but indices}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a0 by #outputs : tensor<8x100xf32>)
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

// An inner loop that starts over.
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
  // expected-note@+1 {{this one does not}}
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %e) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that carry its accumulator and compute nothing but indices}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// A second value that goes along.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> (tensor<8x100xf32>, tensor<8x100xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  // expected-note@+1 {{this one does not}}
  %both:2 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e, %b0 = %e) -> (tensor<8x100xf32>, tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that carry its accumulator and compute nothing but indices}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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
    scf.yield %r1, %b0 : tensor<8x100xf32>, tensor<8x100xf32>
  }
  return %both#0, %both#1 : tensor<8x100xf32>, tensor<8x100xf32>
}

//===----------------------------------------------------------------------===//
// Coordinates and start are linear
//===----------------------------------------------------------------------===//

// -----

#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %i = %c0 to %c4 step %c1 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %m = arith.divui %i, %c2 : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a coordinate m that is no sum of multiples of the counters of its loops and constants (arith.addi, subi and muli by a constant)}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// A product of two counters.
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
      %n = arith.muli %m, %k : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a coordinate n that is no sum of multiples of the counters of its loops and constants (arith.addi, subi and muli by a constant)}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %n, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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
      %s = arith.remui %k, %c32 : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a start that is no sum of multiples of the counters of its loops and constants (arith.addi, subi and muli by a constant)}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %s operator = "Gemm"
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

//===----------------------------------------------------------------------===//
// Each loop counts one coordinate
//===----------------------------------------------------------------------===//

// -----

// None, in several iterations:
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  // expected-note@+1 {{this one counts 0}}
  %r0 = scf.for %i = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that count one coordinate of the tile each}}
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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

// Two of them:
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
  // expected-note@+1 {{this one counts 2}}
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that count one coordinate of the tile each}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %m, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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

// also in one iteration.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  // expected-note@+1 {{this one counts 2}}
  %r0 = scf.for %i = %c0 to %c1 step %c1 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        // expected-error@+1 {{stage tile: 'photonic.array_product' needs loops that count one coordinate of the tile each}}
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%i, %i, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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

//===----------------------------------------------------------------------===//
// Tiles cover the product
//===----------------------------------------------------------------------===//

// -----

// The last block is missing,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c96 = arith.constant 96 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c96 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// the first one,
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
  %r0 = scf.for %m = %c32 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// one in the middle,
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
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// or there is one too many.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c160 = arith.constant 160 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c160 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// Blocks that overlap.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// A block without a loop that is not all.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
    %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
        outs(%a0 by #outputs : tensor<8x100xf32>)
        tile [%c0, %c0, %c0, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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
  return %r0 : tensor<8x100xf32>
}

// -----

// Vectors that are left out,
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
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along n that do not cover the product: expected each multiple of 4 from 0 to 7 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 4, 16] start %k operator = "Gemm"
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

// terms,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along k that do not cover the product: expected each multiple of 16 from 0 to 39 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// a first term that comes last but is never met.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c16 to %c64 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along k that do not cover the product: expected each multiple of 16 from 0 to 39 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// Two loops that meet a block twice, and never another one.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c64 = arith.constant 64 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c64 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %i = %c0 to %c64 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %s = arith.addi %m, %i : index
        // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along m that do not cover the product: expected each multiple of 32 from 0 to 99 once}}
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %s, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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

// Groups,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<groups = [2 x d0 by 50], rows = [50 x d0], columns = [40 x d1]>
#images = #photonic.view<groups = [2 x d0 by 4], rows = [4 x d0], columns = [40 x d1]>
#outputs = #photonic.view<groups = [2 x d0 by 4], rows = [50 x d1], columns = [4 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x50xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c50 = arith.constant 50 : index
  %e = tensor.empty() : tensor<8x50xf32>
  %r0 = scf.for %m = %c0 to %c50 step %c32 iter_args(%a0 = %e) -> (tensor<8x50xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x50xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along group that do not cover the product: expected each multiple of 1 from 0 to 1 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x50xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 4, 16] start %k operator = "Gemm"
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
      scf.yield %y : tensor<8x50xf32>
    }
    scf.yield %r1 : tensor<8x50xf32>
  }
  return %r0 : tensor<8x50xf32>
}

// -----

// and positions.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [4 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [4 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<4x8x1x2xf32>, %x: tensor<1x4x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = photonic.zeros : tensor<1x8x1x3xf32>
  %r0 = scf.for %m = %c0 to %c8 step %c32 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %k = %c0 to %c4 step %c16 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' has tiles along position that do not cover the product: expected each multiple of 1 from 0 to 1 once}}
      %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<4x8x1x2xf32>, tensor<1x4x1x2xf32>)
          outs(%a1 by #images : tensor<1x8x1x3xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 2, 16] operator = "Conv"
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
      scf.yield %y : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}

//===----------------------------------------------------------------------===//
// Each element meets its terms in order
//===----------------------------------------------------------------------===//

// -----

// The contraction backwards.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %j = arith.muli %i, %c16 : index
      %k = arith.subi %c32, %j : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has loops in an order in which elements do not meet their terms as the product adds them: positions descending, contraction positions ascending within each}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %i operator = "Gemm"
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

// The smaller steps outside: 0, 32, 16, 48.
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
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %i = %c0 to %c32 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %j = %c0 to %c64 step %c32 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %k = arith.addi %i, %j : index
        // expected-error@+1 {{stage tile: 'photonic.array_product' has loops in an order in which elements do not meet their terms as the product adds them: positions descending, contraction positions ascending within each}}
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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

// Positions ascending.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [4 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [4 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<4x8x1x2xf32>, %x: tensor<1x4x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = photonic.zeros : tensor<1x8x1x3xf32>
  %r0 = scf.for %m = %c0 to %c8 step %c32 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %p = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      %r2 = scf.for %k = %c0 to %c4 step %c16 iter_args(%a2 = %a1) -> (tensor<1x8x1x3xf32>) {
        // expected-error@+1 {{stage tile: 'photonic.array_product' has loops in an order in which elements do not meet their terms as the product adds them: positions descending, contraction positions ascending within each}}
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<4x8x1x2xf32>, tensor<1x4x1x2xf32>)
            outs(%a2 by #images : tensor<1x8x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] operator = "Conv"
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
        scf.yield %y : tensor<1x8x1x3xf32>
      }
      scf.yield %r2 : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}

// -----

// Positions inside of the contraction.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x8x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = photonic.zeros : tensor<1x8x1x3xf32>
  %r0 = scf.for %m = %c0 to %c8 step %c32 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      %r2 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a2 = %a1) -> (tensor<1x8x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        // expected-error@+1 {{stage tile: 'photonic.array_product' has loops in an order in which elements do not meet their terms as the product adds them: positions descending, contraction positions ascending within each}}
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x8x1x2xf32>, tensor<1x32x1x2xf32>)
            outs(%a2 by #images : tensor<1x8x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] operator = "Conv"
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
        scf.yield %y : tensor<1x8x1x3xf32>
      }
      scf.yield %r2 : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}

// -----

// Pieces of columns outside of positions, which share elements of the result: one has
// met the last position of both before the first of either.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [4 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [4 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<4x8x1x2xf32>, %x: tensor<1x4x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %e = photonic.zeros : tensor<1x8x1x3xf32>
  %r0 = scf.for %n = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      %r2 = scf.for %k = %c0 to %c4 step %c16 iter_args(%a2 = %a1) -> (tensor<1x8x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        // expected-error@+1 {{stage tile: 'photonic.array_product' has loops in an order in which elements do not meet their terms as the product adds them: positions descending, contraction positions ascending within each}}
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<4x8x1x2xf32>, tensor<1x4x1x2xf32>)
            outs(%a2 by #images : tensor<1x8x1x3xf32>)
            tile [%c0, %p, %c0, %n, %k] sizes = [8, 1, 16] operator = "Conv"
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
        scf.yield %y : tensor<1x8x1x3xf32>
      }
      scf.yield %r2 : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}

//===----------------------------------------------------------------------===//
// Where accumulations start
//===----------------------------------------------------------------------===//

// -----

// An argument,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>, %v: tensor<8x100xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %v) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' starts from a value; expected photonic.zeros, or tensor.empty and a start}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// a value of nn,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>, %u: tensor<8x100xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %v = nn.relu %u : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %v) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' starts from a value; expected photonic.zeros, or tensor.empty and a start}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] operator = "Gemm"
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

// or what another nest computes.
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
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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
  %s0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%b0 = %r0) -> (tensor<8x100xf32>) {
    %s1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%b1 = %b0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' starts from a value; expected photonic.zeros, or tensor.empty and a start}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%b1 by #outputs : tensor<8x100xf32>)
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
    scf.yield %s1 : tensor<8x100xf32>
  }
  return %s0 : tensor<8x100xf32>
}

// -----

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
      // expected-error@+1 {{stage tile: 'photonic.array_product' adds to a tensor.empty, which holds nothing: start from photonic.zeros, or give the first term of each element a start}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] operator = "Gemm"
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

// A start that is 0 in every term,
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
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a start that is not 0 at the first position and contraction position, and positive at all others}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %c0 operator = "Gemm"
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

// never,
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
      %s = arith.addi %k, %c16 : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a start that is not 0 at the first position and contraction position, and positive at all others}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %s operator = "Gemm"
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

// in the first block only,
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
      %s = arith.addi %k, %m : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a start that is not 0 at the first position and contraction position, and positive at all others}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %s operator = "Gemm"
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

// or in the last term.
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
      %s = arith.subi %c32, %k : index
      // expected-error@+1 {{stage tile: 'photonic.array_product' has a start that is not 0 at the first position and contraction position, and positive at all others}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %s operator = "Gemm"
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

// A start of positions that does not look at the contraction.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x8x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = photonic.zeros : tensor<1x8x1x3xf32>
  %r0 = scf.for %m = %c0 to %c8 step %c32 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      %r2 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a2 = %a1) -> (tensor<1x8x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        // expected-error@+1 {{stage tile: 'photonic.array_product' has a start that is not 0 at the first position and contraction position, and positive at all others}}
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x8x1x2xf32>, tensor<1x32x1x2xf32>)
            outs(%a2 by #images : tensor<1x8x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] start %t operator = "Conv"
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
        scf.yield %y : tensor<1x8x1x3xf32>
      }
      scf.yield %r2 : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}

// -----

// Positions meet different elements, of which the first writes but a part.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [4 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [4 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [8 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<4x8x1x2xf32>, %x: tensor<1x4x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = tensor.empty() : tensor<1x8x1x3xf32>
  %r0 = scf.for %m = %c0 to %c8 step %c32 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      %r2 = scf.for %k = %c0 to %c4 step %c16 iter_args(%a2 = %a1) -> (tensor<1x8x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        // expected-error@+1 {{stage tile: 'photonic.array_product' starts from tensor.empty, but its tiles do not write every element first: expected photonic.zeros}}
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<4x8x1x2xf32>, tensor<1x4x1x2xf32>)
            outs(%a2 by #images : tensor<1x8x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] start %t operator = "Conv"
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
        scf.yield %y : tensor<1x8x1x3xf32>
      }
      scf.yield %r2 : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}

// -----

// Elements that no tile writes.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x101xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x101xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x101xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x101xf32>) {
      // expected-error@+1 {{stage tile: 'photonic.array_product' starts from tensor.empty, but its tiles do not write every element first: expected photonic.zeros}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x101xf32>)
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
      scf.yield %y : tensor<8x101xf32>
    }
    scf.yield %r1 : tensor<8x101xf32>
  }
  return %r0 : tensor<8x101xf32>
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

// -----

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
      // expected-error@+1 {{stage tile: 'photonic.array_product' has arrays over loop 2 of a nest of 2 (0 is the outermost)}}
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    // expected-error@+1 {{stage tile: 'photonic.array_product' has arrays over loop 1 of a nest of 1 (0 is the outermost)}}
    %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
        outs(%a0 by #outputs : tensor<8x100xf32>)
        tile [%c0, %c0, %c0, %c0, %k] sizes = [100, 8, 16] start %k operator = "Gemm"
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
    scf.yield %y : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

//===----------------------------------------------------------------------===//
// Steps of a function
//===----------------------------------------------------------------------===//

// -----

// A loop without a product,
func.func @main(%x: tensor<8x100xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{stage tile: 'scf.for' is no nest around one photonic.array_product, but around 0}}
  %y = scf.for %i = %c0 to %c1 step %c1 iter_args(%a = %x) -> (tensor<8x100xf32>) {
    %r = nn.relu %a : tensor<8x100xf32>
    scf.yield %r : tensor<8x100xf32>
  }
  return %y : tensor<8x100xf32>
}

// -----

// and one around two.
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
  // expected-error@+1 {{stage tile: 'scf.for' is no nest around one photonic.array_product, but around 2}}
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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
      %u = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%y by #outputs : tensor<8x100xf32>)
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
      scf.yield %u : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Memory that nobody has written.
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // expected-error@+1 {{stage tile: 'tensor.empty' holds nothing, and is used other than by a nest that writes it}}
  %e = tensor.empty() : tensor<4xf32>
  return %x, %e : tensor<4xf32>, tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{stage tile: 'tensor.empty' holds nothing, and is used other than by a nest that writes it}}
  %e = tensor.empty() : tensor<4xf32>
  %y = nn.add %x, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// As an operand of a product, too.
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
  // expected-error@+1 {{stage tile: 'tensor.empty' holds nothing, and is used other than by a nest that writes it}}
  %v = tensor.empty() : tensor<100x40xf32>
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%v by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
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

// Operations of other dialects; all of them are reported.
func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{stage tile: 'tensor.cast' is nothing that can be scheduled}}
  %d = tensor.cast %x : tensor<4x4xf32> to tensor<?x4xf32>
  // expected-error@+1 {{stage tile: 'tensor.cast' is nothing that can be scheduled}}
  %y = tensor.cast %d : tensor<?x4xf32> to tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// Arguments that no program can have.
// expected-error@+1 {{argument 1 has type 'index', expected a tensor with static extents}}
func.func @main(%x: tensor<4xf32>, %i: index) -> tensor<4xf32> {
  %y = nn.relu %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{argument 0 has type 'tensor<?x4xf32>', expected a tensor with static extents}}
func.func @main(%d: tensor<?x4xf32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %y = nn.relu %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{expected a body of one block}}
func.func private @main(tensor<4xf32>) -> tensor<4xf32>

// -----

// expected-error@+1 {{expected a body of one block}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
^unreachable:
  return %x : tensor<4xf32>
}

// -----

// What the stages before should have replaced.
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %z = photonic.zeros : tensor<8x100xf32>
  // expected-error@+1 {{stage tile: 'photonic.product' is not cut into array passes}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
      outs(%z by #outputs : tensor<8x100xf32>) operator = "Gemm"
  return %y : tensor<8x100xf32>
}

// -----

func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  // expected-error@+1 {{stage tile: 'nn.linear' is not lowered to a photonic.product}}
  %y = nn.linear %x, %w : (tensor<8x40xf32>, tensor<100x40xf32>) -> tensor<8x100xf32>
  return %y : tensor<8x100xf32>
}

// -----

func.func @main(%x: tensor<1x2x4x4xf32>, %p: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  // expected-error@+1 {{stage tile: 'nn.batch_norm' is not decomposed}}
  %y = nn.batch_norm %x, %p, %p, %p, %p epsilon = 1.0e-05
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// A tensor that nothing gives a place in memory.

func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{'arith.constant' is nothing that can be scheduled}}
  %ones = arith.constant dense<1.0> : tensor<2x3xf32>
  %y = nn.add %x, %ones
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// expected-error@+1 {{stage tile: 'func.func' has a value of type 'tensor<4611686018427387904x5xf32>', expected at most 2^56 elements}}
func.func @large(%x: tensor<4611686018427387904x5xf32>) -> tensor<4611686018427387904x5xf32> {
  return %x : tensor<4611686018427387904x5xf32>
}
