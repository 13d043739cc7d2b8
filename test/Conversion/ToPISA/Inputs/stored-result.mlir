!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @result(%x: tensor<8x32xf32>) -> tensor<8x32x!stored> {
  %b = photonic.convert %x rows = 1 arrays = "core" operator = "Gemm" : tensor<8x32xf32> -> tensor<8x32x!stored>
  return %b : tensor<8x32x!stored>
}
func.func @argument(%x: tensor<8x32x!stored>) {
  return
}
