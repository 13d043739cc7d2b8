// RUN: photonic-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

// expected-error@+1 {{digit 1 of rows has radix 1, expected at least 2 (leave out a digit of one value)}}
func.func private @view_c1_radix() attributes {a = #photonic.view<rows = [4 x d0, 1 x d1]>}

// -----

// expected-error@+1 {{digit 0 of groups has radix 0, expected at least 2 (leave out a digit of one value)}}
func.func private @view_c1_radix_zero() attributes {a = #photonic.view<groups = [0 x d0]>}

// -----

// expected-error@+1 {{digit 0 of columns has step 0}}
func.func private @view_c1_step() attributes {a = #photonic.view<columns = [4 x d0 by 0]>}

// -----

// expected-error@+1 {{digit 0 of positions is on dimension 8, expected 0 to 7}}
func.func private @view_c1_dimension() attributes {a = #photonic.view<positions = [4 x d8]>}

// -----

// expected-error@+1 {{digit 1 of rows goes on where the one before it ends; write them as one digit of radix 12}}
func.func private @view_c2() attributes {a = #photonic.view<rows = [4 x d0 by 2, 3 x d0 by 8]>}

// -----

// Backwards, too.
// expected-error@+1 {{digit 1 of rows goes on where the one before it ends; write them as one digit of radix 6}}
func.func private @view_c2_backwards() attributes {a = #photonic.view<rows = [2 x d0 by -1, 3 x d0 by -2]>}

// -----

// One that leaves a gap, is on another dimension or in another index is its own.
func.func private @view_c2_apart() attributes {a = #photonic.view<rows = [4 x d0, 3 x d0 by 5, 2 x d1 by 15], columns = [2 x d0 by 4]>}

// -----

// expected-error@+1 {{offsets are all 0; leave them out}}
func.func private @view_c3() attributes {a = #photonic.view<rows = [4 x d0], offsets = [0, 0]>}

// -----

// What is computed from coordinates stays far from the end of 64 bits.
// expected-error@+1 {{digit 0 of rows reaches beyond 2^40}}
func.func private @view_limit_step() attributes {a = #photonic.view<rows = [2 x d0 by 549755813889]>}

// -----

// expected-error@+1 {{digit 1 of columns reaches beyond 2^40}}
func.func private @view_limit_radix() attributes {a = #photonic.view<columns = [1048576 x d0, 1048577 x d1]>}

// -----

func.func private @view_limit_reached() attributes {a = #photonic.view<rows = [2 x d0 by -549755813888], columns = [1048576 x d0, 1048576 x d1], offsets = [1099511627776]>}

// -----

// expected-error@+1 {{offset -1099511627777 is beyond 2^40}}
func.func private @view_limit_offset() attributes {a = #photonic.view<rows = [4 x d0], offsets = [-1099511627777]>}

// -----

// expected-error@+1 {{expected groups, positions, rows, columns or offsets, each at most once, found 'cols'}}
func.func private @view_unknown() attributes {a = #photonic.view<cols = [4 x d0]>}

// -----

// expected-error@+1 {{expected groups, positions, rows, columns or offsets, each at most once, found 'rows'}}
func.func private @view_twice() attributes {a = #photonic.view<rows = [4 x d0], rows = [4 x d1]>}

// -----

// expected-error@+1 {{expected a dimension d0 to d7}}
func.func private @view_no_dimension() attributes {a = #photonic.view<rows = [4 x e0]>}

// -----

// expected-error@+1 {{expected a dimension d0 to d7}}
func.func private @view_no_number() attributes {a = #photonic.view<rows = [4 x d]>}

// -----

// expected-error@+1 {{expected another step than 1, which is not written}}
func.func private @view_step_one() attributes {a = #photonic.view<rows = [4 x d0 by 1]>}

//===----------------------------------------------------------------------===//
// Arrays and formats
//===----------------------------------------------------------------------===//

// -----

// expected-error@+1 {{arrays need the name of their group}}
func.func private @arrays_name() attributes {a = #photonic.arrays<"", over = [0]>}

// -----

// expected-error@+1 {{'over' needs loops of the nest, 0 being the outermost}}
func.func private @arrays_c1_negative() attributes {a = #photonic.arrays<"core", over = [-1, 0]>}

// -----

// expected-error@+1 {{'over' has to name loops that are next to each other, in their order, found 2 behind 0}}
func.func private @arrays_c1_gap() attributes {a = #photonic.arrays<"core", over = [0, 2]>}

// -----

// expected-error@+1 {{'over' has to name loops that are next to each other, in their order, found 0 behind 1}}
func.func private @arrays_c1_order() attributes {a = #photonic.arrays<"core", over = [1, 0]>}

// -----

// expected-error@+1 {{'over' has to name loops that are next to each other, in their order, found 1 behind 1}}
func.func private @arrays_c1_twice() attributes {a = #photonic.arrays<"core", over = [0, 1, 1]>}

// -----

// expected-error@+1 {{mantissa bits must lie in [1, 15], got 16}}
func.func private @bfp_c1() attributes {a = #photonic.bfp<mantissa = 16, group = 16, rounding = trunc>}

// -----

// expected-error@+1 {{group length must lie in [1, 4096], got 0}}
func.func private @bfp_c2() attributes {a = #photonic.bfp<mantissa = 4, group = 0, rounding = trunc>}

// -----

// expected-error@+1 {{group length must lie in [1, 4096], got 4097}}
func.func private @fp32_c1() attributes {a = #photonic.fp32<group = 4097>}

//===----------------------------------------------------------------------===//
// C1: dimensions of views are those of their tensors
//===----------------------------------------------------------------------===//

// -----

#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c1_lhs(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C1) view of lhs has dimension d2, but the tensor has rank 2}}
  %y = photonic.product ins(%w by <rows = [10 x d0], columns = [84 x d2]>, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c1_rhs(%w: tensor<10x84xf32>, %x: tensor<8x4x21x1xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C1) view of rhs has dimension d4, but the tensor has rank 4}}
  %y = photonic.product ins(%w by #weights, %x by <rows = [8 x d0], columns = [4 x d1, 21 x d4]> : tensor<10x84xf32>, tensor<8x4x21x1xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c1_result(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<80xf32>) {
  // expected-error@+1 {{(C1) view of the result has dimension d1, but the tensor has rank 1}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<80xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c1_offsets(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C1) view of rhs has 1 offsets, expected one for each of 2 dimensions}}
  %y = photonic.product ins(%w by #weights, %x by <rows = [8 x d0], columns = [84 x d0], offsets = [1]> : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

// An offset is of a dimension, too.
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c1_more_offsets(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C1) view of lhs has dimension d2, but the tensor has rank 2}}
  %y = photonic.product ins(%w by <rows = [10 x d0], columns = [84 x d1], offsets = [0, 0, 1]>, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c1_rank(%w: tensor<10x84x1x1x1x1x1x1x1xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C1) lhs has rank 9, views have at most 8 dimensions}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84x1x1x1x1x1x1x1xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

//===----------------------------------------------------------------------===//
// C2: extents of views agree
//===----------------------------------------------------------------------===//

// -----

#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c2_groups_lhs(%w: tensor<20x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C2) groups differ: 2 of lhs, 1 of the result}}
  %y = photonic.product ins(%w by <groups = [2 x d0 by 10], rows = [10 x d0], columns = [84 x d1]>, %x by #images : tensor<20x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c2_groups_rhs(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C2) groups differ: 1 of rhs, 2 of the result}}
  %y = photonic.product ins(%w by <groups = [2 x d0 by 5], rows = [5 x d0], columns = [84 x d1]>, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <groups = [2 x d1 by 5], rows = [5 x d1], columns = [8 x d0]> : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c2_m(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C2) rows of the product differ: 9 of lhs, 10 of the result}}
  %y = photonic.product ins(%w by <rows = [9 x d0], columns = [84 x d1]>, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c2_n(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C2) columns of the product differ: 8 of rhs (its rows), 7 of the result}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [7 x d0]> : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c2_k(%w: tensor<10x84xf32>, %x: tensor<8x85xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C2) contraction positions differ: 84 of lhs, 85 of rhs}}
  %y = photonic.product ins(%w by #weights, %x by <rows = [8 x d0], columns = [85 x d1]> : tensor<10x84xf32>, tensor<8x85xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

// How an index is cut into digits is up to each view.
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c2_factors(%w: tensor<10x84xf32>, %x: tensor<8x4x21xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by <rows = [10 x d0], columns = [42 x d1 by 2, 2 x d1]>, %x by <rows = [8 x d0], columns = [4 x d1, 21 x d2]> : tensor<10x84xf32>, tensor<8x4x21xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c2_positions(%w: tensor<2x10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<3x8x10xf32>) {
  // expected-error@+1 {{(C2) 2 positions of lhs, expected 3 or 1}}
  %y = photonic.product ins(%w by <positions = [2 x d0], rows = [10 x d1], columns = [84 x d2]>, %x by #images : tensor<2x10x84xf32>, tensor<8x84xf32>)
      outs(%z by <positions = [3 x d0], rows = [10 x d2], columns = [8 x d1]> : tensor<3x8x10xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
func.func @product_c2_positions_rhs(%w: tensor<10x84xf32>, %x: tensor<2x8x84xf32>, %z: tensor<3x8x10xf32>) {
  // expected-error@+1 {{(C2) 2 positions of rhs, expected 3 or 1}}
  %y = photonic.product ins(%w by #weights, %x by <positions = [2 x d0], rows = [8 x d1], columns = [84 x d2]> : tensor<10x84xf32>, tensor<2x8x84xf32>)
      outs(%z by <positions = [3 x d0], rows = [10 x d2], columns = [8 x d1]> : tensor<3x8x10xf32>) operator = "Gemm"
  return
}

//===----------------------------------------------------------------------===//
// C3: elements of the result differ
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c3_missing(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x17xf32>) {
  // expected-error@+1 {{(C3) groups, rows and columns of the result may meet an element twice in one position: on each dimension a digit has to step beyond all that the digits of smaller steps reach}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d1]> : tensor<8x17xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c3_overlap(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<1x80xf32>) {
  // expected-error@+1 {{(C3) groups, rows and columns of the result may meet an element twice in one position: on each dimension a digit has to step beyond all that the digits of smaller steps reach}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d1 by 9]> : tensor<1x80xf32>) operator = "Gemm"
  return
}

// -----

func.func @product_c3_groups(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C3) groups, rows and columns of the result may meet an element twice in one position: on each dimension a digit has to step beyond all that the digits of smaller steps reach}}
  %y = photonic.product ins(%w by <groups = [2 x d0 by 5], rows = [5 x d0], columns = [84 x d1]>, %x by <groups = [2 x d0 by 4], rows = [4 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <groups = [2 x d1 by 4], rows = [5 x d1], columns = [4 x d0]> : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

// Several indices may share a dimension, forwards and backwards.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c3_flat(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<80xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d0], columns = [8 x d0 by 10]> : tensor<80xf32>) operator = "Gemm"
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c3_backwards(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<80xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d0 by -1], columns = [8 x d0 by 10], offsets = [9]> : tensor<80xf32>) operator = "Gemm"
  return
}

// -----

// Different positions may have the same elements.
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
func.func @product_c3_positions(%w: tensor<3x10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x12xf32>) {
  %y = photonic.product ins(%w by <positions = [3 x d0], rows = [10 x d1], columns = [84 x d2]>, %x by #images : tensor<3x10x84xf32>, tensor<8x84xf32>)
      outs(%z by <positions = [3 x d1], rows = [10 x d1], columns = [8 x d0]> : tensor<8x12xf32>) operator = "Gemm"
  return
}

//===----------------------------------------------------------------------===//
// C4: formats and regions
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @product_c4(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C4) has formats but no regions}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#fp32, #fp32]
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c4_regions(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C4) has regions but no formats}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

// The syntax has no way to say it.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @product_c4_one(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C4) needs formats for both operands or for neither}}
  %y = "photonic.product"(%w, %x, %z) <{lhs_view = #weights, rhs_view = #images, result_view = #outputs,
      operator_name = "Gemm", lhs_format = #fp32}> ({}, {})
      : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @product_c4_combine(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C4) has formats but no regions}}
  %y = "photonic.product"(%w, %x, %z) <{lhs_view = #weights, rhs_view = #images, result_view = #outputs,
      operator_name = "Gemm", lhs_format = #fp32, rhs_format = #fp32}> ({
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }, {}) : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

//===----------------------------------------------------------------------===//
// C5: formats of both operands
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
#fp8 = #photonic.fp32<group = 8>
func.func @product_c5_reals(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C5) groups of fp32:16 and fp32:8 must have the same length}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#fp32, #fp8]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#fp32 = #photonic.fp32<group = 16>
func.func @product_c5_kinds(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C5) one format has integers, the other reals: bfp:4:16:trunc and fp32:16}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #fp32]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#bfp24 = #photonic.bfp<mantissa = 4, group = 24, rounding = trunc>
func.func @product_c5_integers(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C5) groups of bfp:4:16:trunc and bfp:4:24:trunc: one must be a multiple of the other}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp24]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#bfp32 = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @product_c5_multiple(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp32, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

//===----------------------------------------------------------------------===//
// C6: the region pass
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c6_arguments(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass must take ('vector<16xi8>', 'vector<16xi8>'), got ('vector<16xi16>', 'vector<16xi8>')}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi16>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi16>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// A pass has no more elements than a term,
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c6_long(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass must take ('vector<16xi8>', 'vector<16xi8>'), got ('vector<32xi8>', 'vector<32xi8>')}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<32xi8>, %b: vector<32xi8>):
    %d = photonic.dot %a, %b : vector<32xi8>, vector<32xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// A residue is no sum.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c6_residue(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass yields what 'photonic.modular_dot' computes, which is no sum yet; convert it}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %r : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// which is what the shorter groups multiply to.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#bfp32 = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @product_c6_term(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass must take ('vector<16xi8>', 'vector<16xi8>'), got ('vector<32xi8>', 'vector<32xi8>')}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp32, #bfp]
  pass {
  ^bb0(%a: vector<32xi8>, %b: vector<32xi8>):
    %d = photonic.dot %a, %b : vector<32xi8>, vector<32xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// Sums of binary32 are no matter of passes: they take the whole group.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @product_c6_passes(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass must take ('vector<16xf32>', 'vector<16xf32>'), got ('vector<8xf32>', 'vector<8xf32>')}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#fp32, #fp32]
  pass {
  ^bb0(%a: vector<8xf32>, %b: vector<8xf32>):
    %d = photonic.dot %a, %b : vector<8xf32>, vector<8xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c6_foreign(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass holds 'arith.addi', which does not belong there}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    // expected-note@+1 {{here}}
    %e = arith.addi %d, %d : i32
    photonic.yield %e : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c6_yield(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass must yield 'i32'}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i64
    photonic.yield %d : i64
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// 16 * 32767 * 32767 needs more than 32 bits.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c6_wide(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C6) region pass must yield 'i64'}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#photonic.bfp<mantissa = 15, group = 16, rounding = trunc>, #photonic.bfp<mantissa = 15, group = 16, rounding = trunc>]
  pass {
  ^bb0(%a: vector<16xi16>, %b: vector<16xi16>):
    %d = photonic.dot %a, %b : vector<16xi16>, vector<16xi16> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

//===----------------------------------------------------------------------===//
// C7: the region combine
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_arguments(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine must take ('i32', 'f32'), got ('i64', 'f32')}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i64, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i64
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_order(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine must take ('i32', 'f32'), got ('f32', 'i32')}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%acc: f32, %sum: i32):
    photonic.yield %acc : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_foreign(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine holds 'arith.addf', which does not belong there}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    // expected-note@+1 {{here}}
    %e = arith.addf %r, %acc : f32
    photonic.yield %e : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_yield(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine must yield 'f32'}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %sum : i32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_nothing(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine must yield what its last operation computes}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    photonic.yield %acc : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_ignored(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine must yield what its last operation computes}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %acc : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c7_two(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C7) region combine computes what it does not use}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    // expected-note@+1 {{here}}
    %q = photonic.scaled_add %acc, %sum : i32
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

//===----------------------------------------------------------------------===//
// C8: what a pass computes represents its sums
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c8(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C8) sums of a pass reach 3600, but the moduli represent only [-495, 495]}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [31, 32] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// A group of 32 in passes of 16 fits where a pass of 32 does not.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp32 = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @product_c8_passes(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp32, #bfp32]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 85 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 86 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [85, 86] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp32 = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @product_c8_whole(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C8) sums of a pass reach 7200, but the moduli represent only [-3654, 3654]}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp32, #bfp32]
  pass {
  ^bb0(%a: vector<32xi8>, %b: vector<32xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 85 : vector<32xi8>, vector<32xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 86 : vector<32xi8>, vector<32xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [85, 86] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// Both mantissas count: 16 * 15 * 1 stays within 495.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c8_different(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #photonic.bfp<mantissa = 1, group = 16, rounding = trunc>]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [31, 32] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

//===----------------------------------------------------------------------===//
// C9: random numbers
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#random = #photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>
func.func @product_c9(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C9) format bfp:4:16:stochastic rounds at random and needs key and stream}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#random, #random]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// One of both is enough.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#random = #photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>
func.func @product_c9_second(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C9) format bfp:4:16:stochastic rounds at random and needs key and stream}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #random]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_c9_key(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %k: tensor<3xf32>) {
  // expected-error@+1 {{(C9) has a key or a stream, but no format that rounds at random}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" key = %k : tensor<3xf32> stream = 0
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c9_formats(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %k: tensor<3xf32>) {
  // expected-error@+1 {{(C9) has a key or a stream, but no format that rounds at random}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" key = %k : tensor<3xf32> stream = 0 formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_key(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %k: tensor<2xf32>) {
  // expected-error@+1 {{operand #3 must be tensor with 3 elements of 32-bit float values, but got 'tensor<2xf32>'}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" key = %k : tensor<2xf32> stream = 0
  return
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
func.func @product_dynamic(%w: tensor<?x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{operand #0 must be tensor of 32-bit floats or stored elements with static, positive extents}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<?x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return
}

//===----------------------------------------------------------------------===//
// Operations in the region pass
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c1_length(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<8xi8>):
    // expected-error@+1 {{(C1) groups do not agree: 'vector<16xi8>' and 'vector<8xi8>'}}
    %d = photonic.dot %a, %b : vector<16xi8>, vector<8xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c1_kind(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xf32>):
    // expected-error@+1 {{(C1) groups do not agree: 'vector<16xi8>' and 'vector<16xf32>'}}
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xf32> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c2(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C2) product of 'vector<16xi8>' must be i32 or i64, got 'f32'}}
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c3(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C3) operand 1 must be argument 1 of the region}}
    %d = photonic.dot %a, %a : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c3_order(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C3) operand 0 must be argument 0 of the region}}
    %d = photonic.dot %b, %a : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @modular_dot_c1(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    // expected-error@+1 {{(C1) needs integers, got 'vector<16xf32>'}}
    %d = photonic.modular_dot %a, %b modulus = 31 : vector<16xf32>, vector<16xf32> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @modular_dot_c2(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C2) modulus must lie in [2, 65536], got 65537}}
    %d = photonic.modular_dot %a, %b modulus = 65537 : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @modular_dot_c3(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C3) operand 0 must be argument 0 of the region}}
    %d = photonic.modular_dot %b, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c1(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C1) has 1 residues and 2 moduli}}
    %d = photonic.reverse_convert %r moduli = [31, 32] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c2(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C2) modulus must lie in [2, 65536], got 1}}
    %d = photonic.reverse_convert %r moduli = [1] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c2_product(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 65536 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 65535 : vector<16xi8>, vector<16xi8> -> i32
    %r2 = photonic.modular_dot %a, %b modulus = 65533 : vector<16xi8>, vector<16xi8> -> i32
    %r3 = photonic.modular_dot %a, %b modulus = 65531 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C2) product of the moduli exceeds 4611686018427387904}}
    %d = photonic.reverse_convert %r0, %r1, %r2, %r3 moduli = [65536, 65535, 65533, 65531] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c3(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 128 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 130 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C3) moduli 128 and 130 share the factor 2}}
    %d = photonic.reverse_convert %r0, %r1 moduli = [128, 130] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c4(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 128 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 129 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C4) residue 0 is modulo 128, not 129}}
    %d = photonic.reverse_convert %r0, %r1 moduli = [129, 128] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c4_order(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 128 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 129 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C4) residue 0 must be what modular_dot 0 of the region computes}}
    %d = photonic.reverse_convert %r1, %r0 moduli = [129, 128] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c4_missing(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 128 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 129 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C4) leaves out a residue that the region computes}}
    %d = photonic.reverse_convert %r0 moduli = [128] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

