// RUN: photonic-opt %s --photonic-pipeline='from=format to=emit memory=ideal target=mirage' -o /dev/null
// RUN: not photonic-opt %s --photonic-pipeline='from=format to=emit memory=hierarchy target=mirage' 2>&1 | FileCheck %s

// A product that writes a part of its result: the rest is zero. Chunks would be
// those of a layer, which writes all of it.

// CHECK: larger-result.mlir:[[@LINE+4]]:8: error: has views that are not those of a layer: chunks for on-chip memory are pieces of its images and channels; use --memory=ideal
func.func @main(%x: tensor<3x6x8x2xf32>, %w: tensor<8x6x1x1xf32>)
    -> tensor<8x8x8x2xf32> {
  %zeros = photonic.zeros : tensor<8x8x8x2xf32>
  %y = photonic.product
      ins(%w by <rows = [8 x d0], columns = [6 x d1]>,
          %x by <rows = [2 x d3, 8 x d2, 3 x d0], columns = [6 x d1]>
          : tensor<8x6x1x1xf32>, tensor<3x6x8x2xf32>)
      outs(%zeros by <rows = [8 x d1], columns = [2 x d3, 8 x d2, 3 x d0]>
          : tensor<8x8x8x2xf32>) operator = "Conv"
  return %y : tensor<8x8x8x2xf32>
}
