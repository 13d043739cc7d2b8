// RUN: photonic-opt %s | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt %s --mlir-print-op-generic | photonic-opt --mlir-print-debuginfo=false | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: pisa.program "all" inference target "mirage" hash -2 memory hierarchy batch 3 tokens 2 compiler "0.1.0" {
// CHECK-NEXT: pisa.group 0 "core" class "rns" count 2 array [32, 16]
pisa.program "all" inference target "mirage" hash -2 memory hierarchy batch 3 tokens 2 compiler "0.1.0" {
  pisa.group 0 "core" class "rns" count 2 array [32, 16]
  pisa.memory 0 "dram" off_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.memory 2 "wgt" on_chip capacity 8388608 bytes 192 types [f32]
  pisa.memory 3 "grad" on_chip capacity 8388608 bytes 256 types [f32]
  // CHECK: pisa.map 0 rows {{\[\[}}24, 0, 1], [24, 1, 2]] cols [] axes {{\[\[}}28, 4, -1, 1, 2], [28, 112, 0, 0, 0]]
  pisa.map 0 rows [[24, 0, 1], [24, 1, 2]] cols [] axes [[28, 4, -1, 1, 2], [28, 112, 0, 0, 0]]
  // CHECK: pisa.conversion 0 bfp mantissa 4 group 16 rounding stochastic{{$}}
  pisa.conversion 0 bfp mantissa 4 group 16 rounding stochastic
  // CHECK: pisa.conversion 1 fp32 group 16{{$}}
  pisa.conversion 1 fp32 group 16
  // CHECK: pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]{{$}}
  pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]
  // CHECK: pisa.pass 1 [float_dot]{{$}}
  pisa.pass 1 [float_dot]
  // CHECK: pisa.combine 0 [scaled_add]{{$}}
  pisa.combine 0 [scaled_add]
  // CHECK: pisa.combine 1 [float_add]{{$}}
  pisa.combine 1 [float_add]
  // CHECK: pisa.product 0 m 6 n 576 k 25 groups 1 stationary first conversions [0, 0] pass 0 combine 0{{$}}
  pisa.product 0 m 6 n 576 k 25 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  // CHECK: pisa.product 1 m 6 n 576 k 25 groups 2 stationary second conversions [1, 1] pass 1 combine 1 layer 0
  pisa.product 1 m 6 n 576 k 25 groups 2 stationary second conversions [1, 1] pass 1 combine 1 layer 0
  // CHECK: pisa.nest 0 product 1 at [0, 5] groups 0 size 2 rows [0 + 4 * l0] size 4 of [6 + -4 * l0] columns 0 size 576 contraction [0 + 16 * l1(1, 0, 1, 2)] size 16{{$}}
  pisa.nest 0 product 1 at [0, 5] groups 0 size 2 rows [0 + 4 * l0] size 4 of [6 + -4 * l0] columns 0 size 576 contraction [0 + 16 * l1(1, 0, 1, 2)] size 16
  // CHECK: pisa.region 0 "x" input at act[64] bytes 8 type tensor<2xf32>{{$}}
  pisa.region 0 "x" input at act[64] bytes 8 type tensor<2xf32>
  // CHECK: pisa.region 1 "n\22\\" constant at dram[0] bytes 16 type tensor<2xi64> init dense<[1, -1]> : tensor<2xi64>
  pisa.region 1 "n\22\\" constant at dram[0] bytes 16 type tensor<2xi64> init dense<[1, -1]> : tensor<2xi64>
  // CHECK: pisa.region 2 "s" state at grad[0] bytes 1 type tensor<i1>
  pisa.region 2 "s" state at grad[0] bytes 1 type tensor<i1>
  // CHECK: pisa.layer 0 "/conv1/Conv" "Conv" output 0
  pisa.layer 0 "/conv1/Conv" "Conv" output 0
  // CHECK: pisa.layer 1 "/Flatten" "Flatten"{{$}}
  pisa.layer 1 "/Flatten" "Flatten"
  // CHECK: pisa.code {
  pisa.code {
    // CHECK-NEXT: pisa.loop 4 layer 1 {
    pisa.loop 4 layer 1 {
      // CHECK-NEXT: pisa.loop 2 {
      pisa.loop 2 {
        // CHECK-NEXT: pisa.core_program core[1] conversion 0 pass 0 map 1 from wgt[0 + 64 * l0] row [0 + 32 * l1(8, 3, 4, 9)] k 0 rows 32 of [100 + -32 * l0] cols 16 product 0 layer 0 when l1 * 8 + 3 < 20
        pisa.core_program core[1] conversion 0 pass 0 map 1 from wgt[0 + 64 * l0] row [0 + 32 * l1(8, 3, 4, 9)] k 0 rows 32 of [100 + -32 * l0] cols 16 product 0 layer 0 when l1 * 8 + 3 < 20
        // CHECK-NEXT: pisa.core_stream core[1] conversion 0 pass 0 combine 0 map 1 from act[4] into 2 grad[8] row 0 k 0 vec 7 rows 32 cols 16 length 100 product 0 start 0{{$}}
        pisa.core_stream core[1] conversion 0 pass 0 combine 0 map 1 from act[4] into 2 grad[8] row 0 k 0 vec 7 rows 32 cols 16 length 100 product 0 start 0
        // An index that depends on counters, a range, and digits of the lane.
        // CHECK-NEXT: pisa.core_program core[0 + 1 * l0(1, 0, 1, 2)] conversion 0 pass 0 map 1 from wgt[0] row 0 k 0 rows 32 cols 16 product 0{{$}}
        pisa.core_program core[0 + 1 * l0(1, 0, 1, 2)] conversion 0 pass 0 map 1 from wgt[0] row 0 k 0 rows 32 cols 16 product 0
        // CHECK-NEXT: pisa.core_program core[0 lanes 2] conversion 0 pass 0 map 1 from wgt[0 + 64 * lane] row [0 + 32 * lane] k 0 rows 32 of [60 + -32 * lane] cols 16 product 0 when lane * 1 + 0 < 2
        pisa.core_program core[0 lanes 2] conversion 0 pass 0 map 1 from wgt[0 + 64 * lane] row [0 + 32 * lane] k 0 rows 32 of [60 + -32 * lane(1, 0, 1, 0)] cols 16 product 0 when lane * 1 + 0 < 2
        // CHECK-NEXT: pisa.signal core[0 + 2 * l1 lanes 2] 0
        pisa.signal core[0 + 2 * l1 lanes 2] 0
      }
    }
    // CHECK: pisa.signal dma[0] 0 layer 1
    pisa.signal dma[0] 0 layer 1
    // CHECK-NEXT: pisa.wait vec[0] 0{{$}}
    pisa.wait vec[0] 0
    // CHECK-NEXT: pisa.wait vec[0] 1 redundant layer 0
    pisa.wait vec[0] 1 redundant layer 0
    // CHECK-NEXT: pisa.dma_copy act[0] strides [0, 0, 64, 2] from dram[2] strides [0, 0, 64, 2] shape [1, 1, 8, 32] width 2{{$}}
    pisa.dma_copy act[0] strides [0, 0, 64, 2] from dram[2] strides [0, 0, 64, 2] shape [1, 1, 8, 32] width 2
    // CHECK-NEXT: pisa.dma_copy act[0] strides [12, 8, 4, 4] from dram[4] strides [0, 0, 112, 4] shape [1, 1, 28 of [3 + 1 * l0], 28] zero_fill dim 2 start [-1 + 8 * l0] extent 28
    pisa.dma_copy act[0] strides [12, 8, 4, 4] from dram[4] strides [0, 0, 112, 4] shape [1, 1, 28 of [3 + 1 * l0], 28] zero_fill dim 2 start [-1 + 8 * l0] extent 28
    // CHECK-NEXT: pisa.vec_map add act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] b wgt[0] strides [0, 0, 0, 0] shape [1, 1, 1, 4]
    pisa.vec_map add act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] b wgt[0] strides [0, 0, 0, 0] shape [1, 1, 1, 4]
    // CHECK-NEXT: pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 0xFF800000
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 0xFF800000
    // CHECK-NEXT: pisa.vec_map clip act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 -1.000000e+00 s1 6.000000e+00
    pisa.vec_map clip act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 -1.0 s1 6.0
    // CHECK-NEXT: pisa.vec_reduce max act[0] strides [0, 0, 4, 0] a act[64] strides [0, 0, 40, 4] shape [1, 1, 2, 10]
    pisa.vec_reduce max act[0] strides [0, 0, 4, 0] a act[64] strides [0, 0, 40, 4] shape [1, 1, 2, 10]
    // CHECK-NEXT: pisa.vec_pool average_all act[4096] map 1 from act[0] map 0 row [0 + 4 * l0] rows 144 window 4
    pisa.vec_pool average_all act[4096] map 1 from act[0] map 0 row [0 + 4 * l0] rows 144 window 4
    // CHECK-NEXT: pisa.halt
    pisa.halt
  }
}

