// Nests that stage `tile` does not make, but that compute their products: the
// program has the loops as they stand, but for those that `arrays` names; of these
// one loop deals the iterations to the arrays.
//
// RUN: photonic-opt %s --split-input-file --photonic-verify-tile -o /dev/null
// RUN: photonic-opt --mlir-print-debuginfo=false %s --split-input-file --photonic-set-target="target=mirage set=core.count=2" --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program | FileCheck %s
// RUN: photonic-opt %s --split-input-file --photonic-set-target="target=mirage set=core.count=2" --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program --photonic-insert-tokens --photonic-verify-program -o /dev/null

// Both loops are dealt, the contraction is the faster one: what stage `tile` makes.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 6 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] rows 32 of [100 + -32 * l0(2, 0, 3, 0)] cols 16 of [40 + -16 * l0(2, 0, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 3, 0)] cols 16 of [40 + -16 * l0(2, 0, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 0, 1, 3)]{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] rows 32 of [100 + -32 * l0(2, 1, 3, 0)] cols 16 of [40 + -16 * l0(2, 1, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 3, 0)] cols 16 of [40 + -16 * l0(2, 1, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 1, 1, 3)]{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
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

// The contraction outside of the blocks: each element still meets its terms in
// order.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 6 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 4)] k [0 + 16 * l0(2, 0, 4, 0)] rows 32 of [100 + -32 * l0(2, 0, 1, 4)] cols 16 of [40 + -16 * l0(2, 0, 4, 0)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 4)] k [0 + 16 * l0(2, 0, 4, 0)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 1, 4)] cols 16 of [40 + -16 * l0(2, 0, 4, 0)] length 8 product 0 start [0 + 16 * l0(2, 0, 4, 0)]{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 4)] k [0 + 16 * l0(2, 1, 4, 0)] rows 32 of [100 + -32 * l0(2, 1, 1, 4)] cols 16 of [40 + -16 * l0(2, 1, 4, 0)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 4)] k [0 + 16 * l0(2, 1, 4, 0)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 1, 4)] cols 16 of [40 + -16 * l0(2, 1, 4, 0)] length 8 product 0 start [0 + 16 * l0(2, 1, 4, 0)]{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
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

// Blocks alone are dealt: each array computes its blocks over the whole
// contraction.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 0)] k [0 + 16 * l1] rows 32 of [100 + -32 * l0(2, 0, 1, 0)] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 0)] k [0 + 16 * l1] vec 0 rows 32 of [100 + -32 * l0(2, 0, 1, 0)] cols 16 of [40 + -16 * l1] length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 0)] k [0 + 16 * l1] rows 32 of [100 + -32 * l0(2, 1, 1, 0)] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 0)] k [0 + 16 * l1] vec 0 rows 32 of [100 + -32 * l0(2, 1, 1, 0)] cols 16 of [40 + -16 * l1] length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Terms alone are dealt: for each block, arrays take turns with its terms.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 4 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1(2, 0, 1, 0)] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1(2, 0, 1, 0)] product 0{{.*}} layer 0 when l1 * 2 + 0 < 3
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1(2, 0, 1, 0)] vec 0 rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1(2, 0, 1, 0)] length 8 product 0 start [0 + 16 * l1(2, 0, 1, 0)]{{.*}} layer 0 when l1 * 2 + 0 < 3
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1(2, 1, 1, 0)] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1(2, 1, 1, 0)] product 0{{.*}} layer 0 when l1 * 2 + 1 < 3
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1(2, 1, 1, 0)] vec 0 rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1(2, 1, 1, 0)] length 8 product 0 start [0 + 16 * l1(2, 1, 1, 0)]{{.*}} layer 0 when l1 * 2 + 1 < 3
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1]>
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

// Blocks are dealt inside of the contraction.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l1(2, 0, 1, 0)] k [0 + 16 * l0] rows 32 of [100 + -32 * l1(2, 0, 1, 0)] cols 16 of [40 + -16 * l0] product 0{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l1(2, 0, 1, 0)] k [0 + 16 * l0] vec 0 rows 32 of [100 + -32 * l1(2, 0, 1, 0)] cols 16 of [40 + -16 * l0] length 8 product 0 start [0 + 16 * l0]{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l1(2, 1, 1, 0)] k [0 + 16 * l0] rows 32 of [100 + -32 * l1(2, 1, 1, 0)] cols 16 of [40 + -16 * l0] product 0{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l1(2, 1, 1, 0)] k [0 + 16 * l0] vec 0 rows 32 of [100 + -32 * l1(2, 1, 1, 0)] cols 16 of [40 + -16 * l0] length 8 product 0 start [0 + 16 * l0]{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1]>
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

