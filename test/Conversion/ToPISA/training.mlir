// Tests what a step of training leaves in a program.
//
// RUN: split-file %s %t
// RUN: photonic-opt %t/step.mlir --photonic-pipeline="format=fp32 set=core.count=1" | FileCheck %s --check-prefix=STEP
// RUN: photonic-opt %t/step.mlir --photonic-pipeline="format=fp32 set=core.count=1" --remarks-filter=Memory -o /dev/null 2>&1 | FileCheck %s --check-prefix=STASH
// RUN: photonic-opt %t/step.mlir --photonic-pipeline=format=bfp:4:16:stochastic -o %t/step.random.mlir
// RUN: FileCheck %s --check-prefix=RANDOM --input-file=%t/step.random.mlir
// RUN: photonic-opt %t/gradients.mlir --photonic-pipeline="format=fp32 dataflow=df1 set=core.count=1" | FileCheck %s --check-prefix=DF1
// RUN: photonic-opt %t/gradients.mlir --photonic-pipeline="format=fp32 dataflow=df2 set=core.count=1" | FileCheck %s --check-prefix=DF2
// RUN: photonic-opt %t/gradients.mlir --photonic-pipeline="format=bfp:4:20 dataflow=df1 set=core.count=1 set=core.columns=8 set=format.group=8" | FileCheck %s --check-prefix=LONG
// RUN: photonic-opt %t/digital.mlir --photonic-pipeline | FileCheck %s --check-prefix=DIGITAL
// RUN: photonic-opt %t/updates.mlir --photonic-pipeline | FileCheck %s --check-prefix=UPDATES
// RUN: photonic-opt %t/early.mlir --photonic-pipeline="to=schedule format=fp32 set=core.count=1" --photonic-emit-program | FileCheck %s --check-prefix=EARLY

// Arguments with a role are mutable regions with contents, updated or not; labels
// come as class numbers. The update happens in the weights' own memory.
// Layers have a phase, and keep the operator of the forward one.
// STEP: "fc.weight" parameter mutable at wgt[[[W:[0-9]+]]] bytes 80 type tensor<4x5xf32> init dense<5.000000e-01>
// STEP: "lr" state mutable knob learning_rate at wgt[[[LR:[0-9]+]]] bytes 4 type tensor<1xf32> init
// STEP: "labels" input at act[{{[0-9]+}}] bytes 8 type tensor<2xf32> classes 4 ignore -100
// STEP: pisa.region [[NEW:[0-9]+]] "fc" workspace at wgt[[[W]]] bytes 80
// STEP: pisa.layer {{[0-9]+}} "fc" "Gemm" output {{[0-9]+}}
// STEP: pisa.layer {{[0-9]+}} "loss" "Sub" phase loss output {{[0-9]+}}
// STEP: pisa.layer {{[0-9]+}} "fc" "Gemm" phase weight_gradient output {{[0-9]+}}
// STEP: pisa.layer [[UPDATE:[0-9]+]] "fc" "Gemm" phase update output [[NEW]]
// STEP: pisa.vec_map mul {{.*}} b wgt[[[LR]]] {{.*}} layer [[UPDATE]]
// STEP: pisa.vec_map sub wgt[[[W]]] strides [0, 0, 0, 4] a wgt[[[W]]] strides [0, 0, 0, 4] {{.*}} layer [[UPDATE]]

// The input of the network is not computed, and the loss is not forward, so that
// only what relu gives is kept.
// STASH-NOT: remark
// STASH: remark: loc("relu"): [Analysis] Stash | Category:Memory | Function=main | Remark="'relu' keeps 40 bytes for the backward pass", bytes=40
// STASH-NOT: loc("loss")
// STASH: remark: [Analysis] Stash | Category:Memory | Function=main | Remark="40 bytes in 1 values are kept for the backward pass", bytes=40

// One key for all products, which number their streams; it is read when the run
// starts, and counted at its end. What is added to it is no parameter.
// RANDOM: pisa.program {{.*}} rng [[RNG:[0-9]+]] compiler
// RANDOM: pisa.conversion 0 bfp mantissa 4 group 16 rounding stochastic
// RANDOM: pisa.product 0 {{.*}} layer
// RANDOM: pisa.product 1 {{.*}} stream 1 layer
// RANDOM: pisa.region [[RNG]] "photonic.rng" state mutable at wgt[[[KEY:[0-9]+]]] bytes 12
// RANDOM: "photonic.rng#2" constant at
// RANDOM: pisa.vec_map add wgt[[[KEY]]] strides [0, 0, 0, 4] a wgt[[[KEY]]]

