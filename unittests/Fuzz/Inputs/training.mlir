// The same in the form that is trained, a little smaller. Constants are given
// other values when it is read.
module attributes {nn.batch = 2 : i64, nn.mode = "training", nn.model = "training"} {
func.func @main(%image: tensor<2x2x5x5xf32> {nn.batch_axis = 0 : i64, nn.name = "image"})
    -> (tensor<2x3xf32> {nn.batch_axis = 0 : i64, nn.name = "scores"}) {
  %w1 = nn.constant "conv1.weight" dense<0.5> : tensor<4x2x3x3xf32>
  %b1 = nn.constant "conv1.bias" dense<0.1> : tensor<4xf32>
  %c1 = nn.conv2d %image, %w1, %b1 strides = [2, 2] pads = [1, 1, 1, 1]
      : (tensor<2x2x5x5xf32>, tensor<4x2x3x3xf32>, tensor<4xf32>)
      -> tensor<2x4x3x3xf32> loc("/conv1/Conv")
  %scale = nn.constant "norm.weight" dense<0.75> : tensor<4xf32>
  %shift = nn.constant "norm.bias" dense<0.25> : tensor<4xf32>
  %mean = nn.constant "norm.running_mean" dense<0.125> : tensor<4xf32>
  %var = nn.constant "norm.running_var" dense<1.5> : tensor<4xf32>
  %n1:5 = nn.batch_norm_train %c1, %scale, %shift, %mean, %var
      epsilon = 1.0e-05 momentum = 0.9 unbiased_running
      : (tensor<2x4x3x3xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
         tensor<4xf32>)
      -> (tensor<2x4x3x3xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
          tensor<4xf32>) loc("/norm/BatchNormalization")
  %r1 = nn.relu %n1#0 : tensor<2x4x3x3xf32> loc("/relu/Relu")
  %w2 = nn.constant "conv2.weight" dense<0.5> : tensor<4x2x3x3xf32>
  %c2 = nn.conv2d %r1, %w2 pads = [1, 1, 1, 1] groups = 2
      : (tensor<2x4x3x3xf32>, tensor<4x2x3x3xf32>) -> tensor<2x4x3x3xf32>
      loc("/conv2/Conv")
  %sum = nn.add %c2, %r1
      : (tensor<2x4x3x3xf32>, tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
      loc("/add/Add")
  %max = nn.max_pool %sum kernel = [2, 2]
      : tensor<2x4x3x3xf32> -> tensor<2x4x2x2xf32> loc("/pool/MaxPool")
  %avg = nn.avg_pool %max kernel = [2, 1] : tensor<2x4x2x2xf32> -> tensor<2x4x1x2xf32>
      loc("/pool/AveragePool")
  %flat = nn.reshape %avg : tensor<2x4x1x2xf32> -> tensor<2x8xf32> loc("/Flatten")
  %w3 = nn.constant "fc.weight" dense<0.5> : tensor<3x8xf32>
  %b3 = nn.constant "fc.bias" dense<0.5> : tensor<3xf32>
  %fc = nn.linear %flat, %w3, %b3
      : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<3xf32>) -> tensor<2x3xf32>
      loc("/fc/Gemm")
  return %fc : tensor<2x3xf32>
}
}
