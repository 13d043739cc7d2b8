// RUN: photonic-opt %s --split-input-file --verify-diagnostics

// Module attributes.

// expected-error @+1 {{expected 'nn.model' to be a string, got 1}}
module attributes {nn.model = 1 : i64} {}

// -----

// expected-error @+1 {{expected 'nn.batch' to be a positive integer, got 0}}
module attributes {nn.batch = 0 : i64} {}

// -----

// expected-error @+1 {{expected 'nn.name' of argument 0 to be a name, got 3}}
func.func @name_of_argument(%x: tensor<1xf32> {nn.name = 3 : i64}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.name' of result 0 to be a name, got 3}}
func.func @name_of_result(%x: tensor<1xf32>) -> (tensor<1xf32> {nn.name = 3 : i64}) {
  return %x : tensor<1xf32>
}

// -----

func.func @name_of_operation(%x: tensor<1xf32>) {
  // expected-error @+1 {{'nn.name' belongs on an argument or a result of a function, not on an operation}}
  %y = nn.relu %x {nn.name = "r"} : tensor<1xf32>
  return
}

// -----

// Tensors.

func.func @tensor_not_f32(%x: tensor<1xf64>) {
  // expected-error @+1 {{operand #0 must be tensor with static, positive extents of 32-bit float values, but got 'tensor<1xf64>'}}
  %y = nn.relu %x : tensor<1xf64>
  return
}

// -----

func.func @tensor_dynamic(%x: tensor<?xf32>) {
  // expected-error @+1 {{must be tensor with static, positive extents of 32-bit float values, but got 'tensor<?xf32>'}}
  %y = nn.relu %x : tensor<?xf32>
  return
}

// -----

func.func @tensor_empty(%x: tensor<2x0xf32>) {
  // expected-error @+1 {{must be tensor with static, positive extents of 32-bit float values, but got 'tensor<2x0xf32>'}}
  %y = nn.relu %x : tensor<2x0xf32>
  return
}

// -----

// Constants.

func.func @constant_c1() {
  // expected-error @+1 {{result #0 must be tensor with static, positive extents of 32-bit float values, but got 'tensor<2xi32>'}}
  %0 = nn.constant dense<1> : tensor<2xi32>
  return
}

// -----

func.func @constant_c2() {
  // expected-error @+1 {{expected a dense or dense_resource value}}
  %0 = nn.constant sparse<[[0]], [1.0]> : tensor<2xf32>
  return
}

// -----

func.func @constant_c3() {
  // expected-error @+1 {{expected 12 bytes for 'tensor<3xf32>', resource 'short' holds 8}}
  %0 = nn.constant dense_resource<short> : tensor<3xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      short: "0x040000000000803F00000040"
    }
  }
#-}

// -----

// Convolution.

