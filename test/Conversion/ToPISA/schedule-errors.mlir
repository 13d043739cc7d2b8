// RUN: split-file %s %t
// RUN: not photonic-opt %t/module.mlir --photonic-schedule=memory=both 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not photonic-opt %t/module.mlir --photonic-schedule=target=nowhere 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not photonic-opt %t/module.mlir --photonic-schedule 2>&1 | FileCheck %s --check-prefix=MAIN
// RUN: not photonic-opt %t/linear.mlir --photonic-pipeline="memory=hierarchy set=scratchpads.weight_bytes=2048" 2>&1 | FileCheck %s --check-prefix=PRODUCT
// RUN: not photonic-opt %t/softmax.mlir --photonic-pipeline="memory=hierarchy set=scratchpads.gradient_bytes=4096" 2>&1 | FileCheck %s --check-prefix=DIGITAL
// RUN: not photonic-opt %t/softmax.mlir --photonic-pipeline="memory=hierarchy set=dram.capacity_bytes=8192" 2>&1 | FileCheck %s --check-prefix=DRAM
// RUN: photonic-opt %t/softmax.mlir --photonic-pipeline="memory=ideal set=dram.capacity_bytes=8192" -o /dev/null
// RUN: not photonic-opt %t/rank.mlir --photonic-pipeline 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not photonic-opt %t/axes.mlir --photonic-pipeline 2>&1 | FileCheck %s --check-prefix=AXES
// RUN: not photonic-opt %t/norm.mlir --photonic-pipeline 2>&1 | FileCheck %s --check-prefix=NORM
// RUN: not photonic-opt %t/linear.mlir --photonic-pipeline=to=everything 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not photonic-opt %t/linear.mlir --photonic-pipeline=target=nowhere 2>&1 | FileCheck %s --check-prefix=TARGET

// MEMORY: expected memory model 'ideal' or 'hierarchy', found 'both'
// TARGET: nowhere
// MAIN: expected a function @main
// PRODUCT: needs a working set of 25600 bytes in scratchpad 'wgt' for its smallest tile, target 'mirage' has 2048 (scratchpads.weight_bytes); use a larger scratchpad or --memory=ideal
// DIGITAL: needs a working set of 8000 bytes of operands and 8004 bytes of results for its smallest piece, twice; target 'mirage' has 8388608 (scratchpads.activation_bytes) and 4096 (scratchpads.gradient_bytes); use larger scratchpads or --memory=ideal
// DRAM: needs 16000 bytes of off-chip memory, target 'mirage' has 8192 (dram.capacity_bytes); choose a smaller batch or a target with more memory
// RANK: needs 5 dimensions after merging, the vector unit has 4; reshape the operands so that broadcast dimensions are adjacent
// AXES: reduces axes [0, 2] that are not adjacent, which the vector unit cannot; transpose the operand first
// NORM: expected constant scale, bias, mean and variance at inference
// STAGE: photonic-pipeline: 'from' and 'to' have to be import, lower, format, split, tile, schedule or emit

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
func.func @main(%x: tensor<2x3x2x3x2xf32>, %k: tensor<2x1x2x1x2xf32>) -> tensor<2x3x2x3x2xf32> {
  %y = nn.add %x, %k : (tensor<2x3x2x3x2xf32>, tensor<2x1x2x1x2xf32>) -> tensor<2x3x2x3x2xf32>
  return %y : tensor<2x3x2x3x2xf32>
}

//--- axes.mlir
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<1x3x1xf32> {
  %y = nn.reduce_sum %x axes = [0, 2] keepdims = true : tensor<2x3x4xf32> -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

//--- norm.mlir
func.func @main(%x: tensor<1x2x4x4xf32>, %p: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %y = nn.batch_norm %x, %p, %p, %p, %p epsilon = 1.0e-05
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
