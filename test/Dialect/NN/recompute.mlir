// RUN: photonic-opt %s --nn-generate-backward='recompute=conv,bn,act' --cse | FileCheck %s
// RUN: photonic-opt %s --nn-generate-backward='recompute=act' --remarks-filter=Recompute -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: photonic-opt %s --nn-generate-backward='recompute=pool' --remarks-filter=Recompute -o /dev/null 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not photonic-opt %s --nn-generate-backward='recompute=akt' 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: recompute: expected the name of a layer, found 'akt'; the closest is 'act'

// The activation is 2 * 2 * 4 * 4 numbers, and so is the output of the
// normalisation, which nobody else keeps: nothing is gained.
// REMARK: 'act' keeps 0 bytes for the backward pass, 256 without recomputation; it computes 64 elements and 0 multiply-accumulates again
// REMARK: 'bn' for that keeps
// REMARK: RecomputeTotal
// REMARK-SAME: the network keeps 528 bytes for the backward pass, 528 without recomputation

// An average pool is not needed by the backward pass.
// NOTHING: 'pool' keeps 0 bytes for the backward pass, 0 without recomputation; it computes 0 elements and 0 multiply-accumulates again

// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:[^:,]*]]: tensor<2x1x4x4xf32>
// CHECK-SAME: %[[W:[^:,]*]]: tensor<2x1x1x1xf32>
// CHECK-SAME: %[[G:[^:,]*]]: tensor<2xf32>
func.func @main(
    %x: tensor<2x1x4x4xf32> {nn.name = "x"},
    %w: tensor<2x1x1x1xf32> {nn.name = "w", nn.role = "parameter",
                             nn.trainable,
                             nn.init = dense<1.0> : tensor<2x1x1x1xf32>},
    %g: tensor<2xf32> {nn.name = "g", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<2xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  // CHECK: nn.conv2d %[[X]], %[[W]] :
  %0 = nn.conv2d %x, %w : (tensor<2x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x2x4x4xf32> loc("conv")
  // CHECK: %{{.*}}, %[[STD:.*]] = nn.batch_norm_train
  %1:5 = nn.batch_norm_train %0, %g, %g, %g, %g epsilon = 0.0 momentum = 0.5
      : (tensor<2x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
      -> (tensor<2x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) loc("bn")
  // CHECK: nn.relu
  %2 = nn.relu %1#0 : tensor<2x2x4x4xf32> loc("act")
  %3 = nn.avg_pool %2 kernel = [4, 4] : tensor<2x2x4x4xf32> -> tensor<2x2x1x1xf32> loc("pool")
  %4 = nn.reshape %3 : tensor<2x2x1x1xf32> -> tensor<4xf32> loc("flatten")
  %5 = nn.reduce_sum %4 axes = [0] keepdims = true : tensor<4xf32> -> tensor<1xf32> loc("loss")
  // CHECK: nn.avg_pool_grad
  // The chain is repeated in its order, the normalisation from what is kept of
  // it, and nothing of it merges with the forward pass.
  // CHECK: %[[C:.*]] = nn.conv2d %[[X]], %[[W]] {nn.phase = "input_gradient"}
  // CHECK: nn.sub %[[C]]
  // CHECK: nn.mul %[[G]], %[[STD]]
  // CHECK: %[[B:.*]] = nn.add {{.*}} -> tensor<2x2x4x4xf32>
  // CHECK: %[[R:.*]] = nn.relu %[[B]] {nn.phase = "input_gradient"}
  // CHECK: nn.gate %[[R]]
  // CHECK-NOT: nn.conv2d %
  // CHECK-NOT: nn.relu
  // CHECK: nn.conv2d_weight_grad
  return %5 : tensor<1xf32>
}
