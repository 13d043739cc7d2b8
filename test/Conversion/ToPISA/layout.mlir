// RUN: photonic-opt %s --split-input-file --photonic-pipeline="to=emit" | FileCheck %s --check-prefixes=CHECK,IDEAL
// RUN: photonic-opt %s --split-input-file --photonic-pipeline="to=emit memory=hierarchy" | FileCheck %s --check-prefixes=CHECK,DMA

// Strides of an instruction are never negative: a dimension that is walked
// backwards is a loop around the copy.
// CHECK-LABEL: pisa.program
// CHECK: pisa.loop 3
// IDEAL-NEXT: pisa.vec_map copy act[64 + 4 * l0] strides [0, 0, 0, 12] a act[28 + -8 * l0] strides [0, 0, 0, 32] shape [1, 1, 1, 2]
// DMA: pisa.dma_copy dram[64 + 4 * l0] strides [0, 0, 0, 12] from dram[28 + -8 * l0] strides [0, 0, 0, 32] shape [1, 1, 1, 2]
func.func @main(%x: tensor<2x8xf32>) -> tensor<2x3xf32> {
  %y = nn.slice %x offsets = [0, 7] sizes = [2, 3] strides = [1, -2] : tensor<2x8xf32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Two reversed dimensions that are adjacent are one.
// CHECK-LABEL: pisa.program
// CHECK: pisa.loop 6
// IDEAL-NEXT: pisa.vec_map copy act[64 + 4 * l0] strides [0, 0, 0, 0] a act[20 + -4 * l0]
// DMA: pisa.dma_copy dram[64 + 4 * l0] {{.*}} from dram[20 + -4 * l0]
// CHECK: }
// CHECK-NOT: loop
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = nn.slice %x offsets = [1, 2] sizes = [2, 3] strides = [-1, -1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// What has more than four dimensions is a loop too.
// CHECK-LABEL: pisa.program
// CHECK: pisa.loop 2
// IDEAL-NEXT: pisa.vec_map copy
// DMA: pisa.dma_copy
// CHECK-SAME: shape [3, 2, 3, 2]
func.func @main(%x: tensor<2x3x2x3x2xf32>) -> tensor<2x3x2x3x2xf32> {
  %y = nn.transpose %x perm = [4, 3, 2, 1, 0] : tensor<2x3x2x3x2xf32> -> tensor<2x3x2x3x2xf32>
  return %y : tensor<2x3x2x3x2xf32>
}

// -----

// Concatenation: one copy per operand. Padding: a fill, then one copy.
// CHECK-LABEL: pisa.program
// IDEAL: pisa.vec_map copy act[64] strides [0, 0, 20, 4] a act[0] strides [0, 0, 12, 4] shape [1, 1, 2, 3]
// IDEAL-NEXT: pisa.vec_map copy act[76] strides [0, 0, 20, 4] a wgt[0] strides [0, 0, 8, 4] shape [1, 1, 2, 2]
// IDEAL-NEXT: pisa.vec_map fill act[128] strides [0, 0, 0, 4] shape [1, 1, 1, 24] s0 -1.500000e+00
// IDEAL-NEXT: pisa.vec_map copy act[152] strides [0, 0, 24, 4] a act[64] strides [0, 0, 20, 4] shape [1, 1, 2, 5]
// DMA: pisa.vec_map fill grad[0] strides [0, 0, 0, 4] shape [1, 1, 1, 24] s0 -1.500000e+00
// DMA: pisa.dma_copy dram{{.*}} from grad[0] {{.*}} shape [1, 1, 1, 24]
// DMA: pisa.dma_copy dram{{.*}} shape [1, 1, 2, 5]
func.func @main(%x: tensor<2x3xf32>) -> tensor<4x6xf32> {
  %k = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = nn.concat %x, %k axis = 1 : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  %p = nn.pad %c low = [1, 0] high = [1, 1] value = -1.5 : tensor<2x5xf32> -> tensor<4x6xf32>
  return %p : tensor<4x6xf32>
}
