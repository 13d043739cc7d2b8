// A stored operand becomes blocks in memory: those of a constant are in the
// program, others are converted by the arrays, before products read them.
//
// RUN: photonic-opt %s --pass-pipeline='builtin.module(photonic-pipeline{from=lower to=tile set=core.count=2 operand-storage=converted})' -o %t.mlir
// RUN: FileCheck %s --check-prefix=TILE < %t.mlir
// RUN: not photonic-opt %t.mlir --photonic-pipeline="from=schedule to=schedule memory=hierarchy" --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=CHUNKS
// RUN: sed 's/arrays = "core"/arrays = "other"/' %t.mlir | not photonic-opt --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=ARRAYS
// RUN: sed 's/rows = 18 arrays = "core"//' %t.mlir | not photonic-opt --photonic-pipeline="from=schedule to=schedule" --photonic-emit-program 2>&1 | FileCheck %s --check-prefix=NOBODY
// RUN: not photonic-opt %S/Inputs/stored-result.mlir --photonic-verify-tile 2>&1 | FileCheck %s --check-prefix=OTHERS
// RUN: not photonic-opt %s --pass-pipeline='builtin.module(photonic-pipeline{from=lower to=schedule set=act.types=f32 operand-storage=converted},photonic-emit-program)' 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: sed 's/dense<0.5>/dense<0x7F800000>/' %s | not photonic-opt --pass-pipeline='builtin.module(photonic-pipeline{from=lower to=schedule operand-storage=converted},photonic-emit-program)' 2>&1 | FileCheck %s --check-prefix=INFINITE
// RUN: photonic-opt %s --pass-pipeline='builtin.module(photonic-pipeline{from=lower to=schedule set=core.count=2 operand-storage=converted},photonic-emit-program)' | FileCheck %s
//
// TILE: %[[WB:.*]] = photonic.convert %{{.*}} operator = "Conv" : tensor<8x32x3x3xf32>
// TILE: %[[XB:.*]] = photonic.convert %arg0 rows = 18 arrays = "core" operator = "Conv" : tensor<1x32x6x6xf32>
// TILE: photonic.array_product ins(%[[WB]] by {{.*}}, %[[XB]] by
//
// CHUNKS: keeps an operand in a number format, which the memory model 'hierarchy' has no chunks for; use --memory=ideal, or leave the operand f32 (--operand-storage=fp32)
// ARRAYS: expected arrays that target 'mirage' has, found 'other'; it has 'core'
// NOBODY: stage tile: 'photonic.convert' of node 'conv' converts what is no constant, and needs 'rows' and 'arrays' to do that at run time
// OTHERS: stage tile: 'photonic.convert' is read by 'func.return'; nobody but products can
// OTHERS: argument 0 has type {{.*}}, expected a tensor with static extents that the host can give
// MEMORY: expected a memory that holds blocks, found 'act' of target 'mirage'; add block to act.types, or leave the operand f32 (--operand-storage=fp32)
// INFINITE: converts a constant that holds inf, which bfp:4:16:trunc cannot represent
//
// Rows are pixels, the columns of a block map blocks of 16 channels.
// CHECK-DAG: pisa.map [[SOURCE:[0-9]+]] rows {{\[\[}}36, 0, 1]] cols {{\[\[}}32, 1, 1]] axes {{\[\[}}36, 4, 0, 0, 0], [32, 144, 0, 0, 0]]
// CHECK-DAG: pisa.map [[BLOCKS:[0-9]+]] rows {{\[\[}}36, 0, 1]] cols {{\[\[}}2, 1, 1]] axes {{\[\[}}36, 22, 0, 0, 0], [2, 11, 0, 0, 0]]
// CHECK-DAG: pisa.map [[WEIGHTS:[0-9]+]] rows {{\[\[}}8, 0, 1]] cols {{\[\[}}18, 1, 1]] axes {{\[\[}}8, 198, 0, 0, 0], [18, 11, 0, 0, 0]]
// CHECK-DAG: pisa.map [[PATCHES:[0-9]+]] rows {{\[\[}}6, 0, 1], [6, 1, 1]] cols {{\[\[}}2, 2, 1], [3, 0, 1], [3, 1, 1]] axes {{\[\[}}6, 22, -1, 0, 0], [6, 132, -1, 0, 0], [2, 11, 0, 0, 0]]
// CHECK: pisa.region {{.*}} "conv.blocks" workspace {{.*}} bytes 792 type tensor<1x6x6x2x!pisa.block<0>>
// CHECK: pisa.region {{.*}} "w.blocks" constant {{.*}} bytes 1584 type tensor<8x3x3x2x!pisa.block<0>> init
// CHECK: pisa.layer 0 "conv" "Conv" output
// CHECK: pisa.core_convert core[0] conversion 0 map [[SOURCE]] from act[0] into [[BLOCKS]] act[4608] row [0 + 36 * l0] k 0 rows 18 cols 32 product 0 operand 1
// CHECK: pisa.core_convert core[1] {{.*}} row [18 + 36 * l0] k 0 rows 18 cols 32
// CHECK: pisa.core_program core[0] {{.*}} map [[WEIGHTS]] from wgt[0] {{.*}} stored
// CHECK: pisa.core_stream core[0] {{.*}} map [[PATCHES]] from act[4608] {{.*}} stored
func.func @main(%x: tensor<1x32x6x6xf32> {nn.name = "x"}) -> (tensor<1x8x6x6xf32> {nn.name = "y"}) {
  %w = nn.constant "w" dense<0.5> : tensor<8x32x3x3xf32>
  %y = nn.conv2d %x, %w pads = [1, 1, 1, 1]
      : (tensor<1x32x6x6xf32>, tensor<8x32x3x3xf32>) -> tensor<1x8x6x6xf32> loc("conv")
  return %y : tensor<1x8x6x6xf32>
}
