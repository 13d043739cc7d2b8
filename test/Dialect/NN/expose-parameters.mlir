// RUN: photonic-opt --mlir-print-debuginfo=false %s --nn-expose-parameters --split-input-file --verify-diagnostics | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --nn-expose-parameters=trainable=false --split-input-file | FileCheck %s --check-prefix=EVAL
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --nn-expose-parameters='freeze=^conv' --split-input-file 2>/dev/null | FileCheck %s --check-prefix=FREEZE
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --nn-expose-parameters='freeze=^factor$|^position$' --split-input-file 2>&1 | FileCheck %s --check-prefix=QUIET
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --nn-expose-parameters='learn=^factor$|^position$' --split-input-file 2>&1 | FileCheck %s --check-prefix=NAMED
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --nn-expose-parameters='learn=.' --split-input-file 2>/dev/null | FileCheck %s --check-prefix=LEARN

// Freezing or learning it by name answers the warning.
// QUIET-NOT: warning: trained, though
// NAMED-NOT: warning: trained, though

// Named constants become trainable arguments in the order of first use. A
// warning says which of them no layer learns.

// CHECK-LABEL: func.func @layers
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x4x4xf32>
// CHECK-SAME: %[[W:.*]]: tensor<2x1x3x3xf32> {nn.init = dense<1.000000e+00> : tensor<2x1x3x3xf32>, nn.name = "conv.weight", nn.role = "parameter", nn.trainable}
// CHECK-SAME: %[[B:.*]]: tensor<2xf32> {nn.init = dense<2.000000e+00> : tensor<2xf32>, nn.name = "conv.bias", nn.role = "parameter", nn.trainable}
// CHECK-SAME: %[[S:.*]]: tensor<1xf32> {{{.*}}nn.name = "factor", nn.role = "parameter", nn.trainable}
// CHECK-SAME: %[[F:.*]]: tensor<3x8xf32> {{{.*}}nn.name = "fc.weight", nn.role = "parameter", nn.trainable}
// CHECK-SAME: -> tensor<1x3xf32>
// EVAL-LABEL: func.func @layers
// EVAL-SAME: {nn.init = dense<1.000000e+00> : tensor<2x1x3x3xf32>, nn.name = "conv.weight", nn.role = "parameter"}
// EVAL-NOT: nn.trainable
// FREEZE-LABEL: func.func @layers
// FREEZE-SAME: nn.name = "conv.weight", nn.role = "parameter"}
// FREEZE-SAME: nn.name = "conv.bias", nn.role = "parameter"}
// FREEZE-SAME: nn.name = "fc.weight", nn.role = "parameter", nn.trainable}
// LEARN-LABEL: func.func @layers
// LEARN-SAME: nn.name = "factor", nn.role = "parameter", nn.trainable}
// LEARN-SAME: nn.name = "fc.weight", nn.role = "parameter", nn.trainable}
// expected-warning @+1 {{trained, though no weight, bias or scale of a layer, because the model does not say what is learned: 'factor'; keep those that are not with freeze, or match those that are with learn to train them without this warning}}
func.func @layers(%x: tensor<1x1x4x4xf32>) -> tensor<1x3xf32> {
  %f = nn.constant "fc.weight" dense<3.0> : tensor<3x8xf32>
  %b = nn.constant "conv.bias" dense<2.0> : tensor<2xf32>
  %w = nn.constant "conv.weight" dense<1.0> : tensor<2x1x3x3xf32>
  %s = nn.constant "factor" dense<0.5> : tensor<1xf32>
  // CHECK-NOT: nn.constant
  // CHECK: nn.conv2d %[[X]], %[[W]], %[[B]]
  %y = nn.conv2d %x, %w, %b
      : (tensor<1x1x4x4xf32>, tensor<2x1x3x3xf32>, tensor<2xf32>)
      -> tensor<1x2x2x2xf32>
  // CHECK: nn.mul %{{.*}}, %[[S]]
  %m = nn.mul %y, %s
      : (tensor<1x2x2x2xf32>, tensor<1xf32>) -> tensor<1x2x2x2xf32>
  %r = nn.reshape %m : tensor<1x2x2x2xf32> -> tensor<1x8xf32>
  // CHECK: nn.linear %{{.*}}, %[[F]]
  %z = nn.linear %r, %f
      : (tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<1x3xf32>
  return %z : tensor<1x3xf32>
}

// -----

// Statistics are parameters without gradients; the training form replaces them,
// the inference form does not. Behind a change of layout a weight is one too.

// CHECK-LABEL: func.func @statistics
// CHECK-SAME: nn.name = "conv.w", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "bn.scale", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "bn.bias", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "bn.mean", nn.role = "parameter"}
// CHECK-SAME: nn.name = "bn.var", nn.role = "parameter"}
// CHECK-SAME: nn.name = "frozen.mean", nn.role = "parameter"}
// CHECK-SAME: -> (tensor<4x2xf32>, tensor<2xf32> {nn.updates = "bn.mean"}, tensor<2xf32> {nn.updates = "bn.var"})
// EVAL-LABEL: func.func @statistics
// EVAL-SAME: -> tensor<4x2xf32> {
func.func @statistics(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = nn.constant "conv.w" dense<1.0> : tensor<3x2xf32>
  %g = nn.constant "bn.scale" dense<1.0> : tensor<2xf32>
  %h = nn.constant "bn.bias" dense<0.0> : tensor<2xf32>
  %m = nn.constant "bn.mean" dense<0.0> : tensor<2xf32>
  %v = nn.constant "bn.var" dense<1.0> : tensor<2xf32>
  %n = nn.constant "frozen.mean" dense<0.0> : tensor<2xf32>
  // CHECK: nn.transpose %arg1
  %t = nn.transpose %w perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %y = nn.linear %x, %t
      : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<4x2xf32>
  %z:5 = nn.batch_norm_train %y, %g, %h, %m, %v epsilon = 0.0 momentum = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>, tensor<2xf32>)
  %o = nn.batch_norm %z#0, %g, %h, %n, %v epsilon = 0.0
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> tensor<4x2xf32>
  return %o : tensor<4x2xf32>
}

