// RUN: photonic-opt %s --split-input-file --verify-diagnostics

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected number 0, found 1}}
  pisa.layer 1 "a" "b"
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.layer 0 "a" "b"
  // expected-error @+1 {{expected number 1, found 0}}
  pisa.layer 0 "a" "b"
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected array [rows, columns], found 1 numbers}}
  pisa.group 0 "core" class "rns" count 1 array [4]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.map 0 rows [] cols [] axes [[1, 4, 0, 0, 0]]
  // expected-error @+1 {{expected groups and memories before the other tables}}
  pisa.memory 0 "act" on_chip capacity 64 bytes 0 types [f32]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected element types (f32, i32, i64, u8, bool, bf16, i8, i16, block), found 'f33'}}
  pisa.memory 0 "act" on_chip capacity 64 bytes 0 types [f32, f33]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 64 bytes 0 types [f32]
  // expected-error @+1 {{expected the name of a pisa.memory, found 'acc'}}
  pisa.region 0 "x" input at acc[0] bytes 4 type tensor<1xf32>
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 64 bytes 64 types [f32]
  pisa.code {
    // expected-error @+1 {{expected the name of a pisa.memory in dst, found 'acc'}}
    pisa.vec_map fill acc[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4] s0 1.0
    pisa.halt
  }
}

// -----

// expected-error @+1 {{expected exactly one pisa.code, last}}
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
pisa.group 0 "core" class "rns" count 1 array [4, 4]
}

// -----

// expected-error @+1 {{expected exactly one pisa.code, last}}
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    pisa.halt
  }
  pisa.layer 0 "a" "b"
}

// -----

// expected-error @+1 {{expected exactly one pisa.code, last}}
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
  }
  pisa.code {
    pisa.halt
  }
}

// -----

  // expected-error @+1 {{'pisa.layer' op expects parent op 'pisa.program'}}
  pisa.layer 0 "a" "b"

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected 3 numbers in each of rows, found 2}}
  pisa.map 0 rows [[4, 0]] cols [] axes [[4, 4, 0, 0, 0]]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected 3 numbers in each of cols, found 4}}
  pisa.map 0 rows [] cols [[4, 0, 1, 1]] axes [[4, 4, 0, 0, 0]]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected 5 numbers in each of axes, found 2}}
  pisa.map 0 rows [] cols [] axes [[4, 4]]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  // expected-error @+1 {{expected a constant address}}
  pisa.region 0 "x" input at act[0 + 64 * l0] bytes 4 type tensor<1xf32>
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  // expected-error @+1 {{expected a static tensor type, found 'tensor<?xf32>'}}
  pisa.region 0 "x" input at act[0] bytes 4 type tensor<?xf32>
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  // expected-error @+1 {{initial contents have type 'tensor<1xf32>', the region has 'tensor<2xf32>'}}
  pisa.region 0 "x" input at act[0] bytes 8 type tensor<2xf32> init dense<0.0> : tensor<1xf32>
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{is not an instruction}}
    builtin.module {
      }
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
  pisa.loop 1 {
    // expected-error @+1 {{is not an instruction}}
    builtin.module {
    }
  }
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected a shape of 4 dimensions, found 3}}
    pisa.dma_copy act[0] strides [0, 0, 0, 4] from wgt[0] strides [0, 0, 0, 4] shape [1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected 4 strides per operand, found 2}}
    pisa.dma_copy act[0] strides [0, 4] from wgt[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected 4 strides per operand, found 3}}
    pisa.vec_reduce sum act[0] strides [0, 0, 4, 0] a wgt[0] strides [0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected operand 'b', which 'add' reads}}
    pisa.vec_map add act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected operand 'a', which 'relu' reads}}
    pisa.vec_map relu act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected no operand 'a', which 'fill' does not read}}
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected no operand 'b', which 'neg' does not read}}
    pisa.vec_map neg act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] b act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{expected an engine (dma, vec or the name of a pisa.group), found 'gpu'}}
    pisa.signal gpu[0] 0
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{expected engine in [0, 4294967294], found 4294967295}}
    pisa.signal core[4294967295] 0
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{expected lanes in [1, 4294967294], found 0}}
    pisa.signal core[0 lanes 0] 0
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{expected token in [0, 4294967294], found -1}}
    pisa.wait vec[0] -1
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{expected layer in [0, 4294967294], found 4294967295}}
    pisa.signal vec[0] 0 layer 4294967295
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "wgt" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected conversion in [0, 4294967294], found -1}}
    pisa.core_program core[0] conversion -1 pass 0 map 0 from wgt[0] row 0 k 0 rows 1 cols 1 product 0
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected a loop counter l0 to l7}}
    pisa.vec_map fill act[0 + 4 * l8] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{expected the name of a pisa.memory in dst, found 'sram'}}
    pisa.vec_map fill sram[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
    // expected-error @+1 {{expected (scale, offset, divisor, modulus) behind the loop counter, found 2 numbers}}
    pisa.vec_map fill act[0 + 4 * l0(1, 2)] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected a count in [0, 65536], found 65537}}
  pisa.group 0 "core" class "rns" count 65537 array [4, 4]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected a side of the array in [1, 4096], found 0}}
  pisa.group 0 "core" class "rns" count 1 array [4, 0]
  pisa.code {
  pisa.halt
  }
}