// The contraction in two loops, larger steps outside, with the blocks between
// them.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l1(2, 0, 1, 0)] k [0 + 32 * l0 + 16 * l2] rows 32 of [100 + -32 * l1(2, 0, 1, 0)] cols 16 product 0{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l1(2, 0, 1, 0)] k [0 + 32 * l0 + 16 * l2] vec 0 rows 32 of [100 + -32 * l1(2, 0, 1, 0)] cols 16 length 8 product 0 start [0 + 32 * l0 + 16 * l2]{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l1(2, 1, 1, 0)] k [0 + 32 * l0 + 16 * l2] rows 32 of [100 + -32 * l1(2, 1, 1, 0)] cols 16 product 0{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l1(2, 1, 1, 0)] k [0 + 32 * l0 + 16 * l2] vec 0 rows 32 of [100 + -32 * l1(2, 1, 1, 0)] cols 16 length 8 product 0 start [0 + 32 * l0 + 16 * l2]{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [64 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [64 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %i = %c0 to %c64 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %j = %c0 to %c32 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %k = arith.addi %i, %j : index
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1]>
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
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// The same, dealt over all loops.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 8 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 2, 4)] k [0 + 32 * l0(2, 0, 8, 0) + 16 * l0(2, 0, 1, 2)] rows 32 of [100 + -32 * l0(2, 0, 2, 4)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 0 < 16
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 2, 4)] k [0 + 32 * l0(2, 0, 8, 0) + 16 * l0(2, 0, 1, 2)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 2, 4)] cols 16 length 8 product 0 start [0 + 32 * l0(2, 0, 8, 0) + 16 * l0(2, 0, 1, 2)]{{.*}} layer 0 when l0 * 2 + 0 < 16
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 2, 4)] k [0 + 32 * l0(2, 1, 8, 0) + 16 * l0(2, 1, 1, 2)] rows 32 of [100 + -32 * l0(2, 1, 2, 4)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 1 < 16
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 2, 4)] k [0 + 32 * l0(2, 1, 8, 0) + 16 * l0(2, 1, 1, 2)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 2, 4)] cols 16 length 8 product 0 start [0 + 32 * l0(2, 1, 8, 0) + 16 * l0(2, 1, 1, 2)]{{.*}} layer 0 when l0 * 2 + 1 < 16
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [64 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [64 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %i = %c0 to %c64 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %j = %c0 to %c32 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %k = arith.addi %i, %j : index
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1, 2]>
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
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Vectors are cut, too: each tile is programmed once for every piece of them. The
// last piece is shorter.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 0)] k [0 + 16 * l2] rows 32 of [100 + -32 * l0(2, 0, 1, 0)] cols 16 of [40 + -16 * l2] product 0{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 0)] k [0 + 16 * l2] vec [0 + 3 * l1] rows 32 of [100 + -32 * l0(2, 0, 1, 0)] cols 16 of [40 + -16 * l2] length 3 of [8 + -3 * l1] product 0 start [0 + 16 * l2]{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 0)] k [0 + 16 * l2] rows 32 of [100 + -32 * l0(2, 1, 1, 0)] cols 16 of [40 + -16 * l2] product 0{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 0)] k [0 + 16 * l2] vec [0 + 3 * l1] rows 32 of [100 + -32 * l0(2, 1, 1, 0)] cols 16 of [40 + -16 * l2] length 3 of [8 + -3 * l1] product 0 start [0 + 16 * l2]{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %n = %c0 to %c8 step %c3 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %n, %k] sizes = [32, 3, 16] start %k operator = "Gemm"
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
        scf.yield %y : tensor<8x100xf32>
      }
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Pieces of vectors are dealt, so that all arrays hold the same tile.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 4 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l2 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1] vec [0 + 2 * l2(2, 0, 1, 0)] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] length 2 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l2 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l2 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1] vec [0 + 2 * l2(2, 1, 1, 0)] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] length 2 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l2 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %n = %c0 to %c8 step %c2 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
            tile [%c0, %c0, %m, %n, %k] sizes = [32, 2, 16] start %k operator = "Gemm"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [2]>
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
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// The second operand stays, rows of the first come in two pieces.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 1 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row 0 k [0 + 16 * l1] rows 8 cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 0 < 2
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row 0 k [0 + 16 * l1] vec [0 + 50 * l0(2, 0, 1, 0)] rows 8 cols 16 of [40 + -16 * l1] length 50 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 0 < 2
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row 0 k [0 + 16 * l1] rows 8 cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 1 < 2
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row 0 k [0 + 16 * l1] vec [0 + 50 * l0(2, 1, 1, 0)] rows 8 cols 16 of [40 + -16 * l1] length 50 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 1 < 2
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %c50 = arith.constant 50 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c50 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [50, 8, 16] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = second arrays = <"core", over = [0]>
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

