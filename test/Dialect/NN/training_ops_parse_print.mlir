// RUN: photonic-opt %s | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --mlir-print-op-generic | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @step
// CHECK-SAME: %[[X:.*]]: tensor<8x2xf32> {nn.name = "image"}
// CHECK-SAME: %{{.*}}: tensor<8xf32> {nn.classes = 10 : i64, nn.ignore_index = -100 : i64, nn.name = "labels"}
// CHECK-SAME: {nn.init = dense<5.000000e-01> : tensor<3x2xf32>, nn.name = "w", nn.role = "parameter", nn.trainable}
// CHECK-SAME: {nn.init = dense<0.00999999977> : tensor<1xf32>, nn.name = "optimizer.lr", nn.role = "state"}
// CHECK-SAME: -> (tensor<1xf32> {nn.loss, nn.name = "loss"}, tensor<3x2xf32> {nn.gradient_of = "w", nn.name = "w.grad"}, tensor<3x2xf32> {nn.updates = "w"})
func.func @step(
    %x: tensor<8x2xf32> {nn.name = "image"},
    %y: tensor<8xf32> {nn.name = "labels", nn.classes = 10 : i64,
                       nn.ignore_index = -100 : i64},
    %w: tensor<3x2xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                         nn.init = dense<0.5> : tensor<3x2xf32>},
    %lr: tensor<1xf32> {nn.name = "optimizer.lr", nn.role = "state",
                        nn.init = dense<0.01> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.name = "loss", nn.loss},
        tensor<3x2xf32> {nn.name = "w.grad", nn.gradient_of = "w"},
        tensor<3x2xf32> {nn.updates = "w"}) {
  // CHECK: nn.relu %[[X]] {nn.phase = "forward"} : tensor<8x2xf32>
  %r = nn.relu %x {nn.phase = "forward"} : tensor<8x2xf32>
  return %lr, %w, %w : tensor<1xf32>, tensor<3x2xf32>, tensor<3x2xf32>
}

// CHECK-LABEL: @conv2d_grads
// CHECK-SAME: %[[DY:.*]]: tensor<1x6x5x9xf32>, %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<6x2x3x3xf32>
func.func @conv2d_grads(%dy: tensor<1x6x5x9xf32>, %x: tensor<1x4x9x9xf32>,
                        %w: tensor<6x2x3x3xf32>, %dz: tensor<1x6x7x7xf32>,
                        %v: tensor<6x4x3x3xf32>) {
  // CHECK: nn.conv2d_input_grad %[[DY]], %[[W]] strides = [2, 1] pads = [0, 1, 2, 3] dilations = [1, 2] groups = 2 : (tensor<1x6x5x9xf32>, tensor<6x2x3x3xf32>) -> tensor<1x4x9x9xf32>
  %dx = nn.conv2d_input_grad %dy, %w strides = [2, 1] pads = [0, 1, 2, 3]
      dilations = [1, 2] groups = 2
      : (tensor<1x6x5x9xf32>, tensor<6x2x3x3xf32>) -> tensor<1x4x9x9xf32>
  // CHECK: nn.conv2d_weight_grad %[[DY]], %[[X]] strides = [2, 1] pads = [0, 1, 2, 3] dilations = [1, 2] groups = 2 : (tensor<1x6x5x9xf32>, tensor<1x4x9x9xf32>) -> tensor<6x2x3x3xf32>
  %dw = nn.conv2d_weight_grad %dy, %x strides = [2, 1] pads = [0, 1, 2, 3]
      dilations = [1, 2] groups = 2
      : (tensor<1x6x5x9xf32>, tensor<1x4x9x9xf32>) -> tensor<6x2x3x3xf32>
  // CHECK: nn.conv2d_input_grad %{{.*}}, %{{.*}} : (tensor<1x6x7x7xf32>, tensor<6x4x3x3xf32>) -> tensor<1x4x9x9xf32>
  %plain = nn.conv2d_input_grad %dz, %v
      : (tensor<1x6x7x7xf32>, tensor<6x4x3x3xf32>) -> tensor<1x4x9x9xf32>
  return
}

