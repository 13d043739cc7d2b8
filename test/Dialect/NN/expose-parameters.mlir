// RUN: photonic-opt %s --nn-expose-parameters --split-input-file --verify-diagnostics | FileCheck %s
// RUN: photonic-opt %s --nn-expose-parameters=trainable=false --split-input-file | FileCheck %s --check-prefix=EVAL
// RUN: not photonic-opt %s --nn-expose-parameters='freeze=^conv' --split-input-file 2>/dev/null | FileCheck %s --check-prefix=FREEZE
// RUN: not photonic-opt %s --nn-expose-parameters='freeze=^factor$|^position$' --split-input-file 2>&1 | FileCheck %s --check-prefix=QUIET
// RUN: not photonic-opt %s --nn-expose-parameters='learn=.' --split-input-file 2>/dev/null | FileCheck %s --check-prefix=LEARN

// Freezing what is not trained answers the warning.
// QUIET-NOT: warning: not trained

// Weights and biases become trainable arguments in the order of first use;
// a named constant that nobody learns stays.

// CHECK-LABEL: func.func @layers
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x4x4xf32>
// CHECK-SAME: %[[W:.*]]: tensor<2x1x3x3xf32> {nn.init = dense<1.000000e+00> : tensor<2x1x3x3xf32>, nn.name = "conv.weight", nn.role = "parameter", nn.trainable}
// CHECK-SAME: %[[B:.*]]: tensor<2xf32> {nn.init = dense<2.000000e+00> : tensor<2xf32>, nn.name = "conv.bias", nn.role = "parameter", nn.trainable}
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
// LEARN-SAME: nn.name = "fc.weight", nn.role = "parameter", nn.trainable}
// LEARN-SAME: nn.name = "factor", nn.role = "parameter", nn.trainable}
// expected-warning @+1 {{not trained, because no weight, bias or scale of a layer: 'factor'; to train them, match them with learn, or with freeze to keep them without this warning}}
func.func @layers(%x: tensor<1x1x4x4xf32>) -> tensor<1x3xf32> {
  %f = nn.constant "fc.weight" dense<3.0> : tensor<3x8xf32>
  %b = nn.constant "conv.bias" dense<2.0> : tensor<2xf32>
  %w = nn.constant "conv.weight" dense<1.0> : tensor<2x1x3x3xf32>
  // CHECK: %[[S:.*]] = nn.constant "factor"
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
// and a factor; a constant marked nn.learned is one whatever reads it; a matrix
// that is added is none.

// CHECK-LABEL: func.func @biases
// CHECK-SAME: nn.name = "w", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "scale", nn.role = "parameter", nn.trainable}
// CHECK-SAME: nn.name = "b", nn.role = "parameter", nn.trainable}
// CHECK-SAME: -> tensor<1x2x3xf32>
// CHECK: nn.constant "position"
// EVAL-LABEL: func.func @biases
// EVAL-SAME: nn.name = "scale", nn.role = "parameter"}
// expected-warning @+1 {{: 'position'; to train}}
func.func @biases(%x: tensor<2x2xf32>) -> tensor<1x2x3xf32> {
  %w = nn.constant "w" dense<1.0> : tensor<3x2xf32>
  %b = nn.constant "b" dense<1.0> : tensor<1x3xf32>
  %two = nn.constant dense<2.0> : tensor<1xf32>
  %p = nn.constant "position" dense<1.0> : tensor<1x2x3xf32>
  %s = nn.constant "scale" dense<1.0> : tensor<3xf32> {nn.learned}
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

// A declaration has nothing to expose.

// CHECK: func.func private @declaration
func.func private @declaration(tensor<1xf32>) -> tensor<1xf32>
