// RUN: photonic-opt %s --nn-infer-batch-axes --split-input-file --verify-diagnostics | FileCheck %s

// Dimensions move, merge with what lies behind the batch, and part again.

module attributes {nn.batch = 2 : i64} {
  // CHECK-LABEL: func.func @moved
  // CHECK-SAME: -> (tensor<3x2xf32> {nn.batch_axis = 1 : i64}, tensor<2x3x5xf32> {nn.batch_axis = 0 : i64}, tensor<6x5xf32>)
  func.func @moved(%x: tensor<2x15xf32> {nn.batch_axis = 0 : i64},
                   %w: tensor<3x15xf32>, %v: tensor<5x5xf32>)
      -> (tensor<3x2xf32>, tensor<2x3x5xf32>, tensor<6x5xf32>) {
    %a = nn.linear %x, %w
        : (tensor<2x15xf32>, tensor<3x15xf32>) -> tensor<2x3xf32>
    %t = nn.transpose %a perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    %m = nn.reshape %x : tensor<2x15xf32> -> tensor<6x5xf32>
    %n = nn.linear %m, %v
        : (tensor<6x5xf32>, tensor<5x5xf32>) -> tensor<6x5xf32>
    %p = nn.reshape %n : tensor<6x5xf32> -> tensor<2x3x5xf32>
    return %t, %p, %n : tensor<3x2xf32>, tensor<2x3x5xf32>, tensor<6x5xf32>
  }
}

// -----

// Samples in the last dimension; the fixed operand of a product is on the left.

module attributes {nn.batch = 4 : i64} {
  // CHECK-LABEL: func.func @columns
  // CHECK-SAME: -> (tensor<3x4xf32> {nn.batch_axis = 1 : i64}, tensor<4xf32> {nn.batch_axis = 0 : i64}, tensor<3x1xf32>)
  func.func @columns(%x: tensor<5x4xf32> {nn.batch_axis = 1 : i64},
                     %w: tensor<3x5xf32>)
      -> (tensor<3x4xf32>, tensor<4xf32>, tensor<3x1xf32>) {
    %t = nn.transpose %x perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
    %y = nn.linear %w, %t
        : (tensor<3x5xf32>, tensor<4x5xf32>) -> tensor<3x4xf32>
    %s = nn.reduce_sum %y axes = [0] keepdims = false
        : tensor<3x4xf32> -> tensor<4xf32>
    %m = nn.reduce_mean %y axes = [1] keepdims = true
        : tensor<3x4xf32> -> tensor<3x1xf32>
    return %y, %s, %m : tensor<3x4xf32>, tensor<4xf32>, tensor<3x1xf32>
  }
}

// -----

// What is the same for all samples repeats along the batch; what differs from
// row to row is no property of a sample.

module attributes {nn.batch = 2 : i64} {
  // CHECK-LABEL: func.func @fixed
  // CHECK-SAME: -> (tensor<2x3xf32> {nn.batch_axis = 0 : i64}, tensor<2x3xf32> {nn.batch_axis = 0 : i64}, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x6xf32> {nn.batch_axis = 0 : i64}, tensor<2x3xf32>)
  func.func @fixed(%x: tensor<2x3xf32> {nn.batch_axis = 0 : i64},
                   %w: tensor<2x3xf32>, %b: tensor<3xf32>)
      -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>,
          tensor<2x6xf32>, tensor<2x3xf32>) {
    %same = nn.constant dense<[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf32>
    %other = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %0 = nn.add %x, %same : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = nn.add %0, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %2 = nn.add %x, %other : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %3 = nn.add %x, %w : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %wide = nn.broadcast_to %b : tensor<3xf32> -> tensor<2x3xf32>
    %4 = nn.concat %x, %wide axis = 1 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
    return %0, %1, %2, %3, %4, %w : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>,
        tensor<2x3xf32>, tensor<2x6xf32>, tensor<2x3xf32>
  }
}

// -----

// Images; what crosses the batch loses it.

