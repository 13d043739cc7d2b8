//===- PhiloxTest.cpp - Known answers, and numbers as the ISA says --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Philox.h"

#include <cmath>
#include <gtest/gtest.h>
#include <set>

using namespace phx;

TEST(Philox, KnownAnswersOfRandom123) {
  // philox4x32 10, from kat_vectors of Random123.
  using philox::Block;
  EXPECT_EQ(philox::encrypt({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox::encrypt({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox::encrypt({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                            {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, KeyAndCounterWords) {
  RandomKey key{0x12, 0x34, 0x56};
  EXPECT_EQ(
      getRandomBlock(key, 0x78, 0x9abcdef012345678),
      philox::encrypt({0x12345678, 0x9abcdef0, 0x78, 0x56}, {0x12, 0x34}));
}

TEST(Philox, UniformNumbers) {
  EXPECT_EQ(toUniform(0), 0.0f);
  EXPECT_EQ(toUniform(0xff), 0.0f);
  EXPECT_EQ(toUniform(0x100), 0x1p-24f);
  EXPECT_EQ(toUniform(0x80000000), 0.5f);
  EXPECT_EQ(toUniform(0xffffffff), 1 - 0x1p-24f);
  double sum = 0, squares = 0;
  constexpr int blocks = 25000;
  std::set<uint32_t> distinct;
  for (int b = 0; b < blocks; ++b)
    for (uint32_t word : getRandomBlock({1, 0, 0}, 7, uint64_t(b))) {
      double u = double(toUniform(word));
      sum += u;
      squares += u * u;
      distinct.insert(word);
    }
  // Six standard deviations.
  double n = 4 * blocks;
  EXPECT_NEAR(sum / n, 0.5, 6 * std::sqrt(1 / 12.0 / n));
  EXPECT_NEAR(squares / n, 1 / 3.0, 6 * std::sqrt(4 / 45.0 / n));
  EXPECT_GT(distinct.size(), size_t(n) - 20);
}
