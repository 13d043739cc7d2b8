// RUN: photonic-opt %s --nn-generate-backward --split-input-file --verify-diagnostics | FileCheck %s
// RUN: photonic-opt %s --nn-generate-backward='emit-gradients input-gradients' --split-input-file | FileCheck %s --check-prefix=ALL
// RUN: photonic-opt %s --nn-generate-backward --split-input-file --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LOC

// The first layer's input gradient is computed only if it is asked for; what
// serves weights alone is a weight gradient; locations are those of the layers.

// CHECK-LABEL: func.func @layers
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x3xf32>
// CHECK-SAME: %[[W:[^:]*]]: tensor<3x3xf32>
// CHECK-SAME: %[[B:[^:]*]]: tensor<3xf32>
// CHECK-SAME: %[[V:[^:]*]]: tensor<1x3xf32>
// CHECK-SAME: tensor<3x3xf32> {nn.gradient_of = "w"}, tensor<3xf32> {nn.gradient_of = "b"}, tensor<1x3xf32> {nn.gradient_of = "v"})
// ALL-LABEL: func.func @layers
// ALL-SAME: tensor<4x3xf32> {nn.name = "x.grad"}, tensor<3x3xf32> {nn.gradient_of = "w", nn.name = "w.grad"}
// LOC-LABEL: func.func @layers
func.func @layers(
    %x: tensor<4x3xf32> {nn.name = "x"},
    %w: tensor<3x3xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                         nn.init = dense<1.0> : tensor<3x3xf32>},
    %b: tensor<3xf32> {nn.name = "b", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<3xf32>},
    %v: tensor<1x3xf32> {nn.name = "v", nn.role = "parameter", nn.trainable,
                         nn.init = dense<1.0> : tensor<1x3xf32>})
    -> (tensor<1xf32> {nn.name = "loss", nn.loss}) {
  // CHECK: %[[Y:.*]] = nn.linear %[[X]], %[[W]], %[[B]]
  %y = nn.linear %x, %w, %b
      : (tensor<4x3xf32>, tensor<3x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
      loc("first")
  // CHECK: %[[R:.*]] = nn.relu %[[Y]]
  %r = nn.relu %y : tensor<4x3xf32> loc("act")
  %z = nn.linear %r, %v : (tensor<4x3xf32>, tensor<1x3xf32>) -> tensor<4x1xf32>
      loc("second")
  %q = nn.reshape %z : tensor<4x1xf32> -> tensor<4xf32> loc("second")
  %l = nn.reduce_sum %q axes = [0] keepdims = true
      : tensor<4xf32> -> tensor<1xf32> loc("loss")
  // CHECK: %[[ONE:.*]] = nn.constant dense<1.000000e+00> : tensor<1xf32>
  // CHECK: nn.broadcast_to %[[ONE]] {nn.phase = "input_gradient"}
  // CHECK: %[[DZ:.*]] = nn.reshape %{{.*}} {nn.phase = "input_gradient"} : tensor<4xf32> -> tensor<4x1xf32>
  // CHECK: %[[DR:.*]] = nn.linear_input_grad %[[DZ]], %[[V]] {nn.phase = "input_gradient"}
  // CHECK: %[[DV:.*]] = nn.linear_weight_grad %[[DZ]], %[[R]] {nn.phase = "weight_gradient"}
  // LOC: nn.linear_weight_grad {{.*}} loc("second")
  // CHECK: %[[DY:.*]] = nn.gate %[[R]], %[[DR]] {nn.phase = "input_gradient"}
  // LOC: nn.gate {{.*}} loc("act")
  // CHECK-NOT: nn.linear_input_grad
  // ALL: nn.linear_input_grad %{{.*}}, %arg1 {nn.phase = "input_gradient"}
  // CHECK: %[[DW:.*]] = nn.linear_weight_grad %[[DY]], %[[X]] {nn.phase = "weight_gradient"}
  // LOC: nn.linear_weight_grad {{.*}} loc("first")
  // CHECK: %[[DB:.*]] = nn.reduce_sum %[[DY]] axes = [0] keepdims = false {nn.phase = "weight_gradient"}
  // CHECK: return %{{.*}}, %[[DW]], %[[DB]], %[[DV]]
  return %l : tensor<1xf32>
}

// -----

// A value used three times: the last use first, then the others.

// CHECK-LABEL: func.func @fan_out
// CHECK-SAME: %[[W:[^:]*]]: tensor<1xf32>
func.func @fan_out(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  // CHECK: %[[A:.*]] = nn.neg
  %a = nn.neg %w : tensor<1xf32>
  // CHECK: %[[B:.*]] = nn.exp
  %b = nn.exp %w : tensor<1xf32>
  %c = nn.mul %a, %b : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %d = nn.add %c, %w : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  // CHECK: %[[ONE:.*]] = nn.constant dense<1.0
  // CHECK: %[[DA:.*]] = nn.mul %[[ONE]], %[[B]]
  // CHECK: %[[DB:.*]] = nn.mul %[[ONE]], %[[A]]
  // CHECK: %[[EXP:.*]] = nn.mul %[[DB]], %[[B]]
  // CHECK: %[[S:.*]] = nn.add %[[ONE]], %[[EXP]] {nn.phase = "weight_gradient"}
  // CHECK: %[[NEG:.*]] = nn.neg %[[DA]]
  // CHECK: %[[T:.*]] = nn.add %[[S]], %[[NEG]] {nn.phase = "weight_gradient"}
  // CHECK: return %{{.*}}, %[[T]]
  return %d : tensor<1xf32>
}

// -----

// Two losses, one of which another needs, and a result that nobody uses.

// CHECK-LABEL: func.func @losses
// CHECK-SAME: -> (tensor<1xf32> {nn.loss}, tensor<f32> {nn.loss}, tensor<1xf32> {nn.gradient_of = "w"})
func.func @losses(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss}, tensor<f32> {nn.loss}) {
  %a = nn.exp %w : tensor<1xf32>
  %u = nn.log %w : tensor<1xf32>
  %b = nn.reshape %a : tensor<1xf32> -> tensor<f32>
  // CHECK: %[[C:.*]] = nn.constant dense<1.0{{.*}}> : tensor<1xf32>
  // CHECK: %[[D:.*]] = nn.constant dense<1.0{{.*}}> : tensor<f32>
  // CHECK: %[[R:.*]] = nn.reshape %[[D]]
  // CHECK: nn.add %[[C]], %[[R]]
  return %a, %b : tensor<1xf32>, tensor<f32>
}

