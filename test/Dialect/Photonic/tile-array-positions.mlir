// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-tile-array --photonic-verify-tile --split-input-file | FileCheck %s --implicit-check-not=insert_slice --implicit-check-not=extract_slice --implicit-check-not=affine. --implicit-check-not=photonic.product
// RUN: photonic-opt %s --photonic-set-target=target=mirage --photonic-tile-array --split-input-file | photonic-opt --photonic-verify-tile --split-input-file -o /dev/null

#fp32 = #photonic.fp32<group = 16>

// Positions that together meet every element once, each other ones: a kernel as
// wide as its stride. Terms of one element come in one position only, but a start
// is at the first position.
// CHECK-LABEL: func.func @input_gradient_disjoint(
func.func @input_gradient_disjoint(%w: tensor<8x4x2x2xf32>, %dy: tensor<2x8x3x3xf32>) -> tensor<2x4x6x6xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<2x4x6x6xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}} iter_args(%{{.*}} = %[[ZERO]])
  // CHECK-NEXT: {{.*}} = scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c4{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[T:.*]] = %c0{{[_0-9]*}} to %c4{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c8{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK: photonic.array_product {{.*}} sizes = [32, 18, 16] operator = "Conv"
  %z = photonic.zeros : tensor<2x4x6x6xf32>
  %y = photonic.product
      ins(%w by <positions = [2 x d3, 2 x d2], rows = [4 x d1], columns = [8 x d0]>,
          %dy by <rows = [3 x d3, 3 x d2, 2 x d0], columns = [8 x d1]>
          : tensor<8x4x2x2xf32>, tensor<2x8x3x3xf32>)
      outs(%z by <positions = [2 x d3, 2 x d2], rows = [4 x d1], columns = [3 x d3 by 2, 3 x d2 by 2, 2 x d0]>
          : tensor<2x4x6x6xf32>)
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
  return %y : tensor<2x4x6x6xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// CHECK-LABEL: func.func @input_gradient_disjoint_second(
func.func @input_gradient_disjoint_second(%w: tensor<8x4x2x2xf32>, %dy: tensor<2x8x3x3xf32>) -> tensor<2x4x6x6xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<2x4x6x6xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}} iter_args(%{{.*}} = %[[ZERO]])
  // CHECK-NEXT: {{.*}} = scf.for %[[T:.*]] = %c0{{[_0-9]*}} to %c4{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[N:.*]] = %c0{{[_0-9]*}} to %c18{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c8{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK: photonic.array_product {{.*}} sizes = [4, 32, 16] operator = "Conv"
  %z = photonic.zeros : tensor<2x4x6x6xf32>
  %y = photonic.product
      ins(%w by <positions = [2 x d3, 2 x d2], rows = [4 x d1], columns = [8 x d0]>,
          %dy by <rows = [3 x d3, 3 x d2, 2 x d0], columns = [8 x d1]>
          : tensor<8x4x2x2xf32>, tensor<2x8x3x3xf32>)
      outs(%z by <positions = [2 x d3, 2 x d2], rows = [4 x d1], columns = [3 x d3 by 2, 3 x d2 by 2, 2 x d0]>
          : tensor<2x4x6x6xf32>)
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
  return %y : tensor<2x4x6x6xf32>
}

// -----

#fp32 = #photonic.fp32<group = 16>

// Positions of the operands alone are a longer contraction: all of them meet each
// element of the result.
// CHECK-LABEL: func.func @operand_positions(
func.func @operand_positions(%p: tensor<3x10x84xf32>, %q: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK: %[[ZERO:.*]] = photonic.zeros : tensor<8x10xf32>
  // CHECK: scf.for %[[G:.*]] = %c0{{[_0-9]*}} to %c1{{[_0-9]*}} step %c1{{[_0-9]*}} iter_args(%{{.*}} = %[[ZERO]])
  // CHECK-NEXT: {{.*}} = scf.for %[[M:.*]] = %c0{{[_0-9]*}} to %c10{{[_0-9]*}} step %c32{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[T:.*]] = %c0{{[_0-9]*}} to %c3{{[_0-9]*}} step %c1{{[_0-9]*}}
  // CHECK-NEXT: {{.*}} = scf.for %[[K:.*]] = %c0{{[_0-9]*}} to %c84{{[_0-9]*}} step %c16{{[_0-9]*}}
  // CHECK: photonic.array_product {{.*}} sizes = [32, 8, 16] operator = "MatMul"
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product
      ins(%p by <positions = [3 x d0], rows = [10 x d1], columns = [84 x d2]>,
          %q by <rows = [8 x d0], columns = [84 x d1]>
          : tensor<3x10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
      operator = "MatMul" formats = [#fp32, #fp32] stationary = first
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
