//===- Arithmetic.h - Stated orders of digital arithmetic ----- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pieces of the arithmetic contract that more than one operation needs.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_ARITHMETIC_H
#define PHOTONIC_INTERPRETER_ARITHMETIC_H

#include "phx/support/Selection.h"

#include <array>
#include <cmath>
#include <cstdint>

namespace photonic::interp {

/// A sum in 16 lanes: element number i goes to lane i mod 16, lanes start from
/// +0, and at the end lane[x] += lane[x + step] for step = 8, 4, 2, 1.
class LaneSum {
public:
  void add(int64_t number, float value) { lanes[number % 16] += value; }
  float get() const {
    std::array<float, 16> tree = lanes;
    for (int step = 8; step >= 1; step /= 2)
      for (int x = 0; x < step; ++x)
        tree[x] += tree[x + step];
    return tree[0];
  }

private:
  std::array<float, 16> lanes{};
};

/// Keeps the first of equal maxima, and the first NaN.
inline float keepMaximum(float best, float next) {
  return phx::replacesMaximum(next, best) ? next : best;
}

/// scale / sqrt(var + epsilon) in binary64: the factor of a batch
/// normalisation before any rounding to binary32.
inline double getBatchNormFactor(float scale, float var, float epsilon) {
  return double(scale) / std::sqrt(double(var) + double(epsilon));
}

/// One channel of a batch normalisation that is not folded:
/// y = fl(fl(x * scale) + shift).
struct ChannelAffine {
  float scale, shift;
};
inline ChannelAffine getBatchNormAffine(float scale, float bias, float mean,
                                        float var, float epsilon) {
  double s = getBatchNormFactor(scale, var, epsilon);
  return {float(s), float(double(bias) - double(mean) * s)};
}

} // namespace photonic::interp

#endif // PHOTONIC_INTERPRETER_ARITHMETIC_H