module attributes {nn.batch = 2 : i64} {
  // CHECK-LABEL: func.func @images
  // CHECK-SAME: -> (tensor<2x3xf32> {nn.batch_axis = 0 : i64}, tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x2xf32>, tensor<4x3xf32>)
  func.func @images(%x: tensor<2x3x4x4xf32> {nn.batch_axis = 0 : i64},
                    %w: tensor<3x3x3x3xf32>)
      -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x2xf32>,
          tensor<4x3xf32>) {
    %c = nn.conv2d %x, %w pads = [1, 1, 1, 1]
        : (tensor<2x3x4x4xf32>, tensor<3x3x3x3xf32>) -> tensor<2x3x4x4xf32>
    %p = nn.max_pool %c kernel = [4, 4] : tensor<2x3x4x4xf32> -> tensor<2x3x1x1xf32>
    %f = nn.reshape %p : tensor<2x3x1x1xf32> -> tensor<2x3xf32>
    %s = nn.softmax %f axis = 1 : tensor<2x3xf32>
    %across = nn.softmax %f axis = 0 : tensor<2x3xf32>
    %one = nn.slice %f offsets = [1, 0] sizes = [1, 3] strides = [1, 1]
        : tensor<2x3xf32> -> tensor<1x3xf32>
    %gram = nn.linear %f, %f
        : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
    %more = nn.concat %f, %f axis = 0
        : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
    return %s, %across, %one, %gram, %more : tensor<2x3xf32>, tensor<2x3xf32>,
        tensor<1x3xf32>, tensor<2x2xf32>, tensor<4x3xf32>
  }
}

// -----

// Losses have a batch if they are not reduced.

module attributes {nn.batch = 2 : i64} {
  // CHECK-LABEL: func.func @losses
  // CHECK-SAME: -> (tensor<2xf32> {nn.batch_axis = 0 : i64}, tensor<2x3xf32> {nn.batch_axis = 0 : i64}, tensor<1xf32>)
  func.func @losses(%x: tensor<2x3xf32> {nn.batch_axis = 0 : i64},
                    %y: tensor<2xf32> {nn.batch_axis = 0 : i64})
      -> (tensor<2xf32>, tensor<2x3xf32>, tensor<1xf32>) {
    %0, %1 = nn.softmax_cross_entropy %x, %y reduction = none
        : (tensor<2x3xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2x3xf32>)
    %2, %3 = nn.softmax_cross_entropy %x, %y reduction = mean
        : (tensor<2x3xf32>, tensor<2xf32>) -> (tensor<1xf32>, tensor<2x3xf32>)
    return %0, %1, %2 : tensor<2xf32>, tensor<2x3xf32>, tensor<1xf32>
  }
}

// -----

// With one sample a dimension of extent 1 may be the batch or not. What follows
// may tell, or what the model declares.

module attributes {nn.batch = 1 : i64} {
  // CHECK-LABEL: func.func @one
  // CHECK-SAME: -> (tensor<1x1x4xf32>, tensor<1x1x4xf32> {nn.batch_axis = 1 : i64}, tensor<1x1x4xf32> {nn.batch_axis = 0 : i64}, tensor<3x4xf32>)
  func.func @one(%x: tensor<1x4xf32> {nn.batch_axis = 0 : i64},
                 %w: tensor<3x4xf32>)
      -> (tensor<1x1x4xf32>, tensor<1x1x4xf32> {nn.batch_axis = 1 : i64},
          tensor<1x1x4xf32>, tensor<3x4xf32>) {
    %0 = nn.reshape %x : tensor<1x4xf32> -> tensor<1x1x4xf32>
    %1 = nn.softmax %0 axis = 1 : tensor<1x1x4xf32>
    %2 = nn.add %x, %w : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    return %0, %0, %1, %2 : tensor<1x1x4xf32>, tensor<1x1x4xf32>,
        tensor<1x1x4xf32>, tensor<3x4xf32>
  }
}

// -----

// The graph is right.

module attributes {nn.batch = 3 : i64} {
  // CHECK-LABEL: func.func @contradiction
  // CHECK-SAME: -> (tensor<3x3xf32> {nn.batch_axis = 1 : i64, nn.name = "y"}, tensor<3x3xf32> {nn.name = "z"}, tensor<3x3xf32> {nn.updates = "s"})
  // expected-warning @+2 {{output 'y' is declared with its samples along dimension 0, but the graph computes them along dimension 1, which is used}}
  // expected-warning @+1 {{output 'z' is declared with its samples along dimension 1, but the graph mixes samples in it, or computes it in a way that does not tell where they are; it gets no batch dimension, so that inputs have to hold exactly one batch}}
  func.func @contradiction(%x: tensor<3x3xf32> {nn.batch_axis = 0 : i64},
      %s: tensor<3x3xf32> {nn.name = "s", nn.role = "state",
                           nn.init = dense<0.0> : tensor<3x3xf32>})
      -> (tensor<3x3xf32> {nn.batch_axis = 0 : i64, nn.name = "y"},
          tensor<3x3xf32> {nn.batch_axis = 1 : i64, nn.name = "z"},
          tensor<3x3xf32> {nn.updates = "s"}) {
    %y = nn.transpose %x perm = [1, 0] : tensor<3x3xf32> -> tensor<3x3xf32>
    %z = nn.linear %x, %x
        : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
    return %y, %z, %x : tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>
  }
}
