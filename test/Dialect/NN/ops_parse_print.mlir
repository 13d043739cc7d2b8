// RUN: photonic-opt %s | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --mlir-print-op-generic | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --verify-roundtrip | FileCheck %s

// CHECK: module attributes {nn.batch = 1 : i64, nn.model = "all"}
module attributes {nn.model = "all", nn.batch = 1 : i64} {

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32> {nn.name = "input"}) -> (tensor<2x3xf32> {nn.name = "output"})
func.func @main(%x: tensor<2x3xf32> {nn.name = "input"})
    -> (tensor<2x3xf32> {nn.name = "output"}) {
  return %x : tensor<2x3xf32>
}

// CHECK-LABEL: @constant
func.func @constant() -> (tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<2x2xf32>) {
  // CHECK: nn.constant "fc.bias" dense<[5.000000e-01, -1.000000e+00]> : tensor<2xf32>
  %named = nn.constant "fc.bias" dense<[0.5, -1.0]> : tensor<2xf32>
  // CHECK: nn.constant dense<1.000000e+00> : tensor<2xf32>
  %plain = nn.constant dense<1.0> : tensor<2xf32>
  // CHECK: nn.constant dense<2.000000e+00> : tensor<f32>
  %scalar = nn.constant dense<2.0> : tensor<f32>
  // CHECK: nn.constant "w" dense_resource<w> : tensor<2x2xf32>
  %resource = nn.constant "w" dense_resource<w> : tensor<2x2xf32>
  return %named, %plain, %scalar, %resource
      : tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<2x2xf32>
}

