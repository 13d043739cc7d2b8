// Operations that cannot be computed together, and chunks that cannot be written.
//
// RUN: photonic-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{'rows' must be at least 1, got 0}}
func.func private @zero() attributes {a = #photonic.chunk<rows = 0>}

// -----

// expected-error@+1 {{'rows' is given twice}}
func.func private @twice() attributes {a = #photonic.chunk<rows = 1, rows = 2>}

// -----

// expected-error@+1 {{expected one of groups, rows, images, lines, units, found 'columns'}}
func.func private @unknown() attributes {a = #photonic.chunk<columns = 1>}

// -----

// expected-error@+1 {{'units' are those of an operation that is no product, and 'groups', 'rows', 'images' and 'lines' of a product; expected one of both kinds}}
func.func private @mixed() attributes {a = #photonic.chunk<rows = 1, units = 2>}

// -----

// expected-error@+1 {{a chunk is one of 'groups' or one of 'rows', got both}}
func.func private @both() attributes {a = #photonic.chunk<groups = 1, rows = 2>}

// -----

// expected-error@+1 {{expected 'result', the number of its buffers}}
func.func private @none() attributes {a = #photonic.buffers<first = 1, second = 2>}

// -----

// expected-error@+1 {{buffers are those of the 'first' and the 'second' operand of a product, or of all 'operands' of another operation; expected one of both kinds}}
func.func private @half() attributes {a = #photonic.buffers<first = 1, result = 2>}

// -----

// expected-error@+1 {{'result' must be at least 1, got -1}}
func.func private @negative() attributes {a = #photonic.buffers<operands = 1, result = -1>}

// -----

// expected-error@+1 {{'photonic.memory' has to be #photonic.memory<ideal> or #photonic.memory<hierarchy>, found "ideal"}}
func.func @memory() attributes {photonic.memory = "ideal"} {
  return
}

// -----

func.func @nothing(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C1) must end with photonic.yield of the results of the operation in front of it}}
  %y = photonic.fused {
    photonic.yield %x : tensor<8xf32>
  } : tensor<8xf32>
  return
}

// -----

func.func @other(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C1) must end with photonic.yield of the results of the operation in front of it}}
  %y = photonic.fused {
    %0 = nn.relu %x : tensor<8xf32>
    photonic.yield %x : tensor<8xf32>
  } : tensor<8xf32>
  return
}

// -----

func.func @types(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C1) has other types than what it yields}}
  %y = photonic.fused {
    %0 = nn.relu %x : tensor<8xf32>
    photonic.yield %0 : tensor<8xf32>
  } : tensor<4xf32>
  return
}

// -----

func.func @unrelated(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C2) has an operation behind another one that is no follower of it: expected one without regions and with one result, which reads the first result of the other}}
  %y = photonic.fused {
    %0 = nn.relu %x : tensor<8xf32>
    // expected-note@+1 {{this one}}
    %1 = nn.tanh %x : tensor<8xf32>
    photonic.yield %1 : tensor<8xf32>
  } : tensor<8xf32>
  return
}

// -----

func.func @readers(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C2) computes a chunk that two operations read; only the next one can, as it changes the chunk in place}}
  %y = photonic.fused {
    // expected-note@+1 {{what this one computes}}
    %0 = nn.relu %x : tensor<8xf32>
    %1 = nn.tanh %0 : tensor<8xf32>
    %2 = nn.add %1, %0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    photonic.yield %2 : tensor<8xf32>
  } : tensor<8xf32>
  return
}

// -----

func.func @nested(%x: tensor<8xf32>) {
  %y = photonic.fused {
    // expected-error@+1 {{(C3) must stand in the body of a function}}
    %0 = photonic.fused {
      %1 = nn.relu %x : tensor<8xf32>
      photonic.yield %1 : tensor<8xf32>
    } : tensor<8xf32>
    photonic.yield %0 : tensor<8xf32>
  } : tensor<8xf32>
  return
}

// -----

func.func @no_result(%x: tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{(C2) has an operation behind another one that is no follower of it}}
  %y = photonic.fused {
    scf.for %i = %c0 to %c1 step %c1 {
    }
    // expected-note@+1 {{this one}}
    %1 = nn.relu %x : tensor<8xf32>
    photonic.yield %1 : tensor<8xf32>
  } : tensor<8xf32>
  return
}

// -----

func.func @attribute(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C4) has an attribute 'nn.phase' that says nothing of it; leave it out, or give it to an operation inside}}
  %y = photonic.fused {
    %0 = nn.relu %x : tensor<8xf32>
    photonic.yield %0 : tensor<8xf32>
  } {nn.phase = "update"} : tensor<8xf32>
  return
}

// -----

func.func @yield(%x: tensor<8xf32>) {
  // expected-error@+1 {{(C4) has an attribute 'chunks' that says nothing of its photonic.yield; leave it out, or give it to an operation inside}}
  %y = photonic.fused {
    %0 = nn.relu %x : tensor<8xf32>
    photonic.yield %0 {chunks = 7} : tensor<8xf32>
  } : tensor<8xf32>
  return
}
