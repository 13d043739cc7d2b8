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
// RUN: not photonic-opt %t/scalar.mlir --nn-attach-loss 2>&1 | FileCheck %s --check-prefix=SCALAR
// RUN: not photonic-opt %t/scalar.mlir --nn-attach-loss=loss=mse 2>&1 | FileCheck %s --check-prefix=MSE
// RUN: not photonic-opt %t/scalar.mlir --nn-attach-loss=loss=output 2>&1 | FileCheck %s --check-prefix=ELEMENT
// RUN: photonic-opt %t/declaration.mlir --nn-attach-loss --nn-generate-backward --nn-attach-optimizer --nn-compress-stash --nn-decompose

//--- scalar.mlir

// SCALAR: error: loss cross_entropy expects an output of shape [batch, classes, ...], found 'y' of type 'f32'
// MSE: error: loss mse expects an output of a tensor, found 'y' of type 'f32'
// ELEMENT: error: loss output expects an output of one element, found 'y' of type 'f32'
func.func @scalar(%x: f32) -> (f32 {nn.name = "y"}) {
  return %x : f32
}

//--- declaration.mlir

func.func private @declaration(tensor<1x2xf32>) -> tensor<1x2xf32>

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
// TAKEN: error: has an output called 'loss' already; if it is the loss, name it with loss-output and give no loss, otherwise rename it
func.func @own(%x: tensor<8x2xf32>, %y: tensor<1xf32>)
    -> (tensor<8x2xf32> {nn.name = "scores"}, tensor<1xf32> {nn.name = "loss"}) {
  return %x, %y : tensor<8x2xf32>, tensor<1xf32>
}

//--- labels.mlir

// LABELS: error: has an input or parameter called 'labels' already, which is the name of the loss's input; rename it, or if the network computes its loss itself, name that output with loss-output and give no loss
func.func @labels(%x: tensor<8x2xf32> {nn.name = "labels"}) -> tensor<8x2xf32> {
  return %x : tensor<8x2xf32>
}
