// RUN: photonic-opt %s --photonic-tile-array --photonic-verify-tile --split-input-file | FileCheck %s --implicit-check-not=insert_slice --implicit-check-not=extract_slice --implicit-check-not=affine. --implicit-check-not=photonic.product
// RUN: photonic-opt %s --photonic-tile-array --split-input-file | photonic-opt --photonic-verify-tile --split-input-file -o /dev/null
// RUN: photonic-opt %s --photonic-tile-array=rows=4 --split-input-file | FileCheck %s --check-prefix=ROWS4

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

// CHECK-LABEL: func.func @nothing
// CHECK-NOT: scf.for
func.func @nothing(%x: tensor<8x84xf32>) -> tensor<8x84xf32> {
  %y = nn.relu %x : tensor<8x84xf32>
  return %y : tensor<8x84xf32>
}
