// RUN: photonic-opt %s | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --mlir-print-op-generic | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --verify-roundtrip -o /dev/null

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#wide = #photonic.bfp<mantissa = 9, group = 8, rounding = nearest>
#fp32 = #photonic.fp32<group = 16>
#random = #photonic.bfp<mantissa = 4, group = 32, rounding = stochastic>

// A product as `lower` creates it: no formats, no region.
// CHECK-LABEL: func.func @lowered_linear
func.func @lowered_linear(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %b: tensor<10xf32>) -> tensor<8x10xf32> {
  // CHECK: photonic.product %{{.*}}, %{{.*}}, %{{.*}} : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<10xf32>) -> tensor<8x10xf32>{{$}}
  %y = photonic.product %w, %x, %b
      : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<10xf32>) -> tensor<8x10xf32>
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @lowered_window
func.func @lowered_window(%w: tensor<6x2x3x1xf32>, %x: tensor<2x4x9x8xf32>) -> tensor<2x6x4x8xf32> {
  // CHECK: photonic.product
  // CHECK-SAME: window = <kernel = [3, 1], strides = [2, 1], pads = [1, 0, 0, 0], dilations = [1, 3], groups = 2>
  // CHECK-SAME: {hint = 1 : i64}
  %y = photonic.product %w, %x
      window = <kernel = [3, 1], strides = [2, 1], pads = [1, 0, 0, 0], dilations = [1, 3], groups = 2>
      {hint = 1}
      : (tensor<6x2x3x1xf32>, tensor<2x4x9x8xf32>) -> tensor<2x6x4x8xf32>
  return %y : tensor<2x6x4x8xf32>
}

// The gradients of both operands of a convolution.
// CHECK-LABEL: func.func @gradients
func.func @gradients(%w: tensor<6x2x3x1xf32>, %x: tensor<2x4x9x8xf32>, %dy: tensor<2x6x4x8xf32>) -> (tensor<2x4x9x8xf32>, tensor<6x2x3x1xf32>) {
  // CHECK: photonic.product %{{.*}}, %{{.*}} kind = input_gradient window = <kernel = [3, 1], strides = [2, 1],
  // CHECK-SAME: : (tensor<6x2x3x1xf32>, tensor<2x6x4x8xf32>) -> tensor<2x4x9x8xf32>
  %dx = photonic.product %w, %dy kind = input_gradient
      window = <kernel = [3, 1], strides = [2, 1], pads = [1, 0, 0, 0], dilations = [1, 3], groups = 2>
      : (tensor<6x2x3x1xf32>, tensor<2x6x4x8xf32>) -> tensor<2x4x9x8xf32>
  // CHECK: photonic.product %{{.*}}, %{{.*}} kind = weight_gradient window =
  // CHECK-SAME: : (tensor<2x6x4x8xf32>, tensor<2x4x9x8xf32>) -> tensor<6x2x3x1xf32>
  %dw = photonic.product %dy, %x kind = weight_gradient
      window = <kernel = [3, 1], strides = [2, 1], pads = [1, 0, 0, 0], dilations = [1, 3], groups = 2>
      : (tensor<2x6x4x8xf32>, tensor<2x4x9x8xf32>) -> tensor<6x2x3x1xf32>
  return %dx, %dw : tensor<2x4x9x8xf32>, tensor<6x2x3x1xf32>
}

// A group of 32 in passes of 16, rounded at random; bias and key together.
// CHECK-LABEL: func.func @random
func.func @random(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %b: tensor<10xf32>, %k: tensor<3xf32>) -> tensor<8x10xf32> {
  // CHECK: photonic.product %{{.*}}, %{{.*}}, %{{.*}} key = %{{.*}} stream = 3
  // CHECK-SAME: #photonic.bfp<mantissa = 4, group = 32, rounding = stochastic>
  // CHECK-SAME: : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<10xf32>, tensor<3xf32>) -> tensor<8x10xf32> each {
  // CHECK-NEXT: vector<16xi8>
  %y = photonic.product %w, %x, %b key = %k stream = 3 formats = [#random, #random]
      : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<10xf32>, tensor<3xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %c: vector<16xi8>):
    %d = photonic.dot %a, %c : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return %y : tensor<8x10xf32>
}