// -----

// A maximum pool is replaced by one that keeps positions; frozen parameters,
// labels and what precedes them cost nothing.

// CHECK-LABEL: func.func @frozen
func.func @frozen(
    %x: tensor<2x1x2x2xf32> {nn.name = "x"},
    %y: tensor<2xf32> {nn.name = "labels", nn.classes = 2 : i64},
    %f: tensor<1x1x1x1xf32> {nn.name = "f", nn.role = "parameter",
                             nn.init = dense<1.0> : tensor<1x1x1x1xf32>},
    %w: tensor<1x1x1x1xf32> {nn.name = "w", nn.role = "parameter",
                             nn.trainable,
                             nn.init = dense<1.0> : tensor<1x1x1x1xf32>},
    %v: tensor<2x1xf32> {nn.name = "v", nn.role = "parameter", nn.trainable,
                         nn.init = dense<1.0> : tensor<2x1xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  // CHECK: nn.max_pool %arg0
  %0 = nn.max_pool %x kernel = [1, 1] strides = [1, 1] pads = [0, 0, 0, 0] : tensor<2x1x2x2xf32> -> tensor<2x1x2x2xf32>
  %1 = nn.conv2d %0, %f : (tensor<2x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<2x1x2x2xf32>
  %2 = nn.conv2d %1, %w : (tensor<2x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<2x1x2x2xf32>
  // CHECK: %[[O:.*]], %[[P:.*]] = nn.max_pool_positions
  // CHECK-NEXT: nn.reshape %[[O]]
  %3 = nn.max_pool %2 kernel = [2, 2] : tensor<2x1x2x2xf32> -> tensor<2x1x1x1xf32>
  %4 = nn.reshape %3 : tensor<2x1x1x1xf32> -> tensor<2x1xf32>
  %5 = nn.linear %4, %v : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %6:2 = nn.softmax_cross_entropy %5, %y reduction = mean : (tensor<2x2xf32>, tensor<2xf32>) -> (tensor<1xf32>, tensor<2x2xf32>)
  // CHECK: nn.max_pool_grad %{{.*}}, %[[P]]
  // CHECK-NOT: nn.conv2d_input_grad
  // CHECK: nn.conv2d_weight_grad
  // CHECK-NOT: nn.conv2d
  // CHECK: return
  return %6#0 : tensor<1xf32>
}

// -----

// The loss does not see one of the parameters.

// CHECK-LABEL: func.func @unused
// CHECK-SAME: -> (tensor<1xf32> {nn.loss}, tensor<1xf32> {nn.gradient_of = "w"})
// expected-warning @+1 {{the loss does not depend on 'v', which is not trained}}
func.func @unused(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>},
    %v: tensor<1xf32> {nn.name = "v", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  %a = nn.exp %w : tensor<1xf32>
  return %a : tensor<1xf32>
}
