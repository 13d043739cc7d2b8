// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-tile-array --photonic-verify-tile --split-input-file | FileCheck %s --implicit-check-not=insert_slice --implicit-check-not=extract_slice --implicit-check-not=affine. --implicit-check-not=photonic.product
// RUN: photonic-opt %s --photonic-set-target=target=mirage --photonic-tile-array --split-input-file | photonic-opt --photonic-verify-tile --split-input-file -o /dev/null
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set=core.rows=4" --photonic-tile-array --split-input-file | FileCheck %s --check-prefix=ROWS4

#fp32 = #photonic.fp32<group = 16>

// Contractions that are no multiple of the array: sizes stay those of the
// array, and loops with one iteration stay.
// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[W:.*]]: tensor<10x84xf32>, %[[X:.*]]: tensor<8x84xf32>
func.func @linear(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK-DAG: %[[EMPTY:.*]] = tensor.empty() : tensor<8x10xf32>
  // CHECK: %[[Y:.*]] = scf.for %[[G:.*]] = %c0{{.*}} to %c1{{.*}} step %c1{{.*}} iter_args(%[[A0:.*]] = %[[EMPTY]])
  // CHECK-NEXT: %[[Y1:.*]] = scf.for %[[M:.*]] = %c0{{.*}} to %c10{{.*}} step %c32{{.*}} iter_args(%[[A1:.*]] = %[[A0]])
  // CHECK-NEXT: %[[Y2:.*]] = scf.for %[[K:.*]] = %c0{{.*}} to %c84{{.*}} step %c16{{.*}} iter_args(%[[A2:.*]] = %[[A1]])
  // CHECK-NEXT: %[[Y3:.*]] = photonic.array_product ins(%[[W]], %[[X]] : tensor<10x84xf32>, tensor<8x84xf32>) outs(%[[A2]] : tensor<8x10xf32>)
  // CHECK-SAME: tile [%[[G]], %[[M]], %[[K]]] sizes = [32, 16]
  // CHECK-SAME: dataflow = df1
  // CHECK: photonic.yield
  // CHECK: scf.yield %[[Y3]]
  // CHECK: scf.yield %[[Y2]]
  // CHECK: scf.yield %[[Y1]]
  // CHECK: return %[[Y]]
  // ROWS4: scf.for %{{.*}} = %c0{{.*}} to %c10{{.*}} step %c4
  // ROWS4: sizes = [4, 16]
  %y = photonic.product %w, %x formats = [#fp32, #fp32] dataflow = df1
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<8x10xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// Under df2 the second loop runs over the 2 * 6 * 6 output positions. The bias
// of a convolution is added behind the nest, at the location of the product.
// CHECK-LABEL: func.func @grouped_bias_df2
// CHECK-SAME: %[[B:[a-z0-9]*]]: tensor<12xf32>)
func.func @grouped_bias_df2(%w: tensor<12x2x3x3xf32>, %x: tensor<2x6x8x8xf32>, %b: tensor<12xf32>) -> tensor<2x12x6x6xf32> {
  // CHECK: %[[Y:.*]] = scf.for {{.*}} to %c3{{.*}} step %c1
  // CHECK: scf.for {{.*}} to %c72{{.*}} step %c32
  // CHECK: scf.for {{.*}} to %c18{{.*}} step %c16
  // CHECK: photonic.array_product
  // CHECK-SAME: window = <kernel = [3, 3], {{.*}} groups = 3>
  // CHECK-SAME: dataflow = df2
  // CHECK: %[[BIAS:.*]] = nn.reshape %[[B]] : tensor<12xf32> -> tensor<1x12x1x1xf32>
  // CHECK: %[[SUM:.*]] = nn.add %[[Y]], %[[BIAS]]
  // CHECK: return %[[SUM]]
  %y = photonic.product %w, %x, %b
      window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 3>
      formats = [#fp32, #fp32] dataflow = df2
      : (tensor<12x2x3x3xf32>, tensor<2x6x8x8xf32>, tensor<12xf32>) -> tensor<2x12x6x6xf32> each {
  ^bb0(%a: vector<16xf32>, %b0: vector<16xf32>):
    %d = photonic.dot %a, %b0 : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<2x12x6x6xf32>
}

// -----

#fp32 = #photonic.fp32<group = 8>

// The bias of a linear layer needs no reshape. A group shorter than the array
// takes a pass of its own, so that the contraction advances by groups. Sizes
// that divide their extents leave nothing behind either.
// CHECK-LABEL: func.func @short_group
func.func @short_group(%w: tensor<64x32xf32>, %x: tensor<8x32xf32>, %b: tensor<64xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for {{.*}} to %c64{{.*}} step %c32
  // CHECK: scf.for {{.*}} to %c32{{.*}} step %c8
  // CHECK: sizes = [32, 8]
  // CHECK-NOT: nn.reshape
  // CHECK: nn.add
  %y = photonic.product %w, %x, %b formats = [#fp32, #fp32] dataflow = df1
      : (tensor<64x32xf32>, tensor<8x32xf32>, tensor<64xf32>) -> tensor<8x64xf32> each {
  ^bb0(%a: vector<8xf32>, %b0: vector<8xf32>):
    %d = photonic.dot %a, %b0 : vector<8xf32>, vector<8xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<8x64xf32>
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>

// A longer group is one tile as well: the contraction advances by groups, sizes
// are those of a pass.
// CHECK-LABEL: func.func @long_group
func.func @long_group(%w: tensor<64x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for {{.*}} to %c96{{.*}} step %c32
  // CHECK: sizes = [32, 16]
  // CHECK: vector<16xi8>
  %y = photonic.product %w, %x formats = [#bfp, #bfp] dataflow = df1
      : (tensor<64x96xf32>, tensor<8x96xf32>) -> tensor<8x64xf32> each {
  ^bb0(%a: vector<16xi8>, %b0: vector<16xi8>):
    %d = photonic.dot %a, %b0 : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return %y : tensor<8x64xf32>
}

// -----

#fp32 = #photonic.fp32<group = 40>

// The bypass is one sum per group, but it takes the array's columns like any
// other format.
// CHECK-LABEL: func.func @long_bypass
func.func @long_bypass(%w: tensor<64x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for {{.*}} to %c96{{.*}} step %c40
  // CHECK: sizes = [32, 16]
  // CHECK: vector<40xf32>
  %y = photonic.product %w, %x formats = [#fp32, #fp32] dataflow = df1
      : (tensor<64x96xf32>, tensor<8x96xf32>) -> tensor<8x64xf32> each {
  ^bb0(%a: vector<40xf32>, %b0: vector<40xf32>):
    %d = photonic.dot %a, %b0 : vector<40xf32>, vector<40xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<8x64xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// Under df1 the kernel positions of an input gradient run in front of the
// contraction. They meet the same elements, which start from zero. What the
// product is marked with stays.
// CHECK-LABEL: func.func @input_gradient
// CHECK-SAME: %[[W:.*]]: tensor<12x40x3x3xf32>, %[[DY:.*]]: tensor<2x12x6x6xf32>
func.func @input_gradient(%w: tensor<12x40x3x3xf32>, %dy: tensor<2x12x6x6xf32>) -> tensor<2x40x8x8xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<2x40x8x8xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{.*}} to %c1{{.*}} step %c1{{.*}} iter_args(%{{.*}} = %[[ZERO]])
  // CHECK-NEXT: scf.for %[[M:.*]] = %c0{{.*}} to %c40{{.*}} step %c32
  // CHECK-NEXT: scf.for %[[T:.*]] = %c0{{.*}} to %c9{{.*}} step %c1
  // CHECK-NEXT: scf.for %[[K:.*]] = %c0{{.*}} to %c12{{.*}} step %c16
  // CHECK-NEXT: photonic.array_product ins(%[[W]], %[[DY]]
  // CHECK-SAME: tile [%[[G]], %[[M]], %[[K]], %[[T]]] sizes = [32, 16] kind = input_gradient
  // CHECK-SAME: {nn.phase = "input_gradient"}
  %dx = photonic.product %w, %dy kind = input_gradient
      window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      formats = [#fp32, #fp32] dataflow = df1 {nn.phase = "input_gradient"}
      : (tensor<12x40x3x3xf32>, tensor<2x12x6x6xf32>) -> tensor<2x40x8x8xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %dx : tensor<2x40x8x8xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// Under df2 they run around the blocks of (image, oh, ow).
// CHECK-LABEL: func.func @input_gradient_df2
func.func @input_gradient_df2(%w: tensor<12x40x3x3xf32>, %dy: tensor<2x12x6x6xf32>) -> tensor<2x40x8x8xf32> {
  // CHECK: scf.for %[[G:.*]] = %c0{{.*}} to %c1{{.*}} step %c1
  // CHECK-NEXT: scf.for %[[T:.*]] = %c0{{.*}} to %c9{{.*}} step %c1
  // CHECK-NEXT: scf.for %[[N:.*]] = %c0{{.*}} to %c72{{.*}} step %c32
  // CHECK-NEXT: scf.for %[[K:.*]] = %c0{{.*}} to %c12{{.*}} step %c16
  // CHECK: tile [%[[G]], %[[N]], %[[K]], %[[T]]]
  %dx = photonic.product %w, %dy kind = input_gradient
      window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      formats = [#fp32, #fp32] dataflow = df2
      : (tensor<12x40x3x3xf32>, tensor<2x12x6x6xf32>) -> tensor<2x40x8x8xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %dx : tensor<2x40x8x8xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// One position that meets every element starts from nothing, like any other
// product.
// CHECK-LABEL: func.func @input_gradient_once
func.func @input_gradient_once(%w: tensor<10x84xf32>, %dy: tensor<8x10xf32>) -> tensor<8x84xf32> {
  // CHECK: tensor.empty() : tensor<8x84xf32>
  // CHECK-NOT: photonic.zeros
  // CHECK: scf.for %{{.*}} to %c84{{.*}} step %c32
  // CHECK-NEXT: scf.for %{{.*}} to %c1{{.*}} step %c1
  // CHECK-NEXT: scf.for %{{.*}} to %c10{{.*}} step %c16
  %dx = photonic.product %w, %dy kind = input_gradient formats = [#fp32, #fp32] dataflow = df1
      : (tensor<10x84xf32>, tensor<8x10xf32>) -> tensor<8x84xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %dx : tensor<8x84xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// A weight gradient is an ordinary product: M = 12 filters, N = 9 * 4 patch
// elements, K = 2 * 36 output elements.
// CHECK-LABEL: func.func @weight_gradient
func.func @weight_gradient(%dy: tensor<2x12x6x6xf32>, %x: tensor<2x4x8x8xf32>) -> tensor<12x4x3x3xf32> {
  // CHECK: tensor.empty() : tensor<12x4x3x3xf32>
  // CHECK: scf.for %{{.*}} to %c1{{.*}} step %c1
  // CHECK-NEXT: scf.for %{{.*}} to %c36{{.*}} step %c32
  // CHECK-NEXT: scf.for %{{.*}} to %c72{{.*}} step %c16
  // CHECK-NEXT: photonic.array_product {{.*}} kind = weight_gradient
  %dw = photonic.product %dy, %x kind = weight_gradient
      window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      formats = [#fp32, #fp32] dataflow = df2
      : (tensor<2x12x6x6xf32>, tensor<2x4x8x8xf32>) -> tensor<12x4x3x3xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %dw : tensor<12x4x3x3xf32>
}

// -----

// CHECK-LABEL: func.func @nothing
// CHECK-NOT: scf.for
func.func @nothing(%x: tensor<8x84xf32>) -> tensor<8x84xf32> {
  %y = nn.relu %x : tensor<8x84xf32>
  return %y : tensor<8x84xf32>
}
