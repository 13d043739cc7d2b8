// RUN: photonic-opt %s --split-input-file --photonic-pipeline="to=schedule set=core.count=2" --photonic-emit-program | FileCheck %s

// A product is one loop: tile t runs on core t mod 2 in round t / 2; the last
// contraction block is clipped. The bias is an addition behind it, in place, and so
// is the activation; the output is the last value itself.
// CHECK-LABEL: pisa.program
// CHECK-SAME: memory ideal batch 1 tokens 0
// CHECK-NEXT: pisa.group 0 "core" class "rns" count 2 array [32, 16]
// CHECK: pisa.map 0 rows {{\[\[}}40, 0, 1]] cols {{\[\[}}20, 1, 1]] axes {{\[\[}}40, 80, 0, 0, 0], [20, 4, 0, 0, 0]]
// CHECK: pisa.product 0 m 40 n 100 k 20 groups 1 stationary first conversions [0, 0] pass 0 combine 0 layer 0
// CHECK-DAG: pisa.region {{.*}} "x" input at act[0] bytes 8000
// CHECK-DAG: pisa.region {{.*}} "w" parameter at wgt[0] bytes 3200
// CHECK-DAG: pisa.region {{.*}} "b" parameter at wgt[3200] bytes 160
// CHECK-DAG: pisa.region {{.*}} "fc" workspace at act[8000] bytes 16000
// CHECK-DAG: pisa.region {{.*}} "act" workspace at act[8000] bytes 16000
// CHECK-DAG: pisa.region {{.*}} "y" output at act[8000] bytes 16000
// CHECK: pisa.layer 0 "fc" "Gemm" output
// CHECK: pisa.layer 1 "act" "Relu" output
// CHECK: pisa.loop 2 layer 0
// CHECK-NEXT: pisa.core_program core[0] conversion 0 pass 0 map 0 from wgt[0] row [0 + 32 * l0(2, 0, 2, 0)] k [0 + 16 * l0(2, 0, 1, 2)] rows 32 of [40 + -32 * l0(2, 0, 2, 0)] cols 16 of [20 + -16 * l0(2, 0, 1, 2)] product 0 layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_stream core[0] {{.*}} length 100 product 0 start [0 + 16 * l0(2, 0, 1, 2)] layer 0 when l0 * 2 + 0 < 4
// CHECK-NEXT: pisa.core_program core[1] conversion 0 pass 0 map 0 from wgt[0] row [0 + 32 * l0(2, 1, 2, 0)] k [0 + 16 * l0(2, 1, 1, 2)]
// CHECK-NEXT: pisa.core_stream core[1]
// CHECK: pisa.vec_map add act[8000] strides [0, 0, 160, 4] a act[8000] strides [0, 0, 160, 4] b wgt[3200] strides [0, 0, 0, 4] shape [1, 1, 100, 40] layer 0
// CHECK-NEXT: pisa.vec_map relu act[8000] strides [0, 0, 0, 4] a act[8000] strides [0, 0, 0, 4] shape [1, 1, 1, 4000] layer 1
// CHECK-NEXT: pisa.halt
func.func @main(%x: tensor<100x20xf32> {nn.name = "x"}) -> (tensor<100x40xf32> {nn.name = "y"}) {
  %w = nn.constant "w" dense<0.5> : tensor<40x20xf32>
  %b = nn.constant "b" dense<0.25> : tensor<40xf32>
  %p = nn.linear %x, %w, %b : (tensor<100x20xf32>, tensor<40x20xf32>, tensor<40xf32>) -> tensor<100x40xf32> loc("fc")
  %y = nn.relu %p : tensor<100x40xf32> loc("act")
  return %y : tensor<100x40xf32>
}

// -----

