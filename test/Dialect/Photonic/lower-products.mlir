// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-lower-products --photonic-verify-lower --split-input-file | FileCheck %s --implicit-check-not=nn.conv2d --implicit-check-not=nn.linear
// RUN: photonic-opt %s --photonic-lower-products --split-input-file --mlir-print-debuginfo | FileCheck %s --check-prefix=LOC
// RUN: photonic-opt %s --photonic-lower-products --split-input-file --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// Weights become the first operand; the geometry of a convolution is in the views
// of its image: rows are windows, columns their elements, input channels the
// fastest. Steps of windows are strides, steps inside of them dilations; padding
// moves the first window out of the image, and only in front.

// Two dimensions of windows, and of their elements.
// CHECK-LABEL: func.func @conv(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<8x4x3x3xf32>
func.func @conv(%x: tensor<1x4x9x9xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x8x7x7xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [8 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <rows = [7 x d3, 7 x d2], columns = [4 x d1, 3 x d3, 3 x d2]> : tensor<8x4x3x3xf32>, tensor<1x4x9x9xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [8 x d1], columns = [7 x d3, 7 x d2]> : tensor<1x8x7x7xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w
      : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x7x7xf32>
  return %y : tensor<1x8x7x7xf32>
}

// -----

// Groups are pieces of output channels, and of input channels. The bias is one
// number per output channel, and added behind the product; all of it stands where
// the layer stood.
// CHECK-LABEL: func.func @grouped_padded_strided(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<8x2x3x3xf32>, %[[B:.*]]: tensor<8xf32>
func.func @grouped_padded_strided(%x: tensor<1x4x9x9xf32>, %w: tensor<8x2x3x3xf32>, %b: tensor<8xf32>) -> tensor<1x8x4x5xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x8x4x5xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <groups = [2 x d0 by 4], rows = [4 x d0], columns = [2 x d1, 3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <groups = [2 x d1 by 2], rows = [5 x d3 by 2, 4 x d2 by 2], columns = [2 x d1, 3 x d3, 3 x d2], offsets = [0, 0, 0, -1]> : tensor<8x2x3x3xf32>, tensor<1x4x9x9xf32>)
  // CHECK-SAME: outs(%[[Z]] by <groups = [2 x d1 by 4], rows = [4 x d1], columns = [5 x d3, 4 x d2]> : tensor<1x8x4x5xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: %[[C:.*]] = nn.reshape %[[B]] : tensor<8xf32> -> tensor<1x8x1x1xf32>
  // CHECK: %[[Y:.*]] = nn.add %[[P]], %[[C]] : (tensor<1x8x4x5xf32>, tensor<1x8x1x1xf32>) -> tensor<1x8x4x5xf32>
  // CHECK: return %[[Y]]
  %y = nn.conv2d %x, %w, %b strides = [2, 2] pads = [0, 1, 1, 2] groups = 2
      : (tensor<1x4x9x9xf32>, tensor<8x2x3x3xf32>, tensor<8xf32>) -> tensor<1x8x4x5xf32> loc("conv1")
  // LOC-LABEL: func.func @grouped_padded_strided(
  // LOC: photonic.zeros {{.*}} loc(#[[NAME:.*]])
  // LOC: photonic.product {{.*}} loc(#[[NAME]])
  // LOC: nn.reshape {{.*}} loc(#[[NAME]])
  // LOC: nn.add {{.*}} loc(#[[NAME]])
  // LOC: #[[NAME]] = loc("conv1")
  return %y : tensor<1x8x4x5xf32>
}

// -----