// -----

// expected-error @+1 {{expected at most 4294967295 tokens, found}}
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 4294967296 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{bfp mantissa: expected 1 to 15, found 16}}
  pisa.conversion 0 bfp mantissa 16 group 16 rounding trunc
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{fp32 group: expected 1 to 4096, found 4097}}
  pisa.conversion 0 fp32 group 4097
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{rns.modular_dot moduli: expected 2 to 65536, found -31}}
  pisa.pass 0 [rns.modular_dot moduli [-31], rns.reverse_convert]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{rns.modular_dot moduli: expected pairwise coprime, found 6 and 9 with the common divisor 3}}
  pisa.pass 0 [rns.modular_dot moduli [6, 9], rns.reverse_convert]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{no operation of conversions is called 'bpf'; did you mean 'bfp'?; there are bfp, fp32}}
  pisa.conversion 0 bpf mantissa 4 group 16 rounding trunc
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{'optical.dot' is of machine class 'optical', which this program has not registered. It knows: rns}}
  pisa.pass 0 [optical.dot]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{'scaled_add' is an operation of combines, not of passes}}
  pisa.pass 0 [scaled_add]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected trunc, nearest or stochastic, found 'up'}}
  pisa.conversion 0 bfp mantissa 4 group 16 rounding up
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected 'group'}}
  pisa.conversion 0 bfp mantissa 4 rounding trunc
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected at least one operation, found none}}
  pisa.combine 0 []
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  // expected-error @+1 {{expected at [loop, end], found 1 numbers}}
  pisa.nest 0 product 0 at [0] groups 0 size 1 rows 0 size 1 columns 0 size 1 contraction 0 size 1
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  // expected-error @+1 {{expected one of the 1 products, found product 1}}
  pisa.nest 0 product 1 at [0, 1] groups 0 size 1 rows 0 size 1 columns 0 size 1 contraction 0 size 1
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  // expected-error @+1 {{expected number 0, found 1}}
  pisa.nest 1 product 0 at [0, 1] groups 0 size 1 rows 0 size 1 columns 0 size 1 contraction 0 size 1
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected a conversion in [0, 4294967294], found -1}}
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [-1, -1] pass -1 combine -1
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected a layer in [0, 4294967294], found -1}}
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [0, 0] pass 0 combine 0 layer -1
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected a region in [0, 4294967294], found -1}}
  pisa.layer 0 "a" "b" output -1
  pisa.code {
  pisa.halt
  }
}

// -----