// CHECK-LABEL: @conv2d
// CHECK-SAME: %[[X:.*]]: tensor<1x4x9x9xf32>, %[[W:.*]]: tensor<6x4x3x3xf32>, %[[G:.*]]: tensor<6x2x3x3xf32>, %[[B:.*]]: tensor<6xf32>
func.func @conv2d(%x: tensor<1x4x9x9xf32>, %w: tensor<6x4x3x3xf32>,
                  %g: tensor<6x2x3x3xf32>, %b: tensor<6xf32>) {
  // CHECK: nn.conv2d %[[X]], %[[W]] : (tensor<1x4x9x9xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x7x7xf32>
  %plain = nn.conv2d %x, %w
      : (tensor<1x4x9x9xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x7x7xf32>
  // CHECK: nn.conv2d %[[X]], %[[G]], %[[B]] strides = [2, 1] pads = [0, 1, 2, 3] dilations = [1, 2] groups = 2 : (
  %all = nn.conv2d %x, %g, %b strides = [2, 1] pads = [0, 1, 2, 3]
      dilations = [1, 2] groups = 2
      : (tensor<1x4x9x9xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>)
      -> tensor<1x6x5x9xf32>
  return
}

// CHECK-LABEL: @linear
// CHECK-SAME: %[[X:.*]]: tensor<8x4xf32>, %[[W:.*]]: tensor<3x4xf32>, %[[B:.*]]: tensor<3xf32>
func.func @linear(%x: tensor<8x4xf32>, %w: tensor<3x4xf32>, %b: tensor<3xf32>) {
  // CHECK: nn.linear %[[X]], %[[W]] : (tensor<8x4xf32>, tensor<3x4xf32>) -> tensor<8x3xf32>
  %plain = nn.linear %x, %w
      : (tensor<8x4xf32>, tensor<3x4xf32>) -> tensor<8x3xf32>
  // CHECK: nn.linear %[[X]], %[[W]], %[[B]] : (
  %biased = nn.linear %x, %w, %b
      : (tensor<8x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<8x3xf32>
  return
}

// CHECK-LABEL: @batch_norm
func.func @batch_norm(%x: tensor<1x2x4x4xf32>, %p: tensor<2xf32>) {
  // CHECK: nn.batch_norm %{{.*}}, %[[P:.*]], %[[P]], %[[P]], %[[P]] epsilon = 9.99999974E-6 : (
  %y = nn.batch_norm %x, %p, %p, %p, %p epsilon = 1.0e-05
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return
}

// CHECK-LABEL: @unary
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
func.func @unary(%x: tensor<2x3xf32>) {
  // CHECK: nn.relu %[[X]] : tensor<2x3xf32>
  %relu = nn.relu %x : tensor<2x3xf32>
  // CHECK: nn.leaky_relu %[[X]] alpha = 1.250000e-01 : tensor<2x3xf32>
  %leaky = nn.leaky_relu %x alpha = 0.125 : tensor<2x3xf32>
  // CHECK: nn.clip %[[X]] min = 0.000000e+00 max = 6.000000e+00 : tensor<2x3xf32>
  %clip = nn.clip %x min = 0.0 max = 6.0 : tensor<2x3xf32>
  // CHECK: nn.clip %[[X]] min = 0xFF800000 max = 0x7F800000 : tensor<2x3xf32>
  %open = nn.clip %x min = 0xFF800000 max = 0x7F800000 : tensor<2x3xf32>
  // CHECK: nn.sigmoid %[[X]] : tensor<2x3xf32>
  %sigmoid = nn.sigmoid %x : tensor<2x3xf32>
  // CHECK: nn.tanh %[[X]] : tensor<2x3xf32>
  %tanh = nn.tanh %x : tensor<2x3xf32>
  // CHECK: nn.exp %[[X]] : tensor<2x3xf32>
  %exp = nn.exp %x : tensor<2x3xf32>
  // CHECK: nn.log %[[X]] : tensor<2x3xf32>
  %log = nn.log %x : tensor<2x3xf32>
  // CHECK: nn.sqrt %[[X]] : tensor<2x3xf32>
  %sqrt = nn.sqrt %x : tensor<2x3xf32>
  // CHECK: nn.neg %[[X]] : tensor<2x3xf32>
  %neg = nn.neg %x : tensor<2x3xf32>
  // CHECK: nn.abs %[[X]] : tensor<2x3xf32>
  %abs = nn.abs %x : tensor<2x3xf32>
  return
}

// CHECK-LABEL: @binary
// CHECK-SAME: %[[A:.*]]: tensor<2x3x4x4xf32>, %[[B:.*]]: tensor<3x1x4xf32>
func.func @binary(%a: tensor<2x3x4x4xf32>, %b: tensor<3x1x4xf32>) {
  // CHECK: nn.add %[[A]], %[[B]] : (tensor<2x3x4x4xf32>, tensor<3x1x4xf32>) -> tensor<2x3x4x4xf32>
  %add = nn.add %a, %b : (tensor<2x3x4x4xf32>, tensor<3x1x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: nn.sub %[[B]], %[[A]] : (tensor<3x1x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %sub = nn.sub %b, %a : (tensor<3x1x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: nn.mul %[[A]], %[[A]] : (
  %mul = nn.mul %a, %a : (tensor<2x3x4x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: nn.div %[[A]], %[[B]] : (
  %div = nn.div %a, %b : (tensor<2x3x4x4xf32>, tensor<3x1x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: nn.max %[[A]], %[[B]] : (
  %max = nn.max %a, %b : (tensor<2x3x4x4xf32>, tensor<3x1x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: nn.min %[[A]], %[[B]] : (
  %min = nn.min %a, %b : (tensor<2x3x4x4xf32>, tensor<3x1x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: nn.pow %[[A]], %[[B]] : (
  %pow = nn.pow %a, %b : (tensor<2x3x4x4xf32>, tensor<3x1x4xf32>) -> tensor<2x3x4x4xf32>
  return
}

// CHECK-LABEL: @broadcast_both_sides
func.func @broadcast_both_sides(%a: tensor<2x1xf32>, %b: tensor<1x3xf32>, %s: tensor<f32>) {
  // CHECK: (tensor<2x1xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  %outer = nn.mul %a, %b : (tensor<2x1xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  // CHECK: (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %scaled = nn.mul %a, %s : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  return
}

// CHECK-LABEL: @pools
// CHECK-SAME: %[[X:.*]]: tensor<1x4x8x8xf32>
func.func @pools(%x: tensor<1x4x8x8xf32>) {
  // CHECK: nn.max_pool %[[X]] kernel = [2, 2] : tensor<1x4x8x8xf32> -> tensor<1x4x7x7xf32>
  %plain = nn.max_pool %x kernel = [2, 2]
      : tensor<1x4x8x8xf32> -> tensor<1x4x7x7xf32>
  // CHECK: nn.max_pool %[[X]] kernel = [3, 2] strides = [2, 3] pads = [1, 0, 0, 1] dilations = [2, 1] ceil_mode = true : tensor<1x4x8x8xf32> -> tensor<1x4x3x3xf32>
  %max = nn.max_pool %x kernel = [3, 2] strides = [2, 3] pads = [1, 0, 0, 1]
      dilations = [2, 1] ceil_mode = true
      : tensor<1x4x8x8xf32> -> tensor<1x4x3x3xf32>
  // CHECK: nn.avg_pool %[[X]] kernel = [2, 2] strides = [2, 2] pads = [1, 1, 1, 1] count_include_pad = true : tensor<1x4x8x8xf32> -> tensor<1x4x5x5xf32>
  %avg = nn.avg_pool %x kernel = [2, 2] strides = [2, 2] pads = [1, 1, 1, 1]
      count_include_pad = true : tensor<1x4x8x8xf32> -> tensor<1x4x5x5xf32>
  return
}

// The last window of a rounded-up pool stays if it starts in the image, and is
// dropped if it starts in the padding behind it.
// CHECK-LABEL: @ceil_mode
func.func @ceil_mode(%x: tensor<1x1x6x5xf32>) {
  // CHECK: tensor<1x1x6x5xf32> -> tensor<1x1x3x2xf32>
  %stays = nn.max_pool %x kernel = [3, 3] strides = [2, 2] ceil_mode = true
      : tensor<1x1x6x5xf32> -> tensor<1x1x3x2xf32>
  // CHECK: tensor<1x1x6x5xf32> -> tensor<1x1x2x3xf32>
  %dropped = nn.max_pool %x kernel = [2, 2] strides = [3, 2] pads = [0, 0, 1, 1]
      ceil_mode = true : tensor<1x1x6x5xf32> -> tensor<1x1x2x3xf32>
  // A window that is larger than the image, by less than a stride.
  // CHECK: tensor<1x1x6x5xf32> -> tensor<1x1x1x1xf32>
  %larger = nn.max_pool %x kernel = [8, 7] strides = [3, 3] ceil_mode = true
      : tensor<1x1x6x5xf32> -> tensor<1x1x1x1xf32>
  return
}

// CHECK-LABEL: @layout
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xf32>, %[[R:.*]]: tensor<1x8xf32>
func.func @layout(%x: tensor<1x2x4x4xf32>, %r: tensor<1x8xf32>) {
  // CHECK: nn.pad %[[X]] low = [0, 0, 1, 1] high = [0, 0, 2, 2] value = 0.000000e+00 : tensor<1x2x4x4xf32> -> tensor<1x2x7x7xf32>
  %pad = nn.pad %x low = [0, 0, 1, 1] high = [0, 0, 2, 2] value = 0.0
      : tensor<1x2x4x4xf32> -> tensor<1x2x7x7xf32>
  // CHECK: nn.reshape %[[X]] : tensor<1x2x4x4xf32> -> tensor<1x32xf32>
  %reshape = nn.reshape %x : tensor<1x2x4x4xf32> -> tensor<1x32xf32>
  // CHECK: nn.transpose %[[X]] perm = [0, 2, 3, 1] : tensor<1x2x4x4xf32> -> tensor<1x4x4x2xf32>
  %transpose = nn.transpose %x perm = [0, 2, 3, 1]
      : tensor<1x2x4x4xf32> -> tensor<1x4x4x2xf32>
  // CHECK: nn.concat %[[X]], %[[X]] axis = 1 : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32>
  %concat = nn.concat %x, %x axis = 1
      : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x4x4x4xf32>
  // CHECK: nn.slice %[[R]] offsets = [0, 7] sizes = [1, 3] strides = [1, -2] : tensor<1x8xf32> -> tensor<1x3xf32>
  %slice = nn.slice %r offsets = [0, 7] sizes = [1, 3] strides = [1, -2]
      : tensor<1x8xf32> -> tensor<1x3xf32>
  return
}

// CHECK-LABEL: @reductions
// CHECK-SAME: %[[X:.*]]: tensor<1x8x7x7xf32>
func.func @reductions(%x: tensor<1x8x7x7xf32>) {
  // CHECK: nn.softmax %[[X]] axis = 1 : tensor<1x8x7x7xf32>
  %softmax = nn.softmax %x axis = 1 : tensor<1x8x7x7xf32>
  // CHECK: nn.log_softmax %[[X]] axis = 3 : tensor<1x8x7x7xf32>
  %log = nn.log_softmax %x axis = 3 : tensor<1x8x7x7xf32>
  // CHECK: nn.reduce_mean %[[X]] axes = [2, 3] keepdims = true : tensor<1x8x7x7xf32> -> tensor<1x8x1x1xf32>
  %mean = nn.reduce_mean %x axes = [2, 3] keepdims = true
      : tensor<1x8x7x7xf32> -> tensor<1x8x1x1xf32>
  // CHECK: nn.reduce_sum %[[X]] axes = [1] keepdims = false : tensor<1x8x7x7xf32> -> tensor<1x7x7xf32>
  %sum = nn.reduce_sum %x axes = [1] keepdims = false
      : tensor<1x8x7x7xf32> -> tensor<1x7x7xf32>
  // CHECK: nn.reduce_max %[[X]] axes = [0, 1, 2, 3] keepdims = false : tensor<1x8x7x7xf32> -> tensor<f32>
  %max = nn.reduce_max %x axes = [0, 1, 2, 3] keepdims = false
      : tensor<1x8x7x7xf32> -> tensor<f32>
  return
}
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F000000400000404000008040"
    }
  }
#-}
