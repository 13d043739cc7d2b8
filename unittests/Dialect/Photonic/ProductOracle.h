//===- ProductOracle.h - Products of layers, element by element -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a product of any kind computes, written down a second time: loops over
// the coordinates of a convolution for one result element. Shares nothing with
// the dialect.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_PRODUCTORACLE_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_PRODUCTORACLE_H

#include "Contract.h"

#include "photonic/Interpreter/Tensor.h"

#include <vector>

namespace photonic::oracle {

enum class Kind { Forward, InputGradient, WeightGradient };

/// A convolution, or a linear layer: 1 x 1 images and kernels.
struct Layer {
  bool isLinear = false;
  int64_t batch = 1, groups = 1, outChannels = 1, channels = 1; ///< per group
  int64_t height = 1, width = 1, kernelHeight = 1, kernelWidth = 1;
  int64_t strides[2] = {1, 1}, dilations[2] = {1, 1};
  int64_t pads[4] = {0, 0, 0, 0}; ///< top, left, bottom, right

  int64_t getOutHeight() const;
  int64_t getOutWidth() const;
  std::vector<int64_t> getWeightShape() const;
  std::vector<int64_t> getImageShape() const;
  std::vector<int64_t> getOutputShape() const;
};

/// The product of `lhs` and `rhs`, operands of a layer as `kind` has them.
interp::Tensor multiply(const Layer &layer, Kind kind, const Format &format,
                        const interp::Tensor &lhs, const interp::Tensor &rhs);

} // namespace photonic::oracle

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_PRODUCTORACLE_H
