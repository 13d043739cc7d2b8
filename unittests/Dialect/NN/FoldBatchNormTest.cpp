//===- FoldBatchNormTest.cpp - Normalisations in all their forms ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A normalisation is folded into a product, computed by itself, or written as
// primitive operations. All agree within rounding.
//
//===----------------------------------------------------------------------===//

#include "ComparePass.h"
#include "photonic/Dialect/NN/Transforms/Passes.h"

using namespace mlir;
using namespace photonic;
using interp::Tensor;

TEST(FoldBatchNorm, IntoConvolutionOverManyChannels) {
  // 300 filters: the folded weights become a resource.
  compareWithPass(nn::createFoldBatchNorm(), R"(
    func.func @main(%x: tensor<1x2x3x3xf32>) -> tensor<1x300x3x3xf32> {
      %w = nn.constant dense<0.7> : tensor<300x2x1x1xf32>
      %g = nn.constant dense<1.3> : tensor<300xf32>
      %b = nn.constant dense<0.2> : tensor<300xf32>
      %m = nn.constant dense<-0.4> : tensor<300xf32>
      %v = nn.constant dense<2.1> : tensor<300xf32>
      %y = nn.conv2d %x, %w : (tensor<1x2x3x3xf32>, tensor<300x2x1x1xf32>) -> tensor<1x300x3x3xf32>
      %z = nn.batch_norm %y, %g, %b, %m, %v epsilon = 1.0e-5 : (tensor<1x300x3x3xf32>, tensor<300xf32>, tensor<300xf32>, tensor<300xf32>, tensor<300xf32>) -> tensor<1x300x3x3xf32>
      return %z : tensor<1x300x3x3xf32>
    })",
                  {1, 2, 3, 3}, "nn.batch_norm", 1e-5f);
}

TEST(FoldBatchNorm, IntoGroupedConvolution) {
  compareWithPass(nn::createFoldBatchNorm(), R"(
    func.func @main(%x: tensor<2x4x3x3xf32>) -> tensor<2x2x3x3xf32> {
      %w = nn.constant dense<[[[[0.7]], [[1.5]]], [[[-0.3]], [[2.0]]]]> : tensor<2x2x1x1xf32>
      %c = nn.constant dense<[0.25, -0.5]> : tensor<2xf32>
      %g = nn.constant dense<[1.3, 0.8]> : tensor<2xf32>
      %b = nn.constant dense<[0.2, -3.0]> : tensor<2xf32>
      %m = nn.constant dense<[-0.4, 0.6]> : tensor<2xf32>
      %v = nn.constant dense<[2.1, 0.01]> : tensor<2xf32>
      %y = nn.conv2d %x, %w, %c groups = 2 : (tensor<2x4x3x3xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<2x2x3x3xf32>
      %z = nn.batch_norm %y, %g, %b, %m, %v epsilon = 1.0e-5 : (tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2x3x3xf32>
      return %z : tensor<2x2x3x3xf32>
    })",
                  {2, 4, 3, 3}, "nn.batch_norm", 5e-5f);
}

TEST(FoldBatchNorm, BitsAreThoseOfBinary64RoundedOnce) {
  Program program(R"(
    func.func @main() -> tensor<1x1xf32> {
      %x = nn.constant dense<1.0> : tensor<1x1xf32>
      %w = nn.constant dense<0.7> : tensor<1x1xf32>
      %g = nn.constant dense<1.3> : tensor<1xf32>
      %b = nn.constant dense<0.2> : tensor<1xf32>
      %m = nn.constant dense<-0.4> : tensor<1xf32>
      %v = nn.constant dense<2.1> : tensor<1xf32>
      %y = nn.linear %x, %w : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
      %z = nn.batch_norm %y, %g, %b, %m, %v epsilon = 1.0e-5 : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
      return %z : tensor<1x1xf32>
    })");
  PassManager passes(&program.context);
  passes.addNestedPass<func::FuncOp>(nn::createFoldBatchNorm());
  ASSERT_TRUE(succeeded(passes.run(*program.module))) << program.messages;
  nn::LinearOp product;
  program.module->walk([&](nn::LinearOp op) { product = op; });
  ASSERT_TRUE(product && product.getBias());
  double factor = double(1.3f) / std::sqrt(double(2.1f) + double(1.0e-5f));
  double bias = (0.0 - double(-0.4f)) * factor + double(0.2f);
  expectBits(*nn::getConstantTensor(product.getWeight()),
             {float(double(0.7f) * factor)});
  expectBits(*nn::getConstantTensor(product.getBias()), {float(bias)});
}

/// A normalisation alone, of parameters that are given or constant.
static std::string makeNormalization(bool isConstant) {
  std::string arguments = "%x: tensor<2x3x2x2xf32>", constants;
  const char *const values[] = {"[1.3, 0.8, -0.2]", "[0.2, -3.0, 1.0]",
                                "[-0.4, 0.6, 0.1]", "[2.1, 0.01, 0.5]"};
  for (auto [name, value] : llvm::zip_equal(StringRef("gbmv"), values)) {
    std::string variable = std::string("%") + name;
    if (isConstant)
      constants +=
          variable + " = nn.constant dense<" + value + "> : tensor<3xf32>\n";
    else
      arguments += ", " + variable + ": tensor<3xf32>";
  }
  return "func.func @main(" + arguments + ") -> tensor<2x3x2x2xf32> {\n" +
         constants +
         "%z = nn.batch_norm %x, %g, %b, %m, %v epsilon = 1.0e-5 : "
         "(tensor<2x3x2x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, "
         "tensor<3xf32>) -> tensor<2x3x2x2xf32>\n"
         "return %z : tensor<2x3x2x2xf32>\n}";
}

TEST(FoldBatchNorm, DecompositionAgreesWithTheOperation) {
  Program constant(makeNormalization(true)), given(makeNormalization(false));
  std::mt19937 random(3);
  Tensor x = makeRandom(random, {2, 3, 2, 2});
  auto expected = constant.run({x});
  ASSERT_EQ(expected.size(), 1u) << constant.messages;
  PassManager passes(&given.context);
  passes.addNestedPass<func::FuncOp>(nn::createDecompose());
  ASSERT_TRUE(succeeded(passes.run(*given.module))) << given.messages;
  given.module->walk([](nn::BatchNormOp op) {
    ADD_FAILURE() << "a normalisation was not decomposed";
  });
  auto actual = given.run(
      {x, Tensor({3}, {1.3f, 0.8f, -0.2f}), Tensor({3}, {0.2f, -3.0f, 1.0f}),
       Tensor({3}, {-0.4f, 0.6f, 0.1f}), Tensor({3}, {2.1f, 0.01f, 0.5f})});
  ASSERT_EQ(actual.size(), 1u) << given.messages;
  expectNear(expected[0].getTensor(), actual[0].getTensor(), 1e-5f);
}

TEST(FoldBatchNorm, WithoutAProductItStays) {
  Program program(makeNormalization(true));
  PassManager passes(&program.context);
  passes.addNestedPass<func::FuncOp>(nn::createFoldBatchNorm());
  ASSERT_TRUE(succeeded(passes.run(*program.module))) << program.messages;
  unsigned left = 0;
  program.module->walk([&](nn::BatchNormOp) { ++left; });
  EXPECT_EQ(left, 1u);
}