// Several images are the slowest digit of the windows.
// CHECK-LABEL: func.func @strided(
// CHECK-SAME: %[[X:.*]]: tensor<2x4x9x8xf32>, %[[W:.*]]: tensor<6x4x3x3xf32>
func.func @strided(%x: tensor<2x4x9x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<2x6x4x2xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<2x6x4x2xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [6 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <rows = [2 x d3 by 3, 4 x d2 by 2, 2 x d0], columns = [4 x d1, 3 x d3, 3 x d2]> : tensor<6x4x3x3xf32>, tensor<2x4x9x8xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [6 x d1], columns = [2 x d3, 4 x d2, 2 x d0]> : tensor<2x6x4x2xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w strides = [2, 3]
      : (tensor<2x4x9x8xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x2xf32>
  return %y : tensor<2x6x4x2xf32>
}

// -----

// Strides and dilations of both directions.
// CHECK-LABEL: func.func @dilated(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<6x4x3x2xf32>
func.func @dilated(%x: tensor<1x4x9x9xf32>, %w: tensor<6x4x3x2xf32>) -> tensor<1x6x5x3xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x6x5x3xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [6 x d0], columns = [4 x d1, 2 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <rows = [3 x d3 by 2, 5 x d2], columns = [4 x d1, 2 x d3 by 3, 3 x d2 by 2]> : tensor<6x4x3x2xf32>, tensor<1x4x9x9xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [6 x d1], columns = [3 x d3, 5 x d2]> : tensor<1x6x5x3xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w strides = [1, 2] dilations = [2, 3]
      : (tensor<1x4x9x9xf32>, tensor<6x4x3x2xf32>) -> tensor<1x6x5x3xf32>
  return %y : tensor<1x6x5x3xf32>
}

// -----

// CHECK-LABEL: func.func @padded(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x6x6xf32>, %[[W:.*]]: tensor<8x4x3x3xf32>
func.func @padded(%x: tensor<1x4x6x6xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<1x8x6x6xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x8x6x6xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [8 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <rows = [6 x d3, 6 x d2], columns = [4 x d1, 3 x d3, 3 x d2], offsets = [0, 0, -1, -1]> : tensor<8x4x3x3xf32>, tensor<1x4x6x6xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [8 x d1], columns = [6 x d3, 6 x d2]> : tensor<1x8x6x6xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w pads = [1, 1, 1, 1]
      : (tensor<1x4x6x6xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x6x6xf32>
  return %y : tensor<1x8x6x6xf32>
}

// -----

// Padding behind the image is what lies outside of it: the view has no offset.
// CHECK-LABEL: func.func @padded_behind(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x6x6xf32>, %[[W:.*]]: tensor<8x4x3x3xf32>
func.func @padded_behind(%x: tensor<1x4x6x6xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<1x8x5x5xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x8x5x5xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [8 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <rows = [5 x d3, 5 x d2], columns = [4 x d1, 3 x d3, 3 x d2]> : tensor<8x4x3x3xf32>, tensor<1x4x6x6xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [8 x d1], columns = [5 x d3, 5 x d2]> : tensor<1x8x5x5xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w pads = [0, 0, 1, 1]
      : (tensor<1x4x6x6xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x5x5xf32>
  return %y : tensor<1x8x5x5xf32>
}

// -----

// A kernel of one element: digits of one value are left out.
// CHECK-LABEL: func.func @pointwise(
// CHECK-SAME: %[[X:.*]]: tensor<2x4x5x6xf32>, %[[W:.*]]: tensor<8x4x1x1xf32>
func.func @pointwise(%x: tensor<2x4x5x6xf32>, %w: tensor<8x4x1x1xf32>) -> tensor<2x8x5x6xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<2x8x5x6xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [8 x d0], columns = [4 x d1]>,
  // CHECK-SAME: %[[X]] by <rows = [6 x d3, 5 x d2, 2 x d0], columns = [4 x d1]> : tensor<8x4x1x1xf32>, tensor<2x4x5x6xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [8 x d1], columns = [6 x d3, 5 x d2, 2 x d0]> : tensor<2x8x5x6xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w
      : (tensor<2x4x5x6xf32>, tensor<8x4x1x1xf32>) -> tensor<2x8x5x6xf32>
  return %y : tensor<2x8x5x6xf32>
}

// -----

// Each channel is a group of its own, of one row and one input channel.
// CHECK-LABEL: func.func @depthwise(
// CHECK-SAME: %[[X:.*]]: tensor<1x6x5x5xf32>, %[[W:.*]]: tensor<6x1x3x3xf32>
func.func @depthwise(%x: tensor<1x6x5x5xf32>, %w: tensor<6x1x3x3xf32>) -> tensor<1x6x5x5xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x6x5x5xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <groups = [6 x d0], columns = [3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <groups = [6 x d1], rows = [5 x d3, 5 x d2], columns = [3 x d3, 3 x d2], offsets = [0, 0, -1, -1]> : tensor<6x1x3x3xf32>, tensor<1x6x5x5xf32>)
  // CHECK-SAME: outs(%[[Z]] by <groups = [6 x d1], columns = [5 x d3, 5 x d2]> : tensor<1x6x5x5xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w pads = [1, 1, 1, 1] groups = 6
      : (tensor<1x6x5x5xf32>, tensor<6x1x3x3xf32>) -> tensor<1x6x5x5xf32>
  return %y : tensor<1x6x5x5xf32>
}

// -----

// The kernel is as large as the image: the second operand has one row.
// CHECK-LABEL: func.func @one_window(
// CHECK-SAME: %[[X:.*]]: tensor<1x4x3x3xf32>, %[[W:.*]]: tensor<8x4x3x3xf32>
func.func @one_window(%x: tensor<1x4x3x3xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<1x8x1x1xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x8x1x1xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [8 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[X]] by <columns = [4 x d1, 3 x d3, 3 x d2]> : tensor<8x4x3x3xf32>, tensor<1x4x3x3xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [8 x d1]> : tensor<1x8x1x1xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  // CHECK: return %[[P]]
  %y = nn.conv2d %x, %w
      : (tensor<1x4x3x3xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x1x1xf32>
  return %y : tensor<1x8x1x1xf32>
}

// -----

// A layer without bias.
// CHECK-LABEL: func.func @linear(
// CHECK-SAME: %[[X:.*]]: tensor<8x84xf32>, %[[W:.*]]: tensor<10x84xf32>
func.func @linear(%x: tensor<8x84xf32>, %w: tensor<10x84xf32>) -> tensor<8x10xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<8x10xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [10 x d0], columns = [84 x d1]>,
  // CHECK-SAME: %[[X]] by <rows = [8 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
  // CHECK-SAME: operator = "Gemm"{{$}}
  // CHECK: return %[[P]]
  %y = nn.linear %x, %w : (tensor<8x84xf32>, tensor<10x84xf32>) -> tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}

// -----

// The bias of a linear layer needs no reshape. A discardable attribute survives, and
// is on everything that the layer becomes.
// CHECK-LABEL: func.func @linear_bias(
// CHECK-SAME: %[[X:.*]]: tensor<8x84xf32>, %[[W:.*]]: tensor<10x84xf32>, %[[B:.*]]: tensor<10xf32>
func.func @linear_bias(%x: tensor<8x84xf32>, %w: tensor<10x84xf32>, %b: tensor<10xf32>) -> tensor<8x10xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<8x10xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [10 x d0], columns = [84 x d1]>,
  // CHECK-SAME: %[[X]] by <rows = [8 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
  // CHECK-SAME: operator = "Gemm" {hint = 7 : i64}{{$}}
  // CHECK-NOT: nn.reshape
  // CHECK: %[[Y:.*]] = nn.add %[[P]], %[[B]] {hint = 7 : i64} : (tensor<8x10xf32>, tensor<10xf32>) -> tensor<8x10xf32>
  // CHECK: return %[[Y]]
  %y = nn.linear %x, %w, %b {hint = 7} : (tensor<8x84xf32>, tensor<10x84xf32>, tensor<10xf32>) -> tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}

// -----

// One sample, which needs no digit.
// CHECK-LABEL: func.func @one_sample(
// CHECK-SAME: %[[X:.*]]: tensor<1x84xf32>, %[[W:.*]]: tensor<10x84xf32>
func.func @one_sample(%x: tensor<1x84xf32>, %w: tensor<10x84xf32>) -> tensor<1x10xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<1x10xf32>
  // CHECK: %[[P:.*]] = photonic.product ins(%[[W]] by <rows = [10 x d0], columns = [84 x d1]>,
  // CHECK-SAME: %[[X]] by <columns = [84 x d1]> : tensor<10x84xf32>, tensor<1x84xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [10 x d1]> : tensor<1x10xf32>)
  // CHECK-SAME: operator = "Gemm"{{$}}
  // CHECK: return %[[P]]
  %y = nn.linear %x, %w : (tensor<1x84xf32>, tensor<10x84xf32>) -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}

// -----

// The gradients of a convolution: W and dY give dX, a position for each element of
// the kernel; dY and X give dW.
// CHECK-LABEL: func.func @conv_gradients(
// CHECK-SAME: %[[DY:.*]]: tensor<1x8x4x5xf32>, %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<8x2x3x3xf32>
func.func @conv_gradients(%dy: tensor<1x8x4x5xf32>, %x: tensor<1x4x9x9xf32>, %w: tensor<8x2x3x3xf32>)
    -> (tensor<1x4x9x9xf32>, tensor<8x2x3x3xf32>) {
  // CHECK: %[[ZX:.*]] = photonic.zeros : tensor<1x4x9x9xf32>
  // CHECK: photonic.product ins(%[[W]] by <groups = [2 x d0 by 4], positions = [3 x d3, 3 x d2], rows = [2 x d1], columns = [4 x d0]>,
  // CHECK-SAME: %[[DY]] by <groups = [2 x d1 by 4], rows = [5 x d3, 4 x d2], columns = [4 x d1]> : tensor<8x2x3x3xf32>, tensor<1x8x4x5xf32>)
  // CHECK-SAME: outs(%[[ZX]] by <groups = [2 x d1 by 2], positions = [3 x d3, 3 x d2], rows = [2 x d1], columns = [5 x d3 by 2, 4 x d2 by 2], offsets = [0, 0, 0, -1]> : tensor<1x4x9x9xf32>)
  // CHECK-SAME: operator = "Conv" {nn.phase = "input_gradient"}{{$}}
  %dx = nn.conv2d_input_grad %dy, %w strides = [2, 2] pads = [0, 1, 1, 2] groups = 2 {nn.phase = "input_gradient"}
      : (tensor<1x8x4x5xf32>, tensor<8x2x3x3xf32>) -> tensor<1x4x9x9xf32> loc("conv2")
  // CHECK: %[[ZW:.*]] = photonic.zeros : tensor<8x2x3x3xf32>
  // CHECK: photonic.product ins(%[[DY]] by <groups = [2 x d1 by 4], rows = [4 x d1], columns = [5 x d3, 4 x d2]>,
  // CHECK-SAME: %[[X]] by <groups = [2 x d1 by 2], rows = [2 x d1, 3 x d3, 3 x d2], columns = [5 x d3 by 2, 4 x d2 by 2], offsets = [0, 0, 0, -1]> : tensor<1x8x4x5xf32>, tensor<1x4x9x9xf32>)
  // CHECK-SAME: outs(%[[ZW]] by <groups = [2 x d0 by 4], rows = [4 x d0], columns = [2 x d1, 3 x d3, 3 x d2]> : tensor<8x2x3x3xf32>)
  // CHECK-SAME: operator = "Conv" {nn.phase = "weight_gradient"}{{$}}
  %dw = nn.conv2d_weight_grad %dy, %x strides = [2, 2] pads = [0, 1, 1, 2] groups = 2 {nn.phase = "weight_gradient"}
      : (tensor<1x8x4x5xf32>, tensor<1x4x9x9xf32>) -> tensor<8x2x3x3xf32> loc("conv2")
  // LOC-LABEL: func.func @conv_gradients(
  // LOC: photonic.product {{.*}} {nn.phase = "input_gradient"} loc(#[[NAME:.*]])
  // LOC: photonic.product {{.*}} {nn.phase = "weight_gradient"} loc(#[[NAME]])
  // LOC: #[[NAME]] = loc("conv2")
  return %dx, %dw : tensor<1x4x9x9xf32>, tensor<8x2x3x3xf32>
}

// -----

// Images are the slowest digit of what is contracted; dilations move the
// positions.
// CHECK-LABEL: func.func @dilated_gradients(
// CHECK-SAME: %[[DY:.*]]: tensor<2x6x5x3xf32>, %[[X:.*]]: tensor<2x4x9x9xf32>, %[[W:.*]]: tensor<6x4x3x2xf32>
func.func @dilated_gradients(%dy: tensor<2x6x5x3xf32>, %x: tensor<2x4x9x9xf32>, %w: tensor<6x4x3x2xf32>)
    -> (tensor<2x4x9x9xf32>, tensor<6x4x3x2xf32>) {
  // CHECK: %[[ZX:.*]] = photonic.zeros : tensor<2x4x9x9xf32>
  // CHECK: photonic.product ins(%[[W]] by <positions = [2 x d3, 3 x d2], rows = [4 x d1], columns = [6 x d0]>,
  // CHECK-SAME: %[[DY]] by <rows = [3 x d3, 5 x d2, 2 x d0], columns = [6 x d1]> : tensor<6x4x3x2xf32>, tensor<2x6x5x3xf32>)
  // CHECK-SAME: outs(%[[ZX]] by <positions = [2 x d3 by 3, 3 x d2 by 2], rows = [4 x d1], columns = [3 x d3 by 2, 5 x d2, 2 x d0]> : tensor<2x4x9x9xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  %dx = nn.conv2d_input_grad %dy, %w strides = [1, 2] dilations = [2, 3]
      : (tensor<2x6x5x3xf32>, tensor<6x4x3x2xf32>) -> tensor<2x4x9x9xf32>
  // CHECK: %[[ZW:.*]] = photonic.zeros : tensor<6x4x3x2xf32>
  // CHECK: photonic.product ins(%[[DY]] by <rows = [6 x d1], columns = [3 x d3, 5 x d2, 2 x d0]>,
  // CHECK-SAME: %[[X]] by <rows = [4 x d1, 2 x d3 by 3, 3 x d2 by 2], columns = [3 x d3 by 2, 5 x d2, 2 x d0]> : tensor<2x6x5x3xf32>, tensor<2x4x9x9xf32>)
  // CHECK-SAME: outs(%[[ZW]] by <rows = [6 x d0], columns = [4 x d1, 2 x d3, 3 x d2]> : tensor<6x4x3x2xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  %dw = nn.conv2d_weight_grad %dy, %x strides = [1, 2] dilations = [2, 3]
      : (tensor<2x6x5x3xf32>, tensor<2x4x9x9xf32>) -> tensor<6x4x3x2xf32>
  return %dx, %dw : tensor<2x4x9x9xf32>, tensor<6x4x3x2xf32>
}

// -----

// One position, which needs no digit.
// CHECK-LABEL: func.func @pointwise_gradients(
// CHECK-SAME: %[[DY:.*]]: tensor<2x8x5x6xf32>, %[[X:.*]]: tensor<2x4x5x6xf32>, %[[W:.*]]: tensor<8x4x1x1xf32>
func.func @pointwise_gradients(%dy: tensor<2x8x5x6xf32>, %x: tensor<2x4x5x6xf32>, %w: tensor<8x4x1x1xf32>)
    -> (tensor<2x4x5x6xf32>, tensor<8x4x1x1xf32>) {
  // CHECK: %[[ZX:.*]] = photonic.zeros : tensor<2x4x5x6xf32>
  // CHECK: photonic.product ins(%[[W]] by <rows = [4 x d1], columns = [8 x d0]>,
  // CHECK-SAME: %[[DY]] by <rows = [6 x d3, 5 x d2, 2 x d0], columns = [8 x d1]> : tensor<8x4x1x1xf32>, tensor<2x8x5x6xf32>)
  // CHECK-SAME: outs(%[[ZX]] by <rows = [4 x d1], columns = [6 x d3, 5 x d2, 2 x d0]> : tensor<2x4x5x6xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  %dx = nn.conv2d_input_grad %dy, %w
      : (tensor<2x8x5x6xf32>, tensor<8x4x1x1xf32>) -> tensor<2x4x5x6xf32>
  // CHECK: %[[ZW:.*]] = photonic.zeros : tensor<8x4x1x1xf32>
  // CHECK: photonic.product ins(%[[DY]] by <rows = [8 x d1], columns = [6 x d3, 5 x d2, 2 x d0]>,
  // CHECK-SAME: %[[X]] by <rows = [4 x d1], columns = [6 x d3, 5 x d2, 2 x d0]> : tensor<2x8x5x6xf32>, tensor<2x4x5x6xf32>)
  // CHECK-SAME: outs(%[[ZW]] by <rows = [8 x d0], columns = [4 x d1]> : tensor<8x4x1x1xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  %dw = nn.conv2d_weight_grad %dy, %x
      : (tensor<2x8x5x6xf32>, tensor<2x4x5x6xf32>) -> tensor<8x4x1x1xf32>
  return %dx, %dw : tensor<2x4x5x6xf32>, tensor<8x4x1x1xf32>
}

// -----

// CHECK-LABEL: func.func @depthwise_gradients(
// CHECK-SAME: %[[DY:.*]]: tensor<1x6x5x5xf32>, %[[X:.*]]: tensor<1x6x5x5xf32>, %[[W:.*]]: tensor<6x1x3x3xf32>
func.func @depthwise_gradients(%dy: tensor<1x6x5x5xf32>, %x: tensor<1x6x5x5xf32>, %w: tensor<6x1x3x3xf32>)
    -> (tensor<1x6x5x5xf32>, tensor<6x1x3x3xf32>) {
  // CHECK: %[[ZX:.*]] = photonic.zeros : tensor<1x6x5x5xf32>
  // CHECK: photonic.product ins(%[[W]] by <groups = [6 x d0], positions = [3 x d3, 3 x d2]>,
  // CHECK-SAME: %[[DY]] by <groups = [6 x d1], rows = [5 x d3, 5 x d2]> : tensor<6x1x3x3xf32>, tensor<1x6x5x5xf32>)
  // CHECK-SAME: outs(%[[ZX]] by <groups = [6 x d1], positions = [3 x d3, 3 x d2], columns = [5 x d3, 5 x d2], offsets = [0, 0, -1, -1]> : tensor<1x6x5x5xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  %dx = nn.conv2d_input_grad %dy, %w pads = [1, 1, 1, 1] groups = 6
      : (tensor<1x6x5x5xf32>, tensor<6x1x3x3xf32>) -> tensor<1x6x5x5xf32>
  // CHECK: %[[ZW:.*]] = photonic.zeros : tensor<6x1x3x3xf32>
  // CHECK: photonic.product ins(%[[DY]] by <groups = [6 x d1], columns = [5 x d3, 5 x d2]>,
  // CHECK-SAME: %[[X]] by <groups = [6 x d1], rows = [3 x d3, 3 x d2], columns = [5 x d3, 5 x d2], offsets = [0, 0, -1, -1]> : tensor<1x6x5x5xf32>, tensor<1x6x5x5xf32>)
  // CHECK-SAME: outs(%[[ZW]] by <groups = [6 x d0], columns = [3 x d3, 3 x d2]> : tensor<6x1x3x3xf32>)
  // CHECK-SAME: operator = "Conv"{{$}}
  %dw = nn.conv2d_weight_grad %dy, %x pads = [1, 1, 1, 1] groups = 6
      : (tensor<1x6x5x5xf32>, tensor<1x6x5x5xf32>) -> tensor<6x1x3x3xf32>
  return %dx, %dw : tensor<1x6x5x5xf32>, tensor<6x1x3x3xf32>
}

// -----

// CHECK-LABEL: func.func @linear_gradients(
// CHECK-SAME: %[[DY:.*]]: tensor<8x10xf32>, %[[X:.*]]: tensor<8x84xf32>, %[[W:.*]]: tensor<10x84xf32>
func.func @linear_gradients(%dy: tensor<8x10xf32>, %x: tensor<8x84xf32>, %w: tensor<10x84xf32>) -> (tensor<8x84xf32>, tensor<10x84xf32>) {
  // CHECK: %[[ZX:.*]] = photonic.zeros : tensor<8x84xf32>
  // CHECK: photonic.product ins(%[[W]] by <rows = [84 x d1], columns = [10 x d0]>,
  // CHECK-SAME: %[[DY]] by <rows = [8 x d0], columns = [10 x d1]> : tensor<10x84xf32>, tensor<8x10xf32>)
  // CHECK-SAME: outs(%[[ZX]] by <rows = [84 x d1], columns = [8 x d0]> : tensor<8x84xf32>)
  // CHECK-SAME: operator = "Gemm"{{$}}
  %dx = nn.linear_input_grad %dy, %w : (tensor<8x10xf32>, tensor<10x84xf32>) -> tensor<8x84xf32>
  // CHECK: %[[ZW:.*]] = photonic.zeros : tensor<10x84xf32>
  // CHECK: photonic.product ins(%[[DY]] by <rows = [10 x d1], columns = [8 x d0]>,
  // CHECK-SAME: %[[X]] by <rows = [84 x d1], columns = [8 x d0]> : tensor<8x10xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%[[ZW]] by <rows = [10 x d0], columns = [84 x d1]> : tensor<10x84xf32>)
  // CHECK-SAME: operator = "Gemm"{{$}}
  %dw = nn.linear_weight_grad %dy, %x : (tensor<8x10xf32>, tensor<8x84xf32>) -> tensor<10x84xf32>
  return %dx, %dw : tensor<8x84xf32>, tensor<10x84xf32>
}

// -----

// Does nothing when there is no layer.
// CHECK-LABEL: func.func @digital(
func.func @digital(%x: tensor<8x84xf32>) -> tensor<8x84xf32> {
  // CHECK: nn.relu
  // CHECK-NOT: photonic
  %y = nn.relu %x : tensor<8x84xf32>
  return %y : tensor<8x84xf32>
}

// -----

// A mark stays, unless the product has an attribute of that name itself.

// CHECK-LABEL: func.func @marks
func.func @marks(%x: tensor<2x4xf32>, %w: tensor<3x4xf32>) -> tensor<2x3xf32> {
  // CHECK: photonic.product ins(
  // CHECK-SAME: outs(%{{.*}} by <rows = [3 x d1], columns = [2 x d0]>
  // CHECK-SAME: {mark = 1 : i64}
  // GENERIC: sym_name = "marks"
  // GENERIC: "photonic.product"
  // GENERIC-NOT: result_view = #photonic.view<rows = [2 x d0]>
  %y = nn.linear %x, %w {mark = 1, result_view = #photonic.view<rows = [2 x d0]>}
      : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
