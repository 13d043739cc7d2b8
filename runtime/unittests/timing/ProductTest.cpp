//===- ProductTest.cpp - Products take the published time -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTiming.h"

using namespace phx;
using namespace phx::testing;

static int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

namespace {
struct Case {
  int64_t m, k, n;
};
class FullyConnected : public ::testing::TestWithParam<Case> {};
} // namespace

TEST_P(FullyConnected, TakesTheFormulaUnderBothDataflows) {
  auto [m, k, n] = GetParam();
  for (Stationary stationary : {Stationary::First, Stationary::Second}) {
    ProgramBuilder builder(8);
    Entries format = builder.addFormat(mirageFormat());
    builder.addConvWithRegions(linearSpec(m, k, n), stationary, format);
    Program program = builder.finish();
    bool isFirst = stationary == Stationary::First;
    int64_t tiles = divideUp(isFirst ? m : n, 32) * divideUp(k, 16);
    int64_t stream = isFirst ? n : m;
    Femtoseconds expected = divideUp(tiles, 8) * (5 * ns + stream * ns / 10);
    TimingResult result = runBoth(program, makeTarget());
    EXPECT_EQ(result.latency, expected);
    EXPECT_EQ(result.layers[0].coreBegin, 0);
    EXPECT_EQ(result.layers[0].coreEnd, expected);
    EXPECT_EQ(result.layers[0].instructions, uint64_t(2 * tiles));
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, FullyConnected,
                         ::testing::Values(Case{1, 1, 1}, Case{32, 16, 256},
                                           Case{33, 17, 3}, Case{120, 400, 256},
                                           Case{4096, 9216, 256},
                                           Case{1000, 4096, 1},
                                           Case{256, 128, 100},
                                           Case{10, 84, 7}));

TEST(Convolution, TakesTheTimeOfItsProduct) {
  ConvSpec spec;
  spec.batch = 4, spec.inChannels = 64, spec.height = spec.width = 14;
  spec.outChannels = 96, spec.kernelH = spec.kernelW = 3;
  ProgramBuilder builder(8);
  Entries format = builder.addFormat(mirageFormat());
  builder.addConvWithRegions(spec, Stationary::First, format);
  TimingResult result = runBoth(builder.finish(), makeTarget());
  int64_t tiles = 3 * (64 * 9 / 16);
  EXPECT_EQ(result.latency,
            divideUp(tiles, 8) * (5 * ns + 4 * 12 * 12 * ns / 10));
}

TEST(Convolution, CostOfTimingDoesNotGrowWithTheProduct) {
  auto countSteps = [](int64_t m, int64_t n) {
    ProgramBuilder builder(8);
    Entries format = builder.addFormat(mirageFormat());
    builder.addConvWithRegions(linearSpec(m, 4096, n), Stationary::First,
                               format);
    TimingOptions options;
    return run(builder.finish(), makeTarget(), TimingMode::Closed, options)
        .stepped;
  };
  uint64_t small = countSteps(4096, 1);
  EXPECT_LE(small, 16u * 6);
  EXPECT_EQ(countSteps(4096, 256), small);
  EXPECT_EQ(countSteps(32 * 10'000'000, 1), small);
}