// What a training step adds.
// CHECK-LABEL: pisa.program "step" training target "mirage" hash 0 memory ideal batch 32 tokens 0 rng 2 compiler "" machine ["core.rows=32", "extension=rns"] {
// CHECK-NEXT: pisa.group 0 "core" class "rns" count 1 array [32, 16]
pisa.program "step" training target "mirage" hash 0 memory ideal batch 32 tokens 0 rng 2 compiler "" machine ["core.rows=32", "extension=rns"] {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.memory 2 "grad" on_chip capacity 8388608 bytes 192 types [f32]
  // CHECK: pisa.product 0 m 6 n 576 k 16 groups 1 positions 25 stationary first conversions [0, 0] pass 0 combine 0{{$}}
  pisa.product 0 m 6 n 576 k 16 groups 1 positions 25 stationary first conversions [0, 0] pass 0 combine 0
  // CHECK: pisa.product 1 m 6 n 25 k 576 groups 1 stationary second conversions [0, 0] pass 0 combine 0 stream 2147483647 layer 2
  pisa.product 1 m 6 n 25 k 576 groups 1 stationary second conversions [0, 0] pass 0 combine 0 stream 2147483647 layer 2
  // CHECK: pisa.product 2 m 6 n 25 k 576 groups 1 stationary result conversions [0, 0] pass 0 combine 0{{$}}
  pisa.product 2 m 6 n 25 k 576 groups 1 stationary result conversions [0, 0] pass 0 combine 0
  // CHECK: pisa.region 0 "w" parameter mutable at wgt[0] bytes 64 type tensor<4xf32> init dense<1.000000e+00> : tensor<4xf32>
  pisa.region 0 "w" parameter mutable at wgt[0] bytes 64 type tensor<4xf32> init dense<1.0> : tensor<4xf32>
  // CHECK: pisa.region 1 "labels" input at act[0] bytes 64 type tensor<4xf32> classes 10 ignore -100
  pisa.region 1 "labels" input at act[0] bytes 64 type tensor<4xf32> classes 10 ignore -100
  // CHECK: pisa.region 2 "photonic.rng" state mutable at wgt[64] bytes 64 type tensor<3xf32>{{$}}
  pisa.region 2 "photonic.rng" state mutable at wgt[64] bytes 64 type tensor<3xf32>
  // CHECK: pisa.region 3 "more labels" input at act[64] bytes 64 type tensor<4xf32> classes 10{{$}}
  pisa.region 3 "more labels" input at act[64] bytes 64 type tensor<4xf32> classes 10
  // CHECK: pisa.region 4 "loss" output loss at grad[0] bytes 4 type tensor<f32>{{$}}
  pisa.region 4 "loss" output loss at grad[0] bytes 4 type tensor<f32>
  // CHECK: pisa.region 5 "w.grad" output gradient_of 0 at grad[64] bytes 16 type tensor<4xf32>{{$}}
  pisa.region 5 "w.grad" output gradient_of 0 at grad[64] bytes 16 type tensor<4xf32>
  // CHECK: pisa.region 6 "optimizer.lr" state mutable knob learning_rate at wgt[128] bytes 4 type tensor<1xf32>{{$}}
  pisa.region 6 "optimizer.lr" state mutable knob learning_rate at wgt[128] bytes 4 type tensor<1xf32>
  // CHECK: pisa.layer 0 "conv" "Conv"{{$}}
  pisa.layer 0 "conv" "Conv" phase forward
  // CHECK: pisa.layer 1 "conv" "Conv" phase input_gradient output 0
  pisa.layer 1 "conv" "Conv" phase input_gradient output 0
  // CHECK: pisa.layer 2 "conv" "Conv" phase weight_gradient
  pisa.layer 2 "conv" "Conv" phase weight_gradient
  // CHECK: pisa.layer 3 "loss" "SoftmaxCrossEntropyLoss" phase loss
  pisa.layer 3 "loss" "SoftmaxCrossEntropyLoss" phase loss
  // CHECK: pisa.layer 4 "conv" "Conv" phase update
  pisa.layer 4 "conv" "Conv" phase update
  // CHECK: pisa.code {
  pisa.code {
    // CHECK-NEXT: pisa.vec_map gate grad[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] b grad[64] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.000000e-01
    pisa.vec_map gate grad[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] b grad[64] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.000000e-01
    // CHECK-NEXT: pisa.vec_map offset act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.000000e+00
    pisa.vec_map offset act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.000000e+00
    // CHECK-NEXT: pisa.vec_reduce sum act[0] strides [4, 0, 0, 0] a act[64] strides [256, 64, 16, 4] shape [2, 4, 4, 4] dims 3
    pisa.vec_reduce sum act[0] strides [4, 0, 0, 0] a act[64] strides [256, 64, 16, 4] shape [2, 4, 4, 4] dims 3
    // CHECK-NEXT: pisa.vec_pool_positions act[4096] map 1 positions act[8191] from act[0] map 0 row [0 + 4 * l0] rows 144 window 256
    pisa.vec_pool_positions act[4096] map 1 positions act[8191] from act[0] map 0 row [0 + 4 * l0] rows 144 window 256
    // CHECK-NEXT: pisa.vec_unpool max grad[0] map 0 from grad[4096] map 1 positions act[8191] row 0 rows 144 of [200 + -144 * l0] window 4 layer 2
    pisa.vec_unpool max grad[0] map 0 from grad[4096] map 1 positions act[8191] row 0 rows 144 of [200 + -144 * l0] window 4 layer 2
    // CHECK-NEXT: pisa.vec_unpool average_all grad[0] map 0 from grad[4096] map 1 row 0 rows 144 window 4
    pisa.vec_unpool average_all grad[0] map 0 from grad[4096] map 1 row 0 rows 144 window 4
    // CHECK-NEXT: pisa.vec_pack act[4096] from act[0] count 64 of [100 + -64 * l0]
    pisa.vec_pack act[4096] from act[0] count 64 of [100 + -64 * l0]
    // CHECK-NEXT: pisa.vec_gate_mask grad[0] from grad[0] mask act[4096] count 100
    pisa.vec_gate_mask grad[0] from grad[0] mask act[4096] count 100
    // CHECK-NEXT: pisa.vec_random act[0] key wgt[64] first [0 + 64 * l0] count 64 stream 4294967295 when l0 * 1 + 0 < 3
    pisa.vec_random act[0] key wgt[64] first [0 + 64 * l0] count 64 stream 4294967295 when l0 * 1 + 0 < 3
    // CHECK-NEXT: pisa.core_program core[0] conversion 2 pass 2 map 0 from wgt[0] row 0 k 0 rows 32 cols 16 product 2 group [0 + 1 * l0(8, 3, 4, 0)]
    pisa.core_program core[0] conversion 2 pass 2 map 0 from wgt[0] row 0 k 0 rows 32 cols 16 product 2 group [0 + 1 * l0(8, 3, 4, 0)]
    // CHECK-NEXT: pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 0 from act[0] into 0 grad[0] row 0 k 0 vec 0 rows 32 cols 16 length 4 product 2 start 0 group [0 + 1 * l0(8, 3, 4, 0)]
    pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 0 from act[0] into 0 grad[0] row 0 k 0 vec 0 rows 32 cols 16 length 4 product 2 start 0 group [0 + 1 * l0(8, 3, 4, 0)]
    // CHECK-NEXT: pisa.halt
    pisa.halt
  }
}