func.func @conv2d_c1(%x: tensor<3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{expected input and weight of rank 4, got 'tensor<3x8x8xf32>' and 'tensor<4x3x3x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w : (tensor<3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<4x6x6xf32>
  return
}

// -----

func.func @conv2d_c2_strides(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{expected strides of at least 1, got 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w strides = [0, 1] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv2d_c2_pads(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{expected pads of at least 0, got -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w pads = [0, 0, 0, -1] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x5xf32>
  return
}

// -----

func.func @conv2d_c2_number_of_pads(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{attribute 'pads' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements}}
  %y = nn.conv2d %x, %w pads = [0, 0] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv2d_c2_dilations(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{expected dilations of at least 1, got 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w dilations = [1, 0] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv2d_c2_groups(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{expected groups of at least 1, got 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w groups = 0 : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv2d_c3(%x: tensor<1x4x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{input 'tensor<1x4x8x8xf32>' has 4 channels, weight 'tensor<4x3x3x3xf32>' with groups = 1 needs 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv2d_c4(%x: tensor<1x6x8x8xf32>, %w: tensor<5x3x3x3xf32>) {
  // expected-error @+2 {{groups = 2 does not divide the 5 filters of weight 'tensor<5x3x3x3xf32>' (input 'tensor<1x6x8x8xf32>')}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w groups = 2 : (tensor<1x6x8x8xf32>, tensor<5x3x3x3xf32>) -> tensor<1x5x6x6xf32>
  return
}

// -----

func.func @conv2d_c5(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+2 {{expected a bias of shape [4] for weight 'tensor<4x3x3x3xf32>', got 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w, %b : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv2d_c6(%x: tensor<1x3x8x4xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{window of 7 (kernel 3, dilation 3) does not fit into 6 (4 + padding 1 + 1) in dimension 3 of 'tensor<1x3x8x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.conv2d %x, %w pads = [1, 1, 1, 1] dilations = [1, 3] : (tensor<1x3x8x4xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x1xf32>
  return
}

// -----

func.func @conv2d_c7(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<1x4x6x6xf32>' are incompatible with return type(s) of operation 'tensor<1x4x8x8xf32>'}}
  %y = nn.conv2d %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

// Linear.

func.func @linear_c1(%x: tensor<2x3x4xf32>, %w: tensor<5x4xf32>) {
  // expected-error @+2 {{expected input and weight of rank 2, got 'tensor<2x3x4xf32>' and 'tensor<5x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.linear %x, %w : (tensor<2x3x4xf32>, tensor<5x4xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<2x3xf32>, %w: tensor<5x4xf32>) {
  // expected-error @+2 {{input 'tensor<2x3xf32>' has rows of 3, weight 'tensor<5x4xf32>' of 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.linear %x, %w : (tensor<2x3xf32>, tensor<5x4xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<2x4xf32>, %w: tensor<5x4xf32>, %b: tensor<1x5xf32>) {
  // expected-error @+2 {{expected a bias of shape [5] for weight 'tensor<5x4xf32>', got 'tensor<1x5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.linear %x, %w, %b : (tensor<2x4xf32>, tensor<5x4xf32>, tensor<1x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

// Batch normalisation.

func.func @batch_norm_c1(%x: tensor<2xf32>, %p: tensor<2xf32>) {
  // expected-error @+2 {{expected an input of rank 2 or more, got 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.batch_norm %x, %p, %p, %p, %p epsilon = 0.0
      : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @batch_norm_c2(%x: tensor<1x2x3xf32>, %p: tensor<2xf32>, %q: tensor<3xf32>) {
  // expected-error @+2 {{expected mean of shape [2] for input 'tensor<1x2x3xf32>', got 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.batch_norm %x, %p, %p, %q, %p epsilon = 0.0
      : (tensor<1x2x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<2xf32>) -> tensor<1x2x3xf32>
  return
}

// -----

func.func @batch_norm_c3(%x: tensor<1x2xf32>, %p: tensor<2xf32>) {
  // expected-error @+2 {{expected a finite epsilon >= 0, got}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.batch_norm %x, %p, %p, %p, %p epsilon = -1.0
      : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return
}

// -----

// Elementwise.

func.func @unary_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{requires the same type for all operands and results}}
  %y = "nn.relu"(%x) : (tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @leaky_relu_c2(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected a finite alpha, got}}
  %y = nn.leaky_relu %x alpha = 0x7F800000 : tensor<2xf32>
  return
}

// -----

func.func @clip_c2_order(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected min <= max, got}}
  %y = nn.clip %x min = 1.0 max = 0.5 : tensor<2xf32>
  return
}

// -----

func.func @clip_c2_nan(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected min <= max, got}}
  %y = nn.clip %x min = 0x7FC00000 max = 0.5 : tensor<2xf32>
  return
}

// -----

func.func @binary_c1(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+2 {{shapes of 'tensor<2x3xf32>' and 'tensor<2xf32>' do not broadcast: extents 3 and 2 in dimension 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.add %a, %b : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @binary_c2(%a: tensor<2x1xf32>, %b: tensor<3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  %y = nn.add %a, %b : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x1xf32>
  return
}

// -----

// Pools.

func.func @pool_c1(%x: tensor<4x8x8xf32>) {
  // expected-error @+2 {{expected an input of rank 4, got 'tensor<4x8x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.max_pool %x kernel = [2, 2] : tensor<4x8x8xf32> -> tensor<4x7x7xf32>
  return
}

// -----

func.func @pool_c2(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+2 {{expected kernel of at least 1, got 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.max_pool %x kernel = [2, 0] : tensor<1x4x8x8xf32> -> tensor<1x4x7x7xf32>
  return
}

// -----

func.func @pool_c3(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+2 {{window of 9 (kernel 9, dilation 1) does not fit into 8 (8 + padding 0 + 0) in dimension 2 of 'tensor<1x4x8x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.avg_pool %x kernel = [9, 8] : tensor<1x4x8x8xf32> -> tensor<1x4x1x1xf32>
  return
}

// -----

func.func @pool_c4_max(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+2 {{window 0 in dimension 2 holds no element of 'tensor<1x4x8x8xf32>': kernel 2, stride 2, dilation 1, padding 2 + 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.max_pool %x kernel = [2, 2] strides = [2, 2] pads = [2, 0, 0, 0] : tensor<1x4x8x8xf32> -> tensor<1x4x5x4xf32>
  return
}

// -----

// Taps fall left and right of a single element.
func.func @pool_c4_dilation(%x: tensor<1x1x1x4xf32>) {
  // expected-error @+2 {{window 0 in dimension 2 holds no element of 'tensor<1x1x1x4xf32>': kernel 2, stride 1, dilation 2, padding 1 + 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.max_pool %x kernel = [2, 1] pads = [1, 0, 1, 0] dilations = [2, 1] : tensor<1x1x1x4xf32> -> tensor<1x1x1x4xf32>
  return
}

// -----

func.func @pool_c4_avg(%x: tensor<1x4x8x8xf32>) {
  // Legal where padding is counted.
  %y = nn.avg_pool %x kernel = [2, 2] strides = [2, 2] pads = [2, 0, 0, 0] count_include_pad = true
      : tensor<1x4x8x8xf32> -> tensor<1x4x5x4xf32>
  // expected-error @+2 {{window 0 in dimension 2 holds no element of 'tensor<1x4x8x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %z = nn.avg_pool %x kernel = [2, 2] strides = [2, 2] pads = [2, 0, 0, 0]
      : tensor<1x4x8x8xf32> -> tensor<1x4x5x4xf32>
  return
}

// -----

func.func @pool_c5(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<1x4x3x3xf32>' are incompatible with return type(s) of operation 'tensor<1x4x4x4xf32>'}}
  %y = nn.max_pool %x kernel = [3, 3] strides = [2, 2] : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
  return
}

// -----

// Layout.

func.func @pad_c1_number(%x: tensor<2x2xf32>) {
  // expected-error @+2 {{expected 2 numbers in low, got 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.pad %x low = [1] high = [0, 0] value = 0.0 : tensor<2x2xf32> -> tensor<3x2xf32>
  return
}

// -----

func.func @pad_c1_negative(%x: tensor<2x2xf32>) {
  // expected-error @+2 {{expected high of at least 0, got -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.pad %x low = [1, 0] high = [0, -1] value = 0.0 : tensor<2x2xf32> -> tensor<3x1xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<2x2xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<3x2xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  %y = nn.pad %x low = [1, 0] high = [0, 0] value = 0.0 : tensor<2x2xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<2x2xf32>) {
  // expected-error @+2 {{expected a value that is not NaN}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.pad %x low = [1, 0] high = [0, 0] value = 0x7FC00000 : tensor<2x2xf32> -> tensor<3x2xf32>
  return
}

// -----

func.func @reshape_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{operand 'tensor<2x3xf32>' has 6 elements, result 'tensor<5xf32>' has 5}}
  %y = nn.reshape %x : tensor<2x3xf32> -> tensor<5xf32>
  return
}

// -----

func.func @transpose_c1_repeated(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{expected a permutation of the 2 dimensions of 'tensor<2x3xf32>', got [0, 0]}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.transpose %x perm = [0, 0] : tensor<2x3xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @transpose_c1_too_many(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{expected a permutation of the 2 dimensions of 'tensor<2x3xf32>', got [0, 1, 1]}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.transpose %x perm = [0, 1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @transpose_c2(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<3x2xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  %y = nn.transpose %x perm = [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_c1() {
  // expected-error @+2 {{expected at least one operand}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = "nn.concat"() <{axis = 0 : i64}> : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_c2(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{expected an axis in [0, 2) for 'tensor<2x3xf32>', got 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.concat %a, %a axis = 2 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_c2_rank(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+2 {{operands 'tensor<2x3xf32>' and 'tensor<2xf32>' differ in more than axis 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.concat %a, %b axis = 1 : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @concat_c3(%a: tensor<2x3xf32>, %b: tensor<3x3xf32>) {
  // expected-error @+2 {{operands 'tensor<2x3xf32>' and 'tensor<3x3xf32>' differ in more than axis 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.concat %a, %b axis = 1 : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_c4(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<2x4xf32>' are incompatible with return type(s) of operation 'tensor<2x6xf32>'}}
  %y = nn.concat %a, %b axis = 1 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{expected 2 numbers in sizes, got 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.slice %x offsets = [0, 0] sizes = [1] strides = [1, 1] : tensor<2x3xf32> -> tensor<1x3xf32>
  return
}

// -----

func.func @slice_c2_size(%x: tensor<3xf32>) {
  // expected-error @+2 {{expected sizes of at least 1, got 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.slice %x offsets = [0] sizes = [0] strides = [1] : tensor<3xf32> -> tensor<1xf32>
  return
}

// -----

func.func @slice_c2_stride(%x: tensor<3xf32>) {
  // expected-error @+2 {{expected strides other than 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.slice %x offsets = [0] sizes = [2] strides = [0] : tensor<3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @slice_c3(%x: tensor<3xf32>) {
  // expected-error @+2 {{elements 1 to 3 of dimension 0 leave 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.slice %x offsets = [1] sizes = [3] strides = [1] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_c3_backwards(%x: tensor<3xf32>) {
  // expected-error @+2 {{elements 1 to -1 of dimension 0 leave 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.slice %x offsets = [1] sizes = [3] strides = [-1] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_c4(%x: tensor<3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  %y = nn.slice %x offsets = [1] sizes = [2] strides = [1] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

// Reductions.

func.func @softmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis in [0, 2) for 'tensor<2x3xf32>', got -1}}
  %y = nn.softmax %x axis = -1 : tensor<2x3xf32>
  return
}

// -----

func.func @log_softmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis in [0, 2) for 'tensor<2x3xf32>', got 2}}
  %y = nn.log_softmax %x axis = 2 : tensor<2x3xf32>
  return
}

// -----

func.func @reduce_c1_none(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{expected ascending axes in [0, 2) for 'tensor<2x3xf32>', got []}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.reduce_sum %x axes = [] keepdims = false : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @reduce_c1_repeated(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{expected ascending axes in [0, 2) for 'tensor<2x3xf32>', got [1, 1]}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.reduce_mean %x axes = [1, 1] keepdims = false : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @reduce_c1_outside(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{expected ascending axes in [0, 2) for 'tensor<2x3xf32>', got [2]}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.reduce_max %x axes = [2] keepdims = false : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @reduce_c2(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<2x1xf32>' are incompatible with return type(s) of operation 'tensor<2xf32>'}}
  %y = nn.reduce_max %x axes = [1] keepdims = true : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

// Attributes of arguments that the body does not have.

// expected-error@+1 {{entry block must have 2 arguments to match function signature}}
"func.func"() <{arg_attrs = [{nn.name = "x"}, {nn.name = "y"}],
                function_type = (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>,
                res_attrs = [{nn.updates = "y"}], sym_name = "main"}> ({
^bb0(%x: tensor<2xf32>):
  "func.return"(%x) : (tensor<2xf32>) -> ()
}) : () -> ()
