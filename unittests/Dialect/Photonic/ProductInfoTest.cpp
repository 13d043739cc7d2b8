//===- ProductInfoTest.cpp - Extents and addressing of products -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace photonic::phot;

namespace {

class ProductInfoTest : public ::testing::Test {
protected:
  ProductInfoTest() { context.loadDialect<PhotonicDialect>(); }

  RankedTensorType tensor(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, Float32Type::get(&context));
  }
  ProductShape get(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs,
                   WindowAttr window, ProductKind kind = ProductKind::Forward,
                   ArrayRef<int64_t> result = {}) {
    return *ProductShape::get(
        kind, tensor(lhs), tensor(rhs),
        result.empty() ? RankedTensorType() : tensor(result), window,
        [&] { return emitError(UnknownLoc::get(&context)); });
  }

  MLIRContext context;
};

TEST_F(ProductInfoTest, LinearLayer) {
  ProductShape shape = get({10, 84}, {8, 84}, WindowAttr());
  EXPECT_EQ(shape.groups, 1);
  EXPECT_EQ(shape.m, 10);
  EXPECT_EQ(shape.k, 84);
  EXPECT_EQ(shape.n, 8);
  EXPECT_EQ(shape.getMacs(), 6720);
  EXPECT_EQ(shape.getResultShape(), (SmallVector<int64_t>{8, 10}));
  EXPECT_EQ(shape.getLhsOffset(0, 3, 5), 3 * 84 + 5);
  EXPECT_EQ(shape.getRhsOffset(0, 7, 83), 7 * 84 + 83);
  EXPECT_EQ(shape.getResultOffset(0, 0, 7) + 3 * shape.getResultRowStride(),
            7 * 10 + 3);
  EXPECT_FALSE(shape.accumulates());
}

/// Every (group, row, column, position) against nested loops over the tensors.
TEST_F(ProductInfoTest, WindowAddressing) {
  auto window =
      WindowAttr::get(&context, {3, 2}, {2, 1}, {1, 0, 2, 1}, {1, 2}, 2);
  const int64_t b = 3, c = 3, h = 6, w = 5, m = 2, kh = 3, kw = 2;
  ProductShape shape = get({2 * m, c, kh, kw}, {b, 2 * c, h, w}, window);
  ASSERT_EQ(shape.outHeight, (6 + 3 - 3) / 2 + 1);
  ASSERT_EQ(shape.outWidth, (5 + 1 - 3) / 1 + 1);
  ASSERT_EQ(shape.k, c * kh * kw);
  ASSERT_EQ(shape.n, b * shape.outHeight * shape.outWidth);
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t image = 0; image < b; ++image)
      for (int64_t oh = 0; oh < shape.outHeight; ++oh)
        for (int64_t ow = 0; ow < shape.outWidth; ++ow)
          for (int64_t y = 0; y < kh; ++y)
            for (int64_t x = 0; x < kw; ++x)
              for (int64_t ci = 0; ci < c; ++ci) {
                int64_t n =
                    (image * shape.outHeight + oh) * shape.outWidth + ow;
                int64_t k = (y * kw + x) * c + ci;
                int64_t row = oh * 2 - 1 + y, column = ow + 2 * x;
                bool inside = row >= 0 && row < h && column < w;
                int64_t expected =
                    inside
                        ? ((image * 2 * c + g * c + ci) * h + row) * w + column
                        : -1;
                ASSERT_EQ(shape.getRhsOffset(g, n, k), expected);
                for (int64_t i = 0; i < m; ++i) {
                  ASSERT_EQ(shape.getLhsOffset(g, i, k),
                            (((g * m + i) * c + ci) * kh + y) * kw + x);
                  ASSERT_EQ(shape.getResultOffset(g, 0, n) +
                                i * shape.getResultRowStride(),
                            ((image * 2 * m + g * m + i) * shape.outHeight +
                             oh) * shape.outWidth +
                                ow);
                }
              }
}

/// The gradients against the forward product: whatever position of X or W meets
/// whatever position of Y in one place has to meet it in the others.
TEST_F(ProductInfoTest, GradientAddressing) {
  auto window =
      WindowAttr::get(&context, {3, 2}, {2, 1}, {1, 0, 2, 1}, {1, 2}, 2);
  const SmallVector<int64_t> w{4, 3, 3, 2}, x{3, 6, 6, 5}, y{3, 4, 4, 4};
  ProductShape f = get(w, x, window);
  ProductShape i = get(w, y, window, ProductKind::InputGradient, x);
  ProductShape d = get(y, x, window, ProductKind::WeightGradient, w);
  EXPECT_EQ(i.m, 3);
  EXPECT_EQ(i.k, 2);
  EXPECT_EQ(i.n, f.n);
  EXPECT_EQ(i.positions, 6);
  EXPECT_EQ(d.m, 2);
  EXPECT_EQ(d.n, f.k);
  EXPECT_EQ(d.k, f.n);
  EXPECT_EQ(d.positions, 1);
  EXPECT_EQ(f.getMacs(), i.getMacs());
  EXPECT_EQ(f.getMacs(), d.getMacs());
  EXPECT_TRUE(i.accumulates());
  EXPECT_FALSE(d.accumulates());
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t n = 0; n < f.n; ++n)
      for (int64_t m = 0; m < f.m; ++m) {
        int64_t out = f.getResultOffset(g, 0, n) + m * f.getResultRowStride();
        ASSERT_EQ(i.getRhsOffset(g, n, m), out);
        ASSERT_EQ(d.getLhsOffset(g, m, n), out);
        for (int64_t k = 0; k < f.k; ++k) {
          int64_t position = k / 3, channel = k % 3;
          int64_t weight = f.getLhsOffset(g, m, k);
          ASSERT_EQ(i.getLhsOffset(g, position * 3 + channel, m), weight);
          ASSERT_EQ(d.getResultOffset(g, 0, k) + m * d.getResultRowStride(),
                    weight);
          int64_t image = f.getRhsOffset(g, n, k);
          ASSERT_EQ(d.getRhsOffset(g, k, n), image);
          int64_t first = i.getResultOffset(g, position, n);
          ASSERT_EQ(first < 0 ? -1 : first + channel * i.getResultRowStride(),
                    image);
        }
      }
}