// Six filters of four channels and 2 x 1 positions on images of 3 x 3 elements.
// Rows of the input gradient are (kh, kw, ci), its columns (image, oh, ow), digits of
// one value left out; the position that comes first is the last, and all of them
// accumulate on zeros.
// DF1: pisa.map 0 rows {{\[\[}}4, 0, 1], [2, 1, 1]] cols {{\[\[}}6, 2, 1]] axes {{\[\[}}4, 8, 0, 0, 0], [2, 4, 0, 0, 0], [6, 32, 0, 0, 0]]
// DF1: pisa.product 0 m 4 n 12 k 6 groups 1 positions 2 stationary first conversions [0, 0] pass 0 combine 0 layer 0
// DF1: pisa.product 1 m 6 n 8 k 12 groups 1 stationary first conversions [0, 0] pass 0 combine 0 layer 1
// DF1: pisa.vec_map fill act[[[DX:[0-9]+]]] strides [0, 0, 0, 4] shape [1, 1, 1, 72] layer 0
// DF1: pisa.loop 2 layer 0 {
// DF1: pisa.core_program core[0] conversion 0 pass 0 map 0 from act[{{[0-9]+}}] row [4 + -4 * l0] k 0 rows 32 of 4 cols 16 of 6 product 0
// DF1: pisa.core_stream core[0] conversion 0 pass 0 combine 0 map {{[0-9]+}} from act[{{[0-9]+}}] into {{[0-9]+}} act[[[DX]]] row [4 + -4 * l0] k 0 vec 0 rows 32 of 4 cols 16 of 6 length 12 product 0 start 1
// The weight gradient needs no zeros: it starts from them at contraction position 0.
// DF1-NOT: vec_map fill
// DF1: pisa.loop 1 layer 1 {
// DF1: pisa.core_program {{.*}} row 0 k 0 rows 32 of 6 cols 16 of 12 product 1

// Under df2 the gradient of the output stays in the array, programmed once per
// position; weights stream from the rows of that position on.
// DF2: pisa.product 0 m 4 n 12 k 6 groups 1 positions 2 stationary second conversions [0, 0] pass 0 combine 0
// DF2: pisa.loop 2 layer 0 {
// DF2: pisa.core_program core[0] {{.*}} row 0 k 0 rows 32 of 12 cols 16 of 6 product 0
// DF2: pisa.core_stream core[0] {{.*}} row 0 k 0 vec [4 + -4 * l0] rows 32 of 12 cols 16 of 6 length 4 product 0 start 1

// A group of 20 on 8 columns is passes of 8, 8 and 4; the 12 elements of K take two
// of them.
// LONG: pisa.conversion 0 bfp mantissa 4 group 20
// LONG: pisa.product 1 m 6 n 8 k 12
// LONG: pisa.loop 2 layer 1 {
// LONG: pisa.core_program {{.*}} k [0 + 8 * l0] rows 32 of 6 cols 8 of [12 + -8 * l0] product 1

// A mask is words of 32 bits, a position a byte.
// DIGITAL: "pool" workspace at act[[[P:[0-9]+]]] bytes 8 type tensor<1x2x2x2xui8>
// DIGITAL: "mask" workspace at act[[[M:[0-9]+]]] bytes 8 type tensor<2xi32>
// DIGITAL: pisa.layer {{[0-9]+}} "pool" "MaxPool" output
// DIGITAL: pisa.vec_pool_positions act[[[Y:[0-9]+]]] map 1 positions act[[[P]]] from act[0] map 0 row 0 rows 8 window 4
// DIGITAL: pisa.vec_map fill act[[[DX:[0-9]+]]] strides [0, 0, 0, 4] shape [1, 1, 1, 50]
// DIGITAL: pisa.vec_unpool max act[[[DX]]] map 0 from act[[[Y]]] map 1 positions act[[[P]]] row 0 rows 8 window 4
// DIGITAL: pisa.vec_pack act[[[M]]] from act[0] count 50
// DIGITAL: pisa.vec_gate_mask act[{{[0-9]+}}] from act[0] mask act[[[M]]] count 50
// DIGITAL: pisa.vec_random act[{{[0-9]+}}] key wgt[0] first 0 count 9 stream 7
// Statistics of channels reduce batch and plane together.
// DIGITAL: pisa.vec_reduce sum act[{{[0-9]+}}] strides [0, 4, 0, 0] a act[{{[0-9]+}}] strides [0, 100, 200, 4] shape [1, 2, 2, 25] dims 2

