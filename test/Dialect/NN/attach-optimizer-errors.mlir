// RUN: split-file %s %t
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=rmsprop' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:rate=1' 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=adam:momentum=1' 2>&1 | FileCheck %s --check-prefix=ADAMKEY
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:lr=fast' 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:lr=-1' 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:lr=nan' 2>&1 | FileCheck %s --check-prefix=NAN
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=adam:beta1=1' 2>&1 | FileCheck %s --check-prefix=BETA
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:nesterov=yes' 2>&1 | FileCheck %s --check-prefix=FLAG
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:nesterov=true' 2>&1 | FileCheck %s --check-prefix=NESTEROV
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:lr=1,lr=2' 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=sgd:lr=1e39' 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer='optimizer=adam:eps=1e-60' 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: not photonic-opt %t/c.mlir --nn-attach-optimizer='optimizer=sgd:momentum=0.5' 2>&1 | FileCheck %s --check-prefix=CLASH
// RUN: not photonic-opt %t/a.mlir --nn-attach-optimizer --nn-attach-optimizer 2>&1 | FileCheck %s --check-prefix=AGAIN
// RUN: not photonic-opt %t/b.mlir --nn-attach-optimizer 2>&1 | FileCheck %s --check-prefix=NONE

// NAME: error: optimizer: expected sgd, adam or adamw, with KEY=VALUE separated by commas behind a colon, found 'rmsprop'
// KEY: error: optimizer: 'sgd' has no key 'rate', expected lr, momentum, dampening, weight_decay, nesterov
// ADAMKEY: error: optimizer: 'adam' has no key 'momentum', expected lr, beta1, beta2, eps, weight_decay
// VALUE: error: optimizer: expected lr to be a binary32 number of at least 0, found 'fast'
// NEGATIVE: error: optimizer: expected lr to be a binary32 number of at least 0, found '-1'
// NAN: error: optimizer: expected lr to be a binary32 number of at least 0, found 'nan'
// BETA: error: optimizer: expected beta1 to be a binary32 number of at least 0 and less than 1, found '1'
// FLAG: error: optimizer: expected nesterov to be true or false, found 'yes'
// NESTEROV: error: optimizer: nesterov needs a momentum and no dampening, found momentum=0{{.*}}, dampening=0
// TWICE: error: optimizer: 'lr' is given twice
// NONE: error: expected results with 'nn.gradient_of', found none; generate the backward pass first (nn-generate-backward)
// LARGE: error: optimizer: expected lr to be a binary32 number of at least 0, found '1e39'
// SMALL: error: optimizer: expected eps to be a binary32 number of at least 0, found '1e-60'
// CLASH: error: has an input or parameter called 'w.momentum' already, which is the name of a state of the optimizer; rename it
// AGAIN: error: expected results with 'nn.gradient_of', found none

//--- c.mlir
func.func @main(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>},
    %m: tensor<1xf32> {nn.name = "w.momentum"})
    -> (tensor<1xf32> {nn.gradient_of = "w"}) {
  return %w : tensor<1xf32>
}

//--- a.mlir
func.func @main(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.gradient_of = "w"}) {
  return %w : tensor<1xf32>
}

//--- b.mlir
func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
  return %x : tensor<1xf32>
}
