// What is cut into chunks and why, and what is computed on them.
//
// RUN: photonic-compile %s --memory=hierarchy --set act.capacity_bytes=4096 --remarks='Chunks|Fuse' -o %t.phx 2>&1 | FileCheck %s
// RUN: photonic-compile %s --memory=hierarchy --remarks='Chunks|Fuse' -o %t.phx 2>&1 | FileCheck %s --check-prefix=ROOM
// RUN: photonic-compile %s --memory=hierarchy --train --loss=mse --loss-output=y --optimizer=sgd:lr=0.1 --remarks='Chunks|Fuse' -o %t.phx 2>&1 | FileCheck %s --check-prefix=STEP
// What an update is fused with moves with it, wherever its constants stand.
// RUN: photonic-compile %s --memory=hierarchy --train --loss=mse --loss-output=y --optimizer=sgd:lr=0.1 --insert-pass=tile:cse -o %t.phx
// RUN: photonic-compile %s --memory=hierarchy --set act.capacity_bytes=4096 --remarks='Buffers' -o %t.phx 2>&1 | FileCheck %s --check-prefix=BUFFERS
// RUN: photonic-compile %s --remarks='Chunks|Fuse|Buffers' -o %t.phx 2>&1 | FileCheck %s --check-prefix=IDEAL --allow-empty
//
// CHECK: the chunks of 'conv' go through 'bias', 'relu' before they leave the chip
// CHECK: the chunks of 'conv' go through nothing else: what they are then has 2 readers
// CHECK: 'conv' is cut into 8 chunks (images 1, lines 2): in one piece it needs 8192 bytes in 'act', which has 4096
// CHECK: 'tanh' is cut into 3 chunks (units 342 of 1024): its operands and results do not fit on chip in one piece
// BUFFERS: 'conv' has 1 buffer of its first operand, 2 buffers of its second one and 2 buffers of its result on chip
// ROOM: 'conv' stays in one piece
// STEP: the chunks of 'conv' (weight gradient) go through 'conv', 'conv' before they leave the chip
// STEP: 'conv' (weight gradient) stays in one piece
// IDEAL-NOT: remark
func.func @main(%x: tensor<2x16x8x8xf32> {nn.name = "x"}) -> (tensor<2x8x8x8xf32> {nn.name = "y"}, tensor<2x8x8x8xf32> {nn.name = "z"}) {
  %w = nn.constant "w" dense<0.5> : tensor<8x16x3x3xf32>
  %b = nn.constant "b" dense<0.5> : tensor<1x8x1x1xf32>
  %c = nn.conv2d %x, %w pads = [1, 1, 1, 1]
      : (tensor<2x16x8x8xf32>, tensor<8x16x3x3xf32>) -> tensor<2x8x8x8xf32> loc("conv")
  %s = nn.add %c, %b : (tensor<2x8x8x8xf32>, tensor<1x8x1x1xf32>) -> tensor<2x8x8x8xf32> loc("bias")
  %y = nn.relu %s : tensor<2x8x8x8xf32> loc("relu")
  %z = nn.tanh %y : tensor<2x8x8x8xf32> loc("tanh")
  return %y, %z : tensor<2x8x8x8xf32>, tensor<2x8x8x8xf32>
}
