// Tests that a module carries its target, that passes ask for it, and that it is
// not overwritten by another one.
//
// RUN: split-file %s %t
// RUN: photonic-opt %t/empty.mlir --photonic-set-target | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: photonic-opt %t/empty.mlir --photonic-set-target="target=mirage set={{core.moduli=61,63,64}} set=dma.latency_ns=0.1" | FileCheck %s --check-prefixes=CHECK,CHANGED
// CHECK: #[[TARGET:.*]] = #photonic.target<"mirage", structure = {act = {capacity_bytes = {{[0-9]+}} : i64, kind = "on_chip", roles = ["streamed"], types = ["f32"
// PLAIN-SAME: moduli = [31, 32, 33]
// CHANGED-SAME: moduli = [61, 63, 64]
// CHECK-SAME: extensions = ["rns"], format = {group = 16 : i64, mantissa_bits = 4 : i64, rounding = "trunc"}
// CHECK-SAME: groups = ["core"], memories = ["
// CHECK-SAME: costs = {
// CHECK-SAME: link_budget = {bandwidth_ghz =
// CHANGED-SAME: latency_ns = 1.000000e-01 : f64
// CHECK: module attributes {photonic.target = #[[TARGET]]}

// What it prints, it reads; in the generic form too.
// RUN: photonic-opt %t/empty.mlir --photonic-set-target=target=mirage-device -o %t/device.mlir
// RUN: photonic-opt %t/device.mlir --verify-roundtrip | photonic-opt -o %t/again.mlir
// RUN: cmp %t/device.mlir %t/again.mlir

// The same target is the same again, and changes without a target are of it.
// RUN: photonic-opt %t/device.mlir --photonic-set-target=target=mirage-device --photonic-set-target --photonic-set-target=set=core.count=8 -o %t/again.mlir
// RUN: cmp %t/device.mlir %t/again.mlir
// RUN: not photonic-opt %t/device.mlir --photonic-set-target=target=mirage 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not photonic-opt %t/device.mlir --photonic-set-target=set=core.count=4 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not photonic-opt %t/device.mlir --photonic-pipeline="to=lower set=core.count=4" 2>&1 | FileCheck %s --check-prefix=COUNT
// NAME: error: the module is compiled for target 'mirage-device' with name mirage-device, and target=mirage has mirage; leave target out, as the module holds its target, or start from an earlier stage: the model, or IR without 'photonic.target'
// COUNT: error: the module is compiled for target 'mirage-device' with core.count 8, and set has 4; leave set out

// RUN: not photonic-opt %t/empty.mlir --photonic-set-target=target=nowhere 2>&1 | FileCheck %s --check-prefix=NOWHERE
// NOWHERE: error: no target 'nowhere'

// Passes that need a target say how there is one.
// RUN: not photonic-opt %t/product.mlir --photonic-assign-formats 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not photonic-opt %t/product.mlir --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not photonic-opt %t/product.mlir --photonic-select-dataflow 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not photonic-opt %t/product.mlir --photonic-tile-array 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not photonic-opt %t/product.mlir --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: product.mlir:{{.*}}error: expected a module that carries its target, the attribute 'photonic.target', and found none; write it with photonic-opt --photonic-set-target=target=mirage in front of the passes that need it, or compile with photonic-compile --target

//--- empty.mlir
module {
}

//--- product.mlir
func.func @main(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> tensor<1x4xf32> {
  %z = photonic.zeros : tensor<1x4xf32>
  %0 = photonic.product ins(%w by <rows = [4 x d0], columns = [8 x d1]>, %x by <columns = [8 x d1]> : tensor<4x8xf32>, tensor<1x8xf32>)
      outs(%z by <rows = [4 x d1]> : tensor<1x4xf32>) operator = "Gemm" loc("fc1")
  return %0 : tensor<1x4xf32>
}
