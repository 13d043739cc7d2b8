//===- ProductInfoTest.cpp - Extents and addressing of products -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadMachines.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using rns::getSignedRange;

namespace {

class ProductInfoTest : public ::testing::Test {
protected:
  ProductInfoTest() {
    context.loadDialect<PhotonicDialect>();
    loadMachines(context);
  }

  NumberFormatAttrInterface bfp(int64_t mantissa, int64_t group) {
    return BfpAttr::get(&context, mantissa, group, Rounding::Trunc);
  }
  NumberFormatAttrInterface fp32(int64_t group) {
    return Fp32Attr::get(&context, group);
  }

  MLIRContext context;
};

/// Extents are those of the views; an operand may lack positions.
TEST_F(ProductInfoTest, ExtentsOfViews) {
  const char *source = R"(
func.func @main(%w: tensor<8x4x3x3xf32>, %dy: tensor<2x16x6x6xf32>, %z: tensor<2x8x6x6xf32>) -> tensor<2x8x6x6xf32> {
  %dx = photonic.product
      ins(%w by <groups = [2 x d0 by 4], positions = [3 x d3, 3 x d2],
                 rows = [4 x d1], columns = [4 x d0]>,
          %dy by <groups = [2 x d1 by 4], rows = [6 x d3, 6 x d2, 2 x d0],
                  columns = [4 x d1]>
          : tensor<8x4x3x3xf32>, tensor<2x16x6x6xf32>)
      outs(%z by <groups = [2 x d1 by 4], positions = [3 x d3, 3 x d2],
                  rows = [4 x d1], columns = [6 x d3, 6 x d2, 2 x d0],
                  offsets = [0, 0, -1, -1]>
          : tensor<2x8x6x6xf32>)
      operator = "Conv"
  return %dx : tensor<2x8x6x6xf32>
}
)";
  context.loadDialect<func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(source, ParserConfig(&context));
  ASSERT_TRUE(module);
  unsigned products = 0;
  module->walk([&](ProductOp op) {
    ++products;
    ProductExtents extents = ProductExtents::get(op);
    EXPECT_EQ(extents.groups, 2);
    EXPECT_EQ(extents.positions, 9);
    EXPECT_EQ(extents.m, 4);
    EXPECT_EQ(extents.n, 72);
    EXPECT_EQ(extents.k, 4);
    EXPECT_EQ(extents.getMacs(), 2 * 9 * 4 * 72 * 4);
    EXPECT_EQ(getPassLength(op.getPass()), 0);
  });
  EXPECT_EQ(products, 1u);
}

TEST_F(ProductInfoTest, CountsPasses) {
  EXPECT_EQ(countPasses(33, 16, 16), 3);
  EXPECT_EQ(countPasses(33, 8, 16), 5);  // shorter: one pass per group
  EXPECT_EQ(countPasses(33, 32, 16), 3); // 2 passes, then 1
  EXPECT_EQ(countPasses(70, 20, 16), 7); // 16 + 4 three times, 10
  EXPECT_EQ(countPasses(5, 4096, 16), 1);
}

TEST_F(ProductInfoTest, CountsTiles) {
  auto count = [](const ProductExtents &extents, Stationary stationary,
                  int64_t term) {
    TileCount tiles = countTiles(extents, stationary, 32, 16, term);
    return std::pair(tiles.tiles, tiles.stream);
  };
  using Count = std::pair<int64_t, int64_t>;
  // A linear layer of 33 inputs and 65 outputs on 31 samples.
  ProductExtents linear{1, 1, 65, 31, 33};
  EXPECT_EQ(linear.getMacs(), 65 * 31 * 33);
  EXPECT_EQ(count(linear, Stationary::First, 16), Count(3 * 3, 31));
  EXPECT_EQ(count(linear, Stationary::Second, 16), Count(1 * 3, 65));
  // A convolution in 4 groups of 4 to 16 channels, 3 x 3, on 2 images of 8 x 8.
  ProductExtents grouped{4, 1, 16, 128, 36};
  EXPECT_EQ(count(grouped, Stationary::First, 16), Count(4 * 1 * 3, 128));
  EXPECT_EQ(count(grouped, Stationary::Second, 16), Count(4 * 4 * 3, 16));
  // Its gradient with respect to the input.
  ProductExtents input{4, 9, 4, 128, 16};
  EXPECT_EQ(count(input, Stationary::First, 16), Count(4 * 9 * 1 * 1, 128));
  EXPECT_EQ(count(input, Stationary::Second, 8), Count(4 * 9 * 4 * 2, 4));
  // A term of several passes.
  EXPECT_EQ(count(linear, Stationary::First, 32), Count(3 * 3, 31));
  EXPECT_EQ(count(linear, Stationary::First, 20), Count(3 * 3, 31));
  EXPECT_EQ(count(linear, Stationary::First, 8), Count(3 * 5, 31));
}

/// Terms are as long as the shorter groups, and sums as wide as they need.
TEST_F(ProductInfoTest, TermsOfTwoFormats) {
  EXPECT_EQ(getTermLength(bfp(4, 16), bfp(4, 16)), 16);
  EXPECT_EQ(getTermLength(bfp(4, 16), bfp(6, 48)), 16);
  EXPECT_EQ(getTermLength(bfp(6, 48), bfp(4, 16)), 16);
  EXPECT_EQ(getTermLength(fp32(40), fp32(40)), 40);
  EXPECT_EQ(getSumBound(bfp(4, 16), bfp(4, 16), 16), 16 * 15 * 15);
  EXPECT_EQ(getSumBound(bfp(4, 16), bfp(6, 48), 5), 5 * 15 * 63);
  EXPECT_EQ(getSumBound(fp32(16), fp32(16), 16), 0);
  EXPECT_TRUE(getSumType(fp32(16), fp32(16)).isF32());
  EXPECT_TRUE(getSumType(bfp(4, 16), bfp(6, 48)).isInteger(32));
  // 2 * (2^15 - 1)^2 is below 2^31, 3 times as much is not.
  EXPECT_TRUE(getSumType(bfp(15, 2), bfp(15, 4)).isInteger(32));
  EXPECT_TRUE(getSumType(bfp(15, 3), bfp(15, 6)).isInteger(64));
  EXPECT_TRUE(getSumType(bfp(15, 6), bfp(15, 3)).isInteger(64));
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
