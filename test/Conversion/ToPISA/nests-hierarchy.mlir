// Nests that stage `tile` does not make, in chunks: blocks are as many as a chunk
// has, the other loops stand as they are.
//
// RUN: photonic-opt --mlir-print-debuginfo=false %s --split-input-file --photonic-set-target="target=mirage set=core.count=2 set=wgt.capacity_bytes=12288" --photonic-pipeline="from=schedule to=schedule memory=hierarchy" --photonic-emit-program | FileCheck %s
// RUN: photonic-opt %s --split-input-file --photonic-set-target="target=mirage set=core.count=2 set=wgt.capacity_bytes=12288" --photonic-pipeline="from=schedule to=schedule memory=hierarchy" --photonic-emit-program --photonic-insert-tokens --photonic-verify-program -o /dev/null

// Blocks inside of the contraction: each chunk has one block, so that its terms
// are dealt.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1]>
// CHECK-LABEL: pisa.program
// CHECK: pisa.nest 0 product 0 at {{.*}} rows [0 + 32 * l0] size 32 of [100 + -32 * l0] columns 0 size 1 contraction 0 size 40
// CHECK: pisa.loop 4 layer 0 {
// CHECK-NEXT: pisa.dma_copy wgt[{{.*}} when l0 * 1 + 1 < 4
// CHECK-NEXT: pisa.loop 2 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row 0 k [0 + 16 * l1(2, 0, 1, 0)] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1(2, 0, 1, 0)] product 0 layer 0 when l1 * 2 + 0 < 3
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} start [0 + 16 * l1(2, 0, 1, 0)]
// CHECK-NEXT: pisa.core_program core[1] {{.*}} row 0 k [0 + 16 * l1(2, 1, 1, 0)] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1(2, 1, 1, 0)] product 0 layer 0 when l1 * 2 + 1 < 3
// CHECK-NEXT: pisa.core_stream core[1] {{.*}} start [0 + 16 * l1(2, 1, 1, 0)]
// CHECK-NEXT: }
// CHECK-NEXT: pisa.dma_copy dram
func.func @main(%w: tensor<100x40xf32>, %x: tensor<1x40xf32>) -> tensor<1x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<1x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<1x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<1x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<1x40xf32>)
          outs(%a1 by #outputs : tensor<1x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 1, 16] start %k operator = "Gemm"
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
      scf.yield %y : tensor<1x100xf32>
    }
    scf.yield %r1 : tensor<1x100xf32>
  }
  return %r0 : tensor<1x100xf32>
}

// -----

// Where only blocks are dealt, one array is busy with each chunk.
#fp32 = #photonic.fp32<group = 16>
#weights = #photonic.view<rows = [100 x d0], columns = [40 x d1]>
#images = #photonic.view<columns = [40 x d1]>
#outputs = #photonic.view<rows = [100 x d1]>
// CHECK-LABEL: pisa.program
// CHECK: pisa.nest 0 product 0 at {{.*}} rows [0 + 32 * l0] size 32 of [100 + -32 * l0] columns 0 size 1 contraction 0 size 40
// CHECK: pisa.loop 4 layer 0 {
// CHECK-NEXT: pisa.dma_copy wgt[{{.*}} when l0 * 1 + 1 < 4
// CHECK-NEXT: pisa.loop 3 layer 0 {
// CHECK-NEXT: pisa.loop 1 layer 0 {
// CHECK-NEXT: pisa.core_program core[0] {{.*}} row 0 k [0 + 16 * l1] rows 32 of [100 + -32 * l0] cols 16 of [40 + -16 * l1] product 0 layer 0 when l2 * 2 + 0 < 1
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} start [0 + 16 * l1]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: pisa.dma_copy dram
func.func @main(%w: tensor<100x40xf32>, %x: tensor<1x40xf32>) -> tensor<1x100xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c40 = arith.constant 40 : index
  %c100 = arith.constant 100 : index
  %e = tensor.empty() : tensor<1x100xf32>
  %r0 = scf.for %k = %c0 to %c40 step %c16 iter_args(%a0 = %e) -> (tensor<1x100xf32>) {
    %r1 = scf.for %m = %c0 to %c100 step %c32 iter_args(%a1 = %a0) -> (tensor<1x100xf32>) {
      %y = photonic.array_product ins(%w by #weights, %x by #images : tensor<100x40xf32>, tensor<1x40xf32>)
          outs(%a1 by #outputs : tensor<1x100xf32>)
          tile [%c0, %c0, %m, %c0, %k] sizes = [32, 1, 16] start %k operator = "Gemm"
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
      scf.yield %y : tensor<1x100xf32>
    }
    scf.yield %r1 : tensor<1x100xf32>
  }
  return %r0 : tensor<1x100xf32>
}