//===----------------------------------------------------------------------===//
// Operations in the region combine
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @scaled_add_c1(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %q = photonic.scaled_add %acc, %sum : i32
    // expected-error@+1 {{(C1) operands must be the accumulator and the sum, arguments 1 and 0 of the region}}
    %r = photonic.scaled_add %q, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// Addition is commutative, but which is which matters to those who read it.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @float_add_c1(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>) {
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#fp32, #fp32]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    // expected-error@+1 {{(C1) operands must be the accumulator and the sum, arguments 1 and 0 of the region}}
    %r = photonic.float_add %sum, %acc
    photonic.yield %r : f32
  }
  return
}

// -----

func.func @outside(%acc: f32, %sum: f32) -> f32 {
  // expected-error@+1 {{'photonic.float_add' op expects parent op to be one of 'photonic.product, photonic.array_product'}}
  %r = photonic.float_add %acc, %sum
  return %r : f32
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c1(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<80xf32>, %i: index) {
  // expected-error@+1 {{(C1) view of the result has dimension d1, but the tensor has rank 1}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<80xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c2(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<10x10xf32>, %i: index) {
  // expected-error@+1 {{(C2) columns of the product differ: 8 of rhs (its rows), 10 of the result}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d0], columns = [10 x d1]> : tensor<10x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c3(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C3) groups, rows and columns of the result may meet an element twice in one position: on each dimension a digit has to step beyond all that the digits of smaller steps reach}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d1]> : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

// A tile has formats.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c4(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{requires attribute 'rhs_format'}}
  %y = "photonic.array_product"(%w, %x, %z, %i, %i, %i, %i, %i) <{lhs_view = #weights, rhs_view = #images,
      result_view = #outputs, operator_name = "Gemm", sizes = array<i64: 32, 8, 16>, lhs_format = #fp32,
      stationary = #photonic<stationary first>, arrays = #photonic.arrays<"core", over = [0]>,
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0>}> ({
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }, {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }) : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<8x10xf32>, index, index, index, index, index) -> tensor<8x10xf32>
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
#fp8 = #photonic.fp32<group = 8>
func.func @array_product_c5(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C5) groups of fp32:16 and fp32:8 must have the same length}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp8] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c6(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C6) region pass must take ('vector<16xf32>', 'vector<16xf32>'), got ('vector<8xf32>', 'vector<8xf32>')}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<8xf32>, %b: vector<8xf32>):
    %d = photonic.dot %a, %b : vector<8xf32>, vector<8xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @array_product_c7(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C7) region combine must take ('i32', 'f32'), got ('f32', 'f32')}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @array_product_c8(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C8) sums of a pass reach 3600, but the moduli represent only [-495, 495]}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [31, 32] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#random = #photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>
