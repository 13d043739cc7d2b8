// RUN: split-file %s %t
// RUN: not photonic-opt %t/module.mlir --photonic-set-memory=model=both 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not photonic-opt %t/module.mlir --photonic-set-target=target=nowhere 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not photonic-opt %t/module.mlir --photonic-set-target=target=mirage --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=MAIN
// RUN: not photonic-opt %t/linear.mlir --photonic-pipeline="memory=hierarchy set=wgt.capacity_bytes=2048" 2>&1 | FileCheck %s --check-prefix=PRODUCT
// RUN: not photonic-opt %t/softmax.mlir --photonic-pipeline="memory=hierarchy set=grad.capacity_bytes=4096" 2>&1 | FileCheck %s --check-prefix=DIGITAL
// RUN: not photonic-opt %t/softmax.mlir --photonic-pipeline="memory=hierarchy set=dram.capacity_bytes=8192" 2>&1 | FileCheck %s --check-prefix=DRAM
// RUN: photonic-opt %t/softmax.mlir --photonic-pipeline="memory=ideal set=dram.capacity_bytes=8192" -o /dev/null
// RUN: not photonic-opt %t/rank.mlir --photonic-pipeline 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not photonic-opt %t/axes.mlir --photonic-pipeline 2>&1 | FileCheck %s --check-prefix=AXES
// RUN: not photonic-opt %t/norm.mlir --photonic-pipeline=from=lower 2>&1 | FileCheck %s --check-prefix=NORM
// RUN: not photonic-opt %t/linear.mlir --photonic-set-target=target=mirage --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=EARLY
// RUN: not photonic-opt %t/norm.mlir --photonic-set-target=target=mirage --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=COMPOSITE
// RUN: not photonic-opt %t/gradient.mlir --photonic-pipeline="memory=hierarchy set=act.capacity_bytes=640" 2>&1 | FileCheck %s --check-prefix=GRADIENT
// RUN: not photonic-opt %t/random.mlir --photonic-pipeline="memory=hierarchy format=bfp:4:16:stochastic set=wgt.capacity_bytes=25600" 2>&1 | FileCheck %s --check-prefix=WHOLE
// RUN: not photonic-opt %t/key.mlir --photonic-pipeline 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not photonic-opt %t/linear.mlir --photonic-pipeline=to=everything 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not photonic-opt %t/linear.mlir --photonic-pipeline=target=nowhere 2>&1 | FileCheck %s --check-prefix=TARGET

// MEMORY: expected memory model 'ideal' or 'hierarchy', found 'both'
// TARGET: nowhere
// MAIN: expected a function @main
// PRODUCT: its forward product needs a working set of 25600 bytes in scratchpad 'wgt' for its smallest tile, target 'mirage' has 2048 (wgt.capacity_bytes); use a smaller batch, a larger scratchpad or --memory=ideal
// DIGITAL: needs a working set of 8000 bytes of operands and 8064 bytes of results for its only piece; target 'mirage' has 8388608 (act.capacity_bytes) and 4096 (grad.capacity_bytes); use a smaller batch, larger scratchpads or --memory=ideal
// DRAM: needs 16000 bytes of off-chip memory, target 'mirage' has 8192 (dram.capacity_bytes); choose a smaller batch or a target with more memory
// RANK: needs 12 dimensions after merging, at most 11 are supported; reshape the operands so that broadcast dimensions are adjacent
// AXES: reduces axes [0, 2, 4, 6], which are 4 dimensions after merging adjacent ones; the vector unit reduces 3: transpose the operand first
// NORM: error: stage lower: 'nn.batch_norm' should be decomposed (nn-decompose)
// EARLY: error: stage tile: 'nn.linear' is not lowered to a photonic.product
// COMPOSITE: error: stage tile: 'nn.batch_norm' is not decomposed
// GRADIENT: error: loc("fc1"): its forward product needs a working set of 3200 bytes in scratchpad 'act' for its smallest tile, target 'mirage' has 640 (act.capacity_bytes); use a smaller batch, a larger scratchpad or --memory=ideal
// WHOLE: error: loc("fc1"): its forward product needs a working set of 32000 bytes in scratchpad 'wgt' because random rounding keeps it in one piece, target 'mirage' has 25600 (wgt.capacity_bytes); use a smaller batch, a larger scratchpad or --memory=ideal, or a format that rounds by trunc or nearest
// KEY: rounds at random with a key that is not the argument of the function with 'nn.knob' = "random_key"; a program has one key
// STAGE: photonic-pipeline: 'to' has to be import, autodiff, lower, format, split, tile, schedule or emit, found 'everything'

