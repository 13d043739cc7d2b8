// Which operands are stored, along what, for whom, and why others are not.
//
// RUN: photonic-opt %s --split-input-file --mlir-print-debuginfo=false --photonic-set-target=target=mirage --photonic-lower-products --photonic-assign-formats --photonic-store-operands --photonic-verify-format | FileCheck %s
// RUN: photonic-opt %s --split-input-file --mlir-print-debuginfo=false --photonic-set-target=target=mirage --photonic-lower-products --photonic-assign-formats --photonic-store-operands --remarks-filter=Storage -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: photonic-opt %s --split-input-file --mlir-print-debuginfo=false --photonic-set-target=target=mirage --photonic-lower-products --photonic-assign-formats --photonic-store-operands=min-readers=2 | FileCheck %s --check-prefix=SHARED
// RUN: not photonic-opt %s --split-input-file --photonic-set-target=target=mirage --photonic-store-operands=min-readers=0 2>&1 | FileCheck %s --check-prefix=ZERO
//
// ZERO: error: min-readers has to be at least 1, found 0

// One conversion for both readers; of the weights one each.
// CHECK-LABEL: func.func @shared(
// CHECK-SAME: %[[X:.*]]: tensor<2x32x6x6xf32>, %[[V:.*]]: tensor<16x32x3x3xf32>, %[[W:.*]]: tensor<8x32x1x1xf32>
// CHECK: %[[VB:.*]] = photonic.convert %[[V]] operator = "Conv" : tensor<16x32x3x3xf32> -> tensor<16x32x3x3x!photonic.stored<{{.*}}, along = [1]>>
// CHECK: %[[XB:.*]] = photonic.convert %[[X]] operator = "Conv" : tensor<2x32x6x6xf32> -> tensor<2x32x6x6x!photonic.stored<{{.*}}, along = [1]>>
// CHECK: photonic.product ins(%[[VB]] by {{.*}}, %[[XB]] by
// CHECK: %[[WB:.*]] = photonic.convert %[[W]]
// CHECK-NOT: photonic.convert
// CHECK: photonic.product ins(%[[WB]] by {{.*}}, %[[XB]] by
// SHARED-LABEL: func.func @shared(
// SHARED-SAME: %[[X:.*]]: tensor<2x32x6x6xf32>, %[[V:.*]]: tensor<16x32x3x3xf32>, %[[W:.*]]: tensor<8x32x1x1xf32>
// SHARED: %[[XB:.*]] = photonic.convert %[[X]]
// SHARED-NOT: photonic.convert
// SHARED: photonic.product ins(%[[V]] by {{.*}}, %[[XB]] by
// SHARED: photonic.product ins(%[[W]] by {{.*}}, %[[XB]] by
// REMARK: lhs of 'a' is converted once for 1 reader, and kept in 3168 bytes instead of 18432
// REMARK: rhs of 'a' is converted once for 2 readers, and kept in 1584 bytes instead of 9216
// REMARK: lhs of 'b' is converted once for 1 reader, and kept in 176 bytes instead of 1024
func.func @shared(%x: tensor<2x32x6x6xf32>, %v: tensor<16x32x3x3xf32>, %w: tensor<8x32x1x1xf32>)
    -> (tensor<2x16x6x6xf32>, tensor<2x8x6x6xf32>) {
  %a = nn.conv2d %x, %v pads = [1, 1, 1, 1]
      : (tensor<2x32x6x6xf32>, tensor<16x32x3x3xf32>) -> tensor<2x16x6x6xf32> loc("a")
  %b = nn.conv2d %x, %w
      : (tensor<2x32x6x6xf32>, tensor<8x32x1x1xf32>) -> tensor<2x8x6x6xf32> loc("b")
  return %a, %b : tensor<2x16x6x6xf32>, tensor<2x8x6x6xf32>
}

// -----

