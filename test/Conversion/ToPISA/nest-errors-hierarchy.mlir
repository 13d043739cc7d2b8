// Products that a program cannot do in chunks, but can with everything on chip.
//
// RUN: photonic-opt %s --split-input-file --photonic-set-target="target=mirage set=wgt.capacity_bytes=12288 set=wgt.read_pj_per_byte=1 set=wgt.write_pj_per_byte=1 set=wgt.static_mw=1" --photonic-pipeline="from=schedule to=schedule memory=hierarchy" --photonic-emit-program --verify-diagnostics
// RUN: photonic-opt %s --split-input-file --photonic-set-target=target=mirage --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program --photonic-insert-tokens --photonic-verify-program -o /dev/null

// A second operand that is transposed; the first one is in an input gradient.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<40x8xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{has views that are not those of a layer: chunks for on-chip memory are pieces of its images and channels; use --memory=ideal}}
      %y = photonic.array_product ins(%w by #weights, %x by <rows = [8 x d1], columns = [40 x d0]> : tensor<100x40xf32>, tensor<40x8xf32>)
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

// One that is read backwards,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
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
      // expected-error@+1 {{has views that are not those of a layer: chunks for on-chip memory are pieces of its images and channels; use --memory=ideal}}
      %y = photonic.array_product ins(%w by #weights, %x by <rows = [8 x d0], columns = [40 x d1 by -1], offsets = [0, 39]> : tensor<100x40xf32>, tensor<8x40xf32>)
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

// windows of a convolution that run backwards,
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
func.func @main(%w: tensor<100x40x1x1xf32>, %x: tensor<2x40x1x4xf32>) -> tensor<2x100x1x4xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<2x100x1x4xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<2x100x1x4xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<2x100x1x4xf32>) {
      // expected-error@+1 {{has views that are not those of a layer: chunks for on-chip memory are pieces of its images and channels; use --memory=ideal}}
      %y = photonic.array_product ins(%w by #weights, %x by <rows = [4 x d3 by -1, 2 x d0], columns = [40 x d1], offsets = [0, 0, 0, 3]> : tensor<100x40x1x1xf32>, tensor<2x40x1x4xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [4 x d3, 2 x d0]> : tensor<2x100x1x4xf32>)
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
      scf.yield %y : tensor<2x100x1x4xf32>
    }
    scf.yield %r1 : tensor<2x100x1x4xf32>
  }
  return %r0 : tensor<2x100x1x4xf32>
}

// -----

// and one of three dimensions.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<2x4x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      // expected-error@+1 {{has views that are not those of a layer: chunks for on-chip memory are pieces of its images and channels; use --memory=ideal}}
      %y = photonic.array_product ins(%w by #weights, %x by <rows = [4 x d1, 2 x d0], columns = [40 x d2]> : tensor<100x40xf32>, tensor<2x4x40xf32>)
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

// Blocks in two loops cannot be cut: 100 rows of 40 weights are more than 12288 bytes.
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
  %c128 = arith.constant 128 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %i = %c0 to %c128 step %c64 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %j = %c0 to %c64 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %m = arith.addi %i, %j : index
        // expected-error@+1 {{counts m in several loops, but is cut into chunks for on-chip memory; use one loop, or leave it in one piece (chunk = <>)}}
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

// In one loop, with the contraction around it, they can.
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
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// So can a contraction in two loops, which is not cut.
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
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}
