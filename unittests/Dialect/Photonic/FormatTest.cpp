//===- FormatTest.cpp - Conversions of number formats ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <vector>

using namespace mlir;
using namespace photonic::phot;

namespace {

class FormatTest : public ::testing::Test {
protected:
  FormatTest() { context.loadDialect<PhotonicDialect>(); }

  /// Mantissas of one group; the scale goes to `scale`.
  std::vector<float> convert(NumberFormatAttrInterface format,
                             std::vector<float> values,
                             std::vector<float> uniforms = {}) {
    std::vector<float> elements(values.size(), -99.0f);
    scale = format.convertGroup(values, uniforms, elements);
    return elements;
  }
  std::vector<float> convert(int64_t mantissa, Rounding rounding,
                             std::vector<float> values,
                             std::vector<float> uniforms = {}) {
    return convert(BfpAttr::get(&context, mantissa, 16, rounding), values,
                   uniforms);
  }

  MLIRContext context;
  int32_t scale = 0;
};

using Floats = std::vector<float>;

TEST_F(FormatTest, TruncatesTowardZero) {
  // E = 0, one unit is 2^-3.
  EXPECT_EQ(convert(4, Rounding::Trunc,
                    {1.0f, 1.999f, -1.999f, 0.1249f, 0.125f, -0.124f}),
            (Floats{8, 15, -15, 0, 1, 0}));
  EXPECT_EQ(scale, -3);
}

TEST_F(FormatTest, RoundsHalfToEvenAndSaturates) {
  EXPECT_EQ(convert(4, Rounding::Nearest,
                    {1.0f, 0.0625f, 0.1875f, 0.3125f, -0.1875f, 1.99f}),
            (Floats{8, 0, 2, 2, -2, 15}));
  EXPECT_EQ(scale, -3); // the exponent stays although 1.99 would round to 2
}

TEST_F(FormatTest, RoundsAtRandomAndSaturates) {
  float below = 1.0f - 0x1p-24f; // the largest uniform number
  // One unit is 2^-3: 0.3 units need u >= 0.7, whole units are not changed.
  EXPECT_EQ(convert(4, Rounding::Stochastic,
                    {1.0f, 0.0375f, 0.0375f, -0.0375f, 0.25f, -1.99f, 0.0f},
                    {below, 0.6875f, 0.71875f, 0.71875f, below, below, below}),
            (Floats{8, 0, 1, -1, 2, -15, 0}));
  EXPECT_EQ(scale, -3);
  // 2^-24 units reach 1 only with the largest number, anything less never.
  float tiny = 0x1p-27f, less = std::nextafter(tiny, 0.0f);
  EXPECT_EQ(convert(4, Rounding::Stochastic, {1.0f, tiny, less, 0x1p-126f},
                    {0, below, below, below}),
            (Floats{8, 1, 0, 0}));
  // 15 bits: 16384 + (1 - 2^-9) units, and u = 2^-9 or the number below it.
  float big = 1.0f + 0x1p-14f * (1.0f - 0x1p-9f);
  EXPECT_EQ(convert(15, Rounding::Stochastic, {big, big},
                    {0x1p-9f, 0x1p-9f - 0x1p-24f}),
            (Floats{16385, 16384}));
  EXPECT_TRUE(
      BfpAttr::get(&context, 4, 16, Rounding::Stochastic).needsUniforms());
  EXPECT_FALSE(BfpAttr::get(&context, 4, 16, Rounding::Trunc).needsUniforms());
}

TEST_F(FormatTest, FlushesSubnormals) {
  float subnormal = std::numeric_limits<float>::denorm_min() * 4096;
  float normal = std::numeric_limits<float>::min();
  EXPECT_EQ(convert(4, Rounding::Trunc, {subnormal, normal, -normal}),
            (Floats{0, 8, -8}));
  EXPECT_EQ(scale, -126 - 3);
  EXPECT_EQ(convert(4, Rounding::Trunc, {subnormal, 0.0f, -0.0f}),
            (Floats{0, 0, 0}));
}

TEST_F(FormatTest, CoversTheExponentRange) {
  float largest = std::numeric_limits<float>::max();
  float smallest = std::numeric_limits<float>::min();
  EXPECT_EQ(convert(4, Rounding::Trunc, {largest, -largest, smallest}),
            (Floats{15, -15, 0}));
  EXPECT_EQ(scale, 127 - 3);
  EXPECT_EQ(convert(15, Rounding::Trunc, {largest}), (Floats{32767}));
  EXPECT_EQ(convert(1, Rounding::Trunc, {1.5f, 0.99f}), (Floats{1, 0}));
  EXPECT_EQ(scale, 0);
}

/// The definition, in binary64 and without sharing anything: for every
/// element |x - m * 2^scale| < 2^scale, and m has the sign of x.
TEST_F(FormatTest, ErrorIsLessThanOneUnit) {
  uint32_t state = 1;
  for (int trial = 0; trial < 2000; ++trial) {
    int64_t mantissa = 1 + trial % 15;
    Floats values;
    for (int i = 0; i < 16; ++i) {
      state = state * 1664525 + 1013904223;
      int exponent = int(state >> 8) % 20 - 10;
      values.push_back(std::ldexp(float(int32_t(state)), exponent - 31));
    }
    Floats elements = convert(mantissa, Rounding::Trunc, values);
    for (auto [x, m] : llvm::zip(values, elements)) {
      double unit = std::ldexp(1.0, scale);
      ASSERT_LE(std::fabs(m), double((1 << mantissa) - 1));
      ASSERT_LT(std::fabs(x - m * unit), unit);
      ASSERT_LE(std::fabs(m * unit), std::fabs(x));
      ASSERT_GE(double(x) * m, 0);
    }
  }
}

TEST_F(FormatTest, AnswersQuestions) {
  NumberFormatAttrInterface bfp =
      BfpAttr::get(&context, 4, 16, Rounding::Trunc);
  EXPECT_EQ(bfp.getFormatName(), "bfp:4:16:trunc");
  EXPECT_EQ(bfp.getMaxMagnitude(), 15);
  EXPECT_TRUE(bfp.isInteger());
  EXPECT_TRUE(bfp.getElementType().isInteger(8));
  EXPECT_FALSE(bfp.acceptsValue(INFINITY));
  EXPECT_FALSE(bfp.acceptsValue(NAN));
  EXPECT_TRUE(BfpAttr::get(&context, 7, 16, Rounding::Trunc)
                  .getElementType()
                  .isInteger(8));
  EXPECT_TRUE(BfpAttr::get(&context, 8, 16, Rounding::Trunc)
                  .getElementType()
                  .isInteger(16));
  NumberFormatAttrInterface fp32 = Fp32Attr::get(&context, 16);
  EXPECT_FALSE(fp32.isInteger());
  EXPECT_TRUE(fp32.acceptsValue(INFINITY));
  EXPECT_EQ(convert(fp32, {1.5f, -3e38f}), (Floats{1.5f, -3e38f}));
  EXPECT_EQ(scale, 0);
}

TEST_F(FormatTest, ParsesNames) {
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diag) { message = diag.str(); });
  auto parse = [&](StringRef text) -> Attribute {
    auto format = parseNumberFormat(
        &context, text, [&] { return emitError(UnknownLoc::get(&context)); });
    return succeeded(format) ? Attribute(*format) : Attribute();
  };
  EXPECT_EQ(parse("bfp:4:16"), BfpAttr::get(&context, 4, 16, Rounding::Trunc));
  EXPECT_EQ(parse("bfp:5:8:nearest"),
            BfpAttr::get(&context, 5, 8, Rounding::Nearest));
  EXPECT_EQ(parse("bfp:3:64:stochastic"),
            BfpAttr::get(&context, 3, 64, Rounding::Stochastic));
  EXPECT_EQ(parse("fp32"), Fp32Attr::get(&context, 16));
  EXPECT_EQ(parse("fp32:4"), Fp32Attr::get(&context, 4));
  for (StringRef wrong : {"", "bfp", "bfp:4", "bfp:x:16", "bfp:4:16:trunc:1",
                          "bfp:4:16:up", "fp32:", "fp32:a", "fp16"}) {
    message.clear();
    EXPECT_EQ(parse(wrong), Attribute()) << wrong.str();
    EXPECT_NE(message.find("expected bfp:MANTISSA_BITS:GROUP"),
              std::string::npos)
        << message;
  }
}

} // namespace
