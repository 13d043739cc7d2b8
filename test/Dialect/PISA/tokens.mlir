// RUN: photonic-opt %s --split-input-file --photonic-insert-tokens --photonic-verify-program | FileCheck %s
// RUN: photonic-opt %s --split-input-file --photonic-insert-tokens | photonic-opt --split-input-file --photonic-insert-tokens | FileCheck %s

// The vector unit writes what the copy reads: one token. Where nothing is
// shared there is none.
// CHECK-LABEL: pisa.program "chain"
// CHECK-SAME: tokens 1
// CHECK: pisa.vec_map fill act[0]
// CHECK-NEXT: pisa.signal vec[0] 0
// CHECK-NEXT: pisa.wait dma[0] 0
// CHECK-NEXT: pisa.dma_copy grad[0]
// CHECK-NEXT: pisa.vec_map fill wgt[0]
// CHECK-NEXT: pisa.halt
pisa.program "chain" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 2 "grad" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
    pisa.dma_copy grad[0] strides [0, 0, 0, 4] from act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4]
    pisa.vec_map fill wgt[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
    pisa.halt
  }
}

// -----

// Two engines take turns in a loop: both directions are ordered, and every
// iteration leaves the tokens as it found them.
// CHECK-LABEL: pisa.program "loop"
// CHECK: pisa.loop 3 {
// CHECK: pisa.wait
// CHECK: pisa.vec_map
// CHECK: pisa.signal
// CHECK: pisa.wait
// CHECK: pisa.dma_copy
// CHECK: pisa.signal
// CHECK: }
pisa.program "loop" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "grad" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    pisa.loop 3 {
      pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
      pisa.dma_copy grad[0 + 16 * l0] strides [0, 0, 0, 4] from act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4]
    }
    pisa.halt
  }
}

// -----

// Arrays take turns with one buffer: in the loop only the array of the iteration
// waits and signals; around it, where its number means nothing, all of them do.
// CHECK-LABEL: pisa.program "turns"
// CHECK: pisa.signal core[0 lanes 4] [[FREE:[0-9]+]]
// CHECK: pisa.loop 8 {
// CHECK: pisa.wait dma[0] [[FREE]]
// CHECK: pisa.dma_copy act[0]
// CHECK: pisa.signal dma[0] [[FULL:[0-9]+]]
// CHECK: pisa.wait core[0 + 1 * l0(1, 0, 1, 4)] [[FULL]]
// CHECK: pisa.core_stream core[0 + 1 * l0(1, 0, 1, 4)]
// CHECK: pisa.signal core[0 + 1 * l0(1, 0, 1, 4)] [[FREE]]
// CHECK: }
// CHECK: pisa.wait dma[0] [[FREE]]
pisa.program "turns" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 4 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 2 "grad" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.map 0 rows [[4, 0, 1]] cols [[4, 1, 1]] axes [[4, 16, 0, 0, 0], [4, 4, 0, 0, 0]]
  pisa.conversion 0 bfp mantissa 4 group 16 rounding trunc
  pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]
  pisa.combine 0 [scaled_add]
  pisa.product 0 m 4 n 4 k 4 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  pisa.code {
    pisa.loop 8 {
      pisa.dma_copy act[0] strides [0, 0, 0, 4] from wgt[0] strides [0, 0, 0, 4] shape [1, 1, 1, 16]
      pisa.core_program core[0 + 1 * l0(1, 0, 1, 4)] conversion 0 pass 0 map 0 from wgt[0] row 0 k 0 rows 4 cols 4 product 0
      pisa.core_stream core[0 + 1 * l0(1, 0, 1, 4)] conversion 0 pass 0 combine 0 map 0 from act[0] into 0 grad[0] row 0 k 0 vec 0 rows 4 cols 4 length 4 product 0 start 0
    }
    pisa.halt
  }
}
