// Tests that each verification pass names what the stage before left behind,
// and the ONNX node it came from.
//
// RUN: split-file %s %t
// RUN: not photonic-opt %t/lower.mlir --photonic-verify-lower 2>&1 | FileCheck %s --check-prefix=LOWER
// RUN: not photonic-opt %t/product.mlir --photonic-verify-format 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: photonic-opt %t/product.mlir --photonic-verify-lower --photonic-verify-split -o /dev/null
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-assign-formats --photonic-verify-split 2>&1 | FileCheck %s --check-prefix=SPLIT
// RUN: photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-verify-split -o /dev/null
// RUN: not photonic-opt %t/product.mlir --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: not photonic-opt %t/nest.mlir --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=NEST
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=UNREADY
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-select-dataflow 2>&1 | FileCheck %s --check-prefix=EARLY
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=UNREADY
// RUN: not photonic-opt %t/product.mlir --photonic-set-target="target=mirage set=core.columns=8" --photonic-assign-formats --photonic-select-dataflow --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: photonic-opt %t/product.mlir --photonic-set-target="target=mirage set=core.columns=8" --photonic-assign-formats --photonic-split-rns --photonic-select-dataflow --photonic-tile-array --photonic-verify-tile -o /dev/null
// RUN: not photonic-opt %t/gradient.mlir --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=ZEROS
// RUN: not photonic-opt %t/product.mlir --photonic-set-target="target=mirage set=core.rows=0" --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=ROWS
// A nest that lost its single-iteration loops is refused.
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-assign-formats --photonic-select-dataflow --photonic-tile-array --canonicalize --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=NEST

// LOWER: error: loc("conv1"): stage lower: 'nn.conv2d' of node 'conv1' should be a photonic.product
// LOWER: error: loc("fc1"): stage lower: 'nn.linear_weight_grad' of node 'fc1' should be a photonic.product
// LOWER: error: loc("conv1"): stage lower: 'nn.conv2d_input_grad' of node 'conv1' should be a photonic.product
// LOWER: error: loc("fc1"): stage lower: 'nn.linear' of node 'fc1' should be a photonic.product
// FORMAT: error: loc("fc1"): stage format: 'photonic.product' of node 'fc1' has no number formats
// SPLIT: error: loc("fc1"): stage split: 'photonic.dot' of node 'fc1' multiplies integers outside of residues
// TILE: error: loc("fc1"): stage tile: 'photonic.product' of node 'fc1' is not cut into array passes
// NEST: error: loc("fc1"): stage tile: 'photonic.array_product' of node 'fc1' is not alone in a nest of scf.for loops over group, output block and contraction block{{$}}
// UNREADY: error: loc("fc1"): stage tile: 'photonic.product' of node 'fc1' needs number formats and a dataflow before it is tiled
// EARLY: error: loc("fc1"): stage split: 'photonic.product' of node 'fc1' needs number formats before its dataflow
// COLUMNS: error: loc("fc1"): stage tile: 'photonic.product' of node 'fc1' has passes of 16 elements, but an array has 8 columns; split it for passes of at most 8 (photonic-split-rns)
// ZEROS: error: loc("conv1"): stage tile: 'photonic.array_product' of node 'conv1' is not alone in a nest of scf.for loops over group, output block, kernel position and contraction block, started from photonic.zeros unless one position writes everything
// ROWS: error: {{.*}}core.rows (outputs per array and cycle) is 0, legal is 1 to 4096

//--- lower.mlir
func.func @main(%x: tensor<1x1x4x4xf32>, %w: tensor<2x1x3x3xf32>, %v: tensor<4x8xf32>) -> tensor<1x4xf32> {
  %0 = nn.conv2d %x, %w : (tensor<1x1x4x4xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x2x2xf32> loc("conv1")
  %1 = nn.reshape %0 : tensor<1x2x2x2xf32> -> tensor<1x8xf32>
  %3 = nn.linear_weight_grad %1, %1 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<8x8xf32> loc("fc1")
  %4 = nn.conv2d_input_grad %0, %w : (tensor<1x2x2x2xf32>, tensor<2x1x3x3xf32>) -> tensor<1x1x4x4xf32> loc("conv1")
  %2 = nn.linear %1, %v : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32> loc("fc1")
  return %2 : tensor<1x4xf32>
}

//--- product.mlir
func.func @main(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> tensor<1x4xf32> {
  %0 = photonic.product %w, %x : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<1x4xf32> loc("fc1")
  return %0 : tensor<1x4xf32>
}

//--- nest.mlir
// The loop over the group of the convolution is missing.
func.func @main(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> tensor<1x4xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = tensor.empty() : tensor<1x4xf32>
  %y = scf.for %m = %c0 to %c4 step %c32 iter_args(%y0 = %e) -> (tensor<1x4xf32>) {
    %y1 = scf.for %k = %c0 to %c8 step %c16 iter_args(%y2 = %y0) -> (tensor<1x4xf32>) {
      %y3 = photonic.array_product ins(%w, %x : tensor<4x8xf32>, tensor<1x8xf32>)
          outs(%y2 : tensor<1x4xf32>) tile [%c0, %m, %k] sizes = [32, 16]
          formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>] dataflow = df1 each {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } loc("fc1")
      scf.yield %y3 : tensor<1x4xf32>
    }
    scf.yield %y1 : tensor<1x4xf32>
  }
  return %y : tensor<1x4xf32>
}

//--- gradient.mlir
// Two kernel positions meet the same elements, but nothing makes them zero.
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<4x8x1x2xf32>, %dy: tensor<1x4x1x2xf32>) -> tensor<1x8x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %e = tensor.empty() : tensor<1x8x1x3xf32>
  %y = scf.for %g = %c0 to %c1 step %c1 iter_args(%y0 = %e) -> (tensor<1x8x1x3xf32>) {
    %y1 = scf.for %m = %c0 to %c8 step %c32 iter_args(%y2 = %y0) -> (tensor<1x8x1x3xf32>) {
      %y3 = scf.for %t = %c0 to %c2 step %c1 iter_args(%y4 = %y2) -> (tensor<1x8x1x3xf32>) {
        %y5 = scf.for %k = %c0 to %c4 step %c16 iter_args(%y6 = %y4) -> (tensor<1x8x1x3xf32>) {
          %y7 = photonic.array_product ins(%w, %dy : tensor<4x8x1x2xf32>, tensor<1x4x1x2xf32>)
              outs(%y6 : tensor<1x8x1x3xf32>) tile [%g, %m, %k, %t] sizes = [32, 16] kind = input_gradient
              window = <kernel = [1, 2], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
              formats = [#fp32, #fp32] dataflow = df1 each {
          ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
            %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
            photonic.yield %d : f32
          } loc("conv1")
          scf.yield %y7 : tensor<1x8x1x3xf32>
        }
        scf.yield %y5 : tensor<1x8x1x3xf32>
      }
      scf.yield %y3 : tensor<1x8x1x3xf32>
    }
    scf.yield %y1 : tensor<1x8x1x3xf32>
  }
  return %y : tensor<1x8x1x3xf32>
}
