// Updates go where what they read is there and the old values have been read.
//
// RUN: photonic-opt %s --split-input-file --photonic-order-updates | FileCheck %s

// What they need is moved with them: constants, numbers, and in their order what
// several operations in one region read first.
// CHECK-LABEL: func.func @fused
// CHECK: arith.constant 7
// CHECK: nn.relu
// CHECK: %[[P:.*]] = nn.mul %arg1, %arg1
// CHECK: %[[Q:.*]] = nn.mul %arg2, %arg2
// CHECK: photonic.fused
// CHECK: nn.add %{{.*}}, %[[P]]
// CHECK: nn.add %{{.*}}, %[[Q]]
// CHECK: nn.tanh
func.func @fused(%x: tensor<8x4xf32>, %w: tensor<8x4xf32> {nn.init = dense<0.0> : tensor<8x4xf32>, nn.name = "w", nn.role = "parameter"}, %v: tensor<8x4xf32> {nn.init = dense<0.0> : tensor<8x4xf32>, nn.name = "v", nn.role = "state"}) -> (tensor<8x4xf32>, tensor<8x4xf32> {nn.updates = "w"}) {
  %g = nn.relu %x : tensor<8x4xf32> loc("gradient")
  %t = nn.tanh %x : tensor<8x4xf32> loc("other")
  %d = nn.mul %w, %w {nn.phase = "update"} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32> loc("decay")
  %m = nn.mul %v, %v {nn.phase = "update"} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32> loc("momentum")
  %c = arith.constant 7 : index
  %e = tensor.empty() : tensor<8x4xf32>
  %n = photonic.fused {
    %0 = nn.add %g, %d {nn.phase = "update"} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
    %1 = nn.add %0, %m {nn.phase = "update"} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
    photonic.yield %1 : tensor<8x4xf32>
  } : tensor<8x4xf32>
  return %t, %n : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// Not in front of who reads the old value.
// CHECK-LABEL: func.func @read
// CHECK: nn.tanh
// CHECK: nn.sub
// CHECK: nn.sigmoid
func.func @read(%x: tensor<8xf32>, %w: tensor<8xf32> {nn.init = dense<0.0> : tensor<8xf32>, nn.name = "w", nn.role = "parameter"}) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32> {nn.updates = "w"}) {
  %g = nn.relu %x : tensor<8xf32>
  %t = nn.tanh %w : tensor<8xf32>
  %s = nn.sigmoid %x : tensor<8xf32>
  %n = nn.sub %w, %g {nn.phase = "update"} : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %t, %s, %n : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}
