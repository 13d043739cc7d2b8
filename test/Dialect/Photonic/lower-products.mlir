// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-lower-products --photonic-verify-lower --split-input-file | FileCheck %s --implicit-check-not=nn.conv2d --implicit-check-not=nn.linear
// RUN: photonic-opt %s --photonic-lower-products --split-input-file --mlir-print-debuginfo | FileCheck %s --check-prefix=LOC

// Weights become the left operand; geometry becomes a window.
// CHECK-LABEL: func.func @conv
// CHECK-SAME: %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<8x2x3x3xf32>, %[[B:.*]]: tensor<8xf32>
func.func @conv(%x: tensor<1x4x9x9xf32>, %w: tensor<8x2x3x3xf32>, %b: tensor<8xf32>) -> tensor<1x8x4x5xf32> {
  // CHECK: %[[Y:.*]] = photonic.product %[[W]], %[[X]], %[[B]]
  // CHECK-SAME: window = <kernel = [3, 3], strides = [2, 2], pads = [0, 1, 1, 2], dilations = [1, 1], groups = 2>
  // CHECK-NOT: each
  // CHECK: return %[[Y]]
  %y = nn.conv2d %x, %w, %b strides = [2, 2] pads = [0, 1, 1, 2] groups = 2
      : (tensor<1x4x9x9xf32>, tensor<8x2x3x3xf32>, tensor<8xf32>) -> tensor<1x8x4x5xf32> loc("conv1")
  // LOC: photonic.product {{.*}} loc(#[[NAME:.*]])
  // LOC: #[[NAME]] = loc("conv1")
  return %y : tensor<1x8x4x5xf32>
}

// -----

// A layer without bias, and a discardable attribute that survives.
// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[X:.*]]: tensor<8x84xf32>, %[[W:.*]]: tensor<10x84xf32>
func.func @linear(%x: tensor<8x84xf32>, %w: tensor<10x84xf32>) -> tensor<8x10xf32> {
  // CHECK: photonic.product %[[W]], %[[X]] {hint = 7 : i64} : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32>
  %y = nn.linear %x, %w {hint = 7} : (tensor<8x84xf32>, tensor<10x84xf32>) -> tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}

// -----

// The gradients of a convolution: W and dY give dX, dY and X give dW.
// CHECK-LABEL: func.func @conv_gradients
// CHECK-SAME: %[[DY:.*]]: tensor<1x8x4x5xf32>, %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<8x2x3x3xf32>
func.func @conv_gradients(%dy: tensor<1x8x4x5xf32>, %x: tensor<1x4x9x9xf32>, %w: tensor<8x2x3x3xf32>) -> (tensor<1x4x9x9xf32>, tensor<8x2x3x3xf32>) {
  // CHECK: photonic.product %[[W]], %[[DY]] kind = input_gradient
  // CHECK-SAME: window = <kernel = [3, 3], strides = [2, 2], pads = [0, 1, 1, 2], dilations = [1, 1], groups = 2>
  // CHECK-SAME: {nn.phase = "input_gradient"} : (tensor<8x2x3x3xf32>, tensor<1x8x4x5xf32>) -> tensor<1x4x9x9xf32>
  %dx = nn.conv2d_input_grad %dy, %w strides = [2, 2] pads = [0, 1, 1, 2] groups = 2 {nn.phase = "input_gradient"}
      : (tensor<1x8x4x5xf32>, tensor<8x2x3x3xf32>) -> tensor<1x4x9x9xf32> loc("conv2")
  // LOC: photonic.product {{.*}} input_gradient {{.*}} loc(#[[NAME:.*]])
  // LOC: photonic.product {{.*}} weight_gradient {{.*}} loc(#[[NAME]])
  // LOC: #[[NAME]] = loc("conv2")
  // CHECK: photonic.product %[[DY]], %[[X]] kind = weight_gradient
  // CHECK-SAME: window = <kernel = [3, 3], strides = [2, 2], pads = [0, 1, 1, 2], dilations = [1, 1], groups = 2>
  // CHECK-SAME: {nn.phase = "weight_gradient"} : (tensor<1x8x4x5xf32>, tensor<1x4x9x9xf32>) -> tensor<8x2x3x3xf32>
  %dw = nn.conv2d_weight_grad %dy, %x strides = [2, 2] pads = [0, 1, 1, 2] groups = 2 {nn.phase = "weight_gradient"}
      : (tensor<1x8x4x5xf32>, tensor<1x4x9x9xf32>) -> tensor<8x2x3x3xf32> loc("conv2")
  return %dx, %dw : tensor<1x4x9x9xf32>, tensor<8x2x3x3xf32>
}

// -----

// CHECK-LABEL: func.func @linear_gradients
// CHECK-SAME: %[[DY:.*]]: tensor<8x10xf32>, %[[X:.*]]: tensor<8x84xf32>, %[[W:.*]]: tensor<10x84xf32>
func.func @linear_gradients(%dy: tensor<8x10xf32>, %x: tensor<8x84xf32>, %w: tensor<10x84xf32>) -> (tensor<8x84xf32>, tensor<10x84xf32>) {
  // CHECK: photonic.product %[[W]], %[[DY]] kind = input_gradient : (tensor<10x84xf32>, tensor<8x10xf32>) -> tensor<8x84xf32>
  %dx = nn.linear_input_grad %dy, %w : (tensor<8x10xf32>, tensor<10x84xf32>) -> tensor<8x84xf32>
  // CHECK: photonic.product %[[DY]], %[[X]] kind = weight_gradient : (tensor<8x10xf32>, tensor<8x84xf32>) -> tensor<10x84xf32>
  %dw = nn.linear_weight_grad %dy, %x : (tensor<8x10xf32>, tensor<8x84xf32>) -> tensor<10x84xf32>
  return %dx, %dw : tensor<8x84xf32>, tensor<10x84xf32>
}

// -----

// Does nothing when there is no layer.
// CHECK-LABEL: func.func @digital
func.func @digital(%x: tensor<8x84xf32>) -> tensor<8x84xf32> {
  // CHECK: nn.relu
  // CHECK-NOT: photonic
  %y = nn.relu %x : tensor<8x84xf32>
  return %y : tensor<8x84xf32>
}
