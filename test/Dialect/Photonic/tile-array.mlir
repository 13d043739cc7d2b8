// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-tile-array --photonic-verify-tile --split-input-file | FileCheck %s --implicit-check-not=insert_slice --implicit-check-not=extract_slice --implicit-check-not=affine. --implicit-check-not=photonic.product
// RUN: photonic-opt %s --photonic-set-target=target=mirage --photonic-tile-array --split-input-file | photonic-opt --photonic-verify-tile --split-input-file -o /dev/null
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set=core.rows=4" --photonic-tile-array --split-input-file | FileCheck %s --check-prefix=ROWS4

#fp32 = #photonic.fp32<group = 16>

// Contractions that are no multiple of the array: sizes stay those of the
// array, and loops with one iteration stay.
// CHECK-LABEL: func.func @linear(
// CHECK-SAME: %[[W:.*]]: tensor<10x84xf32>, %[[X:.*]]: tensor<8x84xf32>
func.func @linear(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK-DAG: %[[EMPTY:.*]] = tensor.empty() : tensor<8x10xf32>
  // CHECK-NOT: photonic.zeros
  // CHECK: %[[Y:.*]] = scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}} iter_args(%[[A0:.*]] = %[[EMPTY]])
  // CHECK-NEXT: %[[Y1:.*]] = scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c10{{[_0-9]*}} step %c32{{[_0-9]*}} iter_args(%[[A1:.*]] = %[[A0]])
  // CHECK-NEXT: %[[Y2:.*]] = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c84{{[_0-9]*}} step %c16{{[_0-9]*}} iter_args(%[[A2:.*]] = %[[A1]])
  // CHECK-NEXT: %[[Y3:.*]] = photonic.array_product ins(%[[W]] by <rows = [10 x d0], columns = [84 x d1]>, %[[X]] by <rows = [8 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%[[A2]] by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
  // CHECK-SAME: tile [%[[G]], %c0{{[_0-9]*}}, %[[M]], %c0{{[_0-9]*}}, %[[K]]] sizes = [32, 8, 16] start %[[K]] operator = "Gemm"
  // CHECK-SAME: stationary = first arrays = <"core", over = [0, 1, 2]> pass {
  // CHECK: } combine {
  // CHECK: scf.yield %[[Y3]]
  // CHECK: scf.yield %[[Y2]]
  // CHECK: scf.yield %[[Y1]]
  // CHECK: return %[[Y]]
  // ROWS4: scf.for %{{.*}} = %c0{{[_0-9]*}} to %c10{{[_0-9]*}} step %c4{{[_0-9]*}}
  // ROWS4: sizes = [4, 8, 16]
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [84 x d1]>,
          %x by <rows = [8 x d0], columns = [84 x d1]>
          : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]>
          : tensor<8x10xf32>)
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<8x10xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// If the second operand stays, the second loop runs over the 2 * 6 * 6 output
// positions.
// CHECK-LABEL: func.func @grouped_second(
func.func @grouped_second(%w: tensor<12x2x3x3xf32>, %x: tensor<2x6x8x8xf32>) -> tensor<2x12x6x6xf32> {
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c3{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[N:.*]] = %c0{{[_0-9]*}} to %c72{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c18{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK-NEXT: photonic.array_product {{.*}} tile [%[[G]], %c0{{[_0-9]*}}, %c0{{[_0-9]*}}, %[[N]], %[[K]]] sizes = [4, 32, 16] start %[[K]] operator = "Conv"
  // CHECK-SAME: stationary = second arrays = <"core", over = [0, 1, 2]>
  %z = photonic.zeros : tensor<2x12x6x6xf32>
  %y = photonic.product
      ins(%w by <groups = [3 x d0 by 4], rows = [4 x d0], columns = [2 x d1, 3 x d3, 3 x d2]>,
          %x by <groups = [3 x d1 by 2], rows = [6 x d3, 6 x d2, 2 x d0], columns = [2 x d1, 3 x d3, 3 x d2]>
          : tensor<12x2x3x3xf32>, tensor<2x6x8x8xf32>)
      outs(%z by <groups = [3 x d1 by 4], rows = [4 x d1], columns = [6 x d3, 6 x d2, 2 x d0]>
          : tensor<2x12x6x6xf32>)
      operator = "Conv" formats = [#fp32, #fp32] stationary = second
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<2x12x6x6xf32>
}

// -----

#fp32 = #photonic.fp32<group = 8>

// A group shorter than the array takes a pass of its own, so that the contraction
// advances by groups. Sizes that divide their extents leave nothing behind either.
// CHECK-LABEL: func.func @short_group(
func.func @short_group(%w: tensor<64x32xf32>, %x: tensor<8x32xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c64{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK: scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c32{{[_0-9]*}} step %c8{{[_0-9]*}}
  // CHECK: sizes = [32, 8, 8]
  %z = photonic.zeros : tensor<8x64xf32>
  %y = photonic.product
      ins(%w by <rows = [64 x d0], columns = [32 x d1]>,
          %x by <rows = [8 x d0], columns = [32 x d1]>
          : tensor<64x32xf32>, tensor<8x32xf32>)
      outs(%z by <rows = [64 x d1], columns = [8 x d0]>
          : tensor<8x64xf32>)
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<8xf32>, %b: vector<8xf32>):
    %d = photonic.dot %a, %b : vector<8xf32>, vector<8xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<8x64xf32>
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>

// A longer group is one tile as well: the contraction advances by groups, the
// region takes what a pass does.
// CHECK-LABEL: func.func @long_group(
func.func @long_group(%w: tensor<64x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c64{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK: scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c96{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK: sizes = [32, 8, 32]
  // CHECK: vector<16xi8>
  %z = photonic.zeros : tensor<8x64xf32>
  %y = photonic.product
      ins(%w by <rows = [64 x d0], columns = [96 x d1]>,
          %x by <rows = [8 x d0], columns = [96 x d1]>
          : tensor<64x96xf32>, tensor<8x96xf32>)
      outs(%z by <rows = [64 x d1], columns = [8 x d0]>
          : tensor<8x64xf32>)
      operator = "Gemm" formats = [#bfp, #bfp] stationary = first
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x64xf32>
}

// -----

#fp32 = #photonic.fp32<group = 40>

// The bypass is one sum per group.
// CHECK-LABEL: func.func @long_bypass(
func.func @long_bypass(%w: tensor<64x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c64{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK: scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c96{{[_0-9]*}} step %c40{{[_0-9]*}}
  // CHECK: sizes = [32, 8, 40]
  // CHECK: vector<40xf32>
  %z = photonic.zeros : tensor<8x64xf32>
  %y = photonic.product
      ins(%w by <rows = [64 x d0], columns = [96 x d1]>,
          %x by <rows = [8 x d0], columns = [96 x d1]>
          : tensor<64x96xf32>, tensor<8x96xf32>)
      outs(%z by <rows = [64 x d1], columns = [8 x d0]>
          : tensor<8x64xf32>)
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<40xf32>, %b: vector<40xf32>):
    %d = photonic.dot %a, %b : vector<40xf32>, vector<40xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<8x64xf32>
}

// -----

#long = #photonic.bfp<mantissa = 4, group = 48, rounding = trunc>
#bfp = #photonic.bfp<mantissa = 3, group = 16, rounding = nearest>

// Of groups of different lengths the shorter ones make a term.
// CHECK-LABEL: func.func @different_groups(
func.func @different_groups(%w: tensor<64x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x64xf32> {
  // CHECK: scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c64{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK: scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c96{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK: sizes = [32, 8, 16]
  %z = photonic.zeros : tensor<8x64xf32>
  %y = photonic.product
      ins(%w by <rows = [64 x d0], columns = [96 x d1]>,
          %x by <rows = [8 x d0], columns = [96 x d1]>
          : tensor<64x96xf32>, tensor<8x96xf32>)
      outs(%z by <rows = [64 x d1], columns = [8 x d0]>
          : tensor<8x64xf32>)
      operator = "Gemm" formats = [#long, #bfp] stationary = first
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x64xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// If the first operand stays, positions run in front of the contraction, from the
// last to the first. They meet the same elements, which start from zero. What the
// product is marked with stays.
// CHECK-LABEL: func.func @input_gradient(
// CHECK-SAME: %[[W:.*]]: tensor<12x40x3x3xf32>, %[[DY:.*]]: tensor<2x12x6x6xf32>
func.func @input_gradient(%w: tensor<12x40x3x3xf32>, %dy: tensor<2x12x6x6xf32>) -> tensor<2x40x8x8xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<2x40x8x8xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}} iter_args(%{{.*}} = %[[ZERO]])
  // CHECK-SAME: {
  // CHECK-NEXT: {{.*}} = scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c40{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[T:.*]] = %c0{{[_0-9]*}} to %c9{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c12{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK-NEXT: %[[P:.*]] = arith.subi %c8{{[_0-9]*}}, %[[T]] : index
  // CHECK-NEXT: photonic.array_product ins(%[[W]] by <positions = [3 x d3, 3 x d2], rows = [40 x d1], columns = [12 x d0]>, %[[DY]] by
  // CHECK-SAME: tile [%[[G]], %[[P]], %[[M]], %c0{{[_0-9]*}}, %[[K]]] sizes = [32, 72, 16] operator = "Conv"
  // CHECK-SAME: arrays = <"core", over = [0, 1, 2, 3]> {nn.phase = "input_gradient"}
  %z = photonic.zeros : tensor<2x40x8x8xf32>
  %y = photonic.product
      ins(%w by <positions = [3 x d3, 3 x d2], rows = [40 x d1], columns = [12 x d0]>,
          %dy by <rows = [6 x d3, 6 x d2, 2 x d0], columns = [12 x d1]>
          : tensor<12x40x3x3xf32>, tensor<2x12x6x6xf32>)
      outs(%z by <positions = [3 x d3, 3 x d2], rows = [40 x d1], columns = [6 x d3, 6 x d2, 2 x d0]>
          : tensor<2x40x8x8xf32>)
      operator = "Conv" formats = [#fp32, #fp32] stationary = first {nn.phase = "input_gradient"}
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<2x40x8x8xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// If the second stays, they run around the blocks of (image, oh, ow).
// CHECK-LABEL: func.func @input_gradient_second(
func.func @input_gradient_second(%w: tensor<12x40x3x3xf32>, %dy: tensor<2x12x6x6xf32>) -> tensor<2x40x8x8xf32> {
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[T:.*]] = %c0{{[_0-9]*}} to %c9{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[N:.*]] = %c0{{[_0-9]*}} to %c72{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c12{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK-NEXT: %[[P:.*]] = arith.subi %c8{{[_0-9]*}}, %[[T]] : index
  // CHECK: tile [%[[G]], %[[P]], %c0{{[_0-9]*}}, %[[N]], %[[K]]] sizes = [40, 32, 16] operator
  %z = photonic.zeros : tensor<2x40x8x8xf32>
  %y = photonic.product
      ins(%w by <positions = [3 x d3, 3 x d2], rows = [40 x d1], columns = [12 x d0]>,
          %dy by <rows = [6 x d3, 6 x d2, 2 x d0], columns = [12 x d1]>
          : tensor<12x40x3x3xf32>, tensor<2x12x6x6xf32>)
      outs(%z by <positions = [3 x d3, 3 x d2], rows = [40 x d1], columns = [6 x d3, 6 x d2, 2 x d0]>
          : tensor<2x40x8x8xf32>)
      operator = "Conv" formats = [#fp32, #fp32] stationary = second
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<2x40x8x8xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// One position that meets every element starts from nothing, like any other
// product, and takes no loop.
// CHECK-LABEL: func.func @input_gradient_once(
func.func @input_gradient_once(%w: tensor<10x84xf32>, %dy: tensor<8x10xf32>) -> tensor<8x84xf32> {
  // CHECK: tensor.empty() : tensor<8x84xf32>
  // CHECK-NOT: photonic.zeros
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c84{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c10{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK-NEXT: photonic.array_product {{.*}} start %[[K]]
  %z = photonic.zeros : tensor<8x84xf32>
  %y = photonic.product
      ins(%w by <rows = [84 x d1], columns = [10 x d0]>,
          %dy by <rows = [8 x d0], columns = [10 x d1]>
          : tensor<10x84xf32>, tensor<8x10xf32>)
      outs(%z by <rows = [84 x d1], columns = [8 x d0]>
          : tensor<8x84xf32>)
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<8x84xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// One position that meets only every other element starts from zeros.
// CHECK-LABEL: func.func @input_gradient_gaps(
func.func @input_gradient_gaps(%w: tensor<8x4x1x1xf32>, %dy: tensor<2x8x3x3xf32>) -> tensor<2x4x5x6xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<2x4x5x6xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}} iter_args(%{{.*}} = %[[ZERO]])
  // CHECK-NEXT: {{.*}} = scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c4{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c8{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK-NEXT: photonic.array_product {{.*}} sizes = [32, 18, 16] operator
  %z = photonic.zeros : tensor<2x4x5x6xf32>
  %y = photonic.product
      ins(%w by <rows = [4 x d1], columns = [8 x d0]>,
          %dy by <rows = [3 x d3, 3 x d2, 2 x d0], columns = [8 x d1]>
          : tensor<8x4x1x1xf32>, tensor<2x8x3x3xf32>)
      outs(%z by <rows = [4 x d1], columns = [3 x d3 by 2, 3 x d2 by 2, 2 x d0]>
          : tensor<2x4x5x6xf32>)
      operator = "Conv" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<2x4x5x6xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// A weight gradient is an ordinary product: M = 12 filters, N = 9 * 4 patch
// elements, K = 2 * 36 output elements.
// CHECK-LABEL: func.func @weight_gradient(
func.func @weight_gradient(%dy: tensor<2x12x6x6xf32>, %x: tensor<2x4x8x8xf32>) -> tensor<12x4x3x3xf32> {
  // CHECK: tensor.empty() : tensor<12x4x3x3xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[N:.*]] = %c0{{[_0-9]*}} to %c36{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c72{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK-NEXT: photonic.array_product {{.*}} tile [%[[G]], %c0{{[_0-9]*}}, %c0{{[_0-9]*}}, %[[N]], %[[K]]] sizes = [12, 32, 16] start %[[K]]
  %z = photonic.zeros : tensor<12x4x3x3xf32>
  %y = photonic.product
      ins(%dy by <rows = [12 x d1], columns = [6 x d3, 6 x d2, 2 x d0]>,
          %x by <rows = [4 x d1, 3 x d3, 3 x d2], columns = [6 x d3, 6 x d2, 2 x d0]>
          : tensor<2x12x6x6xf32>, tensor<2x4x8x8xf32>)
      outs(%z by <rows = [12 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>
          : tensor<12x4x3x3xf32>)
      operator = "Conv" formats = [#fp32, #fp32] stationary = second
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<12x4x3x3xf32>
}

// -----

// Products may share the zeros that they start from: both get an accumulator of
// their own.
#fp32 = #photonic.fp32<group = 16>
#a = #photonic.view<rows = [8 x d0], columns = [8 x d1]>
#r = #photonic.view<rows = [8 x d1], columns = [8 x d0]>

// CHECK-LABEL: func.func @shared_zeros(
func.func @shared_zeros(%v: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  // CHECK-COUNT-2: tensor.empty() : tensor<8x8xf32>
  // CHECK: return
  %z = photonic.zeros : tensor<8x8xf32>
  %x = photonic.product ins(%v by #a, %v by #a : tensor<8x8xf32>, tensor<8x8xf32>)
      outs(%z by #r : tensor<8x8xf32>) operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  %y = photonic.product ins(%v by #a, %v by #a : tensor<8x8xf32>, tensor<8x8xf32>)
      outs(%z by #r : tensor<8x8xf32>) operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %x, %y : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// CHECK-LABEL: func.func @nothing(
// CHECK-NOT: scf.for
func.func @nothing(%x: tensor<8x84xf32>) -> tensor<8x84xf32> {
  %y = nn.relu %x : tensor<8x84xf32>
  return %y : tensor<8x84xf32>
}