// expected-error @+1 {{expected an rng in [0, 4294967294], found -1}}
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 rng -1 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{expected a stream in [0, 2147483647], found 2147483648}}
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [0, 0] pass 0 combine 0 stream 2147483648
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  // expected-error @+1 {{ignores a label, but has no number of classes}}
  pisa.region 0 "y" input at act[0] bytes 4 type tensor<1xf32> ignore 3
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+2 {{expected one of [forward, loss, input_gradient, weight_gradient, update]}}
  // expected-error @+1 {{invalid value for property phase}}
  pisa.layer 0 "a" "b" phase backward
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
  // expected-error @+1 {{expected dims in [1, 3], found 4}}
  pisa.vec_reduce sum act[0] strides [0, 0, 0, 0] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1] dims 4
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
  // expected-error @+1 {{expected operand 'positions', which 'max' reads}}
  pisa.vec_unpool max act[0] map 0 from act[0] map 0 row 0 rows 1 window 1
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
  // expected-error @+1 {{expected no operand 'positions', which 'average_valid' does not read}}
  pisa.vec_unpool average_valid act[0] map 0 from act[0] map 0 positions act[0] row 0 rows 1 window 1
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
  // expected-error @+1 {{expected stream in [0, 4294967295], found -1}}
  pisa.vec_random act[0] key act[0] first 0 count 1 stream -1
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
  // expected-error @+1 {{expected operand 'b', which 'gate' reads}}
  pisa.vec_map gate act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  pisa.code {
  // expected-error @+1 {{expected operand 'a', which 'offset' reads}}
  pisa.vec_map offset act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 1]
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 0 types [f32]
  // expected-error @+1 {{expected a region in [0, 4294967294], found -1}}
  pisa.region 0 "g" output gradient_of -1 at act[0] bytes 32 type tensor<4x2xf32>
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.code {
    // expected-error @+1 {{expected a dimension in [0, 3] to fill, found 4}}
    pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64] strides [0, 0, 0, 4] shape [1, 1, 1, 16] zero_fill dim 4 start 0 extent 16
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.code {
    // expected-error @+1 {{expected a dimension in [0, 3] to fill, found 259}}
    pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64] strides [0, 0, 0, 4] shape [1, 1, 1, 16] zero_fill dim 259 start 0 extent 16
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.code {
    // expected-error @+1 {{expected a dimension in [0, 3] to fill, found -1}}
    pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64] strides [0, 0, 0, 4] shape [1, 1, 1, 16] zero_fill dim -1 start 0 extent 16
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.code {
    // expected-error @+1 {{expected layer in [0, 4294967294], found 4294967295}}
    pisa.loop 2 layer 4294967295 {
      pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64] strides [0, 0, 0, 4] shape [1, 1, 1, 16]
    }
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.code {
    // expected-error @+1 {{expected layer in [0, 4294967294], found 4294967296}}
    pisa.loop 2 layer 4294967296 {
      pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64] strides [0, 0, 0, 4] shape [1, 1, 1, 16]
    }
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 128 types [f32]
  pisa.code {
    // expected-error @+1 {{expected layer in [0, 4294967294], found -1}}
    pisa.loop 2 layer -1 {
      pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64] strides [0, 0, 0, 4] shape [1, 1, 1, 16]
    }
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected arrays of 3 i64 numbers as rows, found 7 : i64}}
  "pisa.map"() <{index = 0 : i64, rows = [7 : i64], cols = [], axes = [array<i64: 1, 4, 0, 0, 0>]}> : () -> ()
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected arrays of 3 i64 numbers as rows, found "4"}}
  "pisa.map"() <{index = 0 : i64, rows = ["4"], cols = [], axes = [array<i64: 1, 4, 0, 0, 0>]}> : () -> ()
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected arrays of 3 i64 numbers as rows, found array<i32: 4, 0, 1>}}
  "pisa.map"() <{index = 0 : i64, rows = [array<i32: 4, 0, 1>], cols = [], axes = [array<i64: 1, 4, 0, 0, 0>]}> : () -> ()
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{expected the axis of a digit in [0, 255], found 256}}
  pisa.map 0 rows [[4, 256, 1]] cols [] axes [[4, 4, 0, 0, 0]]
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  // expected-error @+1 {{expected a tensor type without an encoding, which a program has no place for, found 'tensor<1xf32, "sparse">'}}
  pisa.region 0 "x" input at act[0] bytes 4 type tensor<1xf32, "sparse">
  pisa.code {
  pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
  // expected-error @+1 {{expected a batch axis in [0, 4294967294], found -1}}
  pisa.region 0 "x" input at act[0] bytes 4 type tensor<1xf32> batch_axis -1
  pisa.code {
  pisa.halt
  }
}