// The memory of a dead value is given away: %c takes over that of %a in place
// and %d lies where the input was. %x is used twice, so that %s cannot work in
// place.
// CHECK-LABEL: pisa.program
// CHECK: pisa.memory 1 "act" on_chip capacity 8388608 bytes 144 types [f32, i32, i64, u8, bool, block]
// CHECK: pisa.region 1 "a" workspace at act[64] bytes 16
// CHECK: pisa.region 2 "s" workspace at act[128] bytes 16
// CHECK: pisa.region 3 "c" workspace at act[64] bytes 16
// CHECK: pisa.region 4 "d" workspace at act[0] bytes 8
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x1xf32> {
  %a = nn.transpose %x perm = [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32> loc("a")
  %s = nn.exp %x : tensor<2x2xf32> loc("s")
  %c = nn.sub %a, %s : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32> loc("c")
  %d = nn.reduce_sum %c axes = [1] keepdims = true : tensor<2x2xf32> -> tensor<2x1xf32> loc("d")
  return %d : tensor<2x1xf32>
}

// -----

// An input that is returned, a constant that is returned, and a value that is
// returned twice get memory of their own; the first return of a value does not.
// CHECK-LABEL: pisa.program
// CHECK: pisa.region 0 "input0" input at act[0]
// CHECK: "r" workspace at act[64]
// CHECK: pisa.region {{.*}} "same" output at act[128]
// CHECK: pisa.region {{.*}} "k" parameter at wgt[0]
// CHECK: pisa.region {{.*}} "constant" output at act[192]
// CHECK: pisa.region {{.*}} "once" output at act[64] bytes 16 type tensor<4xf32>
// CHECK: pisa.region {{.*}} "twice" output at act[256] bytes 16 type tensor<2x2xf32>
// CHECK: pisa.layer {{.*}} "same" "Identity"
// CHECK: vec_map relu act[64]
// CHECK: vec_map copy act[128] {{.*}} a act[0]
// CHECK: vec_map copy act[192] {{.*}} a wgt[0]
// CHECK: vec_map copy act[256] {{.*}} a act[64]
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32> {nn.name = "same"}, tensor<2xf32> {nn.name = "constant"},
    tensor<4xf32> {nn.name = "once"}, tensor<2x2xf32> {nn.name = "twice"}) {
  %k = nn.constant "k" dense<[1.0, 2.0]> : tensor<2xf32>
  %r = nn.relu %x : tensor<4xf32> loc("r")
  %v = nn.reshape %r : tensor<4xf32> -> tensor<2x2xf32> loc("v")
  return %x, %k, %r, %v : tensor<4xf32>, tensor<2xf32>, tensor<4xf32>, tensor<2x2xf32>
}

// -----

// Grouped convolution, stationary activations where they are fewer: one tile
// per group and block; the group moves the addresses.
// CHECK-LABEL: pisa.program
// CHECK: pisa.product 0 m 40 n 4 k 9 groups 2 stationary second conversions [0, 0] pass 0 combine 0 layer 0
// CHECK: pisa.loop 1
// CHECK: pisa.core_program core[0] {{.*}} from act[0 + 64 * l0(2, 0, 1, 0)]
// CHECK: pisa.core_stream core[0] {{.*}} from wgt[0 + 1440 * l0(2, 0, 1, 0)] into {{.*}} act[128 + 640 * l0(2, 0, 1, 0)] {{.*}} length 40
func.func @main(%x: tensor<1x2x4x4xf32>) -> tensor<1x80x2x2xf32> {
  %w = nn.constant dense<0.5> : tensor<80x1x3x3xf32>
  %y = nn.conv2d %x, %w groups = 2 : (tensor<1x2x4x4xf32>, tensor<80x1x3x3xf32>) -> tensor<1x80x2x2xf32>
  return %y : tensor<1x80x2x2xf32>
}

// -----

// Operations without names are layers of their own; constants without names are
// told apart.
// CHECK-LABEL: pisa.program
// CHECK: pisa.region {{.*}} "constant" constant at wgt[0]
// CHECK: pisa.region {{.*}} "constant#2" constant at wgt[64]
// CHECK: pisa.layer 0 "Add_0" "Add" output
// CHECK: pisa.layer 1 "Mul_1" "Mul" output
// CHECK-NOT: pisa.layer
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = nn.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %s = nn.add %x, %a : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %p = nn.mul %s, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %p : tensor<2xf32>
}
