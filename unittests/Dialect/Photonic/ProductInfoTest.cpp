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
                   WindowAttr window) {
    return *ProductShape::get(tensor(lhs), tensor(rhs), window, [&] {
      return emitError(UnknownLoc::get(&context));
    });
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
  EXPECT_EQ(shape.getResultOffset(0, 3, 7), 7 * 10 + 3);
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
                  ASSERT_EQ(shape.getResultOffset(g, i, n),
                            ((image * 2 * m + g * m + i) * shape.outHeight +
                             oh) * shape.outWidth +
                                ow);
                }
              }
}

TEST_F(ProductInfoTest, CountsTiles) {
  ProductShape shape = get({65, 33}, {31, 33}, WindowAttr());
  TileCount df1 = countTiles(shape, Dataflow::DF1, 32, 16);
  EXPECT_EQ(df1.tiles, 3 * 3);
  EXPECT_EQ(df1.stream, 31);
  TileCount df2 = countTiles(shape, Dataflow::DF2, 32, 16);
  EXPECT_EQ(df2.tiles, 1 * 3);
  EXPECT_EQ(df2.stream, 65);
  auto window =
      WindowAttr::get(&context, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 4);
  ProductShape grouped = get({64, 4, 3, 3}, {2, 16, 8, 8}, window);
  EXPECT_EQ(countTiles(grouped, Dataflow::DF1, 32, 16).tiles, 4 * 1 * 3);
  EXPECT_EQ(countTiles(grouped, Dataflow::DF2, 32, 16).tiles, 4 * 4 * 3);
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
