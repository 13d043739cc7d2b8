//===- ArraysTest.cpp - Time of arrays in lockstep and by index -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/ProgramBuilder.h"
#include "TestTiming.h"

using namespace phx;
using namespace phx::testing;

namespace {

constexpr size_t onCore = size_t(EngineKind::Core);

DigitTerm digit(uint8_t loop, int64_t weight, int64_t modulus = 0) {
  return {loop, 1, 0, 1, modulus, weight};
}

/// 10 vectors take 1 ns.
void addStream(ProgramBuilder &b, uint32_t first, ArrayRange arrays,
               Count length) {
  b.add(core(first), makeStream(std::move(length))).arrays = std::move(arrays);
}

} // namespace

TEST(Lockstep, WaitsForTheSlowestAndTakesAll) {
  ProgramBuilder b(4);
  addStream(b, 1, {}, {30});
  addStream(b, 0, {{}, 3}, {20});
  addStream(b, 0, {}, {10});
  TimingResult r = runBoth(b.finish(), makeTarget());
  // core[1] holds core[0] and core[2] back for 3 ns.
  EXPECT_EQ(r.latency, 6 * ns);
  EXPECT_EQ(r.engines[2].busy, 3 * ns);
  EXPECT_EQ(r.engines[2].stalled[onCore], 3 * ns);
  EXPECT_EQ(r.engines[3].busy, 5 * ns);
  EXPECT_EQ(r.engines[3].stalled[onCore], 0);
  EXPECT_EQ(r.engines[4].stalled[onCore], 3 * ns);
  EXPECT_EQ(r.engines[4].idle, 1 * ns);
  EXPECT_EQ(r.engines[5].idle, 6 * ns);
  EXPECT_EQ(r.engines[4].instructions, 1u);
}

TEST(Lockstep, TakesAsLongAsTheLongestLane) {
  ProgramBuilder b(3);
  // 10, 20 and 30 vectors; then what is left of 35 for lanes of 20.
  addStream(b, 0, {{}, 3}, {100, Affine{10, {digit(laneLoop, 10)}}});
  addStream(b, 0, {{}, 3}, {20, Affine{35, {digit(laneLoop, -20)}}});
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 5 * ns);
  // The last lane has nothing to do, its array is taken.
  EXPECT_EQ(r.engines[4].busy, 5 * ns);
}

TEST(Lockstep, IsSkippedWhereEveryLaneIs) {
  ProgramBuilder b(3);
  addStream(b, 1, {}, {30});
  addStream(b, 0, {{}, 3}, {20, Affine{-40, {digit(laneLoop, 20)}}});
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 3 * ns);
  EXPECT_EQ(r.engines[2].stalled[onCore], 0);
}

TEST(Lockstep, SignalsWhenAllHaveGotThere) {
  ProgramBuilder b(3);
  uint32_t token = b.addToken(), back = b.addToken();
  addStream(b, 2, {}, {50});
  b.add(core(0), Signal{token}).arrays = {{}, 3};
  addStream(b, 0, {}, {10}); // the signal holds nobody
  b.wait(vec, token);
  b.add(vec, makeMap(256));
  b.signal(vec, back);
  b.add(core(0), Wait{back, false}).arrays = {{}, 3};
  addStream(b, 1, {}, {10});
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.engines[1].stalled[onCore], 5 * ns);
  EXPECT_EQ(r.latency, 7 * ns);
  EXPECT_EQ(r.engines[2].busy, 1 * ns);
  EXPECT_EQ(r.engines[2].stalled[size_t(EngineKind::Vec)], 5 * ns);
  EXPECT_EQ(r.engines[3].stalled[size_t(EngineKind::Vec)], 6 * ns);
  EXPECT_EQ(r.engines[4].stalled[size_t(EngineKind::Vec)], 1 * ns);
}

TEST(Affine, ArraysTakeTurns) {
  ProgramBuilder b(4);
  uint32_t token = b.addToken();
  // dma feeds one array after the other, 1 ns each; an array takes 4 ns.
  b.loop(1'000'000);
  b.add(dma, makeCopy(1));
  b.signal(dma, token);
  ArrayRange turn{{digit(0, 1, 4)}, 1};
  b.add(core(0), Wait{token, false}).arrays = turn;
  addStream(b, 0, turn, {40});
  b.end();
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, (1'000'000 + 4) * ns);
  for (unsigned c = 0; c < 4; ++c)
    EXPECT_EQ(r.engines[2 + c].busy, 1'000'000 * ns) << c;
  EXPECT_LT(r.stepped, 1000u);
}

TEST(Affine, StretchesOnOneArrayAreJumpedOver) {
  ProgramBuilder b(3);
  b.loop(3'000'000);
  addStream(b, 0, {{{0, 1, 0, 1'000'000, 0, 1}}, 1}, {10});
  b.end();
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 1'000'000 * ns); // side by side
  EXPECT_LT(r.stepped, 1000u);
}

TEST(Affine, PowerOfARangeCountsOnce) {
  ProgramBuilder b(4);
  addStream(b, 2, {}, {10});
  addStream(b, 0, {{}, 4}, {10});
  Program program = b.finish();
  for (TimingMode mode : {TimingMode::Stepped, TimingMode::Closed}) {
    TimingOptions options;
    options.power = [](const Instruction &instruction, const Counters &) {
      return instruction.arrays.lanes == 1 ? 1.0 : 5.0;
    };
    EXPECT_EQ(run(program, makeTarget(), mode, options).peakDynamicW, 5);
  }
}

TEST(Affine, TimelinesShowBlocks) {
  ProgramBuilder b(100);
  addStream(b, 0, {{}, 60}, {10});
  addStream(b, 20, {{}, 10}, {10});
  TimingOptions options;
  std::vector<std::tuple<uint32_t, uint32_t, Femtoseconds>> slices;
  options.timeline = [&](const TimelineSlice &s) {
    slices.push_back({s.engine.index, s.arrays, s.begin});
  };
  run(b.finish(), makeTarget(), TimingMode::Closed, options);
  std::sort(slices.begin(), slices.end());
  EXPECT_EQ(slices, (decltype(slices){
                        {0, 20, 0}, {20, 10, 0}, {20, 10, ns}, {30, 30, 0}}));
}

TEST(Affine, IterationsThatAGuardLeavesOutTakeNoArrays) {
  // core[5], core[2], and core[3] beside them; core[-1] is left out.
  ProgramBuilder b(8);
  b.loop(3);
  Instruction &moving = b.add(core(5), makeStream(30));
  moving.arrays = {{digit(0, -3)}, 1};
  moving.guard = Guard{0, 1, 0, 2};
  b.end();
  addStream(b, 3, {}, {30});
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 3 * ns);
  for (unsigned c = 0; c < 8; ++c)
    EXPECT_EQ(r.engines[2 + c].busy, c == 2 || c == 3 || c == 5 ? 3 * ns : 0)
        << c;
}
