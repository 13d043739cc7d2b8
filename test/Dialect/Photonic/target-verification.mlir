// RUN: photonic-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{'photonic.target' has to be a #photonic.target<...>, found "mirage"; remove it, and let photonic-opt --photonic-set-target write it}}
module attributes {photonic.target = "mirage"} {}

// -----

module {
  // expected-error@+1 {{'photonic.target' belongs to a module, found it at 'func.func'; move it there}}
  func.func private @f() attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {}>}
}

// -----

// expected-error@+1 {{photonic.target: the target has nothing that computes; add groups}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {}>} {}

// -----

// expected-error@+1 {{photonic.target: groups has to be a list of words, such as ["core"], found []; leave it out if there are none}}
module attributes {photonic.target = #photonic.target<"m", structure = {groups = []}, costs = {}>} {}

// -----

// expected-error@+1 {{photonic.target: group 'core' does not say its machine; this program knows rns}}
module attributes {photonic.target = #photonic.target<"m", structure = {groups = ["core"], core = {count = 8 : i64}}, costs = {}>} {}

// -----

// expected-error@+1 {{photonic.target: group 'core' has the machine 'rms', which is no machine class; did you mean 'rns'}}
module attributes {photonic.target = #photonic.target<"m", structure = {groups = ["core"], core = {machine = "rms"}}, costs = {}>} {}

// -----

// Unknown fields.
// expected-error@+1 {{photonic.target: a target has no field 'vector_unit.lines'; did you mean 'vector_unit.lanes'}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {vector_unit = {lines = 8 : i64}}>} {}

// -----

// expected-error@+1 {{photonic.target: a target has no field 'core.count'}}
module attributes {photonic.target = #photonic.target<"m", structure = {core = {count = 8 : i64}}, costs = {}>} {}

// -----

// Fields in the wrong dictionary, and of the wrong type.
// expected-error@+1 {{photonic.target: vector_unit.lanes (FP32 operations per cycle) is part of the costs, found in the structure; move it}}
module attributes {photonic.target = #photonic.target<"m", structure = {vector_unit = {lanes = 8 : i64}}, costs = {}>} {}

// -----

// expected-error@+1 {{photonic.target: vector_unit.lanes (FP32 operations per cycle) takes an integer, found the real number 8.5}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {vector_unit = {lanes = 8.5 : f64}}>} {}

// -----

// expected-error@+1 {{photonic.target: vector_unit.op_pj is 5.000000e-01 : f32; a field is an f64, an i64, a word, or a list of integers or words that is not empty}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {vector_unit = {op_pj = 0.5 : f32}}>} {}

// -----

// expected-error@+1 {{photonic.target: vector_unit has no fields; add them, or remove it}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {vector_unit = {}}>} {}

// -----

// Missing fields, and values out of limits: as in files.
// expected-error@+1 {{photonic.target: field vector_unit.clock_ghz (cycles per nanosecond) is missing; add it with its value and source}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {vector_unit = {lanes = 8 : i64, op_pj = 1.0 : f64, port_bytes_per_ns = 1.0 : f64, vector_mm2_per_lane = 0.0 : f64}}>} {}

// -----

// expected-error@+1 {{photonic.target: vector_unit.lanes (FP32 operations per cycle) is 0, legal is 1 to 1048576}}
module attributes {photonic.target = #photonic.target<"m", structure = {}, costs = {vector_unit = {clock_ghz = 1.0 : f64, lanes = 0 : i64, op_pj = 1.0 : f64, port_bytes_per_ns = 1.0 : f64, vector_mm2_per_lane = 0.0 : f64}}>} {}
