//===- RandomTest.cpp - Counter-based random numbers ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/Philox.h"

#include "gtest/gtest.h"

using namespace photonic::interp;

namespace {

/// The answers that come with the authors' library (Random123, kat_vectors).
TEST(Random, PhiloxHasTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                   {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

/// Element e is word e mod 4 of block e / 4, without its low 8 bits.
TEST(Random, UniformsAreAFunctionOfTheElement) {
  RandomKey key{7, 2, 5};
  PhiloxBlock words = philox({2, 0, 9, 5}, {7, 2});
  EXPECT_EQ(getUniform(key, 9, 9), float(words[1] >> 8) * 0x1p-24f);
  uint64_t high = (uint64_t(3) << 34) + 1; // counter words 0 and 3
  EXPECT_EQ(getUniform(key, 9, high),
            float(philox({0, 3, 9, 5}, {7, 2})[1] >> 8) * 0x1p-24f);
  EXPECT_NE(getUniform(key, 8, 9), getUniform(key, 9, 9));
}

} // namespace