// Blocks in reverse, in two loops.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [96 + -64 * l0(2, 0, 2, 0) + -32 * l0(2, 0, 1, 2)] k [0 + 16 * l1] rows 32 of [4 + 64 * l0(2, 0, 2, 0) + 32 * l0(2, 0, 1, 2)] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [96 + -64 * l0(2, 0, 2, 0) + -32 * l0(2, 0, 1, 2)] k [0 + 16 * l1] vec 0 rows 32 of [4 + 64 * l0(2, 0, 2, 0) + 32 * l0(2, 0, 1, 2)] cols 16 of [40 + -16 * l1] length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [96 + -64 * l0(2, 1, 2, 0) + -32 * l0(2, 1, 1, 2)] k [0 + 16 * l1] rows 32 of [4 + 64 * l0(2, 1, 2, 0) + 32 * l0(2, 1, 1, 2)] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [96 + -64 * l0(2, 1, 2, 0) + -32 * l0(2, 1, 1, 2)] k [0 + 16 * l1] vec 0 rows 32 of [4 + 64 * l0(2, 1, 2, 0) + 32 * l0(2, 1, 1, 2)] cols 16 of [40 + -16 * l1] length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %i = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %j = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %p = arith.muli %i, %c64 : index
        %q = arith.muli %c32, %j : index
        %s = arith.subi %c96, %p : index
        %m = arith.subi %s, %q : index
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x100xf32>)
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
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Smaller tiles than the array has rows.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 12 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 16 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] rows 16 cols 16 of [40 + -16 * l0(2, 0, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 24
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 16 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] vec 0 rows 16 cols 16 of [40 + -16 * l0(2, 0, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 0, 1, 3)]{{.*}} layer 0 when l0 * 2 + 0 < 24
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 16 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] rows 16 cols 16 of [40 + -16 * l0(2, 1, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 24
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 16 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] vec 0 rows 16 cols 16 of [40 + -16 * l0(2, 1, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 1, 1, 3)]{{.*}} layer 0 when l0 * 2 + 1 < 24
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [128 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [128 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<128x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x128xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %c128 = arith.constant 128 : index
  %e = tensor.empty() : tensor<8x128xf32>
  %r0 = scf.for %m = %c0 to %c128 step %c16 iter_args(%a0 = %e) -> (tensor<8x128xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x128xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<128x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x128xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [16, 8, 16] start %k operator = "Gemm"
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
      scf.yield %y : tensor<8x128xf32>
    }
    scf.yield %r1 : tensor<8x128xf32>
  }
  return %r0 : tensor<8x128xf32>
}

// -----

// A start of other numbers than those of the contraction says the same.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 6 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] rows 32 of [100 + -32 * l0(2, 0, 3, 0)] cols 16 of [40 + -16 * l0(2, 0, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 3, 0)] cols 16 of [40 + -16 * l0(2, 0, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 0, 1, 3)]{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] rows 32 of [100 + -32 * l0(2, 1, 3, 0)] cols 16 of [40 + -16 * l0(2, 1, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 3, 0)] cols 16 of [40 + -16 * l0(2, 1, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 1, 1, 3)]{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %s = arith.muli %k, %c3 : index
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %s operator = "Gemm"
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

// From zeros and without a start, accumulators go on throughout; the memory of the
// result is filled first.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.vec_map fill {{.*}} shape [1, 1, 1, 800]{{.*}}
// CHECK-NEXT: pisa.loop 6 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 4)] k [0 + 16 * l0(2, 0, 4, 0)] rows 32 of [100 + -32 * l0(2, 0, 1, 4)] cols 16 of [40 + -16 * l0(2, 0, 4, 0)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 4)] k [0 + 16 * l0(2, 0, 4, 0)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 1, 4)] cols 16 of [40 + -16 * l0(2, 0, 4, 0)] length 8 product 0 start 1{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 4)] k [0 + 16 * l0(2, 1, 4, 0)] rows 32 of [100 + -32 * l0(2, 1, 1, 4)] cols 16 of [40 + -16 * l0(2, 1, 4, 0)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 4)] k [0 + 16 * l0(2, 1, 4, 0)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 1, 4)] cols 16 of [40 + -16 * l0(2, 1, 4, 0)] length 8 product 0 start 1{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = photonic.zeros : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] operator = "Gemm"
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

// Zeros and a start: both are done.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.vec_map fill {{.*}} shape [1, 1, 1, 800]{{.*}}
// CHECK-NEXT: pisa.loop 6 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] rows 32 of [100 + -32 * l0(2, 0, 3, 0)] cols 16 of [40 + -16 * l0(2, 0, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 3, 0)] k [0 + 16 * l0(2, 0, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 3, 0)] cols 16 of [40 + -16 * l0(2, 0, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 0, 1, 3)]{{.*}} layer 0 when l0 * 2 + 0 < 12
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] rows 32 of [100 + -32 * l0(2, 1, 3, 0)] cols 16 of [40 + -16 * l0(2, 1, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 3, 0)] k [0 + 16 * l0(2, 1, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 3, 0)] cols 16 of [40 + -16 * l0(2, 1, 1, 3)] length 8 product 0 start [0 + 16 * l0(2, 1, 1, 3)]{{.*}} layer 0 when l0 * 2 + 1 < 12
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = photonic.zeros : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
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