// Two regions that swap their values take the detour over memory of their own; a
// value whose old one is read after it is computed is copied at the end.
// UPDATES: "a" state mutable at wgt[[[A:[0-9]+]]]
// UPDATES: "b" state mutable at wgt[[[B:[0-9]+]]]
// UPDATES: "c" state mutable at wgt[[[C:[0-9]+]]]
// UPDATES: pisa.vec_map neg act[[[NEW:[0-9]+]]] {{.*}} a wgt[[[C]]]
// UPDATES: pisa.vec_map exp act[[[OUT:[0-9]+]]] {{.*}} a wgt[[[C]]]
// UPDATES: pisa.vec_map copy act[[[OLDB:[0-9]+]]] {{.*}} a wgt[[[B]]]
// UPDATES: pisa.vec_map copy act[[[OLDA:[0-9]+]]] {{.*}} a wgt[[[A]]]
// UPDATES: pisa.vec_map copy wgt[[[A]]] {{.*}} a act[[[OLDB]]]
// UPDATES: pisa.vec_map copy wgt[[[B]]] {{.*}} a act[[[OLDA]]]
// UPDATES: pisa.vec_map copy wgt[[[C]]] {{.*}} a act[[[NEW]]]

// An update comes as soon as its gradient is there and nobody needs the old weights,
// before the next layer's gradients; what it computes from old values alone comes
// right before it. The layer keeps the operator of its forward pass.
// EARLY: "w1" parameter mutable at wgt[[[W1:[0-9]+]]]
// EARLY: "w2" parameter mutable at wgt[[[W2:[0-9]+]]]
// EARLY: "v2" state mutable at wgt[[[V2:[0-9]+]]]
// EARLY: pisa.layer {{[0-9]+}} "fc2" "Gemm" phase update
// EARLY: pisa.code
// EARLY-NEXT: pisa.loop
// EARLY: core_stream {{.*}} product 2
// EARLY: pisa.vec_map mul act[[[OLD:[0-9]+]]] {{.*}} a wgt[[[V2]]]
// EARLY-NEXT: pisa.vec_map add wgt[[[V2]]] {{.*}} a act[[[OLD]]]
// EARLY: core_stream {{.*}} product 3
// EARLY: pisa.vec_map sub wgt[[[W2]]] {{.*}} a wgt[[[W2]]] {{.*}} b wgt[[[V2]]]
// EARLY: core_stream {{.*}} product 4
// EARLY: pisa.vec_map sub wgt[[[W1]]]
// EARLY-NEXT: pisa.halt

