// RUN: photonic-opt %s --nn-generate-backward='emit-gradients=true input-gradients=true' --split-input-file --verify-diagnostics

// Gradients that become outputs need names that are free.

// expected-error @+1 {{has an output called 'w.grad' already, which is the name of a gradient; rename it}}
func.func @taken(
    %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.loss, nn.name = "w.grad"}) {
  %0 = nn.exp %w : tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

// expected-error @+1 {{argument 0 has no name for its gradient; give it 'nn.name'}}
func.func @nameless(%x: tensor<1xf32>) -> (tensor<1xf32> {nn.loss}) {
  %0 = nn.exp %x : tensor<1xf32>
  return %0 : tensor<1xf32>
}
