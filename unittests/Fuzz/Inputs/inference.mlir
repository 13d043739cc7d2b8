// A network of every kind of layer: windows with strides, padding and groups,
// normalisation, a residual, pools, a linear layer. Constants are given other
// values when it is read.
module attributes {nn.batch = 2 : i64, nn.model = "inference"} {
func.func @main(%image: tensor<2x4x6x6xf32> {nn.batch_axis = 0 : i64, nn.name = "image"})
    -> (tensor<2x3xf32> {nn.batch_axis = 0 : i64, nn.name = "scores"}) {
  %w1 = nn.constant "conv1.weight" dense<0.5> : tensor<6x4x3x3xf32>
  %b1 = nn.constant "conv1.bias" dense<0.1> : tensor<6xf32>
  %c1 = nn.conv2d %image, %w1, %b1 strides = [2, 1] pads = [1, 1, 0, 1]
      : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>, tensor<6xf32>)
      -> tensor<2x6x3x6xf32> loc("/conv1/Conv")
  %scale = nn.constant "norm.weight" dense<0.75> : tensor<6xf32>
  %shift = nn.constant "norm.bias" dense<0.25> : tensor<6xf32>
  %mean = nn.constant "norm.mean" dense<0.125> : tensor<6xf32>
  %var = nn.constant "norm.var" dense<1.5> : tensor<6xf32>
  %n1 = nn.batch_norm %c1, %scale, %shift, %mean, %var epsilon = 1.0e-05
      : (tensor<2x6x3x6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>,
         tensor<6xf32>) -> tensor<2x6x3x6xf32> loc("/norm/BatchNormalization")
  %r1 = nn.relu %n1 : tensor<2x6x3x6xf32> loc("/relu/Relu")
  %w2 = nn.constant "conv2.weight" dense<0.5> : tensor<6x2x3x3xf32>
  %c2 = nn.conv2d %r1, %w2 pads = [1, 1, 1, 1] groups = 3
      : (tensor<2x6x3x6xf32>, tensor<6x2x3x3xf32>) -> tensor<2x6x3x6xf32>
      loc("/conv2/Conv")
  %sum = nn.add %c2, %r1
      : (tensor<2x6x3x6xf32>, tensor<2x6x3x6xf32>) -> tensor<2x6x3x6xf32>
      loc("/add/Add")
  %clip = nn.clip %sum min = -1.0 max = 6.0 : tensor<2x6x3x6xf32> loc("/clip/Clip")
  %max = nn.max_pool %clip kernel = [2, 2] strides = [1, 2]
      : tensor<2x6x3x6xf32> -> tensor<2x6x2x3xf32> loc("/pool/MaxPool")
  %avg = nn.avg_pool %max kernel = [2, 2] strides = [2, 2] pads = [0, 1, 0, 0]
      : tensor<2x6x2x3xf32> -> tensor<2x6x1x2xf32> loc("/pool/AveragePool")
  %flat = nn.reshape %avg : tensor<2x6x1x2xf32> -> tensor<2x12xf32> loc("/Flatten")
  %w3 = nn.constant "fc.weight" dense<0.5> : tensor<3x12xf32>
  %b3 = nn.constant "fc.bias" dense<0.5> : tensor<3xf32>
  %fc = nn.linear %flat, %w3, %b3
      : (tensor<2x12xf32>, tensor<3x12xf32>, tensor<3xf32>) -> tensor<2x3xf32>
      loc("/fc/Gemm")
  %soft = nn.softmax %fc axis = 1 : tensor<2x3xf32> loc("/Softmax")
  return %soft : tensor<2x3xf32>
}
}
