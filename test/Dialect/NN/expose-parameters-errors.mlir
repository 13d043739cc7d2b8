// RUN: photonic-opt %s --nn-expose-parameters='freeze=conv.wieght' --verify-diagnostics --split-input-file
// RUN: not photonic-opt %s --nn-expose-parameters='freeze=(' 2>&1 | FileCheck %s

// RUN: not photonic-opt %s --nn-expose-parameters='learn=(' 2>&1 | FileCheck %s --check-prefix=LEARN
// RUN: not photonic-opt %s --nn-expose-parameters='learn=nothing' --split-input-file 2>&1 | FileCheck %s --check-prefix=NOTHING

// LEARN: error: learn: '(' is no regular expression: parentheses not balanced
// NOTHING: error: learn: no parameter matches 'nothing'; the closest of 2 is 'conv.
// CHECK: error: freeze: '(' is no regular expression: parentheses not balanced

// expected-error @+1 {{freeze: no parameter matches 'conv.wieght'; the closest of 2 is 'conv.weight'}}
func.func @misspelt(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant "conv.weight" dense<1.0> : tensor<2x2xf32>
  %b = nn.constant "conv.bias" dense<1.0> : tensor<2xf32>
  %y = nn.linear %x, %w, %b
      : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// expected-error @+1 {{freeze: no parameter matches 'conv.wieght'}}
func.func @no_parameters(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  return %x : tensor<1x2xf32>
}

// -----

func.func @same_name(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant "w" dense<1.0> : tensor<2x2xf32>
  // expected-error @+1 {{parameter 'w' has the name of another parameter or input; give every initializer a name of its own}}
  %v = nn.constant "w" dense<2.0> : tensor<2x2xf32>
  %y = nn.linear %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %z = nn.linear %y, %v : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}

// -----

func.func @same_name_as_input(%x: tensor<1x2xf32> {nn.name = "w"})
    -> tensor<1x2xf32> {
  // expected-error @+1 {{parameter 'w' has the name of another parameter or input}}
  %w = nn.constant "w" dense<1.0> : tensor<2x2xf32>
  %y = nn.linear %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// Sharing is fine (expose-parameters.mlir), but not in another layout.

func.func @shared_statistics(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %p = nn.constant "p" dense<1.0> : tensor<2xf32>
  %m = nn.constant "m" dense<1.0> : tensor<2xf32>
  %v = nn.constant "v" dense<1.0> : tensor<2xf32>
  %t = nn.transpose %m perm = [0] : tensor<2xf32> -> tensor<2xf32>
  %y:5 = nn.batch_norm_train %x, %p, %p, %m, %v epsilon = 0.0 momentum = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>, tensor<2xf32>)
  // expected-error @+1 {{shares the statistics 'm' with another normalisation in another layout; give each its own}}
  %z:5 = nn.batch_norm_train %y#0, %p, %p, %t, %v epsilon = 0.0 momentum = 0.5
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>, tensor<2xf32>)
  return %z#0 : tensor<4x2xf32>
}

// -----

func.func @statistic_and_scale(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error @+1 {{'p' is a running statistic and a learned parameter at once; give each an initializer of its own}}
  %p = nn.constant "p" dense<1.0> : tensor<2xf32>
  %m = nn.constant "m" dense<1.0> : tensor<2xf32>
  %y = nn.batch_norm %x, %p, %m, %m, %p epsilon = 0.0
      : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
