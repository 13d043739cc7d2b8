//===- PhiloxTest.cpp - Known answers, and numbers as the ISA says --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Philox.h"

#include <bit>

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
      getRandomBlock(key, {0x78}, 0xdef012345678),
      philox::encrypt({0x12345678, 0xdef0, 0x78, 0x56}, {0x12, 0x34}));
  // All fields, each at its largest.
  RandomUse use{0xffffffff, RandomSource(15), 15, 0xabcdef, 255};
  EXPECT_EQ(getRandomBlock({0xffffff, 0xfffffe, 0xfffffd}, use, 0xdef012345678),
            philox::encrypt({0x12345678, 0xcdefdef0, 0xffffffff, 0xabfffffd},
                            {0xffffffff, 0xfffffffe}));
}

TEST(Philox, FieldsDoNotOverlap) {
  // Each bit of each field changes one bit of the words, another one for each.
  using Words = std::array<uint32_t, 6>;
  auto get = [](const RandomKey &key, const RandomUse &use, uint64_t block) {
    RandomSequence s = getSequence(key, use);
    return Words{s.key[0],
                 s.key[1],
                 uint32_t(block),
                 uint32_t(block >> 32) | s.high,
                 s.stream,
                 s.last};
  };
  std::set<Words> seen;
  unsigned bits = 0;
  auto add = [&](unsigned width, auto make) {
    for (unsigned b = 0; b < width; ++b, ++bits) {
      Words words = make(uint64_t(1) << b);
      int set = 0;
      for (uint32_t word : words)
        set += std::popcount(word);
      EXPECT_EQ(set, 1);
      seen.insert(words);
    }
  };
  add(24, [&](uint64_t v) { return get({uint32_t(v), 0, 0}, {}, 0); });
  add(24, [&](uint64_t v) { return get({0, uint32_t(v), 0}, {}, 0); });
  add(24, [&](uint64_t v) { return get({0, 0, uint32_t(v)}, {}, 0); });
  add(4, [&](uint64_t v) { return get({}, {0, RandomSource(v)}, 0); });
  add(32, [&](uint64_t v) { return get({}, {uint32_t(v)}, 0); });
  auto use = [](uint64_t modulus, uint64_t pass, uint64_t attempt) {
    return RandomUse{0, RandomSource::Program, uint32_t(modulus),
                     uint32_t(pass), uint32_t(attempt)};
  };
  add(4, [&](uint64_t v) { return get({}, use(v, 0, 0), 0); });
  add(24, [&](uint64_t v) { return get({}, use(0, v, 0), 0); });
  add(8, [&](uint64_t v) { return get({}, use(0, 0, v), 0); });
  add(48, [&](uint64_t v) { return get({}, {}, v); });
  EXPECT_EQ(bits, 192u);
  EXPECT_EQ(seen.size(), bits);
  EXPECT_EQ(randomElements / 4, int64_t(1) << 48);
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
    for (uint32_t word : getRandomBlock({1, 0, 0}, {7}, uint64_t(b))) {
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
