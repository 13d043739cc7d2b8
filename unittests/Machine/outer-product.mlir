// The product of runtime/unittests/machine/OuterProduct.cpp in assembly: arrays keep its results.
module {
  pisa.program "outer" inference target "test" hash 0 memory ideal batch 1 tokens 0 compiler "" {
    pisa.group 0 "narrow" class "crossbar" count 3 array [4, 8]
    pisa.group 1 "wide" class "crossbar" count 2 array [16, 16]
    pisa.memory 0 "dram" off_chip capacity 17179869184 bytes 0 types [f32, i32, i64, u8, bool, block]
    pisa.memory 1 "act" on_chip capacity 8388608 bytes 6216 types [f32, i32, i64, u8, bool, block]
    pisa.memory 2 "wgt" on_chip capacity 8388608 bytes 5624 types [f32, i32, i64, u8, bool, block]
    pisa.memory 3 "grad" on_chip capacity 8388608 bytes 6384 types [f32, i32, i64, u8, bool, block]
    pisa.memory 4 "cells" resident 0 capacity 4096 bytes 0 types [i32]
    pisa.map 0 rows [[21, 0, 1]] cols [[37, 1, 1]] axes [[21, 148, 0, 0, 0], [37, 4, 0, 0, 0]]
    pisa.map 1 rows [[19, 0, 1]] cols [[37, 1, 1]] axes [[19, 4, 0, 0, 0], [37, 76, 0, 0, 0]]
    pisa.map 2 rows [[21, 0, 1]] cols [[19, 1, 1]] axes [[21, 152, 0, 0, 0], [19, 8, 0, 0, 0]]
    pisa.conversion 0 crossbar.integer bits 5
    pisa.conversion 1 crossbar.integer bits 6
    pisa.pass 0 [crossbar.dot, crossbar.adc bits 6 full_scale 700]
    pisa.combine 0 [crossbar.add_i64]
    pisa.product 0 m 21 n 19 k 37 groups 2 stationary result conversions [0, 1] pass 0 combine 0 layer 0
    pisa.nest 0 product 0 at [1, 3] groups 0 size 2 rows [0 + 16 * l0] size 16 of [21 + -16 * l0] columns 0 size 19 contraction 0 size 37
    pisa.region 0 "a" input at act[0] bytes 6216 type tensor<2x21x37xi32>
    pisa.region 1 "b" input at wgt[0] bytes 5624 type tensor<2x37x19xi32>
    pisa.region 2 "y" output at grad[0] bytes 6384 type tensor<2x21x19xi64>
    pisa.layer 0 "outer" "MatMul" output 2
    pisa.code {
      pisa.loop 2 {
        pisa.loop 8 {
          pisa.crossbar_outer wide[0 lanes 2] conversions 0 1 pass 0 combine 0 map 0 from act[0 + 3108 * l1(1, 0, 4, 0) + 2368 * l0] map 1 from wgt[0 + 2812 * l1(1, 0, 4, 0)] into 2 grad[0 + 3192 * l1(1, 0, 4, 0) + 2432 * l0] row 0 vec [0 + 16 * lane] k [0 + 12 * l1(1, 0, 1, 4)] rows 16 of [21 + -16 * l0] vectors 16 of [19 + -16 * lane] length 12 of [37 + -12 * l1(1, 0, 1, 4)] product 0 start [0 + 12 * l1(1, 0, 1, 4)] group [0 + 1 * l1(1, 0, 4, 0)] layer 0
        }
      }
      pisa.halt
    }
  }
}
