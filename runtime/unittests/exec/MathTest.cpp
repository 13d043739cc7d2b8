//===- MathTest.cpp - Elementary functions of the vector unit -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Math.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace phx;

namespace {

using Function = float (*)(float);
using Reference = long double (*)(long double);

/// Largest error over a sample of all 2^32 inputs, in units of the last place
/// of the reference. Inputs where the reference is no finite binary32 must give
/// exactly that infinity or NaN.
double largestError(Function function, Reference reference) {
  double worst = 0;
  for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += 2477) {
    float x = std::bit_cast<float>(uint32_t(bits)), y = function(x);
    if (std::isnan(x)) {
      EXPECT_EQ(std::bit_cast<uint32_t>(y), 0x7fc00000u);
      continue;
    }
    long double expected = reference(x);
    if (std::isnan(expected)) {
      EXPECT_EQ(std::bit_cast<uint32_t>(y), 0x7fc00000u) << x;
      continue;
    }
    if (std::isinf(float(expected))) {
      EXPECT_EQ(y, float(expected)) << x;
      continue;
    }
    int unit = expected == 0 ? -149 : std::max(std::ilogb(expected) - 23, -149);
    long double error = std::fabs(std::ldexp(y - expected, -unit));
    worst = std::max(worst, double(error));
  }
  return worst;
}

uint32_t bitsOf(float value) { return std::bit_cast<uint32_t>(value); }

} // namespace

TEST(Math, Exp) {
  EXPECT_LT(largestError(expF32, [](long double x) { return std::exp(x); }),
            1.0);
  EXPECT_EQ(expF32(0.0f), 1.0f);
  EXPECT_EQ(expF32(-0.0f), 1.0f);
  EXPECT_EQ(expF32(math::infinity), math::infinity);
  EXPECT_EQ(bitsOf(expF32(-math::infinity)), 0u);
  // The last input without overflow and its successor.
  EXPECT_LT(expF32(0x1.62e42ep+6f), math::infinity);
  EXPECT_EQ(expF32(0x1.62e430p+6f), math::infinity);
  // Subnormal results are kept: e^-103 is near 2^-148.6.
  EXPECT_EQ(bitsOf(expF32(-103.0f)), 1u);
  EXPECT_EQ(bitsOf(expF32(-104.0f)), 0u);
}

TEST(Math, Log) {
  EXPECT_LT(largestError(logF32, [](long double x) { return std::log(x); }),
            1.0);
  EXPECT_EQ(bitsOf(logF32(1.0f)), 0u);
  EXPECT_EQ(logF32(0.0f), -math::infinity);
  EXPECT_EQ(logF32(-0.0f), -math::infinity);
  EXPECT_EQ(logF32(math::infinity), math::infinity);
  EXPECT_EQ(bitsOf(logF32(-1.0f)), 0x7fc00000u);
  EXPECT_EQ(bitsOf(logF32(-math::infinity)), 0x7fc00000u);
  EXPECT_NEAR(logF32(0x1p-149f), -103.27893, 1e-5);
}

TEST(Math, Tanh) {
  EXPECT_LT(largestError(tanhF32, [](long double x) { return std::tanh(x); }),
            1.5);
  EXPECT_EQ(bitsOf(tanhF32(-0.0f)), 0x80000000u);
  EXPECT_EQ(tanhF32(math::infinity), 1.0f);
  EXPECT_EQ(tanhF32(-math::infinity), -1.0f);
  EXPECT_EQ(tanhF32(0x1p-149f), 0x1p-149f);
  for (float x = 0.01f; x < 10; x += 0.37f)
    EXPECT_EQ(tanhF32(-x), -tanhF32(x));
}

TEST(Math, Sigmoid) {
  EXPECT_LT(largestError(sigmoidF32,
                         [](long double x) { return 1 / (1 + std::exp(-x)); }),
            2.5);
  EXPECT_EQ(sigmoidF32(0.0f), 0.5f);
  EXPECT_EQ(sigmoidF32(-0.0f), 0.5f);
  EXPECT_EQ(sigmoidF32(math::infinity), 1.0f);
  EXPECT_EQ(bitsOf(sigmoidF32(-math::infinity)), 0u);
}

// The sequences are a contract: these bits change only with the documentation.
TEST(Math, FixedBits) {
  uint32_t hash[4] = {};
  Function functions[4] = {expF32, logF32, tanhF32, sigmoidF32};
  for (int f = 0; f < 4; ++f)
    for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += 65521) {
      float y = functions[f](std::bit_cast<float>(uint32_t(bits)));
      hash[f] = hash[f] * 31 + bitsOf(y);
    }
  EXPECT_EQ(hash[0], 0x5298bec6u);
  EXPECT_EQ(hash[1], 0x23163286u);
  EXPECT_EQ(hash[2], 0x892c93c5u);
  EXPECT_EQ(hash[3], 0x577b6a0au);
}

TEST(Math, OperationCounts) {
  static_assert(expOps == 21 && logOps == 20 && tanhOps == 37 &&
                sigmoidOps == 23);
  // Usable at compile time, with the same bits as at run time.
  constexpr float one = expF32(1.0f);
  volatile float x = 1.0f;
  EXPECT_EQ(expF32(x), one);
}
