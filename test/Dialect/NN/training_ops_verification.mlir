// RUN: photonic-opt %s --split-input-file --verify-diagnostics

// Attributes of arguments.

// expected-error @+1 {{arguments 0 and 1 are both called "x"}}
func.func @names(%a: tensor<1xf32> {nn.name = "x"},
                 %b: tensor<1xf32> {nn.name = "x"}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.role' of argument 0 to be 'parameter' or 'state', got "weight"}}
func.func @role(%w: tensor<1xf32> {nn.name = "w", nn.role = "weight",
                                   nn.init = dense<0.0> : tensor<1xf32>}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.init' beside 'nn.role' of argument 0}}
func.func @role_without_init(%w: tensor<1xf32> {nn.name = "w",
                                                nn.role = "state"}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.name' beside 'nn.role' of argument 0}}
func.func @role_without_name(%w: tensor<1xf32> {
    nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.init' of argument 0 to be elements of the argument's type, got dense<0.000000e+00> : tensor<2xf32>; the type is 'tensor<1xf32>'}}
func.func @init(%w: tensor<1xf32> {nn.name = "w", nn.role = "state",
                                   nn.init = dense<0.0> : tensor<2xf32>}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.role' beside 'nn.init' of argument 0}}
func.func @init_of_input(%w: tensor<1xf32> {
    nn.init = dense<0.0> : tensor<1xf32>}) {
  return
}

// -----

// expected-error @+1 {{'nn.trainable' of argument 0 belongs on an argument with 'nn.role' = "parameter"}}
func.func @trainable(%w: tensor<1xf32> {
    nn.name = "w", nn.role = "state", nn.trainable,
    nn.init = dense<0.0> : tensor<1xf32>}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.classes' of argument 0 to be a positive integer, got 0}}
func.func @classes(%y: tensor<1xf32> {nn.classes = 0 : i64}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.classes' beside 'nn.ignore_index' of argument 0}}
func.func @ignore_index(%y: tensor<1xf32> {nn.ignore_index = 3 : i64}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.ignore_index' of argument 0 to be an integer, got "x"}}
func.func @ignore_index_type(%y: tensor<1xf32> {nn.classes = 4 : i64,
                                                nn.ignore_index = "x"}) {
  return
}

// -----

// Attributes of results.

// expected-error @+1 {{a loss has one element, result 0 has type 'tensor<2xf32>'}}
func.func @loss(%x: tensor<2xf32>) -> (tensor<2xf32> {nn.loss}) {
  return %x : tensor<2xf32>
}

// -----

// expected-error @+1 {{expected 'nn.updates' of result 0 to be the name of an argument, got "v"}}
func.func @updates_nothing(%w: tensor<1xf32> {
    nn.name = "w", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.updates = "v"}) {
  return %w : tensor<1xf32>
}

// -----

// expected-error @+1 {{result 0 updates the input "x"; only arguments with 'nn.role' persist}}
func.func @updates_input(%x: tensor<1xf32> {nn.name = "x"})
    -> (tensor<1xf32> {nn.updates = "x"}) {
  return %x : tensor<1xf32>
}

// -----

// expected-error @+1 {{result 0 of type 'tensor<2xf32>' cannot be 'nn.updates' argument "w" of type 'tensor<1xf32>'}}
func.func @updates_type(%w: tensor<1xf32> {
    nn.name = "w", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>},
    %x: tensor<2xf32>) -> (tensor<2xf32> {nn.updates = "w"}) {
  return %x : tensor<2xf32>
}

// -----

// expected-error @+1 {{results 0 and 1 both have 'nn.updates' = "w"}}
func.func @updates_twice(%w: tensor<1xf32> {
    nn.name = "w", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>})
    -> (tensor<1xf32> {nn.updates = "w"}, tensor<1xf32> {nn.updates = "w"}) {
  return %w, %w : tensor<1xf32>, tensor<1xf32>
}

// -----

// expected-error @+1 {{expected 'nn.gradient_of' of result 0 to be a string, got 1}}
func.func @gradient_of(%x: tensor<1xf32>)
    -> (tensor<1xf32> {nn.gradient_of = 1 : i64}) {
  return %x : tensor<1xf32>
}

// -----

// Attributes of operations.

func.func @phase(%x: tensor<1xf32>) {
  // expected-error @+1 {{expected 'nn.phase' to be 'forward', 'loss', 'input_gradient', 'weight_gradient' or 'update', got "backward"}}
  %y = nn.relu %x {nn.phase = "backward"} : tensor<1xf32>
  return
}

// -----

// Products.

func.func @conv2d_input_grad_c1(%dy: tensor<1x4x4x4xf32>,
                                %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{input 'tensor<1x2x6x6xf32>' has 2 channels, weight 'tensor<4x3x3x3xf32>' with groups = 1 needs 3}}
  %dx = nn.conv2d_input_grad %dy, %w
      : (tensor<1x4x4x4xf32>, tensor<4x3x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv2d_input_grad_c2(%dy: tensor<1x4x4x4xf32>,
                                %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{expected a gradient of shape [1, 4, 5, 5], that of the 'nn.conv2d' it belongs to, got 'tensor<1x4x4x4xf32>'}}
  %dx = nn.conv2d_input_grad %dy, %w
      : (tensor<1x4x4x4xf32>, tensor<4x3x3x3xf32>) -> tensor<1x3x7x7xf32>
  return
}

// -----

func.func @conv2d_weight_grad_c1(%dy: tensor<1x4x4x4xf32>,
                                 %x: tensor<1x3x6x6xf32>) {
  // expected-error @+1 {{groups = 3 does not divide the 4 filters of weight 'tensor<4x1x3x3xf32>' (input 'tensor<1x3x6x6xf32>')}}
  %dw = nn.conv2d_weight_grad %dy, %x groups = 3
      : (tensor<1x4x4x4xf32>, tensor<1x3x6x6xf32>) -> tensor<4x1x3x3xf32>
  return
}

// -----

func.func @conv2d_weight_grad_c2(%dy: tensor<1x4x4x4xf32>,
                                 %x: tensor<1x3x6x6xf32>) {
  // expected-error @+1 {{expected a gradient of shape [1, 4, 5, 5], that of the 'nn.conv2d' it belongs to, got 'tensor<1x4x4x4xf32>'}}
  %dw = nn.conv2d_weight_grad %dy, %x
      : (tensor<1x4x4x4xf32>, tensor<1x3x6x6xf32>) -> tensor<4x3x2x2xf32>
  return
}

// -----

func.func @linear_input_grad_c1(%dy: tensor<8x3x1xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{expected grad and weight of rank 2, got 'tensor<8x3x1xf32>' and 'tensor<3x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %dx = nn.linear_input_grad %dy, %w
      : (tensor<8x3x1xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @linear_input_grad_c2(%dy: tensor<8x2xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{dimension 1 of grad 'tensor<8x2xf32>' and dimension 0 of weight 'tensor<3x4xf32>' differ}}
  // expected-error @+1 {{failed to infer returned types}}
  %dx = nn.linear_input_grad %dy, %w
      : (tensor<8x2xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @linear_weight_grad_c1(%dy: tensor<8x3xf32>, %x: tensor<8xf32>) {
  // expected-error @+2 {{expected grad and input of rank 2, got 'tensor<8x3xf32>' and 'tensor<8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %dw = nn.linear_weight_grad %dy, %x
      : (tensor<8x3xf32>, tensor<8xf32>) -> tensor<3x8xf32>
  return
}

// -----

func.func @linear_weight_grad_c2(%dy: tensor<8x3xf32>, %x: tensor<7x4xf32>) {
  // expected-error @+2 {{dimension 0 of grad 'tensor<8x3xf32>' and dimension 0 of input 'tensor<7x4xf32>' differ}}
  // expected-error @+1 {{failed to infer returned types}}
  %dw = nn.linear_weight_grad %dy, %x
      : (tensor<8x3xf32>, tensor<7x4xf32>) -> tensor<3x4xf32>
  return
}

// -----

// Selection.

func.func @gate_c1(%c: tensor<2xf32>, %x: tensor<3xf32>) {
  // expected-error @+2 {{shapes of 'tensor<2xf32>' and 'tensor<3xf32>' do not broadcast: extents 2 and 3 in dimension 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.gate %c, %x : (tensor<2xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @gate_c2(%c: tensor<2xf32>) {
  // expected-error @+2 {{expected a finite slope, got}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.gate %c, %c slope = 0x7F800000
      : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @gate_range_c2(%c: tensor<2xf32>) {
  // expected-error @+2 {{expected min <= max, got}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.gate_range %c, %c min = 1.0 max = 0.0
      : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @gate_mask_c1(%m: tensor<3xi1>, %x: tensor<1x3xf32>) {
  // expected-error @+2 {{expected mask and input of the same shape, got 'tensor<3xi1>' and 'tensor<1x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.gate_mask %m, %x : (tensor<3xi1>, tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

// Pools.

func.func @max_pool_positions_c6(%x: tensor<1x1x17x16xf32>) {
  // expected-error @+2 {{expected a window of at most 256 elements, got 272}}
  // expected-error @+1 {{failed to infer returned types}}
  %y, %p = nn.max_pool_positions %x kernel = [17, 16]
      : tensor<1x1x17x16xf32> -> tensor<1x1x1x1xf32>, tensor<1x1x1x1xui8>
  return
}

// -----

func.func @max_pool_grad_c2(%dy: tensor<1x1x2x2xf32>, %p: tensor<1x1x2x1xui8>) {
  // expected-error @+1 {{expected a gradient of shape [1, 1, 2, 2], that of the 'nn.max_pool' it belongs to, got 'tensor<1x1x2x1xui8>'}}
  %dx = nn.max_pool_grad %dy, %p kernel = [2, 2] strides = [2, 2]
      : (tensor<1x1x2x2xf32>, tensor<1x1x2x1xui8>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @avg_pool_grad_c1(%dy: tensor<1x1x2x2xf32>) {
  // expected-error @+1 {{window of 5 (kernel 5, dilation 1) does not fit into 4 (4 + padding 0 + 0) in dimension 2 of 'tensor<1x1x4x4xf32>'}}
  %dx = nn.avg_pool_grad %dy kernel = [5, 2] strides = [2, 2]
      : tensor<1x1x2x2xf32> -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @avg_pool_grad_c2(%dy: tensor<1x1x2x3xf32>) {
  // expected-error @+1 {{expected a gradient of shape [1, 1, 2, 2], that of the 'nn.avg_pool' it belongs to, got 'tensor<1x1x2x3xf32>'}}
  %dx = nn.avg_pool_grad %dy kernel = [2, 2] strides = [2, 2]
      : tensor<1x1x2x3xf32> -> tensor<1x1x4x4xf32>
  return
}

// -----

// Layout.

func.func @broadcast_to_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'tensor<2x3xf32>' does not broadcast to 'tensor<4x3xf32>': expected extents of 1 or those of the result}}
  %y = nn.broadcast_to %x : tensor<2x3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @broadcast_to_smaller_rank(%x: tensor<1x3xf32>) {
  // expected-error @+1 {{'tensor<1x3xf32>' does not broadcast to 'tensor<3xf32>'}}
  %y = nn.broadcast_to %x : tensor<1x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @embed_c1(%x: tensor<3xf32>) {
  // expected-error @+1 {{expected operand and result of the same rank, got 'tensor<3xf32>' and 'tensor<3x1xf32>'}}
  %y = nn.embed %x offsets = [0, 0] strides = [1, 1]
      : tensor<3xf32> -> tensor<3x1xf32>
  return
}

// -----

func.func @embed_c2(%x: tensor<3xf32>) {
  // expected-error @+1 {{expected strides other than 0}}
  %y = nn.embed %x offsets = [0] strides = [0] : tensor<3xf32> -> tensor<8xf32>
  return
}

// -----

func.func @embed_c3(%x: tensor<3xf32>) {
  // expected-error @+1 {{elements 1 to 9 of dimension 0 leave 'tensor<9xf32>'}}
  %y = nn.embed %x offsets = [1] strides = [4] : tensor<3xf32> -> tensor<9xf32>
  return
}

// -----

// Normalisation and losses.

func.func @batch_norm_train_c2(%x: tensor<2x3xf32>, %p: tensor<2xf32>) {
  // expected-error @+2 {{expected scale of shape [3] for input 'tensor<2x3xf32>', got 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:5 = nn.batch_norm_train %x, %p, %p, %p, %p epsilon = 0.0 momentum = 0.5
      : (tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>,
         tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

func.func @batch_norm_train_c4(%x: tensor<2x3xf32>, %p: tensor<3xf32>) {
  // expected-error @+2 {{expected a momentum in [0, 1], got 1.5}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:5 = nn.batch_norm_train %x, %p, %p, %p, %p epsilon = 0.0 momentum = 1.5
      : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @batch_norm_train_c5(%x: tensor<1x3xf32>, %p: tensor<3xf32>) {
  // expected-error @+2 {{expected at least 2 elements per channel, 'tensor<1x3xf32>' has 1; a larger batch has more}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:5 = nn.batch_norm_train %x, %p, %p, %p, %p epsilon = 0.0 momentum = 0.5
      : (tensor<1x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>) -> (tensor<1x3xf32>, tensor<3xf32>, tensor<3xf32>,
         tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @nll_loss_c1(%x: tensor<8xf32>, %y: tensor<8xf32>) {
  // expected-error @+2 {{expected an input of rank 2 or more, got 'tensor<8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %l = nn.nll_loss %x, %y reduction = sum
      : (tensor<8xf32>, tensor<8xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @softmax_cross_entropy_c2(%x: tensor<8x10x4xf32>,
                                    %y: tensor<8xf32>) {
  // expected-error @+2 {{expected labels of shape [8, 4] for input 'tensor<8x10x4xf32>', got 'tensor<8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %l:2 = nn.softmax_cross_entropy %x, %y reduction = sum
      : (tensor<8x10x4xf32>, tensor<8xf32>)
      -> (tensor<1xf32>, tensor<8x10x4xf32>)
  return
}

// -----

func.func @softmax_cross_entropy_c3(%x: tensor<8x10xf32>, %y: tensor<8xf32>) {
  // expected-error @+2 {{expected weights of shape [10] for input 'tensor<8x10xf32>', got 'tensor<8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %l:2 = nn.softmax_cross_entropy %x, %y, %y reduction = sum
      : (tensor<8x10xf32>, tensor<8xf32>, tensor<8xf32>)
      -> (tensor<1xf32>, tensor<8x10xf32>)
  return
}

// -----

func.func @nll_loss_c4(%x: tensor<8x10xf32>, %y: tensor<8xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<8xf32>' are incompatible with return type(s) of operation 'tensor<1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %l = nn.nll_loss %x, %y reduction = none
      : (tensor<8x10xf32>, tensor<8xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @mse_loss_c1(%x: tensor<8x10xf32>, %y: tensor<10xf32>) {
  // expected-error @+2 {{expected a target of the input's type 'tensor<8x10xf32>', got 'tensor<10xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %l = nn.mse_loss %x, %y reduction = mean
      : (tensor<8x10xf32>, tensor<10xf32>) -> tensor<1xf32>
  return
}

// -----

// Random numbers.

func.func @uniform_c1(%key: tensor<2xf32>) {
  // expected-error @+1 {{expected a key of shape [3] (seed, trial, step), got 'tensor<2xf32>'}}
  %u = nn.uniform %key stream = 0 : tensor<2xf32> -> tensor<4xf32>
  return
}

// -----

func.func @uniform_c2(%key: tensor<3xf32>) {
  // expected-error @+1 {{expected a stream in [0, 4294967296), got 4294967296}}
  %u = nn.uniform %key stream = 4294967296 : tensor<3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @drop_c2(%x: tensor<4xf32>) {
  // expected-error @+2 {{expected a ratio in [0, 1), got 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.drop %x, %x ratio = 1.0
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @dropout_c3(%x: tensor<4xf32>, %key: tensor<3xf32>) {
  // expected-error @+2 {{expected a stream in [0, 2147483648), got -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = nn.dropout %x, %key ratio = 0.5 stream = -1
      : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @embed_overflow(%x: tensor<3xf32>) {
  // expected-error @+1 {{elements 2 to -9223372036854775808 of dimension 0 leave 'tensor<8xf32>'}}
  %y = nn.embed %x offsets = [2] strides = [-9223372036854775807]
      : tensor<3xf32> -> tensor<8xf32>
  return
}

// -----

// Attributes that nobody knows would have no effect.

// expected-error @+1 {{unknown attribute 'nn.trainabel' of argument 0; expected nn.name, nn.role, nn.init, nn.knob, nn.trainable, nn.classes, nn.ignore_index, nn.batch_axis}}
func.func @argument(%x: tensor<1xf32> {nn.name = "x", nn.trainabel}) {
  return
}

// -----

// expected-error @+1 {{unknown attribute 'nn.role' of result 0; expected nn.name, nn.loss, nn.gradient_of, nn.updates, nn.batch_axis}}
func.func @result(%x: tensor<1xf32>) -> (tensor<1xf32> {nn.role = "state"}) {
  return %x : tensor<1xf32>
}

// -----

func.func @operation(%x: tensor<1xf32>) {
  // expected-error @+1 {{unknown attribute 'nn.fase'; expected nn.model, nn.batch}}
  %y = nn.exp %x {nn.fase = "update"} : tensor<1xf32>
  return
}

// -----

func.func @learned(%x: tensor<1xf32>) {
  // expected-error @+1 {{expected 'nn.learned' to be true or false, on a constant}}
  %y = nn.exp %x {nn.learned = true} : tensor<1xf32>
  return
}

// -----

// expected-error @+1 {{expected 'nn.trainable' of argument 0 to be a unit attribute, got false}}
func.func @trainable(%x: tensor<1xf32> {
    nn.init = dense<1.0> : tensor<1xf32>, nn.name = "x", nn.role = "parameter",
    nn.trainable = false}) {
  return
}

// -----

// expected-error @+1 {{expected 'nn.name' of argument 0 to be a name, got ""}}
func.func @nameless(%x: tensor<1xf32> {nn.name = ""}) {
  return
}

// -----

// expected-error @+1 {{results 0 and 1 are both called "y"}}
func.func @twins(%x: tensor<1xf32>)
    -> (tensor<1xf32> {nn.name = "y"}, tensor<1xf32> {nn.name = "y"}) {
  return %x, %x : tensor<1xf32>, tensor<1xf32>
}

// -----

// expected-error @+1 {{expected 'nn.loss' of result 0 to be a unit attribute, got false}}
func.func @loss(%x: tensor<1xf32>) -> (tensor<1xf32> {nn.loss = false}) {
  return %x : tensor<1xf32>
}

// -----

module attributes {nn.batch = 2 : i64} {
  // expected-error @+1 {{expected 'nn.batch_axis' of argument 0 to be an i64, the number of a dimension, got 2 : i64; the type is 'tensor<2x3xf32>'}}
  func.func @range(%x: tensor<2x3xf32> {nn.batch_axis = 2 : i64}) {
    return
  }
}

// -----

module attributes {nn.batch = 2 : i64} {
  // expected-error @+1 {{expected 'nn.batch_axis' of result 0 to be an i64, the number of a dimension, got 0 : i32}}
  func.func @width(%x: tensor<2x3xf32>)
      -> (tensor<2x3xf32> {nn.batch_axis = 0 : i32}) {
    return %x : tensor<2x3xf32>
  }
}

// -----

module attributes {nn.batch = 2 : i64} {
  // expected-error @+1 {{expected extent 2, the module's 'nn.batch', in dimension 1 of argument 0, got 'tensor<2x3xf32>'}}
  func.func @extent(%x: tensor<2x3xf32> {nn.batch_axis = 1 : i64}) {
    return
  }
}

// -----

// expected-error @+1 {{expected 'nn.batch' on the module, because of 'nn.batch_axis' of result 0}}
func.func @no_batch(%x: tensor<2x3xf32>)
    -> (tensor<2x3xf32> {nn.batch_axis = 0 : i64}) {
  return %x : tensor<2x3xf32>
}

// -----

module attributes {nn.batch = 1 : i64} {
  // expected-error @+1 {{'nn.batch_axis' of argument 0 belongs on an input, not on what persists from run to run}}
  func.func @state(%s: tensor<1xf32> {nn.batch_axis = 0 : i64, nn.name = "s",
      nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>}) {
    return
  }
}

// -----

// expected-error @+1 {{expected 'nn.knob' of argument 0 to be 'learning_rate' or 'random_key', got "momentum"}}
func.func @knob(%x: tensor<1xf32> {nn.name = "x", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>, nn.knob = "momentum"}) {
  return
}

// -----

// expected-error @+1 {{'nn.knob' of argument 0 belongs on an argument with 'nn.role' = "state"}}
func.func @knob(%x: tensor<1xf32> {nn.name = "x", nn.role = "parameter", nn.init = dense<0.0> : tensor<1xf32>, nn.knob = "learning_rate"}) {
  return
}

// -----

// expected-error @+1 {{a "random_key" has 3 elements, argument 0 has type 'tensor<1xf32>'}}
func.func @knob(%x: tensor<1xf32> {nn.name = "x", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>, nn.knob = "random_key"}) {
  return
}

// -----

// expected-error @+1 {{arguments 0 and 1 are both the "learning_rate"}}
func.func @knob(%x: tensor<1xf32> {nn.name = "x", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>, nn.knob = "learning_rate"},
                %y: tensor<1xf32> {nn.name = "y", nn.role = "state", nn.init = dense<0.0> : tensor<1xf32>, nn.knob = "learning_rate"}) {
  return
}