func.func @array_product_c9(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C9) format bfp:4:16:stochastic rounds at random and needs key and stream}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#random, #random] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c10(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C11) sizes must be [at least 1, at least 1, 16], the last being the length of a term, got [32, 8, 32]}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 32] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c10_rows(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C11) sizes must be [at least 1, at least 1, 16], the last being the length of a term, got [0, 8, 16]}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [0, 8, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c10_vectors(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C11) sizes must be [at least 1, at least 1, 16], the last being the length of a term, got [32, 0, 16]}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 0, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}

// -----

// A term of several passes is one tile.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp32 = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @array_product_c10_pass(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C11) sizes must be [at least 1, at least 1, 32], the last being the length of a term, got [32, 8, 16]}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 16] start %i
      operator = "Gemm" formats = [#bfp32, #bfp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// Of groups of different lengths the shorter ones make a term.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#bfp32 = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @array_product_c10_shorter(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C11) sizes must be [at least 1, at least 1, 16], the last being the length of a term, got [32, 8, 32]}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 8, 32] start %i
      operator = "Gemm" formats = [#bfp32, #bfp] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>
#fp32 = #photonic.fp32<group = 16>
func.func @array_product_sizes(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %z: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{attribute 'sizes' failed to satisfy constraint}}
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) tile [%i, %i, %i, %i, %i] sizes = [32, 16] start %i
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return
}
