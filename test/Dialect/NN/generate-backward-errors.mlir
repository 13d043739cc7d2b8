// RUN: photonic-opt %s --nn-generate-backward --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a result marked 'nn.loss' to differentiate, found none; attach a loss first (nn-attach-loss)}}
func.func @no_loss(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> tensor<1xf32> {
  return %w : tensor<1xf32>
}

// -----

// expected-error @+1 {{expected a trainable parameter, found none: all are frozen; freeze fewer}}
func.func @all_frozen(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter",
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  return %w : tensor<1xf32>
}

// -----

func.func @no_gradient(
    %w: tensor<1x1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                         nn.init = dense<1.0> : tensor<1x1xf32>})
    -> (tensor<1x1xf32> {nn.loss}) {
  // expected-error @+1 {{'nn.linear_input_grad' has no gradient, but stands between a trainable parameter and the loss; freeze the parameters in front of it, or choose a loss that does not depend on it}}
  %a = nn.linear_input_grad %w, %w
      : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %a : tensor<1x1xf32>
}

// -----

// expected-warning @+2 {{the loss has no derivative with respect to 'w', which is not trained}}
// expected-error @+1 {{the loss depends on no trainable parameter; choose an output that does, or freeze less}}
func.func @only_compared(
    %x: tensor<1xf32>,
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  %n = nn.neg %w : tensor<1xf32>
  // expected-note @+1 {{operand 1 of 'nn.equal' has no derivative}}
  %a = nn.equal %x, %n : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %b = nn.add %a, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %b : tensor<1xf32>
}

// -----

func.func @large_window(
    %w: tensor<1x1x17x16xf32> {nn.name = "w", nn.role = "parameter",
                               nn.trainable,
                               nn.init = dense<1.0> : tensor<1x1x17x16xf32>})
    -> (tensor<1x1x1x1xf32> {nn.loss}) {
  // expected-error @+1 {{has no gradient: its window has 272 elements, and the position of a maximum is kept in one byte, so at most 256 are possible; a global maximum is 'nn.reduce_max', which has one}}
  %y = nn.max_pool %w kernel = [17, 16] : tensor<1x1x17x16xf32> -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// -----

func.func @through_statistics(
    %x: tensor<4x1xf32> {nn.name = "x", nn.role = "parameter", nn.trainable,
                         nn.init = dense<1.0> : tensor<4x1xf32>},
    %p: tensor<1xf32>) -> (tensor<1xf32> {nn.loss}) {
  // expected-error @+1 {{has no gradient through its result 'batch_mean'; a loss may depend only on the output}}
  %y:5 = nn.batch_norm_train %x, %p, %p, %p, %p epsilon = 0.0 momentum = 0.5
      : (tensor<4x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>,
         tensor<1xf32>) -> (tensor<4x1xf32>, tensor<1xf32>, tensor<1xf32>,
         tensor<1xf32>, tensor<1xf32>)
  return %y#3 : tensor<1xf32>
}

// -----

func.func @learned_labels(
    %y: tensor<4xf32> {nn.name = "y", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<4xf32>},
    %x: tensor<4x2xf32>) -> (tensor<1xf32> {nn.loss}) {
  // expected-error @+1 {{has no gradient with respect to its labels and weights}}
  %l = nn.nll_loss %x, %y reduction = sum
      : (tensor<4x2xf32>, tensor<4xf32>) -> tensor<1xf32>
  return %l : tensor<1xf32>
}

// -----

// expected-error @+1 {{expected an argument marked 'nn.trainable', found none; the network has no weights, or nn-expose-parameters did not run}}
func.func @nothing_exposed(%x: tensor<1xf32>) -> (tensor<1xf32> {nn.loss}) {
  return %x : tensor<1xf32>
}

// -----

// expected-warning @+2 {{the loss does not depend on 'w', which is not trained}}
// expected-error @+1 {{the loss depends on no trainable parameter; choose an output that does, or freeze less}}
func.func @independent(
    %x: tensor<1xf32>,
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss}) {
  return %x : tensor<1xf32>
}

// -----

func.func private @declaration(tensor<1xf32>) -> tensor<1xf32>