/// Which gradients have to be filled with zeros first.
TEST_F(ProductInfoTest, OnePositionMayWriteEverything) {
  auto accumulates = [&](int64_t kernel, int64_t stride, int64_t pad,
                         int64_t extent) {
    auto window = WindowAttr::get(&context, {kernel, kernel}, {stride, stride},
                                  {pad, pad, pad, pad}, {1, 1}, 1);
    int64_t out = window.getOutputExtent(0, extent);
    return get({2, 3, kernel, kernel}, {1, 2, out, out}, window,
               ProductKind::InputGradient, {1, 3, extent, extent})
        .accumulates();
  };
  EXPECT_FALSE(accumulates(1, 1, 0, 5));
  EXPECT_FALSE(accumulates(1, 1, 2, 5)); // some outputs see padding alone
  EXPECT_TRUE(accumulates(1, 2, 0, 5));
  EXPECT_FALSE(accumulates(1, 2, 0, 1));
  EXPECT_TRUE(accumulates(1, 2, 1, 1));
  EXPECT_TRUE(accumulates(2, 1, 0, 5));
  EXPECT_FALSE(
      get({2, 3}, {4, 2}, WindowAttr(), ProductKind::InputGradient, {4, 3})
          .accumulates());
}

TEST_F(ProductInfoTest, CountsPasses) {
  EXPECT_EQ(countPasses(33, 16, 16), 3);
  EXPECT_EQ(countPasses(33, 8, 16), 5);  // shorter: one pass per group
  EXPECT_EQ(countPasses(33, 32, 16), 3); // 2 passes, then 1
  EXPECT_EQ(countPasses(70, 20, 16), 7); // 16 + 4 three times, 10
  EXPECT_EQ(countPasses(5, 4096, 16), 1);
}

TEST_F(ProductInfoTest, CountsTiles) {
  ProductShape shape = get({65, 33}, {31, 33}, WindowAttr());
  TileCount df1 = countTiles(shape, Dataflow::DF1, 32, 16, 16);
  EXPECT_EQ(df1.tiles, 3 * 3);
  EXPECT_EQ(df1.stream, 31);
  TileCount df2 = countTiles(shape, Dataflow::DF2, 32, 16, 16);
  EXPECT_EQ(df2.tiles, 1 * 3);
  EXPECT_EQ(df2.stream, 65);
  auto window =
      WindowAttr::get(&context, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 4);
  ProductShape grouped = get({64, 4, 3, 3}, {2, 16, 8, 8}, window);
  EXPECT_EQ(countTiles(grouped, Dataflow::DF1, 32, 16, 16).tiles, 4 * 1 * 3);
  EXPECT_EQ(countTiles(grouped, Dataflow::DF2, 32, 16, 16).tiles, 4 * 4 * 3);
  ProductShape input = get({64, 4, 3, 3}, {2, 64, 8, 8}, window,
                           ProductKind::InputGradient, {2, 16, 8, 8});
  EXPECT_EQ(countTiles(input, Dataflow::DF1, 32, 16, 16).tiles, 4 * 9 * 1 * 1);
  EXPECT_EQ(countTiles(input, Dataflow::DF1, 32, 16, 16).stream, 128);
  EXPECT_EQ(countTiles(input, Dataflow::DF2, 32, 16, 8).tiles, 4 * 9 * 4 * 2);
  EXPECT_EQ(countTiles(input, Dataflow::DF2, 32, 16, 8).stream, 4);
}

TEST_F(ProductInfoTest, SignedRange) {
  EXPECT_EQ(getSignedRange({31, 32, 33}), 16367);
  EXPECT_EQ(getSignedRange({31, 33}), 511); // odd: symmetric
  EXPECT_EQ(getSignedRange({2}), 0);
}

TEST_F(ProductInfoTest, NodeNames) {
  Location unknown = UnknownLoc::get(&context);
  Location named = NameLoc::get(StringAttr::get(&context, "conv1"), unknown);
  Location other = NameLoc::get(StringAttr::get(&context, "relu1"), unknown);
  EXPECT_EQ(getNodeName(unknown), "");
  EXPECT_EQ(getNodeName(named), "conv1");
  EXPECT_EQ(getNodeName(FusedLoc::get(&context, {named, other})), "conv1");
}

} // namespace
