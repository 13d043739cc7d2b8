//===- SuggestionsTest.cpp - Tests of suggested names -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Suggestions.h"

#include <gtest/gtest.h>

using namespace phx;

TEST(Suggestions, EditDistance) {
  EXPECT_EQ(editDistance("", ""), 0u);
  EXPECT_EQ(editDistance("", "abc"), 3u);
  EXPECT_EQ(editDistance("mirage", "mirage"), 0u);
  EXPECT_EQ(editDistance("mirage", "mirrage"), 1u); // insertion
  EXPECT_EQ(editDistance("mirage", "mirge"), 1u);   // deletion
  EXPECT_EQ(editDistance("mirage", "mirade"), 1u);  // substitution
  EXPECT_EQ(editDistance("mirage", "miraeg"), 1u);  // swap
  EXPECT_EQ(editDistance("kitten", "sitting"), 3u);
}

TEST(Suggestions, NearestFirst) {
  std::vector<std::string> known = {"sonic", "mirage-device", "mirage"};
  EXPECT_EQ(nearestNames("mirge", known), (std::vector<std::string>{"mirage"}));
  EXPECT_EQ(nearestNames("x", known), std::vector<std::string>{});
  EXPECT_EQ(nearestNames("cat", {"car", "cut", "bat", "dog", "cap"}, 2),
            (std::vector<std::string>{"car", "cut"}));
}

TEST(Suggestions, Sentence) {
  EXPECT_EQ(didYouMean("mirge", {"mirage"}), "; did you mean 'mirage'?");
  EXPECT_EQ(didYouMean("cat", {"car", "cut", "bat"}),
            "; did you mean 'car', 'cut' or 'bat'?");
  EXPECT_EQ(didYouMean("mirge", {"sonic"}), "");
}
