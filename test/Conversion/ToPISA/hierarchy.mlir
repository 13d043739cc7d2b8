// RUN: photonic-opt --mlir-print-debuginfo=false %s --split-input-file --photonic-pipeline="to=schedule memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=2560,wgt.capacity_bytes=2176,grad.capacity_bytes=2048" --photonic-emit-program | FileCheck %s
// RUN: photonic-opt %s --split-input-file --photonic-pipeline="to=emit memory=hierarchy dataflow=df1 set=core.count=1,act.capacity_bytes=2560,wgt.capacity_bytes=2176,grad.capacity_bytes=2048" -o /dev/null

// Everything fits: no chunks, the nest is the product. Bias, activation and
// residual are applied on chip; only the last value goes off chip, so that the
// nodes before it have no region.
// CHECK-LABEL: pisa.program
// CHECK-SAME: memory hierarchy
// CHECK: pisa.product 0 m 4 n 32 k 3 groups 1 stationary first conversions [0, 0] pass 0 combine 0 layer 0
// CHECK: pisa.nest 0 product 0 at [4, 7] groups 0 size 1 rows 0 size 4 columns 0 size 32 contraction 0 size 3
// CHECK: pisa.layer 0 "conv" "Conv"{{$}}
// CHECK: pisa.layer 1 "sum" "Add"{{$}}
// CHECK: pisa.layer 2 "act" "Relu" output
// CHECK: pisa.code
// CHECK-NEXT: pisa.dma_copy wgt[0] {{.*}} shape [1, 1, 1, 12] layer 0
// CHECK-NEXT: pisa.dma_copy wgt[64] {{.*}} shape [1, 1, 1, 4] layer 0
// CHECK-NEXT: pisa.dma_copy act[0] {{.*}} layer 0
// CHECK-NEXT: pisa.dma_copy act[384] {{.*}} layer 1
// CHECK-NEXT: pisa.loop 1 layer 0
// CHECK: pisa.vec_map add grad[0] {{.*}} b wgt[64] strides [0, 4, 0, 0] {{.*}} layer 0
// CHECK-NEXT: pisa.vec_map add grad[0] {{.*}} a act[384] {{.*}} b grad[0] {{.*}} layer 1
// CHECK-NEXT: pisa.vec_map relu grad[0] {{.*}} layer 2
// CHECK-NEXT: pisa.dma_copy dram{{.*}} from grad[0] {{.*}} layer 2
// CHECK-NEXT: pisa.halt
func.func @main(%x: tensor<2x3x4x4xf32>, %r: tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32> {
  %w = nn.constant dense<0.5> : tensor<4x3x1x1xf32>
  %b = nn.constant dense<0.25> : tensor<4xf32>
  %c = nn.conv2d %x, %w, %b : (tensor<2x3x4x4xf32>, tensor<4x3x1x1xf32>, tensor<4xf32>) -> tensor<2x4x4x4xf32> loc("conv")
  %s = nn.add %r, %c : (tensor<2x4x4x4xf32>, tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32> loc("sum")
  %y = nn.relu %s : tensor<2x4x4x4xf32> loc("act")
  return %y : tensor<2x4x4x4xf32>
}

// -----

// Weights do not fit: a loop over blocks of output channels, the next block is
// loaded while one is computed, the last one is smaller.
// CHECK-LABEL: pisa.program
// CHECK: pisa.product 0 m 70 n 2 k 8 groups 1 stationary first conversions [0, 0] pass 0 combine 0
// CHECK: pisa.nest 0 product 0 at [4, 7] groups 0 size 1 rows [0 + 32 * l0] size 32 of [70 + -32 * l0] columns 0 size 2 contraction 0 size 8
// CHECK: pisa.dma_copy act[0]
// CHECK-NEXT: pisa.dma_copy wgt[0] {{.*}} shape [1, 1, 1, 256]
// CHECK-NEXT: pisa.loop 3
// CHECK-NEXT: pisa.dma_copy wgt[0 + 1024 * l0(1, 1, 1, 2)] strides [0, 0, 0, 4] from dram[64 + 1024 * l0(1, 1, 1, 0)] strides [0, 0, 0, 4] shape [1, 1, 1, 256 of [560 + -256 * l0(1, 1, 1, 0)]] layer 0 when l0 * 1 + 1 < 3
// CHECK-NEXT: pisa.loop 1
// CHECK-NEXT: pisa.core_program core[0] conversion 0 pass 0 map 0 from wgt[0 + 1024 * l0(1, 0, 1, 2)] row 0 k 0 rows 32 of [70 + -32 * l0]
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} grad[0 + 256 * l0(1, 0, 1, 2)]
// CHECK-NEXT: }
// CHECK-NEXT: pisa.dma_copy dram[2304 + 128 * l0] strides [280, 4, 0, 4] from grad[0 + 256 * l0(1, 0, 1, 2)] strides [128, 4, 0, 4] shape [2, 32 of [70 + -32 * l0], 1, 1]
func.func @main(%x: tensor<2x8xf32>) -> tensor<2x70xf32> {
  %w = nn.constant dense<0.5> : tensor<70x8xf32>
  %y = nn.linear %x, %w : (tensor<2x8xf32>, tensor<70x8xf32>) -> tensor<2x70xf32>
  return %y : tensor<2x70xf32>
}

// -----

// One image does not fit: a loop over output rows; the rows that padding
// supplies are filled, not read.
// CHECK-LABEL: pisa.program
// CHECK: pisa.nest 0 product 0 at {{.*}} rows 0 size 2 columns [0 + {{[0-9]+}} * l0(1, 0, {{[0-9]+}}, 0) + {{[0-9]+}} * l0(1, 0, 1, {{[0-9]+}})] size {{.*}} contraction 0 size 9
// CHECK: pisa.dma_copy act[0] {{.*}} zero_fill dim 2 start -1 extent 24
// CHECK: pisa.loop [[CHUNKS:[0-9]+]]
// CHECK-NEXT: pisa.dma_copy act[0 + {{.*}} * l0(1, 1, 1, 2)] {{.*}} zero_fill dim 2 start [-1 + {{.*}} * l0(1, 1, 1, {{.*}})] extent 24 layer 0 when l0 * 1 + 1 < [[CHUNKS]]
// CHECK: pisa.core_stream {{.*}} act[0 + {{.*}} * l0(1, 0, 1, 2)]
func.func @main(%x: tensor<1x1x24x24xf32>) -> tensor<1x2x24x24xf32> {
  %w = nn.constant dense<0.5> : tensor<2x1x3x3xf32>
  %y = nn.conv2d %x, %w pads = [1, 1, 1, 1] : (tensor<1x1x24x24xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x24x24xf32>
  return %y : tensor<1x2x24x24xf32>
}

// -----

// A digital operation in chunks: 50 planes, as many at once as fit twice.
// CHECK-LABEL: pisa.program
// CHECK: pisa.dma_copy act[0]
// CHECK: pisa.loop [[CHUNKS:[0-9]+]]
// CHECK-NEXT: pisa.dma_copy act[0 + {{[0-9]+}} * l0(1, 1, 1, 2)] {{.*}} when l0 * 1 + 1 < [[CHUNKS]]
// CHECK-NEXT: pisa.vec_pool max grad[0 + {{[0-9]+}} * l0(1, 0, 1, 2)] map 1 from act[0 + {{[0-9]+}} * l0(1, 0, 1, 2)] map 0
// CHECK-NEXT: pisa.dma_copy dram
// CHECK-NEXT: }
func.func @main(%x: tensor<5x10x4x4xf32>) -> tensor<5x10x2x2xf32> {
  %y = nn.max_pool %x kernel = [2, 2] strides = [2, 2] : tensor<5x10x4x4xf32> -> tensor<5x10x2x2xf32>
  return %y : tensor<5x10x2x2xf32>
}

// -----

// A value that has another user is not kept on chip.
// CHECK-LABEL: pisa.program
// CHECK: pisa.layer 0 "conv" "Conv" output
// CHECK: pisa.layer 1 "act" "Relu" output
func.func @main(%x: tensor<1x3x4x4xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) {
  %w = nn.constant dense<0.5> : tensor<4x3x1x1xf32>
  %c = nn.conv2d %x, %w : (tensor<1x3x4x4xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x4x4xf32> loc("conv")
  %y = nn.relu %c : tensor<1x4x4x4xf32> loc("act")
  return %c, %y : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>
}
