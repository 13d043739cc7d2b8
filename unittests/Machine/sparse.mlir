// The network of runtime/unittests/machine/Sparse.cpp in assembly: how wide tiles are, and how many are
// loaded, depends on a count register. Where both differ, CrossbarTextTest says where the assembly of the
// latter is.
module {
  pisa.program "sparse" inference target "test" hash 0 memory ideal batch 3 tokens 0 compiler "" {
    pisa.group 0 "narrow" class "crossbar" count 3 array [4, 8]
    pisa.group 1 "wide" class "crossbar" count 2 array [16, 16]
    pisa.memory 0 "dram" off_chip capacity 17179869184 bytes 0 types [f32, i32, i64, u8, bool, block]
    pisa.memory 1 "act" on_chip capacity 8388608 bytes 632 types [f32, i32, i64, u8, bool, block]
    pisa.memory 2 "wgt" on_chip capacity 8388608 bytes 644 types [f32, i32, i64, u8, bool, block]
    pisa.memory 3 "grad" on_chip capacity 8388608 bytes 188 types [f32, i32, i64, u8, bool, block]
    pisa.memory 4 "cells" resident 0 capacity 4096 bytes 0 types [i32]
    pisa.register 0 "other" most 7
    pisa.register 1 "nonzeros" most 30
    pisa.map 0 rows [[1, 0, 1]] cols [[30, 1, 1]] axes [[1, 120, 0, 0, 0], [30, 4, 0, 0, 0]]
    pisa.pass 0 [crossbar.dot, crossbar.adc bits 6 full_scale 200]
    pisa.combine 0 [crossbar.add_i64, crossbar.channel_scale]
    pisa.region 0 "x" input at act[0] bytes 360 type tensor<3x30xi32> batch_axis 0
    pisa.region 1 "list" workspace at act[384] bytes 120 type tensor<30xi32>
    pisa.region 2 "values" workspace at act[512] bytes 120 type tensor<30xi32>
    pisa.region 3 "w" constant at wgt[0] bytes 600 type tensor<5x30xi32> init dense<[[4, -5, 4, -2, -5, 0, -7, 4, 1, 6, -6, -6, -6, -2, -1, 2, 7, -5, -6, -3, 2, -4, 1, -4, 0, 6, -1, -5, 6, -5], [-7, 5, -6, 1, -3, -7, -5, 7, 0, 2, -7, -2, 6, -7, 3, 0, 3, 7, 2, 6, 0, 1, 4, -6, 7, -3, -4, -2, -4, -2], [-7, 2, -1, 5, -1, -1, 2, 2, -3, 0, 0, -2, -6, -5, -7, -2, 4, 1, -6, 3, 0, 5, -3, -5, -6, 5, -6, 4, 7, 4], [-5, 7, -7, -3, -4, -6, -5, -7, -5, -5, -3, -7, 3, 1, 2, -5, -4, 4, 6, 2, 7, 2, -1, -3, -7, -1, -2, -7, 1, 6], [-4, -7, 3, -5, -4, 2, 3, 1, -7, 1, 2, 3, -5, 7, -1, 3, -1, 4, 7, -5, -2, -7, 7, -5, 5, 2, 3, -6, -4, 1]]> : tensor<5x30xi32>
    pisa.region 4 "scale" constant at wgt[640] bytes 4 type tensor<1xf32> init dense<0.5> : tensor<1xf32>
    pisa.region 5 "acc" workspace at grad[0] bytes 120 type tensor<3x5xi64>
    pisa.region 6 "y" output at grad[128] bytes 60 type tensor<3x5xf32> batch_axis 0
    pisa.layer 0 "sparse" "MatMul" output 6
    pisa.code {
      pisa.loop 3 {
        pisa.crossbar_compact narrow[2] from act[0 + 120 * l0] values act[512] list act[384] count 30 into r1 layer 0
        pisa.loop 4 {
          pisa.crossbar_load narrow[0] map 0 from act[512] row 0 k [0 + 8 * l1] rows 1 cols 8 of [0 + -8 * l1] + r1 layer 0
          pisa.loop 5 {
            pisa.crossbar_dot narrow[0] pass 0 combine 0 list act[384 + 32 * l1] from wgt[0 + 120 * l2] extent 120 scale wgt[640] acc grad[0 + 40 * l0 + 8 * l2] into grad[128 + 20 * l0 + 4 * l2] rows 1 cols 8 of [0 + -8 * l1] + r1 start [0 + 8 * l1] layer 0
          }
        }
      }
      pisa.halt
    }
  }
}
