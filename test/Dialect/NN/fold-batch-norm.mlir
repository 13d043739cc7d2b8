// RUN: photonic-opt %s --nn-fold-batch-norm --split-input-file --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// RUN: photonic-opt %s --nn-fold-batch-norm --split-input-file --remarks-filter=Fold -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: photonic-opt %s --nn-fold-batch-norm=report-missed=false --split-input-file --remarks-filter=Fold -o /dev/null 2>&1 | FileCheck %s --check-prefix=QUIET
// QUIET: folded into
// QUIET-NOT: stays

// s = [2 / sqrt(3 + 1), 3 / sqrt(8 + 1)] = [1, 1];  w' = w * s;
// b' = (b - mean) * s + bias = [0.5 - 1 + 10, -0.5 - 2 + 20].

// CHECK-LABEL: @batch_norm_into_conv
// CHECK-SAME: %[[X:.*]]: tensor<1x1x2x2xf32>
// CHECK-DAG: %[[W:.*]] = nn.constant "conv.weight" dense<{{\[}}[{{\[}}[3.000000e+00]]], [{{\[}}[5.000000e+00]]]]> : tensor<2x1x1x1xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant "conv.bias" dense<[9.500000e+00, 1.750000e+01]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = nn.conv2d %[[X]], %[[W]], %[[B]] strides = [2, 2] : {{.*}} loc(fused["/conv/Conv", "/bn/BatchNormalization"])
// CHECK-NEXT: return %[[Y]]
// REMARK: '/bn/BatchNormalization' folded into '/conv/Conv'
func.func @batch_norm_into_conv(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x1x1xf32> {
  %w = nn.constant "conv.weight" dense<[[[[3.0]]], [[[5.0]]]]> : tensor<2x1x1x1xf32>
  %b = nn.constant "conv.bias" dense<[0.5, -0.5]> : tensor<2xf32>
  %scale = nn.constant "bn.weight" dense<[2.0, 3.0]> : tensor<2xf32>
  %bias = nn.constant "bn.bias" dense<[10.0, 20.0]> : tensor<2xf32>
  %mean = nn.constant "bn.mean" dense<[1.0, 2.0]> : tensor<2xf32>
  %var = nn.constant "bn.var" dense<[3.0, 8.0]> : tensor<2xf32>
  %0 = nn.conv2d %x, %w, %b strides = [2, 2]
      : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x1x1xf32> loc("/conv/Conv")
  %1 = nn.batch_norm %0, %scale, %bias, %mean, %var epsilon = 1.0
      : (tensor<1x2x1x1xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
      -> tensor<1x2x1x1xf32> loc("/bn/BatchNormalization")
  return %1 : tensor<1x2x1x1xf32>
}

// -----

// Without a bias the result of the normalisation gives it; a linear operation
// is as good as a convolution. s = 4 / sqrt(4) = 2.

// CHECK-LABEL: @batch_norm_into_linear
// CHECK-DAG: %[[W:.*]] = nn.constant "fc.weight" dense<{{\[}}[6.000000e+00, 2.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant "bn.bias" dense<8.000000e+00> : tensor<1xf32>
// CHECK: nn.linear %{{.*}}, %[[W]], %[[B]] :
// CHECK-NOT: nn.batch_norm
// REMARK: 'bn' folded into 'fc'
func.func @batch_norm_into_linear(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %w = nn.constant "fc.weight" dense<[[3.0, 1.0]]> : tensor<1x2xf32>
  %scale = nn.constant dense<4.0> : tensor<1xf32>
  %bias = nn.constant "bn.bias" dense<10.0> : tensor<1xf32>
  %mean = nn.constant dense<1.0> : tensor<1xf32>
  %var = nn.constant "bn.var" dense<4.0> : tensor<1xf32>
  %0 = nn.linear %x, %w : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32> loc("fc")
  %1 = nn.batch_norm %0, %scale, %bias, %mean, %var epsilon = 0.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("bn")
  return %1 : tensor<3x1xf32>
}

// -----

// CHECK-LABEL: @batch_norm_stays_if_product_is_shared
// CHECK: nn.linear
// CHECK: nn.batch_norm
// REMARK: 'shared' stays: the layer in front of it is read by others as well
func.func @batch_norm_stays_if_product_is_shared(%x: tensor<3x2xf32>) -> (tensor<3x1xf32>, tensor<3x1xf32>) {
  %w = nn.constant dense<[[3.0, 1.0]]> : tensor<1x2xf32>
  %p = nn.constant dense<4.0> : tensor<1xf32>
  %0 = nn.linear %x, %w : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p epsilon = 0.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("shared")
  return %0, %1 : tensor<3x1xf32>, tensor<3x1xf32>
}

// -----

// CHECK-LABEL: @batch_norm_stays_if_weights_vary
// CHECK: nn.linear
// CHECK: nn.batch_norm
// REMARK: 'vary' stays: weight or bias of the layer in front of it is not constant
func.func @batch_norm_stays_if_weights_vary(%x: tensor<3x2xf32>, %w: tensor<1x2xf32>) -> tensor<3x1xf32> {
  %p = nn.constant dense<4.0> : tensor<1xf32>
  %0 = nn.linear %x, %w : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p epsilon = 0.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("vary")
  return %1 : tensor<3x1xf32>
}

// -----

// CHECK-LABEL: @batch_norm_stays_without_product
// CHECK: nn.relu
// CHECK: nn.batch_norm
// REMARK: 'alone' stays: no convolution or linear layer is in front of it
func.func @batch_norm_stays_without_product(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %p = nn.constant dense<4.0> : tensor<1xf32>
  %0 = nn.relu %x : tensor<3x1xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p epsilon = 0.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("alone")
  return %1 : tensor<3x1xf32>
}

// -----

// CHECK-LABEL: @batch_norm_stays_if_its_statistics_vary
// CHECK: nn.linear
// CHECK: nn.batch_norm
// REMARK: 'statistics' stays: its scale, bias, mean or variance is not constant
func.func @batch_norm_stays_if_its_statistics_vary(%x: tensor<3x2xf32>, %v: tensor<1xf32>) -> tensor<3x1xf32> {
  %w = nn.constant dense<[[3.0, 1.0]]> : tensor<1x2xf32>
  %p = nn.constant dense<4.0> : tensor<1xf32>
  %0 = nn.linear %x, %w : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %v epsilon = 0.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("statistics")
  return %1 : tensor<3x1xf32>
}

// -----

// Two in a row fold one after the other, s = 2 each, also where the weight is
// constant only once its layout is computed and an operation in between does
// nothing.

// CHECK-LABEL: @batch_norms_behind_layout
// CHECK-SAME: %[[X:.*]]: tensor<3x2xf32>
// CHECK-DAG: %[[W:.*]] = nn.constant "fc.weight" dense<{{\[}}[1.200000e+01, 4.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant {{.*}}dense<-6.000000e+00> : tensor<1xf32>
// CHECK: %[[Y:.*]] = nn.linear %[[X]], %[[W]], %[[B]] : {{.*}} loc(fused["fc", "first", "second"])
// CHECK-NEXT: return %[[Y]]
// REMARK: 'first' folded into 'fc'
// REMARK: 'second' folded into 'fc'
func.func @batch_norms_behind_layout(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %w = nn.constant "fc.weight" dense<[[3.0], [1.0]]> : tensor<2x1xf32>
  %t = nn.transpose %w perm = [1, 0] : tensor<2x1xf32> -> tensor<1x2xf32>
  %scale = nn.constant "bn.scale" dense<4.0> : tensor<1xf32>
  %zero = nn.constant "bn.zero" dense<0.0> : tensor<1xf32>
  %one = nn.constant "bn.mean" dense<1.0> : tensor<1xf32>
  %var = nn.constant "bn.var" dense<3.0> : tensor<1xf32>
  %0 = nn.linear %x, %t : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32> loc("fc")
  %1 = nn.reshape %0 : tensor<3x1xf32> -> tensor<3x1xf32>
  %2 = nn.batch_norm %1, %scale, %zero, %one, %var epsilon = 1.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("first")
  %3 = nn.batch_norm %2, %scale, %zero, %one, %var epsilon = 1.0
      : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc("second")
  return %3 : tensor<3x1xf32>
}

// -----

// What needs no fold is left alone.

// CHECK-LABEL: @nothing_to_fold
// CHECK-NEXT: nn.relu
// CHECK-NEXT: return
func.func @nothing_to_fold(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %0 = nn.relu %x : tensor<3x1xf32>
  return %0 : tensor<3x1xf32>
}