//--- module.mlir
func.func @other() {
  return
}

//--- linear.mlir
func.func @main(%x: tensor<2x200xf32>) -> tensor<2x40xf32> {
  %w = nn.constant dense<0.5> : tensor<40x200xf32>
  %y = nn.linear %x, %w : (tensor<2x200xf32>, tensor<40x200xf32>) -> tensor<2x40xf32>
  return %y : tensor<2x40xf32>
}

//--- softmax.mlir
func.func @main(%x: tensor<1x2000xf32>) -> tensor<1x2000xf32> {
  %y = nn.softmax %x axis = 1 : tensor<1x2000xf32>
  return %y : tensor<1x2000xf32>
}

//--- rank.mlir
func.func @main(%x: tensor<2x3x2x3x2x3x2x3x2x3x2x3xf32>, %k: tensor<2x1x2x1x2x1x2x1x2x1x2x1xf32>) -> tensor<2x3x2x3x2x3x2x3x2x3x2x3xf32> {
  %y = nn.add %x, %k : (tensor<2x3x2x3x2x3x2x3x2x3x2x3xf32>, tensor<2x1x2x1x2x1x2x1x2x1x2x1xf32>) -> tensor<2x3x2x3x2x3x2x3x2x3x2x3xf32>
  return %y : tensor<2x3x2x3x2x3x2x3x2x3x2x3xf32>
}

//--- axes.mlir
func.func @main(%x: tensor<2x3x2x3x2x3x2xf32>) -> tensor<3x3x3xf32> {
  %y = nn.reduce_sum %x axes = [0, 2, 4, 6] keepdims = false : tensor<2x3x2x3x2x3x2xf32> -> tensor<3x3x3xf32>
  return %y : tensor<3x3x3xf32>
}

//--- norm.mlir
func.func @main(%x: tensor<1x2x4x4xf32>, %p: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %y = nn.batch_norm %x, %p, %p, %p, %p epsilon = 1.0e-05
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

//--- gradient.mlir
// Pieces of the batch end where groups of 16 do: two images are one piece.
func.func @main(%dy: tensor<2x40xf32>, %x: tensor<2x400xf32>) -> tensor<40x400xf32> {
  %dw = nn.linear_weight_grad %dy, %x : (tensor<2x40xf32>, tensor<2x400xf32>) -> tensor<40x400xf32> loc("fc1")
  return %dw : tensor<40x400xf32>
}

//--- random.mlir
func.func @main(%x: tensor<2x200xf32>) -> tensor<2x40xf32> {
  %w = nn.constant dense<0.5> : tensor<40x200xf32>
  %y = nn.linear %x, %w : (tensor<2x200xf32>, tensor<40x200xf32>) -> tensor<2x40xf32> loc("fc1")
  return %y : tensor<2x40xf32>
}

//--- key.mlir
// The key is made by the program itself, so that the machine does not know it
// when the run starts.
#random = #photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>
func.func @main(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %u: tensor<3xf32>) -> tensor<8x10xf32> {
  %k = nn.add %u, %u : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [84 x d1]>,
          %x by <rows = [8 x d0], columns = [84 x d1]>
          : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
      operator = "Gemm" key = %k : tensor<3xf32> stream = 0 formats = [#random, #random]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x10xf32>
}