// Loops of one iteration may be anywhere, count anything, and are not in the
// program. Dealt alone, they keep one array busy.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 4 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.loop 1 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l2 * 2 + 0 < 1
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0] k [0 + 16 * l1] vec 0 rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l2 * 2 + 0 < 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %g = %c0 to %c1 step %c1 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x100xf32>) {
        %r3 = scf.for %i = %c5 to %c6 step %c1 iter_args(%a3 = %a2) -> (tensor<8x100xf32>) {
          %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
              outs(%a3 by #outputs : tensor<8x100xf32>)
              tile [%g, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
              formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1]>
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
        scf.yield %r3 : tensor<8x100xf32>
      }
      scf.yield %r2 : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// One loop is enough where the rest is one tile: all contractions of a block.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row 0 k [0 + 16 * l0(2, 0, 1, 0)] rows 32 of 20 cols 16 of [40 + -16 * l0(2, 0, 1, 0)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 3
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row 0 k [0 + 16 * l0(2, 0, 1, 0)] vec 0 rows 32 of 20 cols 16 of [40 + -16 * l0(2, 0, 1, 0)] length 8 product 0 start [0 + 16 * l0(2, 0, 1, 0)]{{.*}} layer 0 when l0 * 2 + 0 < 3
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row 0 k [0 + 16 * l0(2, 1, 1, 0)] rows 32 of 20 cols 16 of [40 + -16 * l0(2, 1, 1, 0)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 3
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row 0 k [0 + 16 * l0(2, 1, 1, 0)] vec 0 rows 32 of 20 cols 16 of [40 + -16 * l0(2, 1, 1, 0)] length 8 product 0 start [0 + 16 * l0(2, 1, 1, 0)]{{.*}} layer 0 when l0 * 2 + 1 < 3
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [20 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [20 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<20x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x20xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c40 = arith.constant 40 : index
  %e = tensor.empty() : tensor<8x20xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x20xf32>) {
    %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<20x40xf32>, tensor<8x40xf32>)
        outs(%a0 by #outputs : tensor<8x20xf32>)
        tile [%c0, %c0, %c0, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
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
    scf.yield %y : tensor<8x20xf32>
  }
  return %r0 : tensor<8x20xf32>
}

// -----

// Groups inside of their blocks: they move addresses.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 2, 0)] k [0 + 16 * l1] rows 32 of [50 + -32 * l0(2, 0, 2, 0)] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 2, 0)] k [0 + 16 * l1] vec 0 rows 32 of [50 + -32 * l0(2, 0, 2, 0)] cols 16 of [40 + -16 * l1] length 4 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 2, 0)] k [0 + 16 * l1] rows 32 of [50 + -32 * l0(2, 1, 2, 0)] cols 16 of [40 + -16 * l1] product 0{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 2, 0)] k [0 + 16 * l1] vec 0 rows 32 of [50 + -32 * l0(2, 1, 2, 0)] cols 16 of [40 + -16 * l1] length 4 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<groups = [2 x d0 by 50], rows = [50 x d0], columns = [40 x d1]>
#images = #photonic.view<groups = [2 x d0 by 4], rows = [4 x d0], columns = [40 x d1]>
#outputs = #photonic.view<groups = [2 x d0 by 4], rows = [50 x d1], columns = [4 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x50xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c50 = arith.constant 50 : index
  %e = tensor.empty() : tensor<8x50xf32>
  %r0 = scf.for %m = %c0 to %c50 step %c32 iter_args(%a0 = %e) -> (tensor<8x50xf32>) {
    %r1 = scf.for %g = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<8x50xf32>) {
      %r2 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a2 = %a1) -> (tensor<8x50xf32>) {
        %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
            outs(%a2 by #outputs : tensor<8x50xf32>)
            tile [%g, %c0, %m, %c0, %k] sizes = [32, 4, 16] start %k operator = "Gemm"
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
        scf.yield %y : tensor<8x50xf32>
      }
      scf.yield %r2 : tensor<8x50xf32>
    }
    scf.yield %r1 : tensor<8x50xf32>
  }
  return %r0 : tensor<8x50xf32>
}

// -----

// Positions outside of everything, from the last to the first; rows of the first
// operand are numbered position by position.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.vec_map fill {{.*}} shape [1, 1, 1, 120]{{.*}}
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [40 + 32 * l1(2, 0, 1, 2) + -40 * l0] k [0 + 16 * l1(2, 0, 2, 0)] rows 32 of [40 + -32 * l1(2, 0, 1, 2)] cols 16 product 0{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [40 + 32 * l1(2, 0, 1, 2) + -40 * l0] k [0 + 16 * l1(2, 0, 2, 0)] vec 0 rows 32 of [40 + -32 * l1(2, 0, 1, 2)] cols 16 length 2 product 0 start 1{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [40 + 32 * l1(2, 1, 1, 2) + -40 * l0] k [0 + 16 * l1(2, 1, 2, 0)] rows 32 of [40 + -32 * l1(2, 1, 1, 2)] cols 16 product 0{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [40 + 32 * l1(2, 1, 1, 2) + -40 * l0] k [0 + 16 * l1(2, 1, 2, 0)] vec 0 rows 32 of [40 + -32 * l1(2, 1, 1, 2)] cols 16 length 2 product 0 start 1{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x40x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x40x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %e = photonic.zeros : tensor<1x40x1x3xf32>
  %r0 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<1x40x1x3xf32>) {
    %r1 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a1 = %a0) -> (tensor<1x40x1x3xf32>) {
      %r2 = scf.for %m = %c0 to %c40 step %c32 iter_args(%a2 = %a1) -> (tensor<1x40x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x40x1x2xf32>, tensor<1x32x1x2xf32>)
            outs(%a2 by #images : tensor<1x40x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] operator = "Conv"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1, 2]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<1x40x1x3xf32>
      }
      scf.yield %r2 : tensor<1x40x1x3xf32>
    }
    scf.yield %r1 : tensor<1x40x1x3xf32>
  }
  return %r0 : tensor<1x40x1x3xf32>
}

// -----

// Blocks around positions around terms, these and the positions dealt.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.vec_map fill {{.*}} shape [1, 1, 1, 120]{{.*}}
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [40 + 32 * l0 + -40 * l1(2, 0, 2, 0)] k [0 + 16 * l1(2, 0, 1, 2)] rows 32 of [40 + -32 * l0] cols 16 product 0{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [40 + 32 * l0 + -40 * l1(2, 0, 2, 0)] k [0 + 16 * l1(2, 0, 1, 2)] vec 0 rows 32 of [40 + -32 * l0] cols 16 length 2 product 0 start 1{{.*}} layer 0 when l1 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [40 + 32 * l0 + -40 * l1(2, 1, 2, 0)] k [0 + 16 * l1(2, 1, 1, 2)] rows 32 of [40 + -32 * l0] cols 16 product 0{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [40 + 32 * l0 + -40 * l1(2, 1, 2, 0)] k [0 + 16 * l1(2, 1, 1, 2)] vec 0 rows 32 of [40 + -32 * l0] cols 16 length 2 product 0 start 1{{.*}} layer 0 when l1 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x40x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x40x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %e = photonic.zeros : tensor<1x40x1x3xf32>
  %r0 = scf.for %m = %c0 to %c40 step %c32 iter_args(%a0 = %e) -> (tensor<1x40x1x3xf32>) {
    %r1 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a1 = %a0) -> (tensor<1x40x1x3xf32>) {
      %r2 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a2 = %a1) -> (tensor<1x40x1x3xf32>) {
        %p = arith.subi %c1, %t : index
        %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x40x1x2xf32>, tensor<1x32x1x2xf32>)
            outs(%a2 by #images : tensor<1x40x1x3xf32>)
            tile [%c0, %p, %m, %c0, %k] sizes = [32, 2, 16] operator = "Conv"
            formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [1, 2]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y : tensor<1x40x1x3xf32>
      }
      scf.yield %r2 : tensor<1x40x1x3xf32>
    }
    scf.yield %r1 : tensor<1x40x1x3xf32>
  }
  return %r0 : tensor<1x40x1x3xf32>
}

// -----

// Pieces of columns inside of the positions, with which they share elements, and the
// terms outside of them.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.vec_map fill {{.*}} shape [1, 1, 1, 120]{{.*}}
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [40 + 32 * l2(2, 0, 1, 2) + -40 * l0] k [0 + 16 * l1] rows 32 of [40 + -32 * l2(2, 0, 1, 2)] cols 16 product 0{{.*}} layer 0 when l2 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [40 + 32 * l2(2, 0, 1, 2) + -40 * l0] k [0 + 16 * l1] vec [0 + 1 * l2(2, 0, 2, 0)] rows 32 of [40 + -32 * l2(2, 0, 1, 2)] cols 16 length 1 product 0 start 1{{.*}} layer 0 when l2 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [40 + 32 * l2(2, 1, 1, 2) + -40 * l0] k [0 + 16 * l1] rows 32 of [40 + -32 * l2(2, 1, 1, 2)] cols 16 product 0{{.*}} layer 0 when l2 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [40 + 32 * l2(2, 1, 1, 2) + -40 * l0] k [0 + 16 * l1] vec [0 + 1 * l2(2, 1, 2, 0)] rows 32 of [40 + -32 * l2(2, 1, 1, 2)] cols 16 length 1 product 0 start 1{{.*}} layer 0 when l2 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [32 x d0]>
#outputs = #photonic.view<rows = [2 x d3], columns = [32 x d1]>
#images = #photonic.view<positions = [2 x d3], rows = [40 x d1], columns = [2 x d3]>
func.func @main(%w: tensor<32x40x1x2xf32>, %x: tensor<1x32x1x2xf32>) -> tensor<1x40x1x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %e = photonic.zeros : tensor<1x40x1x3xf32>
  %r0 = scf.for %t = %c0 to %c2 step %c1 iter_args(%a0 = %e) -> (tensor<1x40x1x3xf32>) {
    %r1 = scf.for %k = %c0 to %c32 step %c16 iter_args(%a1 = %a0) -> (tensor<1x40x1x3xf32>) {
      %r2 = scf.for %n = %c0 to %c2 step %c1 iter_args(%a2 = %a1) -> (tensor<1x40x1x3xf32>) {
        %r3 = scf.for %m = %c0 to %c40 step %c32 iter_args(%a3 = %a2) -> (tensor<1x40x1x3xf32>) {
          %p = arith.subi %c1, %t : index
          %y = photonic.array_product ins(%w by #weights, %x by #outputs : tensor<32x40x1x2xf32>, tensor<1x32x1x2xf32>)
              outs(%a3 by #images : tensor<1x40x1x3xf32>)
              tile [%c0, %p, %m, %n, %k] sizes = [32, 1, 16] operator = "Conv"
              formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [2, 3]>
          pass {
          ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
            %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
            photonic.yield %d : f32
          } combine {
          ^bb0(%sum: f32, %acc: f32):
            %r = photonic.float_add %acc, %sum
            photonic.yield %r : f32
          }
          scf.yield %y : tensor<1x40x1x3xf32>
        }
        scf.yield %r3 : tensor<1x40x1x3xf32>
      }
      scf.yield %r2 : tensor<1x40x1x3xf32>
    }
    scf.yield %r1 : tensor<1x40x1x3xf32>
  }
  return %r0 : tensor<1x40x1x3xf32>
}

// -----

// A term of two passes is one tile; its passes are one loop with the contraction
// where that is the innermost one, dealt if it is.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 12 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 6, 0)] k [0 + 16 * l0(2, 0, 1, 6)] rows 32 of [100 + -32 * l0(2, 0, 6, 0)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 0 < 24
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 6, 0)] k [0 + 16 * l0(2, 0, 1, 6)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 6, 0)] cols 16 length 8 product 0 start [0 + 16 * l0(2, 0, 1, 6)]{{.*}} layer 0 when l0 * 2 + 0 < 24
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 6, 0)] k [0 + 16 * l0(2, 1, 1, 6)] rows 32 of [100 + -32 * l0(2, 1, 6, 0)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 1 < 24
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 6, 0)] k [0 + 16 * l0(2, 1, 1, 6)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 6, 0)] cols 16 length 8 product 0 start [0 + 16 * l0(2, 1, 1, 6)]{{.*}} layer 0 when l0 * 2 + 1 < 24
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [96 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [96 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c96 = arith.constant 96 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c96 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x96xf32>, tensor<8x96xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 32] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Where it is not, passes are the innermost loop, faster than all.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 12 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 2, 4)] k [0 + 32 * l0(2, 0, 8, 0) + 16 * l0(2, 0, 1, 2)] rows 32 of [100 + -32 * l0(2, 0, 2, 4)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 0 < 24
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 2, 4)] k [0 + 32 * l0(2, 0, 8, 0) + 16 * l0(2, 0, 1, 2)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 2, 4)] cols 16 length 8 product 0 start [0 + 32 * l0(2, 0, 8, 0) + 16 * l0(2, 0, 1, 2)]{{.*}} layer 0 when l0 * 2 + 0 < 24
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 2, 4)] k [0 + 32 * l0(2, 1, 8, 0) + 16 * l0(2, 1, 1, 2)] rows 32 of [100 + -32 * l0(2, 1, 2, 4)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 1 < 24
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 2, 4)] k [0 + 32 * l0(2, 1, 8, 0) + 16 * l0(2, 1, 1, 2)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 2, 4)] cols 16 length 8 product 0 start [0 + 32 * l0(2, 1, 8, 0) + 16 * l0(2, 1, 1, 2)]{{.*}} layer 0 when l0 * 2 + 1 < 24
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [96 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [96 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c96 = arith.constant 96 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c96 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x96xf32>, tensor<8x96xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 32] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Blocks alone are dealt, around or inside of the contraction: the passes of a term
// stay on the array of its block.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.loop 6 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 0)] k [0 + 16 * l1] rows 32 of [100 + -32 * l0(2, 0, 1, 0)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 1, 0)] k [0 + 16 * l1] vec 0 rows 32 of [100 + -32 * l0(2, 0, 1, 0)] cols 16 length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 0)] k [0 + 16 * l1] rows 32 of [100 + -32 * l0(2, 1, 1, 0)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 1, 0)] k [0 + 16 * l1] vec 0 rows 32 of [100 + -32 * l0(2, 1, 1, 0)] cols 16 length 8 product 0 start [0 + 16 * l1]{{.*}} layer 0 when l0 * 2 + 1 < 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [96 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [96 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c96 = arith.constant 96 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c96 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x96xf32>, tensor<8x96xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 32] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Passes of a term that are not equally long: 16 and 4 of 20. The last term has 4
// elements, in one pass; the other is empty.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 16 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 8, 0)] k [0 + 20 * l0(2, 0, 2, 4) + 16 * l0(2, 0, 1, 2)] rows 32 of [100 + -32 * l0(2, 0, 8, 0)] cols 16 of [20 + -16 * l0(2, 2, 8, 0) + 16 * l0(2, 0, 8, 0) + -16 * l0(2, 0, 1, 2)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 32
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 8, 0)] k [0 + 20 * l0(2, 0, 2, 4) + 16 * l0(2, 0, 1, 2)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 8, 0)] cols 16 of [20 + -16 * l0(2, 2, 8, 0) + 16 * l0(2, 0, 8, 0) + -16 * l0(2, 0, 1, 2)] length 8 product 0 start [0 + 20 * l0(2, 0, 2, 4) + 16 * l0(2, 0, 1, 2)]{{.*}} layer 0 when l0 * 2 + 0 < 32
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 8, 0)] k [0 + 20 * l0(2, 1, 2, 4) + 16 * l0(2, 1, 1, 2)] rows 32 of [100 + -32 * l0(2, 1, 8, 0)] cols 16 of [20 + -16 * l0(2, 3, 8, 0) + 16 * l0(2, 1, 8, 0) + -16 * l0(2, 1, 1, 2)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 32
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 8, 0)] k [0 + 20 * l0(2, 1, 2, 4) + 16 * l0(2, 1, 1, 2)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 8, 0)] cols 16 of [20 + -16 * l0(2, 3, 8, 0) + 16 * l0(2, 1, 8, 0) + -16 * l0(2, 1, 1, 2)] length 8 product 0 start [0 + 20 * l0(2, 1, 2, 4) + 16 * l0(2, 1, 1, 2)]{{.*}} layer 0 when l0 * 2 + 1 < 32
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#bfp = #photonic.bfp<mantissa = 4, group = 20, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [64 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [64 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c20 = arith.constant 20 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c64 step %c20 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 20] start %k operator = "Gemm"
          formats = [#bfp, #bfp] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// The bypass has no passes, but takes the time of the format that it stands in for:
// a term of 40 is cut to 16, 16 and 8.
// CHECK-LABEL: pisa.program
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 18 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 9, 0)] k [0 + 40 * l0(2, 0, 3, 3) + 16 * l0(2, 0, 1, 3)] rows 32 of [100 + -32 * l0(2, 0, 9, 0)] cols 16 of [40 + -24 * l0(2, 3, 9, 0) + 24 * l0(2, 0, 9, 0) + -16 * l0(2, 0, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 0 < 36
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 9, 0)] k [0 + 40 * l0(2, 0, 3, 3) + 16 * l0(2, 0, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 9, 0)] cols 16 of [40 + -24 * l0(2, 3, 9, 0) + 24 * l0(2, 0, 9, 0) + -16 * l0(2, 0, 1, 3)] length 8 product 0 start [0 + 40 * l0(2, 0, 3, 3) + 16 * l0(2, 0, 1, 3)]{{.*}} layer 0 when l0 * 2 + 0 < 36
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 9, 0)] k [0 + 40 * l0(2, 1, 3, 3) + 16 * l0(2, 1, 1, 3)] rows 32 of [100 + -32 * l0(2, 1, 9, 0)] cols 16 of [40 + -24 * l0(2, 4, 9, 0) + 24 * l0(2, 1, 9, 0) + -16 * l0(2, 1, 1, 3)] product 0{{.*}} layer 0 when l0 * 2 + 1 < 36
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 9, 0)] k [0 + 40 * l0(2, 1, 3, 3) + 16 * l0(2, 1, 1, 3)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 9, 0)] cols 16 of [40 + -24 * l0(2, 4, 9, 0) + 24 * l0(2, 1, 9, 0) + -16 * l0(2, 1, 1, 3)] length 8 product 0 start [0 + 40 * l0(2, 1, 3, 3) + 16 * l0(2, 1, 1, 3)]{{.*}} layer 0 when l0 * 2 + 1 < 36
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#fp32 = #photonic.fp32<group = 40>
#weights = #photonic.view<rows = [100 x d0], columns = [96 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [96 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x96xf32>, %x: tensor<8x96xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c96 = arith.constant 96 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c96 step %c40 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x96xf32>, tensor<8x96xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 40] start %k operator = "Gemm"
          formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<40xf32>, %b: vector<40xf32>):
        %d = photonic.dot %a, %b : vector<40xf32>, vector<40xf32> -> f32
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

