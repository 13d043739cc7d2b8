// RUN: photonic-opt %s --photonic-lower-products --split-input-file --verify-diagnostics

// Layers that no view reaches over: tensors of more than 2^40 elements along one
// index of a product.

func.func @conv2d(%x: tensor<1x1x2097152x2097152xf32>, %w: tensor<2x1x1x1xf32>)
    -> tensor<1x2x2097152x2097152xf32> {
  // expected-error@+1 {{'nn.conv2d' op is too large for a product, give it smaller tensors: in the view of one digit 1 of rows reaches beyond 2^40}}
  %y = nn.conv2d %x, %w
      : (tensor<1x1x2097152x2097152xf32>, tensor<2x1x1x1xf32>)
      -> tensor<1x2x2097152x2097152xf32>
  return %y : tensor<1x2x2097152x2097152xf32>
}

// -----

func.func @linear(%x: tensor<2x2199023255552xf32>, %w: tensor<3x2199023255552xf32>)
    -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.linear' op is too large for a product}}
  %y = nn.linear %x, %w
      : (tensor<2x2199023255552xf32>, tensor<3x2199023255552xf32>)
      -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @conv2d_input_grad(%dy: tensor<1x2x2097152x2097152xf32>, %w: tensor<2x1x1x1xf32>)
    -> tensor<1x1x2097152x2097152xf32> {
  // expected-error@+1 {{'nn.conv2d_input_grad' op is too large for a product}}
  %dx = nn.conv2d_input_grad %dy, %w
      : (tensor<1x2x2097152x2097152xf32>, tensor<2x1x1x1xf32>)
      -> tensor<1x1x2097152x2097152xf32>
  return %dx : tensor<1x1x2097152x2097152xf32>
}
