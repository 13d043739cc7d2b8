// RUN: split-file %s %t
// RUN: photonic-opt %t/all.mlir | photonic-opt --mlir-print-debuginfo=false | FileCheck %t/all.mlir
// RUN: photonic-opt %t/all.mlir --mlir-print-op-generic | photonic-opt --mlir-print-debuginfo=false | FileCheck %t/all.mlir
// RUN: photonic-opt --mlir-print-debuginfo=false %t/all.mlir --verify-roundtrip | FileCheck %t/all.mlir
// RUN: photonic-opt %t/wrong.mlir --split-input-file --verify-diagnostics
// RUN: photonic-opt %t/tokens.mlir --photonic-insert-tokens --photonic-verify-program | FileCheck %t/tokens.mlir
// Text to file and back.
// RUN: photonic-opt %t/tokens.mlir --photonic-insert-tokens -o %t/ordered.mlir
// RUN: photonic-translate --assemble %t/ordered.mlir -o %t/a.phx
// RUN: photonic-translate --disassemble %t/a.phx -o %t/a.pisa
// RUN: photonic-translate --assemble %t/a.pisa -o %t/b.phx
// RUN: cmp %t/a.phx %t/b.phx
// RUN: FileCheck %t/tokens.mlir < %t/a.pisa
// RUN: not photonic-translate --assemble %t/bound.mlir -o %t/bound.phx 2>&1 | FileCheck %t/bound.mlir
// RUN: not photonic-translate --assemble %t/race.mlir -o %t/race.phx 2>&1 | FileCheck %t/race.mlir

//--- all.mlir
// CHECK-LABEL: pisa.program "counts"
pisa.program "counts" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 4096 types [f32, i32]
  // CHECK: pisa.register 0 "nonzeros" most 4096
  pisa.register 0 "nonzeros" most 4096
  // CHECK-NEXT: pisa.register 1 "errors" most 2147483647
  pisa.register 1 "errors" most 2147483647
  pisa.code {
    // CHECK: pisa.vec_read_count r1 from act[64]{{$}}
    pisa.vec_read_count r1 from act[64]
    // CHECK-NEXT: pisa.loop 256 below r0 layer 0 {
    pisa.loop 256 below r0 layer 0 {
      // CHECK-NEXT: pisa.loop 2 below r1 {
      pisa.loop 2 below r1 {
        // CHECK-NEXT: pisa.vec_pack act[0] from act[4] count 16 of [0 + -16 * l0] + r0{{$}}
        pisa.vec_pack act[0] from act[4] count 16 of [0 + -16 * l0] + r0
        // CHECK-NEXT: pisa.vec_pack act[0] from act[4] count 16 of r1 when l1 * 8 + 3 < min(20, r0) from 4
        pisa.vec_pack act[0] from act[4] count 16 of r1 when l1 * 8 + 3 < min(20, r0) from 4
        // CHECK-NEXT: pisa.vec_pack act[0] from act[4] count 16 of -3 + r1 when l0 * 1 + 0 < min(5, r1){{$}}
        pisa.vec_pack act[0] from act[4] count 16 of -3 + r1 when l0 * 1 + 0 < min(5, r1)
        // CHECK-NEXT: pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 2 of r0, 1, 3 of [1 + 1 * l1] + r1]
        pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 2 of r0, 1, 3 of [1 + 1 * l1] + r1] s0 1.0
      }
    }
    pisa.halt
  }
}

//--- wrong.mlir
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected number 0, found 1}}
  pisa.register 1 "a" most 1
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected most in [0, 2147483647], found 2147483648}}
  pisa.register 0 "a" most 2147483648
  pisa.code {
    pisa.halt
  }
}

// -----

// expected-error @+1 {{expected a count register, such as r0}}
module attributes {pisa.a = #pisa.count<16 of l0>} {}

// -----

// expected-error @+1 {{expected a count register, such as r0}}
module attributes {pisa.a = #pisa.count<16 of 0 + r4294967295>} {}

// -----

// expected-error @+1 {{expected a count register, such as r0}}
module attributes {pisa.a = #pisa.guard<l0 * 1 + 0 below min(3, q0)>} {}

//--- tokens.mlir
// What dma copies depends on what vec reads: it waits for the register.
// CHECK-LABEL: pisa.program "ordered"
// CHECK: pisa.vec_read_count r0
// CHECK: pisa.signal vec[0] [[READ:[0-9]+]]
// CHECK: pisa.wait dma[0] [[READ]]
// CHECK: pisa.loop 4 below r0 {
// CHECK: pisa.dma_copy
// CHECK: }
// The loop is over before the register gets another value.
// CHECK: pisa.signal dma[0] [[DONE:[0-9]+]]
// CHECK: pisa.wait vec[0] [[DONE]]
// CHECK: pisa.vec_read_count r0
pisa.program "ordered" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 4096 types [f32, i32]
  pisa.register 0 "rows" most 4
  pisa.code {
    pisa.vec_read_count r0 from act[0]
    pisa.loop 4 below r0 {
      pisa.dma_copy act[2048 + 64 * l0] strides [0, 0, 0, 4] from act[1024 + 64 * l0] strides [0, 0, 0, 4] shape [1, 1, 1, 16]
    }
    pisa.vec_read_count r0 from act[4]
    pisa.halt
  }
}

//--- bound.mlir
// CHECK: bound.mlir:7:5: error: {{.*}}expected bytes inside [0, 4096) of act, found [0, 4104)
pisa.program "bound" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 4096 types [f32, i32]
  pisa.register 0 "elements" most 1026
  pisa.code {
    pisa.vec_read_count r0 from act[0]
    pisa.vec_pack act[0] from act[0] count 4096 of r0
    pisa.halt
  }
}

//--- race.mlir
// CHECK: race.mlir:7:5: error: read-after-write hazard in register 0 ('rows'): instruction 0 (vec.read_count on vec) writes it, then instruction 1 (dma.copy on dma) reads it
pisa.program "race" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 4096 types [f32, i32]
  pisa.register 0 "rows" most 4
  pisa.code {
    pisa.vec_read_count r0 from act[0]
    pisa.dma_copy act[2048] strides [0, 0, 0, 4] from act[1024] strides [0, 0, 0, 4] shape [1, 1, 1, 16 of r0]
    pisa.halt
  }
}