// Operands with formats of their own: terms are as long as the shorter groups, and
// each operand has its conversion, whichever stays.
// CHECK-LABEL: pisa.program
// CHECK: pisa.conversion 0 bfp mantissa 5 group 32 rounding nearest{{$}}
// CHECK: pisa.conversion 1 bfp mantissa 3 group 16 rounding trunc{{$}}
// CHECK: pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]
// CHECK: pisa.combine 0 [scaled_add]
// CHECK: pisa.product 0 m 100 n 8 k 64 groups 1 stationary first conversions [0, 1] pass 0 combine 0
// CHECK: pisa.code {
// CHECK-NEXT: pisa.loop 8 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row [0 + 32 * l0(2, 0, 4, 0)] k [0 + 16 * l0(2, 0, 1, 4)] rows 32 of [100 + -32 * l0(2, 0, 4, 0)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 0 < 16
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} row [0 + 32 * l0(2, 0, 4, 0)] k [0 + 16 * l0(2, 0, 1, 4)] vec 0 rows 32 of [100 + -32 * l0(2, 0, 4, 0)] cols 16 length 8 product 0 start [0 + 16 * l0(2, 0, 1, 4)]{{.*}} layer 0 when l0 * 2 + 0 < 16
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row [0 + 32 * l0(2, 1, 4, 0)] k [0 + 16 * l0(2, 1, 1, 4)] rows 32 of [100 + -32 * l0(2, 1, 4, 0)] cols 16 product 0{{.*}} layer 0 when l0 * 2 + 1 < 16
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} row [0 + 32 * l0(2, 1, 4, 0)] k [0 + 16 * l0(2, 1, 1, 4)] vec 0 rows 32 of [100 + -32 * l0(2, 1, 4, 0)] cols 16 length 8 product 0 start [0 + 16 * l0(2, 1, 1, 4)]{{.*}} layer 0 when l0 * 2 + 1 < 16
// CHECK-NEXT: }
// CHECK-NEXT: pisa.halt
#weight_format = #photonic.bfp<mantissa = 5, group = 32, rounding = nearest>
#image_format = #photonic.bfp<mantissa = 3, group = 16, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [64 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [64 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c64 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k operator = "Gemm"
          formats = [#weight_format, #image_format] stationary = first arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// The second one: what is programmed has its format.
// CHECK-LABEL: pisa.program
// CHECK: pisa.product 0 m 100 n 8 k 64 groups 1 stationary second conversions [0, 1] pass 0 combine 0
// CHECK: pisa.core_program core[0] conversion 1 pass 0
// CHECK-NEXT: pisa.core_stream core[0] conversion 0 pass 0 combine 0
#weight_format = #photonic.bfp<mantissa = 5, group = 32, rounding = nearest>
#image_format = #photonic.bfp<mantissa = 3, group = 16, rounding = trunc>
#weights = #photonic.view<rows = [100 x d0], columns = [64 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [64 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %n = %c0 to %c8 step %c32 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %k = %c0 to %c64 step %c16 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x64xf32>, tensor<8x64xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
          tile [%c0, %c0, %c0, %n, %k] sizes = [100, 32, 16] start %k operator = "Gemm"
          formats = [#weight_format, #image_format] stationary = second arrays = <"core", over = [0, 1]>
      pass {
      ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
        %d0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
        %d1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
        %d2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
        %d = photonic.reverse_convert %d0, %d1, %d2 moduli = [31, 32, 33] : i32
        photonic.yield %d : i32
      } combine {
      ^bb0(%sum: i32, %acc: f32):
        %r = photonic.scaled_add %acc, %sum : i32
        photonic.yield %r : f32
      }
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  return %r0 : tensor<8x100xf32>
}

// -----

// Nests that follow each other or nn are steps of one program; names and phases are
// those of the tile.
// CHECK-LABEL: pisa.program
// CHECK: pisa.layer 0 "fc" "Gemm" output
// CHECK: pisa.layer 1 "Relu_1" "Relu" output
// CHECK: pisa.core_stream core[1]
// CHECK-NEXT: }
// CHECK-NEXT: pisa.vec_map relu
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1], columns = [8 x d0]>
func.func @main(%w: tensor<100x40xf32>, %x: tensor<8x40xf32>) -> tensor<8x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<8x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<8x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<8x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<8x40xf32>)
          outs(%a1 by #outputs : tensor<8x100xf32>)
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
      } loc("fc")
      scf.yield %y : tensor<8x100xf32>
    }
    scf.yield %r1 : tensor<8x100xf32>
  }
  %s = nn.relu %r0 : tensor<8x100xf32>
  return %s : tensor<8x100xf32>
}
