//===- SpaceAllocatorTest.cpp - Addresses by liveness ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SpaceAllocator.h"

#include <gtest/gtest.h>

using namespace photonic;

TEST(SpaceAllocator, PiecesAreAlignedAndDisjoint) {
  SpaceAllocator space;
  EXPECT_EQ(space.allocate(1), 0);
  EXPECT_EQ(space.allocate(65), 64);
  EXPECT_EQ(space.allocate(64), 192);
  EXPECT_EQ(space.getPeak(), 256);
}

TEST(SpaceAllocator, ReusesTheFirstHoleThatFits) {
  SpaceAllocator space;
  int64_t a = space.allocate(64);
  int64_t b = space.allocate(128);
  int64_t c = space.allocate(64);
  space.release(a);
  space.release(b);
  EXPECT_EQ(space.allocate(192), 0); // the two holes are one
  space.release(0);
  EXPECT_EQ(space.allocate(256), c + 64);
  EXPECT_EQ(space.allocate(64), 0);
}

TEST(SpaceAllocator, EmptyPiecesHaveAddressesOfTheirOwn) {
  SpaceAllocator space;
  EXPECT_EQ(space.allocate(0), 0);
  EXPECT_EQ(space.allocate(0), 64);
}

TEST(SpaceAllocator, FreshPiecesLieWhereNothingWas) {
  SpaceAllocator space;
  int64_t a = space.allocate(640);
  space.release(a);
  EXPECT_EQ(space.allocateFresh(64), 640);
  EXPECT_EQ(space.allocate(64), 0);
  EXPECT_EQ(space.allocateFresh(64), 704);
}