// Three channels: groups of the image go on into the next pixel, those of the
// weights run through all that belongs to an output channel.
// CHECK-LABEL: func.func @straddling(
// CHECK-SAME: %[[X:.*]]: tensor<1x3x6x6xf32>, %[[W:.*]]: tensor<8x3x3x3xf32>
// CHECK: %[[WB:.*]] = photonic.convert %[[W]] operator = "Conv" : tensor<8x3x3x3xf32> -> tensor<8x3x3x3x!photonic.stored<{{.*}}, along = [1, 3, 2]>>
// CHECK: photonic.product ins(%[[WB]] by {{.*}}, %[[X]] by
// REMARK: rhs of 'c' is converted whenever arrays read it: groups of its format straddle what is next to each other in the tensor
// REMARK: lhs of 'c' is converted once for 1 reader, and kept in 176 bytes instead of 864
func.func @straddling(%x: tensor<1x3x6x6xf32>, %w: tensor<8x3x3x3xf32>) -> tensor<1x8x4x4xf32> {
  %y = nn.conv2d %x, %w
      : (tensor<1x3x6x6xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x4x4xf32> loc("c")
  return %y : tensor<1x8x4x4xf32>
}

// -----

// Every other pixel is read: what is in the others must not stop a run.
// CHECK-LABEL: func.func @skipping(
// CHECK-SAME: %[[X:.*]]: tensor<1x16x6x6xf32>
// CHECK: photonic.product ins(%{{.*}} by {{.*}}, %[[X]] by
// REMARK: rhs of 'd' is converted whenever arrays read it: not all of the tensor is read
func.func @skipping(%x: tensor<1x16x6x6xf32>, %w: tensor<8x16x1x1xf32>) -> tensor<1x8x3x3xf32> {
  %y = nn.conv2d %x, %w strides = [2, 2]
      : (tensor<1x16x6x6xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x3x3xf32> loc("d")
  return %y : tensor<1x8x3x3xf32>
}

// -----

// Another reader reads what the first one leaves out.
// CHECK-LABEL: func.func @completed(
// CHECK-SAME: %[[X:.*]]: tensor<1x16x6x6xf32>
// CHECK: %[[XB:.*]] = photonic.convert %[[X]]
// CHECK: photonic.product ins(%{{.*}} by {{.*}}, %[[XB]] by
// CHECK: photonic.product ins(%{{.*}} by {{.*}}, %[[XB]] by
func.func @completed(%x: tensor<1x16x6x6xf32>, %w: tensor<8x16x1x1xf32>, %v: tensor<8x16x3x3xf32>)
    -> (tensor<1x8x3x3xf32>, tensor<1x8x4x4xf32>) {
  %y = nn.conv2d %x, %w strides = [2, 2]
      : (tensor<1x16x6x6xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x3x3xf32> loc("e")
  %z = nn.conv2d %x, %v
      : (tensor<1x16x6x6xf32>, tensor<8x16x3x3xf32>) -> tensor<1x8x4x4xf32> loc("f")
  return %y, %z : tensor<1x8x3x3xf32>, tensor<1x8x4x4xf32>
}

// -----

// Groups of channels begin with a block: 16 of 32 each.
// CHECK-LABEL: func.func @grouped(
// CHECK: photonic.convert %{{.*}} -> tensor<8x16x3x3x!photonic.stored<{{.*}}, along = [1]>>
// CHECK: photonic.convert %{{.*}} -> tensor<1x32x6x6x!photonic.stored<{{.*}}, along = [1]>>
func.func @grouped(%x: tensor<1x32x6x6xf32>, %w: tensor<8x16x3x3xf32>) -> tensor<1x8x4x4xf32> {
  %y = nn.conv2d %x, %w groups = 2
      : (tensor<1x32x6x6xf32>, tensor<8x16x3x3xf32>) -> tensor<1x8x4x4xf32> loc("g")
  return %y : tensor<1x8x4x4xf32>
}

// -----

// The gradients of a layer contract other dimensions: outputs are stored twice,
// patches of images with padding not at all.
// CHECK-LABEL: func.func @gradients(
// CHECK-SAME: %[[DY:.*]]: tensor<2x16x4x4xf32>, %[[X:.*]]: tensor<2x3x4x4xf32>, %[[W:.*]]: tensor<16x3x3x3xf32>
// CHECK: photonic.convert %[[W]] {{.*}} -> tensor<16x3x3x3x!photonic.stored<{{.*}}, along = [0]>>
// CHECK: photonic.convert %[[DY]] {{.*}} -> tensor<2x16x4x4x!photonic.stored<{{.*}}, along = [1]>>
// CHECK: photonic.convert %[[DY]] {{.*}} -> tensor<2x16x4x4x!photonic.stored<{{.*}}, along = [3, 2, 0]>>
// CHECK: photonic.product ins(%{{.*}} by {{.*}}, %[[X]] by
func.func @gradients(%dy: tensor<2x16x4x4xf32>, %x: tensor<2x3x4x4xf32>, %w: tensor<16x3x3x3xf32>)
    -> (tensor<2x3x4x4xf32>, tensor<16x3x3x3xf32>) {
  %dx = nn.conv2d_input_grad %dy, %w pads = [1, 1, 1, 1]
      : (tensor<2x16x4x4xf32>, tensor<16x3x3x3xf32>) -> tensor<2x3x4x4xf32> loc("h")
  %dw = nn.conv2d_weight_grad %dy, %x pads = [1, 1, 1, 1]
      : (tensor<2x16x4x4xf32>, tensor<2x3x4x4xf32>) -> tensor<16x3x3x3xf32> loc("h")
  return %dx, %dw : tensor<2x3x4x4xf32>, tensor<16x3x3x3xf32>
}
