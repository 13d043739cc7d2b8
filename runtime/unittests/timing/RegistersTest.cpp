//===- RegistersTest.cpp - Times that follow counts -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTiming.h"

#include "phx/isa/CountTrace.h"

using namespace phx;
using namespace phx::testing;

namespace {

/// One register, "left", up to 100000. Without a latency of its own a copy
/// takes 1 ns per element.
class CountedTimes : public ::testing::Test {
protected:
  CountedTimes() {
    program.memories = makeMemories();
    program.groups = {{"core", "rns", 1, 32, 16}};
    program.registers = {{"left", 100'000}};
  }
  void add(EngineId engine, Body body) {
    program.code.push_back({engine, noLayer, std::nullopt, std::move(body)});
  }
  void read() { add(vec, VecReadCount{0, {mem::act, {}}}); }
  void finish() { add({}, Halt{}); }

  static TimingOptions assume(int64_t value) {
    TimingOptions options;
    options.counts.assumed = {value};
    return options;
  }
  static TimingOptions follow(const std::vector<int64_t> &values) {
    auto trace = std::make_shared<CountTrace>(1);
    for (int64_t value : values)
      EXPECT_TRUE(trace->record(0, value));
    TimingOptions options;
    options.counts.trace = trace;
    return options;
  }

  Program program;
  Target target = makeTarget();
};

/// What is left of the register behind `counter * step` elements.
Count leftOver(int64_t cap, uint8_t loop, int64_t step) {
  return {cap, Affine{0, {{loop, 1, 0, 1, 0, -step}}}, 0};
}

} // namespace

TEST_F(CountedTimes, AreNeeded) {
  add(dma, makeCopy(Count{50, std::nullopt, 0}));
  finish();
  Result<TimingResult> result = simulate(program, target);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message.find(
                "time and charges of the program depend on what it finds in "
                "its data: on register 0 ('left')"),
            0u);
  EXPECT_EQ(runBoth(program, target, assume(0)).latency, 0);
  EXPECT_EQ(runBoth(program, target, assume(20)).latency, 20 * ns);
  EXPECT_EQ(runBoth(program, target, assume(200)).latency, 50 * ns);
  // A register that is never written holds 0.
  EXPECT_EQ(runBoth(program, target, follow({})).latency, 0);
}

TEST_F(CountedTimes, FollowTheStream) {
  for (int i = 0; i < 3; ++i) {
    read();
    add(dma, makeCopy(Count{50, std::nullopt, 0}));
  }
  finish();
  TimingResult result = runBoth(program, target, follow({7, 0, 90}));
  EXPECT_EQ(result.engines[0].busy, 57 * ns);
  EXPECT_EQ(result.engines[0].instructions, 2u);
  EXPECT_EQ(result.engines[1].instructions, 3u);
  Result<TimingResult> ends = simulate(program, target, follow({7, 0}));
  ASSERT_FALSE(ends.ok());
  EXPECT_NE(ends.error().message.find("the counts end before the program does"),
            std::string::npos);
  ends = simulate(program, target, follow({7, 0, 90, 90}));
  ASSERT_FALSE(ends.ok());
  EXPECT_NE(ends.error().message.find("the program ends before the counts do"),
            std::string::npos);
}

/// A register that keeps its value is a constant to the loops that read it.
TEST_F(CountedTimes, OfConstantsAreJumpedOver) {
  add({}, Loop{60'000});
  read();
  add(dma, makeCopy(Count{50, std::nullopt, 0}));
  add({}, End{});
  finish();
  for (const TimingOptions &options :
       {assume(20), follow(std::vector<int64_t>(60'000, 20))}) {
    TimingResult closed = runBoth(program, target, options);
    EXPECT_EQ(closed.engines[0].busy, 60'000 * 20 * ns);
    EXPECT_LT(closed.stepped, 200u);
  }
}

/// Between two writes as well, in spite of counts that end where the register
/// says.
TEST_F(CountedTimes, OfInnerLoopsAreJumpedOver) {
  add({}, Loop{4});
  read();
  add({}, Loop{20'000});
  add(dma, makeCopy(leftOver(50, 1, 50)));
  add({}, End{});
  add({}, End{});
  finish();
  TimingResult closed =
      runBoth(program, target, follow({100'000, 0, 77'777, 49}));
  EXPECT_EQ(closed.engines[0].busy, (100'000 + 77'777 + 49) * ns);
  EXPECT_LT(closed.stepped, 4'000u);
}

TEST_F(CountedTimes, BoundGuards) {
  add({}, Loop{80'000});
  add(dma, makeCopy(3));
  program.code.back().guard = Guard{0, 1, 0, 70'000, 100, 0};
  add({}, End{});
  finish();
  for (auto [value, trips] : {std::pair<int64_t, int64_t>{0, 0},
                              {50, 0},
                              {65'000, 64'900},
                              {100'000, 69'900}}) {
    TimingResult closed = runBoth(program, target, assume(value));
    EXPECT_EQ(closed.latency, trips * 3 * ns) << value;
    EXPECT_LT(closed.stepped, 1'000u) << value;
  }
}

/// Signals and waits go round as often as the loop says, and take no time.
TEST_F(CountedTimes, BoundLoops) {
  program.tokens = 2;
  add(dma, Signal{1});
  add({}, Loop{80'000, 0});
  add(vec, Wait{1, false});
  add(vec, makeMap(256));
  add(vec, Signal{0});
  add(dma, Wait{0, false});
  add(dma, makeCopy(2));
  add(dma, Signal{1});
  add({}, End{});
  add(vec, Wait{1, false});
  finish();
  for (int64_t trips : {0, 1, 2, 65'000, 80'000}) {
    TimingResult closed = runBoth(program, target, assume(trips));
    EXPECT_EQ(closed.latency, trips * 3 * ns) << trips;
    EXPECT_EQ(closed.engines[0].instructions, uint64_t(trips));
    EXPECT_LT(closed.stepped, 2'000u) << trips;
  }
}

/// An inner loop ends where the register said when it was entered.
TEST_F(CountedTimes, BoundInnerLoops) {
  add({}, Loop{3});
  read();
  add({}, Loop{30'000, 0});
  add(dma, makeCopy(1));
  add({}, End{});
  add({}, End{});
  finish();
  TimingResult closed = runBoth(program, target, follow({5, 29'000, 0}));
  EXPECT_EQ(closed.engines[0].busy, 29'005 * ns);
  EXPECT_LT(closed.stepped, 1'500u);
}
