//===- ConvSpec.h - Shapes of convolutions ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_CONVSPEC_H
#define PHX_UNITTESTS_SUPPORT_CONVSPEC_H

#include <cstdint>
#include <vector>

namespace phx::testing {

/// A grouped 2-D convolution, ONNX layouts (NCHW, OIHW). A linear layer of
/// batch N is inChannels = K, outChannels = M, batch = N, all else default.
struct ConvSpec {
  int64_t batch = 1, inChannels = 1, height = 1, width = 1;
  int64_t outChannels = 1, kernelH = 1, kernelW = 1;
  int64_t strideH = 1, strideW = 1, dilationH = 1, dilationW = 1;
  int64_t padTop = 0, padLeft = 0, padBottom = 0, padRight = 0;
  int64_t groups = 1;

  int64_t outH() const {
    return (height + padTop + padBottom - dilationH * (kernelH - 1) - 1) /
               strideH +
           1;
  }
  int64_t outW() const {
    return (width + padLeft + padRight - dilationW * (kernelW - 1) - 1) /
               strideW +
           1;
  }
  /// Per group: rows of the weight matrix, contraction length, vectors.
  int64_t m() const { return outChannels / groups; }
  int64_t k() const { return inChannels / groups * kernelH * kernelW; }
  int64_t n() const { return batch * outH() * outW(); }
  std::vector<int64_t> inShape() const {
    return {batch, inChannels, height, width};
  }
  std::vector<int64_t> weightShape() const {
    return {outChannels, inChannels / groups, kernelH, kernelW};
  }
  std::vector<int64_t> outShape() const {
    return {batch, outChannels, outH(), outW()};
  }
};

inline ConvSpec linearSpec(int64_t m, int64_t k, int64_t n) {
  ConvSpec spec;
  spec.batch = n;
  spec.inChannels = k;
  spec.outChannels = m;
  return spec;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_CONVSPEC_H
