// RUN: photonic-opt %s --split-input-file --photonic-verify-program --verify-diagnostics
// RUN: photonic-opt %s --split-input-file --photonic-insert-tokens --verify-diagnostics

// Rules that need no tokens. What is about one instruction or one entry of a
// table is reported there, by whoever is given the program.

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  // expected-error @+1 {{group 1 name: expected a name of its own, found 'core' again}}
  pisa.group 1 "core" class "rns" count 1 array [8, 4]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{group 0 name: expected a name other than dma and vec, found 'vec'}}
  pisa.group 0 "vec" class "rns" count 1 array [4, 4]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{group 0 name: expected a name other than dma and vec, found ''}}
  pisa.group 0 "" class "rns" count 1 array [4, 4]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{memory 1 'act' name: expected a name of its own, found 'act' again}}
  pisa.memory 1 "act" on_chip capacity 64 bytes 0 types [f32]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{memory 0 '' name: expected a name, found none}}
  pisa.memory 0 "" on_chip capacity 64 bytes 0 types [f32]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{map 0 axes: expected 1 to 4, found 5}}
  pisa.map 0 rows [] cols [] axes [[1, 4, 0, 0, 0], [1, 4, 0, 0, 0], [1, 4, 0, 0, 0], [1, 4, 0, 0, 0], [1, 4, 0, 0, 0]]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.map 0 rows [] cols [] axes [[1, 4, 0, 0, 0]]
  // expected-error @+1 {{map 1 row digits[0] radix: expected at least 1, found 0}}
  pisa.map 1 rows [[0, 0, 1]] cols [] axes [[4, 4, 0, 0, 0]]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.map 0 rows [] cols [] axes [[1, 4, 0, 0, 0]]
  // expected-error @+1 {{map 1 column digits[0] axis: expected one of the map's 1 axes, found 1}}
  pisa.map 1 rows [] cols [[4, 1, 1]] axes [[4, 4, 0, 0, 0]]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.map 0 rows [] cols [] axes [[1, 4, 0, 0, 0]]
  // expected-error @+1 {{map 1 axis 0 extent: expected 0 to 2^50, found -1}}
  pisa.map 1 rows [] cols [] axes [[-1, 4, 0, 0, 0]]
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{region 0 'x' address: expected a multiple of 64, at least 0, found 4}}
  pisa.region 0 "x" input at act[4] bytes 4 type tensor<1xf32>
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{region 0 'x' bytes: expected at least 8 for its shape and type, found 7}}
  pisa.region 0 "x" input at act[0] bytes 7 type tensor<2xf32>
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 4 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{region 0 'w' batch axis: expected one of an input or an output only}}
  pisa.region 0 "w" workspace at act[0] bytes 32 type tensor<4x2xf32> batch_axis 0
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 4 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{region 0 'x' batch axis: expected a dimension below 2, found 2}}
  pisa.region 0 "x" input at act[0] bytes 32 type tensor<4x2xf32> batch_axis 2
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 4 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{region 0 'x' batch axis: expected a dimension of extent 4, the program's batch, found 2}}
  pisa.region 0 "x" input at act[0] bytes 32 type tensor<4x2xf32> batch_axis 1
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32, bool]
  // expected-error @+1 {{region 0 'y' loss: expected an output, found a region of another role}}
  pisa.region 0 "y" input loss at act[0] bytes 4 type tensor<1xf32>
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.conversion 0 fp32 group 16
  // expected-error @+1 {{product 0 pass: expected an index below 0, found 0}}
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first conversions [0, 0] pass 0 combine 0
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  // expected-error @+1 {{layer 0 'a' output: expected an index below 0 (number of regions), found 3}}
  pisa.layer 0 "a" "Relu" output 3
  pisa.code {
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    // expected-error @+1 {{instruction 0 (loop): count: expected at least 1, found 0}}
    pisa.loop 0 {
    }
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.code {
    pisa.loop 1 {
    pisa.loop 1 {
    pisa.loop 1 {
    pisa.loop 1 {
    pisa.loop 1 {
    pisa.loop 1 {
    pisa.loop 1 {
    pisa.loop 1 {
    // expected-error @+1 {{instruction 8 (loop): nesting: expected at most 8 loops, found 9}}
    pisa.loop 1 {
    }
    }
    }
    }
    }
    }
    }
    }
    }
    pisa.halt
  }
}

// -----

pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "wgt" on_chip capacity 8388608 bytes 64 types [f32]
  pisa.code {
    // expected-error @+1 {{instruction 0 (core.program): engine: expected an array of class 'rns', found dma}}
    pisa.core_program dma[0] conversion 0 pass 0 map 0 from wgt[0] row 0 k 0 rows 1 cols 1 product 0
    pisa.halt
  }
}
