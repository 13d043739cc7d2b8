// RUN: photonic-opt %s --canonicalize --split-input-file --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// Identities vanish.

// CHECK-LABEL: @identities
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xf32>
// CHECK-NEXT: return %[[X]] :
func.func @identities(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = nn.reshape %x : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %1 = nn.transpose %0 perm = [0, 1, 2, 3] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %2 = nn.pad %1 low = [0, 0, 0, 0] high = [0, 0, 0, 0] value = 1.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %3 = nn.max_pool %2 kernel = [1, 1] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %4 = nn.avg_pool %3 kernel = [1, 1] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %5 = nn.clip %4 min = 0xFF800000 max = 0x7F800000 : tensor<1x2x4x4xf32>
  %6 = nn.concat %5 axis = 1 : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %7 = nn.slice %6 offsets = [0, 0, 0, 0] sizes = [1, 2, 4, 4] strides = [-3, 1, 1, 1] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  return %7 : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @not_identities
func.func @not_identities(%x: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>) {
  // CHECK: nn.clip
  %0 = nn.clip %x min = 0xFF800000 max = 6.0 : tensor<1x2x4x4xf32>
  // CHECK: nn.transpose
  %1 = nn.transpose %x perm = [0, 1, 3, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // CHECK: nn.slice
  %2 = nn.slice %x offsets = [0, 1, 0, 0] sizes = [1, 2, 4, 4] strides = [1, -1, 1, 1] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // CHECK: nn.max_pool
  %3 = nn.max_pool %x kernel = [1, 1] strides = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  return %0, %1, %2, %3 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @relu_twice
// CHECK: %[[Y:.*]] = nn.relu
// CHECK-NEXT: return %[[Y]] :
func.func @relu_twice(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = nn.relu %x : tensor<2xf32>
  %1 = nn.relu %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

// CHECK-LABEL: @reshape_of_reshape
// CHECK-SAME: %[[X:.*]]: tensor<2x6xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.reshape %[[X]] : tensor<2x6xf32> -> tensor<4x3xf32>
// CHECK-NEXT: return %[[Y]], %[[X]] :
func.func @reshape_of_reshape(%x: tensor<2x6xf32>) -> (tensor<4x3xf32>, tensor<2x6xf32>) {
  %0 = nn.reshape %x : tensor<2x6xf32> -> tensor<12xf32>
  %1 = nn.reshape %0 : tensor<12xf32> -> tensor<4x3xf32>
  %2 = nn.reshape %0 : tensor<12xf32> -> tensor<2x6xf32>
  return %1, %2 : tensor<4x3xf32>, tensor<2x6xf32>
}

// -----

// CHECK-LABEL: @transpose_of_transpose
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.transpose %[[X]] perm = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
// CHECK-NEXT: return %[[Y]], %[[X]] :
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>) {
  %0 = nn.transpose %x perm = [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = nn.transpose %0 perm = [1, 2, 0] : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  %2 = nn.transpose %0 perm = [2, 0, 1] : tensor<3x4x2xf32> -> tensor<2x3x4xf32>
  return %1, %2 : tensor<4x2x3xf32>, tensor<2x3x4xf32>
}

// -----

// The name of an initialiser survives.

// CHECK-LABEL: @layout_of_constants
// CHECK-DAG: nn.constant "w" dense<{{\[}}[1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf32>
// CHECK-DAG: nn.constant "b" dense<{{\[}}[1.000000e+00, 2.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG: nn.constant "r" dense_resource<r> : tensor<2x1xf32>
// CHECK-NOT: nn.transpose
// CHECK-NOT: nn.reshape
func.func @layout_of_constants() -> (tensor<3x2xf32>, tensor<1x2xf32>, tensor<2x1xf32>) {
  %w = nn.constant "w" dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = nn.constant "b" dense<[1.0, 2.0]> : tensor<2xf32>
  %r = nn.constant "r" dense_resource<r> : tensor<2xf32>
  %0 = nn.transpose %w perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %1 = nn.reshape %b : tensor<2xf32> -> tensor<1x2xf32>
  %2 = nn.reshape %r : tensor<2xf32> -> tensor<2x1xf32>
  return %0, %1, %2 : tensor<3x2xf32>, tensor<1x2xf32>, tensor<2x1xf32>
}

{-#
  dialect_resources: {
    builtin: {
      r: "0x040000000000803F00000040"
    }
  }
#-}

// -----

// A constant that others need keeps its name for itself.

// CHECK-LABEL: @shared_constant
// CHECK-DAG: nn.constant "b" dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: nn.constant dense<{{\[}}[1.000000e+00, 2.000000e+00]]> : tensor<1x2xf32>
func.func @shared_constant() -> (tensor<2xf32>, tensor<1x2xf32>) {
  %b = nn.constant "b" dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = nn.reshape %b : tensor<2xf32> -> tensor<1x2xf32>
  return %b, %1 : tensor<2xf32>, tensor<1x2xf32>
}

// -----

// Folding a normalisation changes bits: that is a pass, nn-fold-batch-norm.

// CHECK-LABEL: @batch_norm_stays
// CHECK: nn.linear
// CHECK: nn.batch_norm
func.func @batch_norm_stays(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %w = nn.constant dense<[[3.0, 1.0]]> : tensor<1x2xf32>
  %p = nn.constant dense<4.0> : tensor<1xf32>
  %0 = nn.linear %x, %w : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p epsilon = 0.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32>
  return %1 : tensor<3x1xf32>
}

// -----

// CHECK-LABEL: @pad_into_conv
// CHECK-SAME: %[[X:.*]]: tensor<1x1x4x4xf32>
// CHECK-NEXT: nn.conv2d %[[X]], %{{.*}} pads = [2, 3, 4, 5] : (tensor<1x1x4x4xf32>, {{.*}} loc(fused["/conv", "/pad"])
// CHECK-NOT: nn.pad
func.func @pad_into_conv(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x3x3xf32>) -> tensor<1x1x8x10xf32> {
  %0 = nn.pad %x low = [0, 0, 1, 2] high = [0, 0, 3, 4] value = -0.0
      : tensor<1x1x4x4xf32> -> tensor<1x1x8x10xf32> loc("/pad")
  %1 = nn.conv2d %0, %w pads = [1, 1, 1, 1]
      : (tensor<1x1x8x10xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x8x10xf32> loc("/conv")
  return %1 : tensor<1x1x8x10xf32>
}

// -----

// CHECK-LABEL: @pad_stays
func.func @pad_stays(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x3x3xf32>, %v: tensor<1x2x3x3xf32>)
    -> (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>, tensor<1x1x3x3xf32>) {
  // Not zero.
  // CHECK: nn.pad {{.*}} value = 1.000000e+00
  // CHECK-NEXT: nn.conv2d
  %0 = nn.pad %x low = [0, 0, 1, 1] high = [0, 0, 1, 1] value = 1.0 : tensor<1x1x4x4xf32> -> tensor<1x1x6x6xf32>
  %1 = nn.conv2d %0, %w : (tensor<1x1x6x6xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x4x4xf32>
  // Channels.
  // CHECK: nn.pad {{.*}} high = [0, 1, 0, 0]
  // CHECK-NEXT: nn.conv2d
  %2 = nn.pad %x low = [0, 0, 0, 0] high = [0, 1, 0, 0] value = 0.0 : tensor<1x1x4x4xf32> -> tensor<1x2x4x4xf32>
  %3 = nn.conv2d %2, %v : (tensor<1x2x4x4xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x2x2xf32>
  // A maximum pool would ignore its own padding.
  // CHECK: nn.pad
  // CHECK-NEXT: nn.max_pool
  %4 = nn.pad %x low = [0, 0, 1, 1] high = [0, 0, 1, 1] value = 0.0 : tensor<1x1x4x4xf32> -> tensor<1x1x6x6xf32>
  %5 = nn.max_pool %4 kernel = [2, 2] strides = [2, 2] : tensor<1x1x6x6xf32> -> tensor<1x1x3x3xf32>
  return %1, %3, %5 : tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>, tensor<1x1x3x3xf32>
}

// -----

// CHECK-LABEL: @pad_into_avg_pool
// CHECK-SAME: %[[X:.*]]: tensor<1x1x4x4xf32>
// CHECK-NEXT: nn.avg_pool %[[X]] kernel = [2, 2] strides = [2, 2] pads = [1, 1, 1, 1] count_include_pad = true :
func.func @pad_into_avg_pool(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x3x3xf32> {
  %0 = nn.pad %x low = [0, 0, 1, 1] high = [0, 0, 1, 1] value = 0.0 : tensor<1x1x4x4xf32> -> tensor<1x1x6x6xf32>
  %1 = nn.avg_pool %0 kernel = [2, 2] strides = [2, 2] : tensor<1x1x6x6xf32> -> tensor<1x1x3x3xf32>
  return %1 : tensor<1x1x3x3xf32>
}

// -----

// Its own padding is not counted; merged, all of it or nothing would be.

// CHECK-LABEL: @pad_stays_before_uncounted_padding
// CHECK: nn.pad
// CHECK-NEXT: nn.avg_pool
func.func @pad_stays_before_uncounted_padding(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %0 = nn.pad %x low = [0, 0, 1, 1] high = [0, 0, 1, 1] value = 0.0 : tensor<1x1x4x4xf32> -> tensor<1x1x6x6xf32>
  %1 = nn.avg_pool %0 kernel = [2, 2] strides = [2, 2] pads = [1, 1, 1, 1] : tensor<1x1x6x6xf32> -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// -----

// Rounded up, the last window starts in what would become padding: dropped.

// CHECK-LABEL: @pad_stays_if_windows_were_lost
// CHECK: nn.pad
// CHECK-NEXT: nn.avg_pool
func.func @pad_stays_if_windows_were_lost(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x3x3xf32> {
  %0 = nn.pad %x low = [0, 0, 0, 0] high = [0, 0, 1, 1] value = 0.0 : tensor<1x1x4x4xf32> -> tensor<1x1x5x5xf32>
  %1 = nn.avg_pool %0 kernel = [2, 2] strides = [2, 2] ceil_mode = true : tensor<1x1x5x5xf32> -> tensor<1x1x3x3xf32>
  return %1 : tensor<1x1x3x3xf32>
}
