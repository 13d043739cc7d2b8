// RUN: photonic-opt %s --nn-decompose --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// The sequence inherits phase and location and says of what it is; constants belong to nobody.

// CHECK-LABEL: func.func @dropout
func.func @dropout(%x: tensor<4xf32>, %k: tensor<3xf32>) -> tensor<4xf32> {
  // CHECK: %[[U:.*]] = nn.uniform %{{.*}} stream = 2147483653 {nn.operator = "Dropout", nn.phase = "input_gradient"} {{.*}} loc("drop")
  // CHECK: nn.drop %[[U]], %{{.*}} ratio = 5.000000e-01 {nn.operator = "Dropout", nn.phase = "input_gradient"} {{.*}} loc("drop")
  %y = nn.dropout %x, %k ratio = 0.5 stream = 5 {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32> loc("drop")
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @loss
func.func @loss(%x: tensor<4x3xf32>, %y: tensor<4xf32>)
    -> (tensor<1xf32>, tensor<4x3xf32>) {
  // CHECK: %[[P:.*]] = nn.log_softmax %{{.*}} axis = 1 {nn.operator = "SoftmaxCrossEntropyLoss", nn.phase = "loss"}
  // An ignored class is one that no label has.
  // CHECK: nn.constant dense<[0.000000e+00, -1.000000e+00, 2.000000e+00]> : tensor<3xf32> loc
  // CHECK: %[[HOT:.*]] = nn.equal
  // CHECK: %[[SHARE:.*]] = nn.reduce_sum %[[HOT]] axes = [1]
  // CHECK: nn.gate %[[HOT]], %[[P]]
  // CHECK: nn.div
  // CHECK: return %{{.*}}, %[[P]]
  %l:2 = nn.softmax_cross_entropy %x, %y reduction = mean ignore_index = 1
      {nn.phase = "loss"}
      : (tensor<4x3xf32>, tensor<4xf32>) -> (tensor<1xf32>, tensor<4x3xf32>)
  return %l#0, %l#1 : tensor<1xf32>, tensor<4x3xf32>
}

// A plain mean needs no count.

// CHECK-LABEL: func.func @mean
func.func @mean(%x: tensor<4x3xf32>, %y: tensor<4xf32>) -> tensor<1xf32> {
  // CHECK: nn.reduce_mean
  // CHECK-NOT: nn.div
  // CHECK: return
  %l = nn.nll_loss %x, %y reduction = mean
      : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<1xf32>
  return %l : tensor<1xf32>
}

// With constant parameters a normalisation is no composite operation: it is folded
// (nn-fold-batch-norm) or computed as it is.

// CHECK-LABEL: func.func @batch_norm
func.func @batch_norm(%x: tensor<4x2xf32>, %v: tensor<2xf32>)
    -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %p = nn.constant dense<2.0> : tensor<2xf32>
  // CHECK: nn.sqrt
  %y = nn.batch_norm %x, %p, %p, %p, %v epsilon = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> tensor<4x2xf32>
  // CHECK: nn.batch_norm
  %z = nn.batch_norm %x, %p, %p, %p, %p epsilon = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> tensor<4x2xf32>
  return %y, %z : tensor<4x2xf32>, tensor<4x2xf32>
}

// A power, by logarithm and exponential function; what depends on the exponent
// alone is computed on the exponent.

// CHECK-LABEL: func.func @power
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32> {{.*}}, %[[E:.*]]: tensor<f32>
func.func @power(%x: tensor<2x3xf32>, %e: tensor<f32>) -> tensor<2x3xf32> {
  // CHECK-DAG: nn.equal %[[E]], %{{.*}} {nn.operator = "Pow"}
  // CHECK-DAG: nn.sqrt %{{.*}} {nn.operator = "Pow"} : tensor<f32>
  // CHECK: %[[A:.*]] = nn.abs %[[X]]
  // CHECK: %[[L:.*]] = nn.log %[[A]]
  // CHECK: %[[M:.*]] = nn.mul %[[E]], %[[L]]
  // CHECK: nn.exp %[[M]] {{.*}} : tensor<2x3xf32>
  // CHECK: %[[N:.*]] = nn.neg %[[X]]
  // CHECK: nn.gate %[[N]]
  // CHECK-NOT: nn.pow
  // CHECK: return
  %y = nn.pow %x, %e : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
