// RUN: photonic-opt %s --nn-compress-stash --split-input-file | FileCheck %s
// RUN: photonic-opt %s --nn-compress-stash --split-input-file --remarks-filter=Stash -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// A value of which only the sign is needed later; 70 bits take 3 words. The view
// through which one of its users looks is masked as well.

// REMARK: 'act' keeps 12 bytes for the backward pass, 280 before compression
// REMARK: 'other' keeps 280 bytes for the backward pass, 280 before compression
// REMARK: StashTotal
// REMARK-SAME: all layers keep 292 bytes for the backward pass, 560 before compression

// CHECK-LABEL: func.func @masked
func.func @masked(%x: tensor<7x10xf32>, %dy: tensor<7x10xf32>)
    -> (tensor<7x10xf32>, tensor<7x10xf32>) {
  // CHECK: %[[Y:.*]] = nn.relu
  // CHECK-NEXT: %[[M:.*]] = nn.pack_signs %[[Y]]
  %y = nn.relu %x : tensor<7x10xf32> loc("act")
  %z = nn.exp %y : tensor<7x10xf32> loc("other")
  // CHECK: nn.gate_mask %[[M]], %{{.*}} {nn.phase = "input_gradient"}
  %g = nn.gate %y, %dy {nn.phase = "input_gradient"}
      : (tensor<7x10xf32>, tensor<7x10xf32>) -> tensor<7x10xf32>
  %h = nn.mul %g, %z {nn.phase = "input_gradient"}
      : (tensor<7x10xf32>, tensor<7x10xf32>) -> tensor<7x10xf32>
  return %g, %h : tensor<7x10xf32>, tensor<7x10xf32>
}

// -----

// Nothing is gained where the value is needed as it is, where it leaves the
// function, where the gate does more than a bit says, or broadcasts.

// CHECK-LABEL: func.func @kept
// CHECK-NOT: nn.pack_signs
// CHECK: return
// REMARK: 'number' keeps 16 bytes for the backward pass, 16 before compression
func.func @kept(%x: tensor<4xf32>, %dy: tensor<4xf32>, %big: tensor<2x4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xf32>) {
  %number = nn.relu %x : tensor<4xf32> loc("number")
  %result = nn.relu %x : tensor<4xf32> loc("result")
  %leaky = nn.leaky_relu %x alpha = 0.5 : tensor<4xf32> loc("leaky")
  %wide = nn.relu %dy : tensor<4xf32> loc("wide")
  %a = nn.gate %number, %dy {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = nn.mul %a, %number {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %c = nn.gate %result, %dy {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = nn.gate %leaky, %dy slope = 0.5 {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = nn.gate %wide, %big {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %result, %b, %c, %d, %e
      : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xf32>
}

// -----

// A view keeps what it shows.

// CHECK-LABEL: func.func @view
// CHECK-NOT: nn.pack_signs
// CHECK: return
func.func @view(%x: tensor<4xf32>, %dy: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<2x2xf32>) {
  %y = nn.relu %x : tensor<4xf32>
  %v = nn.reshape %y : tensor<4xf32> -> tensor<2x2xf32>
  %g = nn.gate %y, %dy {nn.phase = "input_gradient"}
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %w = nn.linear_weight_grad %v, %v {nn.phase = "weight_gradient"}
      : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %g, %w : tensor<4xf32>, tensor<2x2xf32>
}

// -----

// The gate that goes is among the uses of the other value, too.

// CHECK-LABEL: func.func @condition_and_input
// CHECK: %[[M:.*]] = nn.pack_signs
// CHECK: nn.gate_mask %[[M]], %
func.func @condition_and_input(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = nn.exp %x : tensor<2x3xf32> loc("a")
  %b = nn.neg %x : tensor<2x3xf32> loc("b")
  %g = nn.gate %a, %b {nn.phase = "input_gradient"}
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %g : tensor<2x3xf32>
}

// -----

// What is no tensor of numbers in memory is not kept.

// CHECK-LABEL: func.func @counters
func.func @counters(%x: tensor<2xf32>) -> tensor<?xindex> {
  %n = arith.constant 4 : index
  %old = tensor.empty(%n) : tensor<?xindex>
  // CHECK: tensor.insert
  %new = tensor.insert %n into %old[%n] {nn.phase = "input_gradient"} : tensor<?xindex>
  return %new : tensor<?xindex>
}
