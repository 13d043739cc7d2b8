// RUN: photonic-opt %s --split-input-file --photonic-verify-program --verify-diagnostics

// A missing wait is a race.
pisa.program "race" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "grad" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
    // expected-error @+1 {{read-after-write hazard in memory 'act' at byte 0: instruction 0 (vec.map on vec) writes it, then instruction 1 (dma.copy on dma) reads it}}
    pisa.dma_copy grad[0] strides [0, 0, 0, 4] from act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4]
    pisa.halt
  }
}

// -----

// With it there is none.
pisa.program "ordered" inference target "mirage" hash 0 memory ideal batch 1 tokens 1 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "grad" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
    pisa.signal vec[0] 0
    pisa.wait dma[0] 0
    pisa.dma_copy grad[0] strides [0, 0, 0, 4] from act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4]
    pisa.halt
  }
}

// -----

// A token that nobody signals.
pisa.program "unbalanced" inference target "mirage" hash 0 memory ideal batch 1 tokens 1 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.memory 1 "grad" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    // expected-error @+1 {{instruction 0 (wait): token 0: expected a signal before it in the instruction stream, found 0 signals and 1 waits}}
    pisa.wait dma[0] 0
    pisa.halt
  }
}

// -----

// Bytes behind what the space uses.
pisa.program "outside" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    // expected-error @+1 {{instruction 0 (vec.map): dst: expected bytes inside [0, 64) of act, found [0, 68)}}
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 17] s0 1.0
    pisa.halt
  }
}

// -----

// No halt.
// expected-error @+1 {{code: expected a halt as the last instruction, found no instructions}}
pisa.program "endless" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
  }
}

// -----

// expected-error @+1 {{expected exactly one pisa.program, found 0}}
module {
}

// -----

// An array that is not there in the last iteration.
pisa.program "beyond" inference target "mirage" hash 0 memory ideal batch 1 tokens 1 compiler "" {
  pisa.group 0 "core" class "rns" count 4 array [32, 16]
  pisa.code {
    pisa.loop 4 {
      // expected-error @+1 {{engine: expected the first of 2 arrays inside core[0 .. 4), found 3 at loop counters (3,}}
      pisa.signal core[0 + 1 * l0 lanes 2] 0
      pisa.wait vec[0] 0
    }
    pisa.halt
  }
}

// -----

// Behind a loop, which is two instructions of the stream.
pisa.program "behind" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 4 array [32, 16]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    pisa.loop 4 {
      pisa.loop 4 {
        pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
      }
    }
    // expected-error @+1 {{instruction 5 (vec.map): dst: expected bytes inside [0, 64) of act, found [0, 68)}}
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 17] s0 1.0
    pisa.halt
  }
}

// -----

// A nest that is no loop. Nests of products may be listed in any order.
pisa.program "nests" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.conversion 0 bfp mantissa 4 group 4 rounding trunc
  pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]
  pisa.combine 0 [scaled_add]
  pisa.product 0 m 4 n 4 k 4 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  pisa.product 1 m 4 n 4 k 4 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  // expected-error @+1 {{product 1: expected a loop and its end, found instructions 0 and 3}}
  pisa.nest 0 product 1 at [0, 3] groups 0 size 1 rows 0 size 4 columns 0 size 4 contraction 0 size 4
  pisa.nest 1 product 0 at [0, 2] groups 0 size 1 rows 0 size 4 columns 0 size 4 contraction 0 size 4
  pisa.code {
    pisa.loop 4 {
      pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
    }
    pisa.halt
  }
}

// -----

// A name that no file has a place for.
pisa.program "names" inference target "mirage" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{group 0 class: expected text in UTF-8, found 'r\xff'}}
  pisa.group 0 "core" class "r\FF" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    pisa.halt
  }
}
