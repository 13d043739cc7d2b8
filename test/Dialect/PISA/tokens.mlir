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