// The exact readout is the default and is not printed.
// CHECK-LABEL: func.func @formatted
func.func @formatted(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK: photonic.product
  // CHECK-SAME: formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>]
  // CHECK-SAME: dataflow = df2
  // CHECK-NOT: readout
  // CHECK-SAME: each {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: vector<16xi8>, %[[B:.*]]: vector<16xi8>):
  // CHECK-NEXT: %[[D:.*]] = photonic.dot %[[A]], %[[B]] : vector<16xi8>, vector<16xi8> -> i32
  // CHECK-NEXT: photonic.yield %[[D]] : i32
  %y = photonic.product %w, %x formats = [#bfp, #bfp] dataflow = df2 readout(#photonic.exact)
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @bypass
func.func @bypass(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK: formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
  // CHECK: photonic.dot %{{.*}}, %{{.*}} : vector<16xf32>, vector<16xf32> -> f32
  %y = photonic.product %w, %x formats = [#fp32, #fp32]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<8x10xf32>
}

// Mantissas of more than 7 bits need i16; moduli may be even.
// CHECK-LABEL: func.func @split_wide
func.func @split_wide(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 2047 : vector<8xi16>, vector<8xi16> -> i32
  // CHECK: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 2048 :
  // CHECK: photonic.reverse_convert %{{.*}}, %{{.*}} moduli = [2047, 2048] : i32
  %y = photonic.product %w, %x formats = [#wide, #wide]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<8xi16>, %b: vector<8xi16>):
    %r0 = photonic.modular_dot %a, %b modulus = 2047 : vector<8xi16>, vector<8xi16> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 2048 : vector<8xi16>, vector<8xi16> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [2047, 2048] : i32
    photonic.yield %d : i32
  }
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @pass
func.func @pass(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %init: tensor<8x10xf32>,
                %g: index, %m: index, %k: index) -> tensor<8x10xf32> {
  // CHECK: photonic.array_product ins(%{{.*}}, %{{.*}} : tensor<10x84xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<8x10xf32>) tile [%{{.*}}, %{{.*}}, %{{.*}}] sizes = [32, 16]
  // CHECK-SAME: dataflow = df1 each {
  %y = photonic.array_product ins(%w, %x : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%init : tensor<8x10xf32>) tile [%g, %m, %k] sizes = [32, 16]
      formats = [#fp32, #fp32] dataflow = df1 each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @pass_of_gradient
func.func @pass_of_gradient(%w: tensor<10x84xf32>, %dy: tensor<8x10xf32>, %key: tensor<3xf32>,
                            %g: index, %m: index, %k: index, %t: index) -> tensor<8x84xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<8x84xf32>
  %init = photonic.zeros : tensor<8x84xf32>
  // CHECK: photonic.array_product ins(%{{.*}}, %{{.*}} : tensor<10x84xf32>, tensor<8x10xf32>)
  // CHECK-SAME: outs(%[[ZERO]] : tensor<8x84xf32>) tile [%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] sizes = [32, 16]
  // CHECK-SAME: kind = input_gradient key = %{{.*}} : tensor<3xf32> stream = 0
  // CHECK-SAME: dataflow = df2 each {
  %y = photonic.array_product ins(%w, %dy : tensor<10x84xf32>, tensor<8x10xf32>)
      outs(%init : tensor<8x84xf32>) tile [%g, %m, %k, %t] sizes = [32, 16]
      kind = input_gradient key = %key : tensor<3xf32> stream = 0
      formats = [#random, #random] dataflow = df2 each {
  ^bb0(%a: vector<16xi8>, %c: vector<16xi8>):
    %d = photonic.dot %a, %c : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return %y : tensor<8x84xf32>
}