// Operands that are stored converted.
// CHECK-LABEL: pisa.program "blocks" inference
pisa.program "blocks" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  // CHECK: pisa.memory 0 "wgt" on_chip capacity 8388608 bytes 4096 types [f32, block]
  pisa.memory 0 "wgt" on_chip capacity 8388608 bytes 4096 types [f32, block]
  pisa.conversion 0 bfp mantissa 4 group 16 rounding trunc
  pisa.conversion 1 bfp mantissa 7 group 3 rounding nearest
  // CHECK: pisa.region 0 "w" workspace at wgt[0] bytes 330 type tensor<6x5x!pisa.block<0>>{{$}}
  pisa.region 0 "w" workspace at wgt[0] bytes 330 type tensor<6x5x!pisa.block<0>>
  // CHECK: pisa.region 1 "v" constant at wgt[384] bytes 8 type tensor<2x!pisa.block<1>> init dense_resource<two> : tensor<2x!pisa.block<1>>
  pisa.region 1 "v" constant at wgt[384] bytes 8 type tensor<2x!pisa.block<1>> init dense_resource<two> : tensor<2x!pisa.block<1>>
  pisa.code {
    // CHECK: pisa.core_convert core[0] conversion 0 map 0 from wgt[512] into 3 wgt[0 + 55 * l0] row [0 + 1 * l0] k 0 rows 6 cols 75 product 0 operand 0{{$}}
    pisa.core_convert core[0] conversion 0 map 0 from wgt[512] into 3 wgt[0 + 55 * l0] row [0 + 1 * l0] k 0 rows 6 cols 75 product 0 operand 0
    // CHECK-NEXT: pisa.core_convert core[0 lanes 2] conversion 0 map 0 from wgt[512] into 3 wgt[0] row 0 k 0 rows 6 cols 75 of [75 + -64 * l0] product 0 operand 1 group [0 + 1 * lane] layer 0
    pisa.core_convert core[0 lanes 2] conversion 0 map 0 from wgt[512] into 3 wgt[0] row 0 k 0 rows 6 cols 75 of [75 + -64 * l0] product 0 operand 1 group [0 + 1 * lane] layer 0
    // CHECK-NEXT: pisa.core_program core[0] conversion 0 pass 0 map 3 from wgt[0] row 0 k 0 rows 6 cols 16 product 0 stored layer 2 when
    pisa.core_program core[0] conversion 0 pass 0 map 3 from wgt[0] row 0 k 0 rows 6 cols 16 product 0 stored layer 2 when l0 * 1 + 0 < 3
    // CHECK-NEXT: pisa.core_stream core[0] {{.*}} start [0 + 1 * l0] stored{{$}}
    pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 3 from wgt[0] into 2 wgt[512] row 0 k 0 vec 0 rows 6 cols 16 length 9 product 0 start [0 + 1 * l0] stored
    pisa.halt
  }
}

