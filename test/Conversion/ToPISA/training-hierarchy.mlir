// Tests how the products and sums of a training step are cut into pieces that fit
// on chip.
//
// RUN: split-file %s %t
// RUN: photonic-opt %t/weights.mlir --photonic-pipeline="memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=640,wgt.capacity_bytes=2176,grad.capacity_bytes=2048" | FileCheck %s --check-prefix=WEIGHTS
// RUN: photonic-opt %t/tail.mlir --photonic-pipeline="to=schedule memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=640,wgt.capacity_bytes=2176,grad.capacity_bytes=2048" --photonic-emit-program | FileCheck %s --check-prefix=TAIL
// RUN: photonic-opt %t/images.mlir --photonic-pipeline="memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=16000,wgt.capacity_bytes=8192,grad.capacity_bytes=16000" | FileCheck %s --check-prefix=IMAGES
// RUN: photonic-opt %t/channels.mlir --photonic-pipeline="to=schedule memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=16000,wgt.capacity_bytes=2560,grad.capacity_bytes=16000" --photonic-emit-program | FileCheck %s --check-prefix=CHANNELS
// RUN: photonic-opt %t/statistics.mlir --photonic-pipeline="memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=3000,wgt.capacity_bytes=8192,grad.capacity_bytes=16000" | FileCheck %s --check-prefix=STATISTICS

// A weight gradient stays on chip while images pass by, and adds up from zeros:
// pieces of 2 images are 32 elements of the contraction, two whole groups. The
// update is applied before it leaves, into the memory of the old weights.
// WEIGHTS: pisa.product 0 m 8 n 2 k 96 groups 1 stationary first conversions [0, 0] pass 0 combine 0 layer
// WEIGHTS: pisa.nest 0 product 0 at [{{.*}}] groups 0 size 1 rows 0 size 8 columns 0 size 2 contraction [0 + 32 * l0] size 32
// WEIGHTS: pisa.region [[W:[0-9]+]] "w" parameter mutable at dram[[[HOME:[0-9]+]]]
// WEIGHTS: pisa.vec_map fill grad[0] {{.*}} shape [1, 1, 1, 16]
// WEIGHTS: pisa.dma_copy wgt[0] {{.*}} shape [1, 2, 8, 16]
// WEIGHTS: pisa.dma_copy act[0] {{.*}} shape [1, 2, 2, 16]
// WEIGHTS: pisa.loop 3
// WEIGHTS: pisa.dma_copy wgt[0 + 1024 * l0(1, 1, 1, 2)] {{.*}} when l0 * 1 + 1 < 3
// WEIGHTS: pisa.dma_copy act[0 + 256 * l0(1, 1, 1, 2)] {{.*}} when l0 * 1 + 1 < 3
// WEIGHTS: pisa.loop 2
// WEIGHTS: pisa.core_program core[0] {{.*}} row 0 k [0 + 16 * l1] rows 32 of 8 cols 16 product 0
// WEIGHTS: pisa.vec_map mul grad[0] {{.*}} b wgt[2048] strides [0, 0, 0, 0]
// WEIGHTS: pisa.vec_map sub grad[0] {{.*}} a act[512] {{.*}} b grad[0]
// WEIGHTS: pisa.dma_copy dram[[[HOME]]] {{.*}} from grad[0] {{.*}} shape [1, 1, 1, 16]

// 5 images are two pieces of 2 and one of 1, which has a nest of its own: where
// the last group ends matters for its exponent.
// TAIL: pisa.nest 0 product 0 at {{.*}} contraction [0 + 32 * l0] size 32
// TAIL: pisa.nest 1 product 0 at {{.*}} contraction 64 size 16
// TAIL: pisa.loop 2
// TAIL: pisa.core_program core[0] conversion 0 pass 0 map [[MAIN:[0-9]+]] {{.*}} k [0 + 16 * l1]
// TAIL: pisa.dma_copy wgt[0] {{.*}} shape [1, 1, 8, 16]
// TAIL: pisa.dma_copy act[0] {{.*}} shape [1, 1, 2, 16]
// TAIL: pisa.loop 1
// TAIL-NOT: map [[MAIN]]
// TAIL: pisa.core_program core[0] conversion 0 pass 0 map {{[0-9]+}} {{.*}} k 0 rows 32 of 8 cols 16 product 0

// An input gradient is cut into images, filled with zeros one by one; what hangs
// on it is applied on chip.
// IMAGES: pisa.product 0 m 70 n 80 k 8 groups 1 positions 2 stationary first conversions [0, 0] pass 0 combine 0 layer
// IMAGES: pisa.nest 0 product 0 at {{.*}} rows 0 size 70 columns [0 + 16 * l0] size 16 contraction 0 size 8
// IMAGES: pisa.loop 5
// IMAGES: pisa.vec_map fill grad[0 + 5632 * l0(1, 0, 1, 2)] {{.*}} shape [1, 1, 1, 1400]
// IMAGES: pisa.loop 6
// IMAGES: pisa.core_program core[0] {{.*}} row [70 + 32 * l1(1, 0, 2, 0) + -70 * l1(1, 0, 1, 2)] k 0 rows 32 of [70 + -32 * l1(1, 0, 2, 0)]
// IMAGES: pisa.vec_map gate grad[0 + 5632 * l0(1, 0, 1, 2)] {{.*}} a act[1024 + 5632 * l0(1, 0, 1, 2)] {{.*}} b grad[0 + 5632 * l0(1, 0, 1, 2)]
// IMAGES: pisa.dma_copy dram[{{[0-9]+}} + 5600 * l0] {{.*}} from grad[0 + 5632 * l0(1, 0, 1, 2)]