//--- step.mlir
func.func @main(%x: tensor<2x5xf32> {nn.name = "x"},
    %w: tensor<4x5xf32> {nn.name = "fc.weight", nn.role = "parameter", nn.trainable, nn.init = dense<0.5> : tensor<4x5xf32>},
    %lr: tensor<1xf32> {nn.name = "lr", nn.role = "state", nn.knob = "learning_rate", nn.init = dense<0.125> : tensor<1xf32>},
    %t: tensor<2xf32> {nn.name = "labels", nn.classes = 4 : i64, nn.ignore_index = -100 : i64})
    -> (tensor<2x4xf32> {nn.name = "y"}, tensor<4x5xf32> {nn.updates = "fc.weight"}) {
  %r = nn.relu %x : tensor<2x5xf32> loc("relu")
  %y = nn.linear %r, %w : (tensor<2x5xf32>, tensor<4x5xf32>) -> tensor<2x4xf32> loc("fc")
  %l = nn.reshape %t : tensor<2xf32> -> tensor<2x1xf32>
  %dy = nn.sub %y, %l {nn.phase = "loss"} : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32> loc("loss")
  %dw = nn.linear_weight_grad %dy, %r {nn.phase = "weight_gradient"} : (tensor<2x4xf32>, tensor<2x5xf32>) -> tensor<4x5xf32> loc("fc")
  %s = nn.mul %dw, %lr {nn.phase = "update"} : (tensor<4x5xf32>, tensor<1xf32>) -> tensor<4x5xf32> loc("fc")
  %n = nn.sub %w, %s {nn.phase = "update"} : (tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x5xf32> loc("fc")
  return %y, %n : tensor<2x4xf32>, tensor<4x5xf32>
}

//--- gradients.mlir
func.func @main(%x: tensor<2x4x3x3xf32>, %w: tensor<6x4x2x1xf32>, %dy: tensor<2x6x2x3xf32>) -> (tensor<2x4x3x3xf32>, tensor<6x4x2x1xf32>) {
  %dx = nn.conv2d_input_grad %dy, %w {nn.phase = "input_gradient"} : (tensor<2x6x2x3xf32>, tensor<6x4x2x1xf32>) -> tensor<2x4x3x3xf32> loc("conv")
  %dw = nn.conv2d_weight_grad %dy, %x {nn.phase = "weight_gradient"} : (tensor<2x6x2x3xf32>, tensor<2x4x3x3xf32>) -> tensor<6x4x2x1xf32> loc("conv")
  return %dx, %dw : tensor<2x4x3x3xf32>, tensor<6x4x2x1xf32>
}

//--- digital.mlir
func.func @main(%x: tensor<1x2x5x5xf32>, %z: tensor<2x2x5x5xf32>,
    %k: tensor<3xf32> {nn.name = "photonic.rng", nn.role = "state", nn.knob = "random_key", nn.init = dense<0.0> : tensor<3xf32>})
    -> (tensor<1x2x5x5xf32>, tensor<1x2x5x5xf32>, tensor<3x3xf32>, tensor<2xf32>) {
  %y, %p = nn.max_pool_positions %x kernel = [2, 2] strides = [2, 2] : tensor<1x2x5x5xf32> -> tensor<1x2x2x2xf32>, tensor<1x2x2x2xui8> loc("pool")
  %dx = nn.max_pool_grad %y, %p kernel = [2, 2] strides = [2, 2] : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xui8>) -> tensor<1x2x5x5xf32> loc("pool")
  %m = nn.pack_signs %x : tensor<1x2x5x5xf32> -> tensor<1x2x5x5xi1> loc("mask")
  %g = nn.gate_mask %m, %x : (tensor<1x2x5x5xi1>, tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32> loc("gate")
  %u = nn.uniform %k stream = 7 : tensor<3xf32> -> tensor<3x3xf32> loc("uniform")
  %s = nn.reduce_sum %z axes = [0, 2, 3] keepdims = false : tensor<2x2x5x5xf32> -> tensor<2xf32> loc("sum")
  return %dx, %g, %u, %s : tensor<1x2x5x5xf32>, tensor<1x2x5x5xf32>, tensor<3x3xf32>, tensor<2xf32>
}

//--- updates.mlir
func.func @main(%x: tensor<2xf32>,
    %a: tensor<2xf32> {nn.name = "a", nn.role = "state", nn.init = dense<1.0> : tensor<2xf32>},
    %b: tensor<2xf32> {nn.name = "b", nn.role = "state", nn.init = dense<2.0> : tensor<2xf32>},
    %c: tensor<2xf32> {nn.name = "c", nn.role = "state", nn.init = dense<3.0> : tensor<2xf32>})
    -> (tensor<2xf32> {nn.updates = "a"}, tensor<2xf32> {nn.updates = "b"}, tensor<2xf32> {nn.updates = "c"}, tensor<2xf32>) {
  %n = nn.neg %c : tensor<2xf32>
  %e = nn.exp %c : tensor<2xf32>
  return %b, %a, %n, %e : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

//--- early.mlir
func.func @main(%x: tensor<4x5xf32>,
    %w1: tensor<6x5xf32> {nn.name = "w1", nn.role = "parameter", nn.init = dense<0.5> : tensor<6x5xf32>},
    %w2: tensor<3x6xf32> {nn.name = "w2", nn.role = "parameter", nn.init = dense<0.5> : tensor<3x6xf32>},
    %v2: tensor<3x6xf32> {nn.name = "v2", nn.role = "state", nn.init = dense<0.0> : tensor<3x6xf32>})
    -> (tensor<6x5xf32> {nn.updates = "w1"}, tensor<3x6xf32> {nn.updates = "w2"}, tensor<3x6xf32> {nn.updates = "v2"}) {
  %h = nn.linear %x, %w1 : (tensor<4x5xf32>, tensor<6x5xf32>) -> tensor<4x6xf32> loc("fc1")
  %y = nn.linear %h, %w2 : (tensor<4x6xf32>, tensor<3x6xf32>) -> tensor<4x3xf32> loc("fc2")
  %dw2 = nn.linear_weight_grad %y, %h {nn.phase = "weight_gradient"} : (tensor<4x3xf32>, tensor<4x6xf32>) -> tensor<3x6xf32> loc("fc2")
  %dh = nn.linear_input_grad %y, %w2 {nn.phase = "input_gradient"} : (tensor<4x3xf32>, tensor<3x6xf32>) -> tensor<4x6xf32> loc("fc2")
  %dw1 = nn.linear_weight_grad %dh, %x {nn.phase = "weight_gradient"} : (tensor<4x6xf32>, tensor<4x5xf32>) -> tensor<6x5xf32> loc("fc1")
  %n1 = nn.sub %w1, %dw1 {nn.phase = "update"} : (tensor<6x5xf32>, tensor<6x5xf32>) -> tensor<6x5xf32> loc("fc1")
  %f = nn.constant dense<0.875> : tensor<1xf32>
  %o = nn.mul %v2, %f {nn.phase = "update"} : (tensor<3x6xf32>, tensor<1xf32>) -> tensor<3x6xf32> loc("fc2")
  %m = nn.add %o, %dw2 {nn.phase = "update"} : (tensor<3x6xf32>, tensor<3x6xf32>) -> tensor<3x6xf32> loc("fc2")
  %n2 = nn.sub %w2, %m {nn.phase = "update"} : (tensor<3x6xf32>, tensor<3x6xf32>) -> tensor<3x6xf32> loc("fc2")
  return %n1, %n2, %m : tensor<6x5xf32>, tensor<3x6xf32>, tensor<3x6xf32>
}
