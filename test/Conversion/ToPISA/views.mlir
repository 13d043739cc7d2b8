// What views say is in the access maps of the program: digits of rows and columns
// over the dimensions of a tensor, as bytes. Groups move the address.
//
// RUN: photonic-opt --mlir-print-debuginfo=false %s --split-input-file --photonic-set-target="target=mirage set=core.count=1" --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program | FileCheck %s
// RUN: photonic-opt %s --split-input-file --photonic-set-target="target=mirage set=core.count=1" --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program --photonic-insert-tokens --photonic-verify-program -o /dev/null

// Matrices.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}8, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d0], columns = [40 x d1]>, %x by <rows = [8 x d0], columns = [40 x d1]> : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [8 x d0]> : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Transposed ones.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [40, 400, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}8, 4, 0, 0, 0], [40, 32, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 32, 0, 0, 0], [8, 4, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<40x100xf32>, %x: tensor<40x8xf32>) -> tensor<100x8xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<100x8xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<100x8xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<100x8xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d1], columns = [40 x d0]>, %x by <rows = [8 x d1], columns = [40 x d0]> : tensor<40x100xf32>, tensor<40x8xf32>)
          outs(%a1 by <rows = [100 x d0], columns = [8 x d1]> : tensor<100x8xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<100x8xf32>
    }
    scf.yield %r1 : tensor<100x8xf32>
  }
  return %r0 : tensor<100x8xf32>
}

// -----

// Backwards: the first element of each row is the last of the tensor's.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, -1]] axes {{\[\[}}8, 160, 0, 0, 0], [40, 4, 39, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d0], columns = [40 x d1]>, %x by <rows = [8 x d0], columns = [40 x d1 by -1], offsets = [0, 39]> : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [8 x d0]> : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Every other row of a part of a larger tensor; what is the same throughout is an
// axis without digits.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 2]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}201, 160, 1, 0, 0], [40, 4, 0, 0, 0], [3, 32160, 2, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}8, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
// CHECK: pisa.core_program core[0] {{.*}} from act[0] row
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<3x201x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d1 by 2], columns = [40 x d2], offsets = [2, 1, 0]>, %x by <rows = [8 x d0], columns = [40 x d1]> : tensor<3x201x40xf32>, tensor<8x40xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [8 x d0]> : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// So is what lies outside of the tensor throughout, and reads +0.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 320, 0, 0, 0], [40, 8, 0, 0, 0], [2, 4, -1, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}8, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x40x2xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d0], columns = [40 x d1], offsets = [0, 0, -1]>, %x by <rows = [8 x d0], columns = [40 x d1]> : tensor<100x40x2xf32>, tensor<8x40xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [8 x d0]> : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Dimensions that follow each other are one, where both are there as a whole.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}8, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<2x4x8x5xf32>) -> tensor<2x4x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<2x4x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<2x4x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<2x4x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d0], columns = [40 x d1]>, %x by <rows = [4 x d1, 2 x d0], columns = [5 x d3, 8 x d2]> : tensor<100x40xf32>, tensor<2x4x8x5xf32>)
          outs(%a1 by <rows = [100 x d2], columns = [4 x d1, 2 x d0]> : tensor<2x4x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<2x4x100xf32>
    }
    scf.yield %r1 : tensor<2x4x100xf32>
  }
  return %r0 : tensor<2x4x100xf32>
}

// -----

// A part of one is not.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}4, 0, 1], [2, 1, 1]] cols {{\[\[}}5, 2, 1], [8, 3, 1]] axes {{\[\[}}5, 192, 0, 0, 0], [2, 960, 0, 0, 0], [6, 4, 0, 0, 0], [8, 24, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<2x5x8x6xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d0], columns = [40 x d1]>, %x by <rows = [4 x d1, 2 x d0], columns = [5 x d3, 8 x d2]> : tensor<100x40xf32>, tensor<2x5x8x6xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [8 x d0]> : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Rows and columns may share a dimension: windows, moved by 2, of elements that are 3
// apart; one lies in front of the tensor.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 2]] cols {{\[\[}}40, 0, 3]] axes {{\[\[}}130, 4, -1, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<130xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by <rows = [100 x d0], columns = [40 x d1]>, %x by <rows = [8 x d0 by 2], columns = [40 x d0 by 3], offsets = [-1]> : tensor<100x40xf32>, tensor<130xf32>)
          outs(%a1 by <rows = [100 x d1], columns = [8 x d0]> : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
        %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
        photonic.yield %d : f32
      } combine {
      ^bb0(%sum: f32, %acc: f32):
        %r = photonic.float_add %acc, %sum
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Products in a batch are groups: addresses move from one to the next.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}100, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows {{\[\[}}8, 0, 1]] cols {{\[\[}}40, 1, 1]] axes {{\[\[}}8, 160, 0, 0, 0], [40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 2 rows {{\[\[}}100, 0, 1]] cols {{\[\[}}8, 1, 1]] axes {{\[\[}}100, 4, 0, 0, 0], [8, 400, 0, 0, 0]]{{$}}
// CHECK: pisa.product 0 m 100 n 8 k 40 groups 3 stationary first
// CHECK: pisa.core_program core[0] {{.*}} from act[0 + 16000 * l0] row
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} from act[48000 + 1280 * l0] into {{[0-9]+}} act[51840 + 3200 * l0] row
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<3x100x40xf32>, %x: tensor<3x8x40xf32>) -> tensor<3x8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<3x8x100xf32>
  %r0 = scf.for %g = %c0 to %c3 step %c1 iter_args(%a0 = %e) -> (tensor<3x8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<3x8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<3x8x100xf32>) {
        %y = photonic.array_product ins(%w by <groups = [3 x d0], rows = [100 x d1], columns = [40 x d2]>, %x by <groups = [3 x d0], rows = [8 x d1], columns = [40 x d2]> : tensor<3x100x40xf32>, tensor<3x8x40xf32>)
            outs(%a2 by <groups = [3 x d0], rows = [100 x d2], columns = [8 x d1]> : tensor<3x8x100xf32>)
            tile [%g, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<3x8x100xf32>
      }
      scf.yield %r2 : tensor<3x8x100xf32>
    }
    scf.yield %r1 : tensor<3x8x100xf32>
  }
  return %r0 : tensor<3x8x100xf32>
}

// -----

// A single element on both sides.
// CHECK-LABEL: pisa.program
// CHECK: pisa.map 0 rows [] cols {{\[\[}}40, 0, 1]] axes {{\[\[}}40, 4, 0, 0, 0]]{{$}}
// CHECK-NEXT: pisa.map 1 rows [] cols [] axes {{\[\[}}1, 4, 0, 0, 0]]{{$}}
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<40xf32>, %x: tensor<40xf32>) -> tensor<1xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %e = tensor.empty() : tensor<1xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<1xf32>) {
    %y = photonic.array_product ins(%w by <columns = [40 x d0]>, %x by <columns = [40 x d0]> : tensor<40xf32>, tensor<40xf32>)
        outs(%a0 by <> : tensor<1xf32>)
        tile [%c0, %c0, %c0, %c0, %k] sizes = [1, 1, 16] start %k operator = "Dot"
        formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
    pass {
    ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
      %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
      photonic.yield %d : f32
    } combine {
    ^bb0(%sum: f32, %acc: f32):
      %r = photonic.float_add %acc, %sum
      photonic.yield %r : f32
    }
    scf.yield %y : tensor<1xf32>
  }
  return %r0 : tensor<1xf32>
}
