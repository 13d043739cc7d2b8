// RUN: photonic-opt --mlir-print-debuginfo=false %s --nn-attach-loss --split-input-file --verify-diagnostics | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --nn-attach-loss='ignore-index=7' --split-input-file | FileCheck %s --check-prefix=IGNORE
// RUN: photonic-opt --mlir-print-debuginfo=false %s --nn-attach-loss='loss=mse' --split-input-file | FileCheck %s --check-prefix=MSE

// The labels stand behind the inputs and in front of what persists.

// CHECK-LABEL: func.func @classes
// CHECK-SAME: (%{{.*}}: tensor<8x10xf32> {nn.name = "x"}, %[[Y:.*]]: tensor<8xf32> {nn.classes = 10 : i64, nn.ignore_index = -100 : i64, nn.name = "labels"}, %{{.*}}: tensor<1xf32> {nn.init
// CHECK-SAME: -> (tensor<f32> {nn.loss, nn.name = "loss"}, tensor<8x10xf32> {nn.name = "scores"}, tensor<1xf32> {nn.updates = "s"})
// IGNORE-LABEL: func.func @classes
// IGNORE-SAME: nn.ignore_index = 7 : i64
// MSE-LABEL: func.func @classes
// MSE-SAME: %[[Y:[^:,]*]]: tensor<8x10xf32> {nn.name = "labels"}
// MSE-SAME: -> (tensor<f32> {nn.loss, nn.name = "loss"}, tensor<8x10xf32>
func.func @classes(
    %x: tensor<8x10xf32> {nn.name = "x"},
    %s: tensor<1xf32> {nn.name = "s", nn.role = "state",
                       nn.init = dense<0.0> : tensor<1xf32>})
    -> (tensor<8x10xf32> {nn.name = "scores"},
        tensor<1xf32> {nn.updates = "s"}) {
  // CHECK: %[[R:.*]] = nn.relu
  %y = nn.relu %x : tensor<8x10xf32>
  // CHECK: %[[L:.*]], %{{.*}} = nn.softmax_cross_entropy %[[R]], %[[Y]] reduction = mean ignore_index = -100 {nn.phase = "loss"}
  // IGNORE: reduction = mean ignore_index = 7
  // MSE: nn.mse_loss %{{.*}}, %[[Y]] reduction = mean {nn.phase = "loss"}
  // CHECK: %[[S:.*]] = nn.reshape %[[L]] {nn.phase = "loss"} : tensor<1xf32> -> tensor<f32>
  // CHECK: return %[[S]], %[[R]], %{{.*}}
  return %y, %s : tensor<8x10xf32>, tensor<1xf32>
}

// -----

// Images of scores have images of labels.

// CHECK-LABEL: func.func @pixels
// CHECK-SAME: tensor<2x4x5xf32> {nn.classes = 3 : i64
func.func @pixels(%x: tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xf32> {
  return %x : tensor<2x3x4x5xf32>
}

// -----

// Samples of the labels lie where those of the output do, without the classes.

module attributes {nn.batch = 5 : i64} {
  // CHECK-LABEL: func.func @samples
  // CHECK-SAME: tensor<2x4x5xf32> {nn.batch_axis = 2 : i64, nn.classes = 3 : i64
  // MSE-LABEL: func.func @samples
  // MSE-SAME: tensor<2x3x4x5xf32> {nn.batch_axis = 3 : i64, nn.name = "labels"}
  func.func @samples(%x: tensor<2x3x4x5xf32>)
      -> (tensor<2x3x4x5xf32> {nn.batch_axis = 3 : i64}) {
    return %x : tensor<2x3x4x5xf32>
  }
}

// -----

func.func @softmax(%x: tensor<8x10xf32>) -> tensor<8x10xf32> {
  // expected-warning @+1 {{the loss cross_entropy contains a softmax, and the network ends in one; a network that gives scores learns faster}}
  %y = nn.softmax %x axis = 1 : tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}