// -----

// One parameter with two users is one argument.

// CHECK-LABEL: func.func @shared
// CHECK-SAME: %[[W:[^:,]*]]: tensor<2x2xf32> {{{.*}}nn.name = "w"
// CHECK-SAME: -> tensor<1x2xf32>
func.func @shared(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant "w" dense<1.0> : tensor<2x2xf32>
  // CHECK-COUNT-2: nn.linear %{{.*}}, %[[W]] :
  %y = nn.linear %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %z = nn.linear %y, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}

// -----

// Nothing to do, and a weight that nobody can name.

// CHECK-LABEL: func.func @unnamed
// CHECK-SAME: (%{{.*}}: tensor<1x2xf32>) -> tensor<1x2xf32>
func.func @unnamed(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // CHECK: nn.constant dense
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  // expected-warning @+1 {{operand 1 of 'nn.linear' is a constant without a name and is not trained}}
  %y = nn.linear %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// What is added to a product like a bias is one, also behind a change of layout
// and a factor; about a matrix that is added the model says nothing.

// CHECK-LABEL: func.func @biases
// CHECK-SAME: nn.name = "w", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "b", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "position", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "scale", nn.role = "parameter", nn.trainable}
// CHECK-SAME: -> tensor<1x2x3xf32>
// CHECK-NOT: nn.learned
// EVAL-LABEL: func.func @biases
// EVAL-SAME: nn.name = "position", nn.role = "parameter"}
// EVAL-SAME: nn.name = "scale", nn.role = "parameter"}
// expected-warning @+1 {{: 'position'; keep}}
func.func @biases(%x: tensor<2x2xf32>) -> tensor<1x2x3xf32> {
  %w = nn.constant "w" dense<1.0> : tensor<3x2xf32>
  %b = nn.constant "b" dense<1.0> : tensor<1x3xf32>
  %two = nn.constant dense<2.0> : tensor<1xf32>
  %p = nn.constant "position" dense<1.0> : tensor<1x2x3xf32>
  %s = nn.constant "scale" dense<1.0> : tensor<3xf32> {nn.learned = true}
  %y = nn.linear %x, %w : (tensor<2x2xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  %r = nn.reshape %y : tensor<2x3xf32> -> tensor<1x2x3xf32>
  %d = nn.mul %b, %two : (tensor<1x3xf32>, tensor<1xf32>) -> tensor<1x3xf32>
  %z = nn.add %r, %d
      : (tensor<1x2x3xf32>, tensor<1x3xf32>) -> tensor<1x2x3xf32>
  %q = nn.add %z, %p
      : (tensor<1x2x3xf32>, tensor<1x2x3xf32>) -> tensor<1x2x3xf32>
  %o = nn.mul %q, %s : (tensor<1x2x3xf32>, tensor<3xf32>) -> tensor<1x2x3xf32>
  return %o : tensor<1x2x3xf32>
}

// -----

// A model that says what is learned decides. What it keeps of a layer is a
// parameter that is not trained, and what it keeps elsewhere a constant.

// CHECK-LABEL: func.func @stated
// CHECK-SAME: nn.name = "w", nn.role = "parameter"}
// CHECK-SAME: nn.name = "s", nn.role = "parameter", nn.trainable}
// CHECK-SAME: -> tensor<1x2xf32>
// CHECK: nn.constant "mask" dense<2.000000e+00> : tensor<2xf32>
// EVAL-LABEL: func.func @stated
// EVAL-SAME: nn.name = "w", nn.role = "parameter"}
// EVAL-SAME: nn.name = "s", nn.role = "parameter"}
// LEARN-LABEL: func.func @stated
// LEARN-SAME: nn.name = "w", nn.role = "parameter", nn.trainable}
// LEARN-SAME: nn.name = "mask", nn.role = "parameter", nn.trainable}
func.func @stated(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant "w" dense<1.0> : tensor<2x2xf32> {nn.learned = false}
  %m = nn.constant "mask" dense<2.0> : tensor<2xf32> {nn.learned = false}
  %s = nn.constant "s" dense<3.0> : tensor<f32> {nn.learned = true}
  %y = nn.linear %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %z = nn.mul %y, %m : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %o = nn.mul %z, %s : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  return %o : tensor<1x2xf32>
}

// -----

// A constant that the graph writes down is learned where a layer says so, also
// as something that is added like a bias, and is a number elsewhere.

// CHECK-LABEL: func.func @literals
// CHECK-SAME: tensor<2x2xf32> {{{.*}}nn.name = "linear_w", nn.role = "parameter", nn.trainable}
// CHECK-SAME: tensor<2xf32> {{{.*}}nn.name = "linear_b", nn.role = "parameter", nn.trainable}
// CHECK-SAME: -> tensor<1x2xf32>
// CHECK: nn.constant dense<1.000000e+00> : tensor<f32>
// CHECK: nn.constant dense<5.000000e-01> : tensor<2xf32>
// CHECK-NOT: nn.literal
// CHECK: return
// LEARN-LABEL: func.func @literals
// LEARN-SAME: nn.name = "half", nn.role = "parameter", nn.trainable}
func.func @literals(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x2xf32> {nn.literal = "linear_w"}
  %b = nn.constant dense<2.0> : tensor<2xf32> {nn.literal = "linear_b"}
  %one = nn.constant dense<1.0> : tensor<f32> {nn.literal = "one"}
  %half = nn.constant dense<0.5> : tensor<2xf32> {nn.literal = "half"}
  %t = nn.transpose %w perm = [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nn.linear %x, %t : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %z = nn.add %y, %b : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %v = nn.linear %z, %t : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %u = nn.add %v, %one : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  %o = nn.mul %u, %half : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %o : tensor<1x2xf32>
}

// -----

// Parameters of parameters: a path of operations with derivatives is enough.

// CHECK-LABEL: func.func @arithmetic
// CHECK-SAME: nn.name = "p", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "q", nn.role = "parameter", nn.trainable}
// expected-warning @+1 {{: 'p', 'q'; keep}}
func.func @arithmetic(%x: tensor<2xf32>) -> tensor<2xf32> {
  %p = nn.constant "p" dense<1.0> : tensor<f32>
  %q = nn.constant "q" dense<2.0> : tensor<f32>
  %s = nn.mul %p, %q : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %y = nn.pow %x, %s : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// What is only compared has no derivative; what nothing depends on neither.

// CHECK-LABEL: func.func @unreached
// CHECK-SAME: (%{{[^:]*}}: tensor<2xf32>, %{{[^:]*}}: tensor<1xf32>) -> (tensor<2xf32>, tensor<1xf32>)
// expected-warning @+4 {{parameter 'threshold' is not trained: it is only compared, a condition, a label or a weight of classes, with respect to which nothing has a derivative}}
// expected-warning @+3 {{parameter 'weights' is not trained: it is only compared}}
// expected-warning @+2 {{parameter 'dead' is not trained: no output depends on it}}
// expected-warning @+1 {{parameter 'unused' is not trained: no output depends on it}}
func.func @unreached(%x: tensor<2xf32>, %l: tensor<1xf32>) -> (tensor<2xf32>, tensor<1xf32>) {
  %u = nn.constant "unused" dense<1.0> : tensor<1xf32>
  %p = nn.constant "threshold" dense<1.0> : tensor<1xf32>
  %w = nn.constant "weights" dense<1.0> : tensor<2xf32>
  %d = nn.constant "dead" dense<1.0> : tensor<1xf32>
  %c = nn.sub %x, %p : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  // expected-note @+1 {{operand 0 of 'nn.gate' has no derivative}}
  %y = nn.gate %c, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %e = nn.add %x, %d : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  %r = nn.reshape %x : tensor<2xf32> -> tensor<1x2xf32>
  // expected-note @+1 {{operand 2 of 'nn.nll_loss' has no derivative}}
  %s = nn.nll_loss %r, %l, %w reduction = sum
      : (tensor<1x2xf32>, tensor<1xf32>, tensor<2xf32>) -> tensor<1xf32>
  return %y, %s : tensor<2xf32>, tensor<1xf32>
}

// -----

// A normalisation that is used twice averages twice, one after the other.

// CHECK-LABEL: func.func @siamese
// CHECK-SAME: %[[M:[^:,]*]]: tensor<2xf32> {{{[^}]*}}nn.name = "mean", nn.role = "parameter"}
// CHECK-SAME: %[[V:[^:,]*]]: tensor<2xf32> {{{[^}]*}}nn.name = "var", nn.role = "parameter"}
// CHECK-SAME: -> (tensor<4x2xf32>, tensor<2xf32> {nn.updates = "mean"}, tensor<2xf32> {nn.updates = "var"})
// CHECK: %[[A:.*]], %[[MA:.*]], %[[VA:.*]], %{{.*}}, %{{.*}} = nn.batch_norm_train %{{.*}}, %{{.*}}, %{{.*}}, %[[M]], %[[V]]
// CHECK: %[[B:.*]], %[[MB:.*]], %[[VB:.*]], %{{.*}}, %{{.*}} = nn.batch_norm_train %[[A]], %{{.*}}, %{{.*}}, %[[MA]], %[[VA]]
// CHECK: return %[[B]], %[[MB]], %[[VB]]
func.func @siamese(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %g = nn.constant "scale" dense<1.0> : tensor<2xf32>
  %m = nn.constant "mean" dense<0.0> : tensor<2xf32>
  %v = nn.constant "var" dense<1.0> : tensor<2xf32>
  %y, %m1, %v1, %b1, %s1 = nn.batch_norm_train %x, %g, %g, %m, %v epsilon = 0.0
      momentum = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>, tensor<2xf32>)
  %z, %m2, %v2, %b2, %s2 = nn.batch_norm_train %y, %g, %g, %m, %v epsilon = 0.0
      momentum = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>, tensor<2xf32>)
  return %z : tensor<4x2xf32>
}

// -----

// A declaration has nothing to expose.

// CHECK: func.func private @declaration
func.func private @declaration(tensor<1xf32>) -> tensor<1xf32>
