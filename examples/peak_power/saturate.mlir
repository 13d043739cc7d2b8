// A fully connected layer that keeps all eight cores of `mirage` streaming: 64
// rounds of 20,000 vectors each, so that programming takes 0.25 % of the time,
// and full tiles throughout.
module attributes {nn.model = "saturate", nn.batch = 20000 : i64} {
  func.func @main(%x: tensor<20000x1024xf32> {nn.name = "x"})
      -> (tensor<20000x256xf32> {nn.name = "y"}) {
    %w = nn.constant "w" dense<0.01> : tensor<256x1024xf32>
    %y = nn.linear %x, %w : (tensor<20000x1024xf32>, tensor<256x1024xf32>)
        -> tensor<20000x256xf32> loc("fc")
    return %y : tensor<20000x256xf32>
  }
}
