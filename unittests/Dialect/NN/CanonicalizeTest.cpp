//===- CanonicalizeTest.cpp - Rewriting keeps what a function computes ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ComparePass.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace photonic;

/// Canonicalises a function; see compareWithPass.
static void compare(StringRef text, ArrayRef<int64_t> shape, StringRef gone,
                    float tolerance) {
  compareWithPass(createCanonicalizerPass(), text, shape, gone, tolerance);
}

TEST(Canonicalize, PadIntoConvolutionAndPool) {
  compare(R"(
    func.func @main(%x: tensor<1x1x5x6xf32>) -> tensor<1x1x6x3xf32> {
      %w = nn.constant dense<[[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]]> : tensor<1x1x3x3xf32>
      %p = nn.pad %x low = [0, 0, 1, 2] high = [0, 0, 3, 0] value = 0.0 : tensor<1x1x5x6xf32> -> tensor<1x1x9x8xf32>
      %y = nn.conv2d %p, %w strides = [1, 2] pads = [0, 0, 0, 1] : (tensor<1x1x9x8xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x7x4xf32>
      %q = nn.pad %y low = [0, 0, 1, 0] high = [0, 0, 0, 1] value = 0.0 : tensor<1x1x7x4xf32> -> tensor<1x1x8x5xf32>
      %z = nn.avg_pool %q kernel = [3, 3] : tensor<1x1x8x5xf32> -> tensor<1x1x6x3xf32>
      return %z : tensor<1x1x6x3xf32>
    })",
          {1, 1, 5, 6}, "nn.pad", 0.0f);
}

TEST(Canonicalize, LayoutOfConstants) {
  compare(R"(
    func.func @main(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
      %w = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
      %r = nn.reshape %w : tensor<6xf32> -> tensor<3x2xf32>
      %t = nn.transpose %r perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
      %y = nn.linear %x, %t : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
      return %y : tensor<2x2xf32>
    })",
          {2, 3}, "nn.transpose", 0.0f);
}

TEST(Canonicalize, ReadingAResourceUnderAnotherShapeDoesNotCopyIt) {
  Program program(R"(
    func.func @main() -> tensor<3x2xf32> {
      %w = nn.constant "w" dense_resource<w> : tensor<2x3xf32>
      %r = nn.reshape %w : tensor<2x3xf32> -> tensor<3x2xf32>
      return %r : tensor<3x2xf32>
    }
    {-# dialect_resources: { builtin: { w: "0x040000000000803F0000004000004040000080400000A0400000C040" } } #-})");
  auto before = program.run({});
  PassManager passes(&program.context);
  passes.addPass(createCanonicalizerPass());
  ASSERT_TRUE(succeeded(passes.run(*program.module)));
  auto after = program.run({});
  ASSERT_EQ(after.size(), 1u) << program.messages;
  EXPECT_EQ(before[0].getTensor().data(), after[0].getTensor().data());
  expectBits(after[0], {1, 2, 3, 4, 5, 6});
}
