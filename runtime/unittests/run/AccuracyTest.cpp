//===- AccuracyTest.cpp - Scores against labels -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunHelpers.h"

#include <cmath>

using namespace phx;
using namespace phx::testing;

static HostArray makeLongs(const std::vector<int64_t> &values) {
  return makeLabels(ElementType::I64, values);
}

TEST(AccuracyTest, CountsFirstAndFirstFive) {
  // Ranks of the labels: 0, 4, 5.
  HostArray scores = makeArray({9, 1, 2, 3, 4, 5, 6, //
                                1, 2, 3, 4, 5, 6, 7, //
                                1, 2, 3, 4, 5, 6, 7},
                               {3, 7});
  Result<Accuracy> result = computeAccuracy(scores, makeLongs({0, 2, 1}));
  ASSERT_TRUE(result.ok());
  EXPECT_DOUBLE_EQ(result->top1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(result->top5, 2.0 / 3);
  EXPECT_EQ(result->samples, 3);
}

TEST(AccuracyTest, TheFirstOfEqualScoresWins) {
  HostArray scores = makeArray({1, 3, 3}, {1, 3});
  EXPECT_EQ(computeAccuracy(scores, makeLongs({1}))->top1, 1);
  EXPECT_EQ(computeAccuracy(scores, makeLongs({2}))->top1, 0);
}

TEST(AccuracyTest, FewClassesAreAllAmongFive) {
  HostArray scores = makeArray({1, 2, 3, 4, 5}, {1, 5});
  EXPECT_EQ(computeAccuracy(scores, makeLongs({0}))->top5, 1);
}

TEST(AccuracyTest, NotANumberIsAMiss) {
  HostArray scores = makeArray({NAN, 1}, {1, 2});
  Result<Accuracy> result = computeAccuracy(scores, makeLongs({0}));
  EXPECT_EQ(result->top1, 0);
  // Also where the other score is none: whoever takes the largest takes NaN.
  result = computeAccuracy(scores, makeLongs({1}));
  EXPECT_EQ(result->top1, 0);
  EXPECT_EQ(result->top5, 1);
}

TEST(AccuracyTest, TakesBothIntegerTypes) {
  HostArray scores = makeArray({0, 1, 1, 0}, {2, 2});
  HostArray labels = makeLabels<int32_t>(ElementType::I32, {1, 0});
  EXPECT_EQ(computeAccuracy(scores, labels)->top1, 1);
}

TEST(AccuracyTest, RefusesWrongLabels) {
  HostArray scores = makeArray({0, 1, 1, 0}, {2, 2});
  EXPECT_ERROR(computeAccuracy(scores, makeLongs({1, 2})),
               "label 1 is 2; the network has 2 classes, numbered from 0 to 1");
  EXPECT_ERROR(computeAccuracy(scores, makeLongs({-1, 0})), "label 0 is -1");
  EXPECT_ERROR(computeAccuracy(scores, makeLongs({1})),
               "1 labels for 2 samples");
  EXPECT_ERROR(computeAccuracy(scores, makeArray({0, 1}, {2})),
               "found float32[2]");
  EXPECT_ERROR(computeAccuracy(makeArray({0, 1}, {2}), makeLongs({1, 0})),
               "float32[samples, classes], found float32[2]");
  EXPECT_ERROR(computeAccuracy(makeArray({}, {0, 2}), makeLongs({})),
               "at least one sample");
}

TEST(AccuracyTest, ScoresMayBeColumns) {
  Program program = makeClassifier();
  for (Region &region : program.regions)
    if (region.role == Role::Output) {
      region.shape = {classes, batch};
      region.batchAxis = 1;
    }
  auto session = makeSession(std::move(program));
  std::vector<float> values(classes * 2, 0.0f);
  values[3 * 2] = values[5 * 2 + 1] = 1;
  HostArrays outputs{{"y", makeArray(values, {classes, 2})}};
  EXPECT_EQ(session->getLog().measureAccuracy(outputs, makeLongs({3, 5}))->top1,
            1);
  EXPECT_EQ(session->getLog().measureAccuracy(outputs, makeLongs({3, 4}))->top1,
            0.5);
}

TEST(AccuracyTest, NeedsExactlyOneOutputOfScores) {
  EXPECT_EQ(*getScoresName(makeClassifier()), "y");
  EXPECT_ERROR(getScoresName(makeTwoClassifiers()),
               "found 2; outputs of this program: 'ay' float32[4, 10], 'by'");
  Program program = makeClassifier();
  for (Region &region : program.regions)
    if (region.role == Role::Output)
      region.shape = {batch, classes, 1};
  EXPECT_ERROR(getScoresName(program), "found 0");
}
