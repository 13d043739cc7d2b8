// RUN: photonic-opt %s | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --mlir-print-op-generic | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --verify-roundtrip -o /dev/null

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#wide = #photonic.bfp<mantissa = 9, group = 8, rounding = nearest>
#fp32 = #photonic.fp32<group = 16>
#random = #photonic.bfp<mantissa = 4, group = 32, rounding = stochastic>
// Views of a linear layer, by another name.
#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

// All indices of a view and none, steps other than 1, backwards too, and in any
// order; what is not there is not printed.
// CHECK-LABEL: func.func private @views() attributes
// CHECK-SAME: a = #photonic.view<>
// CHECK-SAME: b = #photonic.view<groups = [2 x d1 by 4], positions = [3 x d3, 3 x d2], rows = [4 x d1], columns = [6 x d3 by 2, 6 x d2 by -2], offsets = [0, 0, -1, 11]>
// CHECK-SAME: c = #photonic.view<columns = [5 x d7, 2 x d7 by 6]>
// CHECK-SAME: d = #photonic.view<offsets = [1, 0]>
func.func private @views() attributes {
  a = #photonic.view<>,
  b = #photonic.view<offsets = [0, 0, -1, 11], columns = [6 x d3 by 2, 6 x d2 by -2], rows = [4 x d1],
                     positions = [3 x d3, 3 x d2], groups = [2 x d1 by 4]>,
  c = #photonic.view<rows = [], columns = [5 x d7, 2 x d7 by 6], offsets = []>,
  d = #photonic.view<offsets = [1, 0]>}

// CHECK-LABEL: func.func private @arrays() attributes
// CHECK-SAME: a = #photonic.arrays<"core", over = [0]>
// CHECK-SAME: b = #photonic.arrays<"other cores", over = [1, 2, 3]>
func.func private @arrays() attributes {
  a = #photonic.arrays<"core", over = [0]>, b = #photonic.arrays<"other cores", over = [1, 2, 3]>}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

// A product as `lower` creates it: no formats, no regions.
// CHECK-LABEL: func.func @lowered_linear
func.func @lowered_linear(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK: %[[Z:.*]] = photonic.zeros : tensor<8x10xf32>
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: photonic.product ins(%{{.*}} by <rows = [10 x d0], columns = [84 x d1]>, %{{.*}} by <rows = [8 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%[[Z]] by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
  // CHECK-SAME: operator = "Gemm"{{$}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @lowered_convolution
func.func @lowered_convolution(%w: tensor<6x2x3x1xf32>, %x: tensor<2x4x9x8xf32>) -> tensor<2x6x5x8xf32> {
  %z = photonic.zeros : tensor<2x6x5x8xf32>
  // CHECK: photonic.product ins(%{{.*}} by <groups = [2 x d0 by 3], rows = [3 x d0], columns = [2 x d1, 3 x d2]>,
  // CHECK-SAME: %{{.*}} by <groups = [2 x d1 by 2], rows = [8 x d3, 5 x d2 by 2, 2 x d0], columns = [2 x d1, 3 x d2], offsets = [0, 0, -1, 0]> :
  // CHECK-SAME: outs(%{{.*}} by <groups = [2 x d1 by 3], rows = [3 x d1], columns = [8 x d3, 5 x d2, 2 x d0]> :
  // CHECK-SAME: operator = "Conv" {hint = 1 : i64}{{$}}
  %y = photonic.product
      ins(%w by <groups = [2 x d0 by 3], rows = [3 x d0], columns = [2 x d1, 3 x d2]>,
          %x by <groups = [2 x d1 by 2], rows = [8 x d3, 5 x d2 by 2, 2 x d0], columns = [2 x d1, 3 x d2],
                 offsets = [0, 0, -1, 0]>
          : tensor<6x2x3x1xf32>, tensor<2x4x9x8xf32>)
      outs(%z by <groups = [2 x d1 by 3], rows = [3 x d1], columns = [8 x d3, 5 x d2, 2 x d0]>
          : tensor<2x6x5x8xf32>)
      operator = "Conv" {hint = 1}
  return %y : tensor<2x6x5x8xf32>
}

// The gradients of both operands of a convolution.
// CHECK-LABEL: func.func @gradients
func.func @gradients(%w: tensor<6x2x3x1xf32>, %x: tensor<2x2x9x8xf32>, %dy: tensor<2x6x7x8xf32>)
    -> (tensor<2x2x9x8xf32>, tensor<6x2x3x1xf32>) {
  %zx = photonic.zeros : tensor<2x2x9x8xf32>
  // CHECK: photonic.product ins(%{{.*}} by <positions = [3 x d2], rows = [2 x d1], columns = [6 x d0]>,
  // CHECK-SAME: outs(%{{.*}} by <positions = [3 x d2], rows = [2 x d1], columns = [8 x d3, 7 x d2, 2 x d0]> : tensor<2x2x9x8xf32>)
  %dx = photonic.product
      ins(%w by <positions = [3 x d2], rows = [2 x d1], columns = [6 x d0]>,
          %dy by <rows = [8 x d3, 7 x d2, 2 x d0], columns = [6 x d1]>
          : tensor<6x2x3x1xf32>, tensor<2x6x7x8xf32>)
      outs(%zx by <positions = [3 x d2], rows = [2 x d1], columns = [8 x d3, 7 x d2, 2 x d0]>
          : tensor<2x2x9x8xf32>)
      operator = "Conv"
  %zw = photonic.zeros : tensor<6x2x3x1xf32>
  // CHECK: photonic.product ins(%{{.*}} by <rows = [6 x d1], columns = [8 x d3, 7 x d2, 2 x d0]>,
  // CHECK-SAME: outs(%{{.*}} by <rows = [6 x d0], columns = [2 x d1, 3 x d2]> : tensor<6x2x3x1xf32>)
  %dw = photonic.product
      ins(%dy by <rows = [6 x d1], columns = [8 x d3, 7 x d2, 2 x d0]>,
          %x by <rows = [2 x d1, 3 x d2], columns = [8 x d3, 7 x d2, 2 x d0]>
          : tensor<2x6x7x8xf32>, tensor<2x2x9x8xf32>)
      outs(%zw by <rows = [6 x d0], columns = [2 x d1, 3 x d2]> : tensor<6x2x3x1xf32>)
      operator = "Conv"
  return %dx, %dw : tensor<2x2x9x8xf32>, tensor<6x2x3x1xf32>
}

// What is no layer: the product of two vectors, one of them backwards, added to a
// value. Views of one element say nothing.
// CHECK-LABEL: func.func @reversed
// CHECK-SAME: %[[INIT:[a-z0-9]*]]: tensor<1xf32>)
func.func @reversed(%a: tensor<84xf32>, %b: tensor<84xf32>, %init: tensor<1xf32>) -> tensor<1xf32> {
  // CHECK: photonic.product ins(%{{.*}} by <columns = [84 x d0]>, %{{.*}} by <columns = [84 x d0 by -1], offsets = [83]> : tensor<84xf32>, tensor<84xf32>)
  // CHECK-SAME: outs(%[[INIT]] by <> : tensor<1xf32>) operator = "Dot"
  %y = photonic.product
      ins(%a by <columns = [84 x d0]>, %b by <columns = [84 x d0 by -1], offsets = [83]>
          : tensor<84xf32>, tensor<84xf32>)
      outs(%init by <> : tensor<1xf32>) operator = "Dot"
  return %y : tensor<1xf32>
}

// Both operands may have positions of their own.
// CHECK-LABEL: func.func @positions
func.func @positions(%a: tensor<3x10x84xf32>, %b: tensor<3x8x84xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: ins(%{{.*}} by <positions = [3 x d0], rows = [10 x d1], columns = [84 x d2]>, %{{.*}} by <positions = [3 x d0], rows = [8 x d1], columns = [84 x d2]> :
  %y = photonic.product
      ins(%a by <positions = [3 x d0], rows = [10 x d1], columns = [84 x d2]>,
          %b by <positions = [3 x d0], rows = [8 x d1], columns = [84 x d2]>
          : tensor<3x10x84xf32>, tensor<3x8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "MatMul"
  return %y : tensor<8x10xf32>
}

// A group of 32 in passes of 16, rounded at random.
// CHECK-LABEL: func.func @random
func.func @random(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %k: tensor<3xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: photonic.product {{.*}} operator = "Gemm" key = %{{.*}} : tensor<3xf32> stream = 3 formats = [#photonic.bfp<mantissa = 4, group = 32, rounding = stochastic>, #photonic.bfp<mantissa = 4, group = 32, rounding = stochastic>] pass {
  // CHECK-NEXT: vector<16xi8>
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" key = %k : tensor<3xf32> stream = 3
      formats = [#random, #random]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @formatted
func.func @formatted(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: photonic.product {{.*}} operator = "Gemm"
  // CHECK-SAME: formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>]
  // CHECK-SAME: stationary = second {hint = 1 : i64} pass {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: vector<16xi8>, %[[B:.*]]: vector<16xi8>):
  // CHECK-NEXT: %[[D:.*]] = photonic.dot %[[A]], %[[B]] : vector<16xi8>, vector<16xi8> -> i32
  // CHECK-NEXT: photonic.yield %[[D]] : i32
  // CHECK-NEXT: } combine {
  // CHECK-NEXT: ^bb0(%[[SUM:.*]]: i32, %[[ACC:.*]]: f32):
  // CHECK-NEXT: %[[R:.*]] = photonic.scaled_add %[[ACC]], %[[SUM]] : i32
  // CHECK-NEXT: photonic.yield %[[R]] : f32
  // CHECK-NEXT: }
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
      formats = [#bfp, #bfp] stationary = second {hint = 1}
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x10xf32>
}

// CHECK-LABEL: func.func @bypass
func.func @bypass(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>] stationary = first pass {
  // CHECK: photonic.dot %{{.*}}, %{{.*}} : vector<16xf32>, vector<16xf32> -> f32
  // CHECK: ^bb0(%[[SUM:.*]]: f32, %[[ACC:.*]]: f32):
  // CHECK-NEXT: %[[R:.*]] = photonic.float_add %[[ACC]], %[[SUM]]{{$}}
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
      formats = [#fp32, #fp32] stationary = first
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

// Mantissas of more than 7 bits need i16; moduli may be even.
// CHECK-LABEL: func.func @split_wide
func.func @split_wide(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 2047 : vector<8xi16>, vector<8xi16> -> i32
  // CHECK: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 2048 :
  // CHECK: photonic.reverse_convert %{{.*}}, %{{.*}} moduli = [2047, 2048] : i32
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#wide, #wide]
  pass {
  ^bb0(%a: vector<8xi16>, %b: vector<8xi16>):
    %r0 = photonic.modular_dot %a, %b modulus = 2047 : vector<8xi16>, vector<8xi16> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 2048 : vector<8xi16>, vector<8xi16> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [2047, 2048] : i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x10xf32>
}

// Operands may have formats of their own: mantissas, roundings, and groups of which
// one is a multiple of the other. A term is as long as the shorter ones.
// CHECK-LABEL: func.func @different_formats
func.func @different_formats(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  // CHECK: formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, #photonic.bfp<mantissa = 9, group = 8, rounding = nearest>]
  // CHECK: ^bb0(%{{.*}}: vector<8xi8>, %{{.*}}: vector<8xi16>):
  // CHECK: photonic.dot %{{.*}}, %{{.*}} : vector<8xi8>, vector<8xi16> -> i32
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" formats = [#bfp, #wide]
  pass {
  ^bb0(%a: vector<8xi8>, %b: vector<8xi16>):
    %d = photonic.dot %a, %b : vector<8xi8>, vector<8xi16> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x10xf32>
}

//===----------------------------------------------------------------------===//
// Tiles of products
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @tile
// CHECK-SAME: %[[INIT:[a-z0-9]*]]: tensor<8x10xf32>, %[[G:[a-z0-9]*]]: index, %[[M:[a-z0-9]*]]: index, %[[K:[a-z0-9]*]]: index)
func.func @tile(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %init: tensor<8x10xf32>,
                %g: index, %m: index, %k: index) -> tensor<8x10xf32> {
  %c0 = arith.constant 0 : index
  // CHECK: %[[C0:.*]] = arith.constant 0 : index
  // CHECK: photonic.array_product ins(%{{.*}} by <rows = [10 x d0], columns = [84 x d1]>, %{{.*}} by <rows = [8 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
  // CHECK-SAME: outs(%[[INIT]] by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
  // CHECK-SAME: tile [%[[G]], %[[C0]], %[[M]], %[[C0]], %[[K]]] sizes = [32, 8, 16] start %[[K]] operator = "Gemm"
  // CHECK-SAME: formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>] stationary = first arrays = <"core", over = [0, 1, 2]> pass {
  // CHECK: } combine {
  %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%init by #outputs : tensor<8x10xf32>) tile [%g, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k
      operator = "Gemm" formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1, 2]>
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

// Without `start` accumulators go on from what `init` holds.
// CHECK-LABEL: func.func @tile_of_gradient
func.func @tile_of_gradient(%w: tensor<10x84xf32>, %dy: tensor<8x10xf32>, %key: tensor<3xf32>,
                            %n: index, %k: index) -> tensor<8x84xf32> {
  %c0 = arith.constant 0 : index
  // CHECK: %[[ZERO:.*]] = photonic.zeros {hint = 2 : i64} : tensor<8x84xf32>
  %init = photonic.zeros {hint = 2} : tensor<8x84xf32>
  // CHECK: photonic.array_product ins({{.*}} outs(%[[ZERO]] by <rows = [84 x d1], columns = [8 x d0]> : tensor<8x84xf32>)
  // CHECK-SAME: sizes = [84, 32, 32] operator = "Gemm" key = %{{.*}} : tensor<3xf32> stream = 0 formats =
  // CHECK-SAME: stationary = second arrays = <"core", over = [1]> {hint = 1 : i64} pass {
  %y = photonic.array_product
      ins(%w by <rows = [84 x d1], columns = [10 x d0]>, %dy by <rows = [8 x d0], columns = [10 x d1]>
          : tensor<10x84xf32>, tensor<8x10xf32>)
      outs(%init by <rows = [84 x d1], columns = [8 x d0]> : tensor<8x84xf32>)
      tile [%c0, %c0, %c0, %n, %k] sizes = [84, 32, 32] operator = "Gemm"
      key = %key : tensor<3xf32> stream = 0 formats = [#random, #random]
      stationary = second arrays = <"core", over = [1]> {hint = 1}
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return %y : tensor<8x84xf32>
}

//===----------------------------------------------------------------------===//
// Decisions of stage `schedule`
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @fused
// CHECK-SAME: attributes {photonic.memory = #photonic.memory<hierarchy>}
func.func @fused(%a: tensor<8x512xf32>) -> tensor<8x512xf32> attributes {photonic.memory = #photonic.memory<hierarchy>} {
  // CHECK: photonic.fused {
  // CHECK-NEXT: nn.relu
  // CHECK-NEXT: photonic.yield %{{.*}} : tensor<8x512xf32>
  // CHECK-NEXT: } : tensor<8x512xf32>
  %0 = photonic.fused {
    %r = nn.relu %a : tensor<8x512xf32>
    photonic.yield %r : tensor<8x512xf32>
  } : tensor<8x512xf32>
  // In one order, whatever they are written in.
  // CHECK: photonic.fused chunk = <rows = 3, images = 2, lines = 1> buffers = <first = 1, second = 2, result = 3> {
  %1 = photonic.fused chunk = <lines = 1, rows = 3, images = 2> buffers = <result = 3, second = 2, first = 1> {
    %r = nn.relu %0 : tensor<8x512xf32>
    photonic.yield %r : tensor<8x512xf32>
  } : tensor<8x512xf32>
  // CHECK: photonic.fused chunk = <groups = 4>
  %2 = photonic.fused chunk = <groups = 4> {
    %r = nn.relu %1 : tensor<8x512xf32>
    photonic.yield %r : tensor<8x512xf32>
  } : tensor<8x512xf32>
  // CHECK: photonic.fused chunk = <> buffers = <operands = 1, result = 1> {
  %3 = photonic.fused chunk = <> buffers = <operands = 1, result = 1> {
    %r = nn.relu %2 : tensor<8x512xf32>
    photonic.yield %r : tensor<8x512xf32>
  } : tensor<8x512xf32>
  // CHECK: photonic.fused chunk = <units = 64>
  %4 = photonic.fused chunk = <units = 64> {
    %r = nn.relu %3 : tensor<8x512xf32>
    photonic.yield %r : tensor<8x512xf32>
  } : tensor<8x512xf32>
  return %4 : tensor<8x512xf32>
}
