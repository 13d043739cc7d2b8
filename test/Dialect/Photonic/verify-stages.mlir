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
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=UNREADY
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-select-dataflow 2>&1 | FileCheck %s --check-prefix=EARLY
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=UNREADY
// RUN: not photonic-opt %t/product.mlir --photonic-set-target="target=mirage set=core.columns=8" --photonic-assign-formats --photonic-select-dataflow --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: photonic-opt %t/product.mlir --photonic-set-target="target=mirage set=core.columns=8" --photonic-assign-formats --photonic-split-rns --photonic-select-dataflow --photonic-tile-array --photonic-verify-tile -o /dev/null
// RUN: not photonic-opt %t/gradient.mlir --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=ZEROS
// RUN: not photonic-opt %t/product.mlir --photonic-set-target="target=mirage set=core.rows=0" --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=ROWS
// A nest that lost its single-iteration loops is one no more, or lost those that it
// deals to arrays.
// RUN: not photonic-opt %t/product.mlir --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-select-dataflow --photonic-tile-array --canonicalize --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: not photonic-opt %t/long.mlir --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-select-dataflow --photonic-tile-array --canonicalize --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=LOST

// LOWER: error: loc("conv1"): stage lower: 'nn.conv2d' of node 'conv1' should be a photonic.product
// LOWER: error: loc("fc1"): stage lower: 'nn.linear_weight_grad' of node 'fc1' should be a photonic.product
// LOWER: error: loc("conv1"): stage lower: 'nn.conv2d_input_grad' of node 'conv1' should be a photonic.product
// LOWER: error: loc("fc1"): stage lower: 'nn.linear' of node 'fc1' should be a photonic.product
// FORMAT: error: loc("fc1"): stage format: 'photonic.product' of node 'fc1' has no number formats
// SPLIT: error: loc("fc1"): stage split: 'photonic.dot' of node 'fc1' multiplies integers, which no array does in one step; run photonic-split-products
// TILE: error: loc("fc1"): stage tile: 'photonic.product' of node 'fc1' is not cut into array passes
// ALONE: error: loc("fc1"): stage tile: 'photonic.array_product' of node 'fc1' needs a nest of scf.for loops in the body of its function
// LOST: error: loc("fc1"): stage tile: 'photonic.array_product' of node 'fc1' has arrays over loop 2 of a nest of 1 (0 is the outermost)
// UNREADY: error: loc("fc1"): stage tile: 'photonic.product' of node 'fc1' needs number formats and a stationary operand before it is tiled
// EARLY: error: loc("fc1"): stage split: 'photonic.product' of node 'fc1' needs number formats before its dataflow
// COLUMNS: error: loc("fc1"): stage tile: 'photonic.product' of node 'fc1' has passes of 16 elements, but an array has 8 columns; split it for passes of at most 8 (photonic-split-products)
// ZEROS: error: loc("conv1"): stage tile: 'photonic.array_product' of node 'conv1' starts from tensor.empty, but its tiles do not write every element first: expected photonic.zeros
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
#weights = #photonic.view<rows = [4 x d0], columns = [8 x d1]>
#image = #photonic.view<columns = [8 x d1]>
#outputs = #photonic.view<rows = [4 x d1]>
func.func @main(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> tensor<1x4xf32> {
  %z = photonic.zeros : tensor<1x4xf32>
  %0 = photonic.product ins(%w by #weights, %x by #image : tensor<4x8xf32>, tensor<1x8xf32>)
      outs(%z by #outputs : tensor<1x4xf32>) operator = "Gemm" loc("fc1")
  return %0 : tensor<1x4xf32>
}

//--- long.mlir
// Of the loops over groups, blocks and terms only the last one has more than one
// iteration.
#weights = #photonic.view<rows = [4 x d0], columns = [48 x d1]>
#image = #photonic.view<columns = [48 x d1]>
#outputs = #photonic.view<rows = [4 x d1]>
func.func @main(%x: tensor<1x48xf32>, %w: tensor<4x48xf32>) -> tensor<1x4xf32> {
  %z = photonic.zeros : tensor<1x4xf32>
  %0 = photonic.product ins(%w by #weights, %x by #image : tensor<4x48xf32>, tensor<1x48xf32>)
      outs(%z by #outputs : tensor<1x4xf32>) operator = "Gemm" loc("fc1")
  return %0 : tensor<1x4xf32>
}

//--- gradient.mlir
// Two kernel positions meet the same elements, but nothing makes them zero.
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
  %r0 = scf.for %g = %c0 to %c1 step %c1 iter_args(%a0 = %e) -> (tensor<1x8x1x3xf32>) {
    %r1 = scf.for %m = %c0 to %c8 step %c32 iter_args(%a1 = %a0) -> (tensor<1x8x1x3xf32>) {
      %r2 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a2 = %a1) -> (tensor<1x8x1x3xf32>) {
        %r3 = scf.for %k = %c0 to %c4 step %c16 iter_args(%a3 = %a2) -> (tensor<1x8x1x3xf32>) {
          %p = arith.subi %c1, %t : index
          %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<4x8x1x2xf32>, tensor<1x4x1x2xf32>)
              outs(%a3 by #images : tensor<1x8x1x3xf32>)
              tile [%g, %p, %m, %c0, %k] sizes = [32, 2, 16] start %t operator = "Conv"
              formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1, 2, 3]>
          pass {
          ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
            %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
            photonic.yield %d : f32
          } combine {
          ^bb0(%sum: f32, %acc: f32):
            %r = photonic.float_add %acc, %sum
            photonic.yield %r : f32
          } loc("conv1")
          scf.yield %y : tensor<1x8x1x3xf32>
        }
        scf.yield %r3 : tensor<1x8x1x3xf32>
      }
      scf.yield %r2 : tensor<1x8x1x3xf32>
    }
    scf.yield %r1 : tensor<1x8x1x3xf32>
  }
  return %r0 : tensor<1x8x1x3xf32>
}
