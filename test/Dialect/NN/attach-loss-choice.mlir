// RUN: split-file %s %t
// RUN: photonic-opt %t/two.mlir --nn-attach-loss='loss-output=b' | FileCheck %s --check-prefix=TWO
// RUN: not photonic-opt %t/two.mlir --nn-attach-loss 2>&1 | FileCheck %s --check-prefix=CHOOSE
// RUN: not photonic-opt %t/two.mlir --nn-attach-loss='loss-output=c' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not photonic-opt %t/two.mlir --nn-attach-loss='loss-output=a' 2>&1 | FileCheck %s --check-prefix=MISFIT
// RUN: not photonic-opt %t/two.mlir --nn-attach-loss='loss=hinge loss-output=b' 2>&1 | FileCheck %s --check-prefix=HINGE
// RUN: photonic-opt %t/own.mlir --nn-attach-loss='loss=output loss-output=loss' | FileCheck %s --check-prefix=OWN
// RUN: not photonic-opt %t/own.mlir --nn-attach-loss='loss=output loss-output=scores' 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: not photonic-opt %t/own.mlir --nn-attach-loss='loss-output=scores' 2>&1 | FileCheck %s --check-prefix=TAKEN
// RUN: not photonic-opt %t/labels.mlir --nn-attach-loss 2>&1 | FileCheck %s --check-prefix=LABELS

//--- two.mlir

// TWO: nn.softmax_cross_entropy %arg1, %arg2
// CHOOSE: error: expected one output to compute the loss of, found 2: 'a' of type 'tensor<8xf32>', 'b' of type 'tensor<8x2xf32>'; name one of them with loss-output
// UNKNOWN: error: expected an output 'c', found 'a' of type 'tensor<8xf32>', 'b' of type 'tensor<8x2xf32>'; name one of them with loss-output
// MISFIT: error: loss cross_entropy expects an output of shape [batch, classes, ...], found 'a' of type 'tensor<8xf32>'; choose another loss, or another output with loss-output
// HINGE: error: unknown loss 'hinge', expected cross_entropy, mse or output
func.func @two(%x: tensor<8xf32>, %y: tensor<8x2xf32>)
    -> (tensor<8xf32> {nn.name = "a"}, tensor<8x2xf32> {nn.name = "b"}) {
  return %x, %y : tensor<8xf32>, tensor<8x2xf32>
}

//--- own.mlir

// OWN: -> (tensor<8x2xf32> {nn.name = "scores"}, tensor<1xf32> {nn.loss, nn.name = "loss"})
// LARGE: error: loss output expects an output of one element, found 'scores' of type 'tensor<8x2xf32>'
// TAKEN: error: has an output called 'loss' already; use loss=output if it is the loss, or rename it
func.func @own(%x: tensor<8x2xf32>, %y: tensor<1xf32>)
    -> (tensor<8x2xf32> {nn.name = "scores"}, tensor<1xf32> {nn.name = "loss"}) {
  return %x, %y : tensor<8x2xf32>, tensor<1xf32>
}

//--- labels.mlir

// LABELS: error: has an input called 'labels' already, which is the name of the loss's input; rename it, or use loss=output if the network computes its loss itself
func.func @labels(%x: tensor<8x2xf32> {nn.name = "labels"}) -> tensor<8x2xf32> {
  return %x : tensor<8x2xf32>
}