// CHECK-LABEL: @linear_grads
func.func @linear_grads(%dy: tensor<8x3xf32>, %x: tensor<8x4xf32>,
                        %w: tensor<3x4xf32>) {
  // CHECK: nn.linear_input_grad %{{.*}}, %{{.*}} : (tensor<8x3xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  %dx = nn.linear_input_grad %dy, %w
      : (tensor<8x3xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  // CHECK: nn.linear_weight_grad %{{.*}}, %{{.*}} : (tensor<8x3xf32>, tensor<8x4xf32>) -> tensor<3x4xf32>
  %dw = nn.linear_weight_grad %dy, %x
      : (tensor<8x3xf32>, tensor<8x4xf32>) -> tensor<3x4xf32>
  return
}

// CHECK-LABEL: @selection
func.func @selection(%a: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // CHECK: nn.equal %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %e = nn.equal %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: nn.gate %{{.*}}, %{{.*}} : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %g = nn.gate %b, %a : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: nn.gate %{{.*}}, %{{.*}} slope = -2.500000e-01 : (
  %s = nn.gate %b, %a slope = -0.25
      : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: nn.gate_range %{{.*}}, %{{.*}} min = 0.000000e+00 max = 6.000000e+00 : (
  %r = nn.gate_range %a, %b min = 0.0 max = 6.0
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: %[[M:.*]] = nn.pack_signs %{{.*}} : tensor<2x3xf32> -> tensor<2x3xi1>
  %m = nn.pack_signs %a : tensor<2x3xf32> -> tensor<2x3xi1>
  // CHECK: nn.gate_mask %[[M]], %{{.*}} : (tensor<2x3xi1>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %x = nn.gate_mask %m, %a : (tensor<2x3xi1>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: @pools
func.func @pools(%x: tensor<1x4x8x8xf32>, %dy: tensor<1x4x4x4xf32>,
                 %wide: tensor<1x1x16x16xf32>) {
  // CHECK: %{{.*}}, %[[P:.*]] = nn.max_pool_positions %{{.*}} kernel = [3, 3] strides = [2, 2] pads = [1, 1, 1, 1] : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>, tensor<1x4x4x4xui8>
  %y, %p = nn.max_pool_positions %x kernel = [3, 3] strides = [2, 2]
      pads = [1, 1, 1, 1]
      : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>, tensor<1x4x4x4xui8>
  // CHECK: nn.max_pool_grad %{{.*}}, %[[P]] kernel = [3, 3] strides = [2, 2] pads = [1, 1, 1, 1] : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xui8>) -> tensor<1x4x8x8xf32>
  %dx = nn.max_pool_grad %dy, %p kernel = [3, 3] strides = [2, 2]
      pads = [1, 1, 1, 1]
      : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xui8>) -> tensor<1x4x8x8xf32>
  // CHECK: nn.avg_pool_grad %{{.*}} kernel = [3, 3] strides = [2, 2] pads = [1, 1, 0, 0] ceil_mode = true count_include_pad = true : tensor<1x4x4x4xf32> -> tensor<1x4x8x8xf32>
  %da = nn.avg_pool_grad %dy kernel = [3, 3] strides = [2, 2]
      pads = [1, 1, 0, 0] ceil_mode = true count_include_pad = true
      : tensor<1x4x4x4xf32> -> tensor<1x4x8x8xf32>
  // A window of 256 elements still has positions of one byte.
  // CHECK: nn.max_pool_positions %{{.*}} kernel = [16, 16]
  %z, %q = nn.max_pool_positions %wide kernel = [16, 16]
      : tensor<1x1x16x16xf32> -> tensor<1x1x1x1xf32>, tensor<1x1x1x1xui8>
  return
}

// CHECK-LABEL: @layout
func.func @layout(%x: tensor<3x1xf32>) {
  // CHECK: nn.broadcast_to %{{.*}} : tensor<3x1xf32> -> tensor<2x3x4xf32>
  %b = nn.broadcast_to %x : tensor<3x1xf32> -> tensor<2x3x4xf32>
  // CHECK: nn.embed %{{.*}} offsets = [4, 1] strides = [-2, 1] : tensor<3x1xf32> -> tensor<5x2xf32>
  %e = nn.embed %x offsets = [4, 1] strides = [-2, 1]
      : tensor<3x1xf32> -> tensor<5x2xf32>
  return
}

// CHECK-LABEL: @batch_norm_train
func.func @batch_norm_train(%x: tensor<2x3x4xf32>, %p: tensor<3xf32>) {
  // CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = nn.batch_norm_train %{{.*}}, %[[P:.*]], %[[P]], %[[P]], %[[P]] epsilon = 1.000000e-03 momentum = 5.000000e-01 : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %y:5 = nn.batch_norm_train %x, %p, %p, %p, %p epsilon = 0.001 momentum = 0.5
      : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>) -> (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>, tensor<3xf32>)
  // CHECK: momentum = 5.000000e-01 unbiased_running : (
  %z:5 = nn.batch_norm_train %x, %p, %p, %p, %p epsilon = 0.001 momentum = 0.5
      unbiased_running
      : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>) -> (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>, tensor<3xf32>)
  return
}

// CHECK-LABEL: @losses
func.func @losses(%x: tensor<8x10x4xf32>, %y: tensor<8x4xf32>,
                  %w: tensor<10xf32>) {
  // CHECK: nn.nll_loss %{{.*}}, %{{.*}} reduction = none : (tensor<8x10x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %n = nn.nll_loss %x, %y reduction = none
      : (tensor<8x10x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  // CHECK: nn.softmax_cross_entropy %{{.*}}, %{{.*}}, %{{.*}} reduction = mean ignore_index = -100 : (tensor<8x10x4xf32>, tensor<8x4xf32>, tensor<10xf32>) -> (tensor<1xf32>, tensor<8x10x4xf32>)
  %s:2 = nn.softmax_cross_entropy %x, %y, %w reduction = mean
      ignore_index = -100
      : (tensor<8x10x4xf32>, tensor<8x4xf32>, tensor<10xf32>)
      -> (tensor<1xf32>, tensor<8x10x4xf32>)
  // CHECK: nn.mse_loss %{{.*}}, %{{.*}} reduction = sum : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<1xf32>
  %m = nn.mse_loss %y, %y reduction = sum
      : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<1xf32>
  return
}

// CHECK-LABEL: @random
func.func @random(%key: tensor<3xf32>, %x: tensor<2x3xf32>) {
  // CHECK: %[[U:.*]] = nn.uniform %{{.*}} stream = 4294967295 : tensor<3xf32> -> tensor<2x3xf32>
  %u = nn.uniform %key stream = 4294967295 : tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: nn.drop %[[U]], %{{.*}} ratio = 2.500000e-01 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %d = nn.drop %u, %x ratio = 0.25
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: nn.dropout %{{.*}}, %{{.*}} ratio = 0.000000e+00 stream = 3 : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %o = nn.dropout %x, %key ratio = 0.0 stream = 3
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}