// Where weights do not fit, into input channels: pieces of the weights are not
// consecutive, and rows keep their numbers in the whole product.
// CHANNELS: pisa.nest 0 product 0 at {{.*}} rows [0 + 32 * l0] size 32 of [70 + -32 * l0] columns
// CHANNELS: pisa.loop 3
// CHANNELS: pisa.dma_copy wgt[0] strides [0, 256, 8, 4] from dram[{{[0-9]+}} + 256 * l0] strides [0, 560, 8, 4] shape [1, 8, 32 of [70 + -32 * l0], 2]
// CHANNELS: pisa.core_program core[0] {{.*}} row [70 + -70 * l{{[0-9]}}] k 0 rows 32 of [70 + -32 * l0]

// Statistics need all images of a channel: parts of the operand, one per image.
// STATISTICS: pisa.dma_copy act[0] strides [0, 0, 320, 4] from dram[0] strides [0, 0, 960, 4] shape [1, 1, 4, 80]
// STATISTICS: pisa.loop 3
// STATISTICS: pisa.vec_reduce sum grad[0 + 64 * l0(1, 0, 1, 2)] {{.*}} a act[0 + 1280 * l0(1, 0, 1, 2)] strides [0, 160, 320, 4] shape [1, 2, 4, 40] dims 2

//--- weights.mlir
func.func @main(%x: tensor<6x2x4x4xf32>, %dy: tensor<6x8x4x4xf32>,
    %w: tensor<8x2x1x1xf32> {nn.name = "w", nn.role = "parameter", nn.init = dense<0.5> : tensor<8x2x1x1xf32>},
    %lr: tensor<1xf32> {nn.name = "lr", nn.role = "state", nn.init = dense<0.125> : tensor<1xf32>})
    -> (tensor<8x2x1x1xf32> {nn.updates = "w"}) {
  %dw = nn.conv2d_weight_grad %dy, %x {nn.phase = "weight_gradient"} : (tensor<6x8x4x4xf32>, tensor<6x2x4x4xf32>) -> tensor<8x2x1x1xf32> loc("conv")
  %s = nn.mul %dw, %lr {nn.phase = "update"} : (tensor<8x2x1x1xf32>, tensor<1xf32>) -> tensor<8x2x1x1xf32> loc("conv")
  %n = nn.sub %w, %s {nn.phase = "update"} : (tensor<8x2x1x1xf32>, tensor<8x2x1x1xf32>) -> tensor<8x2x1x1xf32> loc("conv")
  return %n : tensor<8x2x1x1xf32>
}

//--- tail.mlir
func.func @main(%x: tensor<5x2x4x4xf32>, %dy: tensor<5x8x4x4xf32>) -> tensor<8x2x1x1xf32> {
  %dw = nn.conv2d_weight_grad %dy, %x : (tensor<5x8x4x4xf32>, tensor<5x2x4x4xf32>) -> tensor<8x2x1x1xf32> loc("conv")
  return %dw : tensor<8x2x1x1xf32>
}

//--- images.mlir
func.func @main(%dy: tensor<5x8x4x4xf32>, %y: tensor<5x70x5x4xf32>) -> tensor<5x70x5x4xf32> {
  %w = nn.constant "w" dense<0.5> : tensor<8x70x2x1xf32>
  %dx = nn.conv2d_input_grad %dy, %w {nn.phase = "input_gradient"} : (tensor<5x8x4x4xf32>, tensor<8x70x2x1xf32>) -> tensor<5x70x5x4xf32> loc("conv")
  %n = nn.gate %y, %dx {nn.phase = "input_gradient"} : (tensor<5x70x5x4xf32>, tensor<5x70x5x4xf32>) -> tensor<5x70x5x4xf32> loc("relu")
  return %n : tensor<5x70x5x4xf32>
}

//--- channels.mlir
func.func @main(%dy: tensor<5x8x4x4xf32>) -> tensor<5x70x5x4xf32> {
  %w = nn.constant "w" dense<0.5> : tensor<8x70x2x1xf32>
  %dx = nn.conv2d_input_grad %dy, %w : (tensor<5x8x4x4xf32>, tensor<8x70x2x1xf32>) -> tensor<5x70x5x4xf32> loc("conv")
  return %dx : tensor<5x70x5x4xf32>
}

//--- statistics.mlir
func.func @main(%x: tensor<4x6x5x8xf32>) -> tensor<1x6x1x1xf32> {
  %m = nn.reduce_mean %x axes = [0, 2, 3] keepdims = true : tensor<4x6x5x8xf32> -> tensor<1x6x1x1xf32> loc("mean")
  return %m : tensor<1x6x1x1xf32>
}