// The fields are attributes of their own as well.
// CHECK-LABEL: @fields
// CHECK-SAME: a = #pisa.affine<[128 + 64 * l0(8, 3, 4, 9)]>
// CHECK-SAME: b = #pisa.affine<7>
// CHECK-SAME: c = #pisa.count<32 of [100 + -32 * l0]>
// CHECK-SAME: d = #pisa.address<act[64 + 4096 * l0(1, 0, 1, 2) + -4 * l1]>
// CHECK-SAME: e = #pisa.guard<l0 * 8 + 3 below 20>
// CHECK-SAME: f = #pisa.zero_fill<dim 2 start [-1 + 8 * l0] extent 28>
func.func private @fields() attributes {
  a = #pisa.affine<[128 + 64 * l0(8, 3, 4, 9)]>,
  b = #pisa.affine<7>,
  c = #pisa.count<32 of [100 + -32 * l0]>,
  d = #pisa.address<act[64 + 4096 * l0(1, 0, 1, 2) + -4 * l1]>,
  e = #pisa.guard<l0 * 8 + 3 below 20>,
  f = #pisa.zero_fill<dim 2 start [-1 + 8 * l0] extent 28>
}

{-#
  dialect_resources: {
    builtin: {
      two: "0x040000007E21000000000000"
    }
  }
#-}
