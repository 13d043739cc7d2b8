//===- JumpTest.cpp - Jumps over long loops ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "TestTiming.h"

using namespace phx;
using namespace phx::testing;

static TimingResult runClosed(const Program &program,
                              TimingOptions options = {}) {
  TimingResult result = run(program, makeTarget(), TimingMode::Closed, options);
  // Whatever the number of iterations; each test knows its own number better.
  EXPECT_LT(result.stepped, 60'000u);
  return result;
}

//===----------------------------------------------------------------------===//
// Independent engines
//===----------------------------------------------------------------------===//

static Program makeIndependent(int64_t trips) {
  ProgramBuilder b(8);
  b.loop(trips);
  for (unsigned c = 0; c < 8; ++c) {
    b.add(core(c), makeTile());
    b.add(core(c), makeStream(int64_t(c + 1)));
  }
  b.end();
  return b.finish();
}

TEST(Independent, AgreesWithTheFormula) {
  for (int64_t trips : {1, 2, 3, 4, 5, 100}) {
    TimingResult r = runBoth(makeIndependent(trips), makeTarget());
    EXPECT_EQ(r.latency, trips * (5 * ns + 8 * ns / 10));
  }
  for (int64_t trips : {1'000'000, 1'000'000'000}) {
    TimingResult r = runClosed(makeIndependent(trips));
    EXPECT_EQ(r.latency, trips * (5 * ns + 8 * ns / 10));
    EXPECT_EQ(r.engines[2].busy, trips * (5 * ns + ns / 10));
    EXPECT_EQ(r.engines[2].instructions, uint64_t(2 * trips));
    EXPECT_EQ(r.stepped, 2u * 16);
  }
}

//===----------------------------------------------------------------------===//
// Double buffering: copy, multiply, activate, each with two buffers
//===----------------------------------------------------------------------===//

static Program makePipeline(int64_t trips, int64_t copy, int64_t stream,
                            int64_t map, int64_t credits = 2) {
  ProgramBuilder b;
  uint32_t full = b.addToken(), empty = b.addToken(), done = b.addToken(),
           taken = b.addToken();
  for (int64_t k = 0; k < credits; ++k) {
    b.signal(core(0), empty);
    b.signal(vec, taken);
  }
  b.loop(trips);
  b.wait(dma, empty);
  b.add(dma, makeCopy(copy)); // ns
  b.signal(dma, full);
  b.wait(core(0), full);
  b.wait(core(0), taken);
  b.add(core(0), makeTile());
  b.add(core(0), makeStream(stream)); // 0.1 ns
  b.signal(core(0), empty);
  b.signal(core(0), done);
  b.wait(vec, done);
  b.add(vec, makeMap(map * 256)); // ns
  b.signal(vec, taken);
  b.end();
  for (int64_t k = 0; k < credits; ++k) {
    b.wait(dma, empty);
    b.wait(core(0), taken);
  }
  return b.finish();
}

TEST(Pipeline, SlowestStageDecides) {
  struct {
    int64_t copy, stream, map;
  } cases[] = {{20, 30, 3}, {3, 150, 7}, {4, 50, 30}, {10, 50, 10}};
  for (auto c : cases) {
    int64_t stages[3] = {c.copy, 5 + c.stream / 10, c.map};
    int64_t slowest = *std::max_element(stages, stages + 3);
    int64_t sum = stages[0] + stages[1] + stages[2];
    auto expected = [&](int64_t trips) {
      return (sum + (trips - 1) * slowest) * ns;
    };
    TimingResult small =
        runBoth(makePipeline(500, c.copy, c.stream, c.map), makeTarget());
    EXPECT_EQ(small.latency, expected(500));
    TimingResult large =
        runClosed(makePipeline(100'000'000, c.copy, c.stream, c.map));
    EXPECT_EQ(large.latency, expected(100'000'000));
    EXPECT_EQ(small.stepped, large.stepped);
    EXPECT_LT(large.stepped, 200u);
  }
}

TEST(Pipeline, DeepQueuesFillFirst) {
  // The copies run ahead until the credits are used up: 199 iterations in which
  // the slack shrinks, then the steady state.
  Program program = makePipeline(1'000'000, 1, 50, 9, 400);
  TimingResult closed = runClosed(program);
  EXPECT_TRUE(isEqual(run(program, makeTarget(), TimingMode::Stepped), closed));
  EXPECT_LT(closed.stepped, 60'000u);
}

//===----------------------------------------------------------------------===//
// Unequal rates
//===----------------------------------------------------------------------===//

TEST(Rates, FasterEngineCatchesUpLate) {
  // vec starts far behind dma's signal and catches up by 1 fs per iteration.
  Target target = makeTarget();
  target.spec.mutable_dma()->mutable_bytes_per_ns()->set_value(4e6); // 1 fs
  for (int64_t trips : {1'000'001, 2'000'000'000}) {
    ProgramBuilder b;
    uint32_t token = b.addToken(), start = b.addToken();
    b.add(core(0), makeStream(10)); // 1,000,000 fs
    b.signal(core(0), start);
    b.wait(vec, start);
    b.loop(trips);
    b.add(dma, makeCopy(1'000'001));
    b.signal(dma, token);
    b.wait(vec, token);
    b.add(vec, makeMap(256)); // 1,000,000 fs
    b.end();
    Program program = b.finish();
    TimingResult closed = run(program, target, TimingMode::Closed);
    EXPECT_LT(closed.stepped, 100u);
    EXPECT_EQ(closed.latency, trips * 1'000'001 + 1'000'000);
    if (trips < 2'000'000)
      EXPECT_TRUE(isEqual(run(program, target, TimingMode::Stepped), closed));
  }
}

TEST(Rates, CreditsCoverTheFirstIterations) {
  ProgramBuilder b(2);
  uint32_t token = b.addToken();
  for (int i = 0; i < 100; ++i)
    b.signal(core(0), token);
  b.loop(5000);
  b.add(core(0), makeStream(40)); // 4 ns
  b.signal(core(0), token);
  b.wait(core(1), token);
  b.add(core(1), makeStream(10)); // 1 ns
  b.end();
  for (int i = 0; i < 100; ++i)
    b.wait(core(1), token);
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 20'000 * ns);
  EXPECT_EQ(r.engines[3].stalled[size_t(EngineKind::Core)], 15'000 * ns);
}

TEST(Rates, PeriodOfSeveralIterations) {
  // Two rings of tokens with 2 and 3 credits: the pattern takes 6 iterations.
  ProgramBuilder b(2);
  uint32_t two = b.addToken(), three = b.addToken();
  for (int i = 0; i < 2; ++i)
    b.signal(core(0), two);
  for (int i = 0; i < 3; ++i)
    b.signal(core(1), three);
  b.loop(1'000'000);
  b.wait(dma, two);
  b.wait(dma, three);
  b.add(dma, makeCopy(1));
  uint32_t copied = b.addToken(), copied2 = b.addToken();
  b.signal(dma, copied);
  b.signal(dma, copied2);
  b.wait(core(0), copied);
  b.add(core(0), makeStream(70));
  b.signal(core(0), two);
  b.wait(core(1), copied2);
  b.add(core(1), makeStream(110));
  b.signal(core(1), three);
  b.end();
  for (int i = 0; i < 2; ++i)
    b.wait(dma, two);
  for (int i = 0; i < 3; ++i)
    b.wait(dma, three);
  Program program = b.finish();
  TimingResult closed = runClosed(program);
  EXPECT_TRUE(isEqual(run(program, makeTarget(), TimingMode::Stepped), closed));
  EXPECT_LT(closed.stepped, 1000u);
}

//===----------------------------------------------------------------------===//
// Counts that change
//===----------------------------------------------------------------------===//

TEST(Counts, LastTileIsClipped) {
  for (int64_t trips : {1000, 1'000'000'000}) {
    ProgramBuilder b;
    b.loop(trips);
    // 64 vectors each, 10 in the last iteration.
    b.add(core(0), makeStream(Count{64, Affine{64 * (trips - 1) + 10,
                                               {{0, 1, 0, 1, 0, -64}}}}));
    b.end();
    TimingResult r = runClosed(b.finish());
    EXPECT_EQ(r.latency, (64 * (trips - 1) + 10) * ns / 10);
    EXPECT_LT(r.stepped, 10u);
  }
}

TEST(Counts, DigitsRepeatWithTheirModulus) {
  // Every seventh copy is shorter.
  Count count{10, Affine{66, {{0, 1, 0, 1, 7, -10}}}};
  for (int64_t trips : {7000, 700'000'000}) {
    ProgramBuilder b;
    b.loop(trips);
    b.add(dma, makeCopy(count));
    b.end();
    TimingResult r = runClosed(b.finish());
    EXPECT_EQ(r.latency, trips / 7 * 66 * ns);
    EXPECT_LT(r.stepped, 40u);
  }
}

TEST(Counts, GuardEndsWork) {
  ProgramBuilder b;
  b.loop(1'000'000'000);
  b.add(dma, makeCopy(2)).guard = Guard{0, 8, 3, 8 * 123'456'789};
  b.add(vec, makeMap(256));
  b.end();
  TimingResult r = runClosed(b.finish());
  EXPECT_EQ(r.engines[0].busy, 2 * 123'456'789 * ns);
  EXPECT_EQ(r.engines[0].instructions, 123'456'789u);
  EXPECT_EQ(r.latency, 1'000'000'000 * ns);
  EXPECT_LT(r.stepped, 40u);
}

TEST(Counts, GuardBeginsWork) {
  ProgramBuilder b;
  b.loop(1'000'000'000);
  b.add(dma, makeCopy(2)).guard =
      Guard{0, 8, 3, 8 * 123'456'789, 8 * 23'456'789};
  b.add(vec, makeMap(256));
  b.end();
  TimingResult r = runClosed(b.finish());
  EXPECT_EQ(r.engines[0].busy, 2 * 100'000'000 * ns);
  EXPECT_EQ(r.engines[0].instructions, 100'000'000u);
  EXPECT_EQ(r.latency, 1'000'000'000 * ns);
  EXPECT_LT(r.stepped, 60u);
}

TEST(Nested, LoopsMultiply) {
  for (int64_t trips : {12, 1000}) {
    ProgramBuilder b;
    uint32_t token = b.addToken(), back = b.addToken();
    b.signal(core(0), back);
    b.loop(trips);
    b.wait(dma, back);
    b.loop(trips);
    b.add(dma, makeCopy(2));
    b.end();
    b.signal(dma, token);
    b.wait(core(0), token);
    b.loop(trips);
    b.loop(trips);
    b.add(core(0), makeStream(10));
    b.end();
    b.add(core(0), makeTile());
    b.end();
    b.signal(core(0), back);
    b.end();
    b.wait(dma, back);
    Program program = b.finish();
    TimingResult r = runClosed(program);
    EXPECT_EQ(r.latency, trips * (2 * trips + trips * (trips + 5)) * ns);
    EXPECT_LT(r.stepped, 100u);
    if (trips == 12)
      EXPECT_TRUE(isEqual(run(program, makeTarget(), TimingMode::Stepped), r));
  }
}

//===----------------------------------------------------------------------===//
// Timeline and peak power
//===----------------------------------------------------------------------===//

TEST(Timeline, OneSlicePerInstructionOfAJump) {
  std::vector<TimelineSlice> slices;
  TimingOptions options;
  options.timeline = [&](const TimelineSlice &s) { slices.push_back(s); };
  runClosed(makeIndependent(1'000'000), options);
  ASSERT_EQ(slices.size(), 3u * 16);
  const TimelineSlice &last = slices.back();
  EXPECT_EQ(last.engine, core(7));
  EXPECT_EQ(last.repeat, 999'998u);
  EXPECT_EQ(last.period, 5'800'000);
  EXPECT_EQ(last.begin, 2 * 5'800'000 + 5'000'000);
  EXPECT_EQ(last.end, 1'000'000 * 5'800'000ll);
}

static double getPower(const Instruction &instruction, const Counters &) {
  switch (instruction.body.getOpcode()) {
  case CoreProgram::opcode:
    return 1;
  case CoreStream::opcode:
    return 10;
  case DmaCopy::opcode:
    return 100;
  default:
    return 1000;
  }
}

TEST(Peak, IsExactWhereEnginesRepeatTogether) {
  TimingOptions options;
  options.power = getPower;
  for (int64_t trips : {1000, 100'000'000}) {
    // core 15 ns, dma 3 ns, vec 7 ns per iteration, in turns: with one credit
    // vec and core never overlap.
    Program program = makePipeline(trips, 3, 100, 7, 1);
    TimingResult closed = runClosed(program, options);
    EXPECT_TRUE(closed.peakIsExact);
    if (trips == 1000)
      EXPECT_EQ(closed.peakDynamicW,
                run(program, makeTarget(), TimingMode::Stepped, options)
                    .peakDynamicW);
    EXPECT_EQ(closed.peakDynamicW, 1100);
  }
}

TEST(Peak, IsABoundWhereEnginesDrift) {
  TimingOptions options;
  options.power = getPower;
  TimingResult closed = runClosed(makeIndependent(100'000'000), options);
  EXPECT_EQ(closed.peakDynamicW, 80);
  // The sum of the largest powers may be reached and then is exact.
  TimingResult small = runClosed(makeIndependent(2000), options);
  TimingResult stepped =
      run(makeIndependent(2000), makeTarget(), TimingMode::Stepped, options);
  EXPECT_TRUE(small.peakIsExact);
  EXPECT_EQ(small.peakDynamicW, stepped.peakDynamicW);
}

TEST(Peak, IsABoundWhereTheLargestNeverMeet) {
  // Short streams of two cores, 2 ns apart at first, drift by 1 fs per
  // iteration: too slowly ever to meet.
  Target target = makeTarget();
  editArrays(target, [](auto &machine) {
    machine.mutable_clock_ghz()->set_value(1e6); // 1 fs
  });
  TimingOptions options;
  options.power = getPower;
  for (int64_t trips : {1000, 1'000'000}) {
    ProgramBuilder b(2);
    b.add(dma, makeCopy(2));
    uint32_t token = b.addToken();
    b.signal(dma, token);
    b.wait(core(1), token);
    b.loop(trips);
    for (unsigned c = 0; c < 2; ++c) {
      b.add(core(c), makeTile());
      b.add(core(c), makeStream(100 + c));
    }
    b.end();
    Program program = b.finish();
    TimingResult closed = run(program, target, TimingMode::Closed, options);
    TimingResult stepped = run(program, target, TimingMode::Stepped, options);
    EXPECT_EQ(stepped.peakDynamicW, 101); // dma and the first tile
    EXPECT_EQ(closed.peakDynamicW, 101);
    EXPECT_TRUE(closed.peakIsExact); // 10 + 10 cannot exceed it
    // Without the copy's power the bound shows.
    options.power = [](const Instruction &i, const Counters &counters) {
      return i.engine == dma ? 0 : getPower(i, counters);
    };
    closed = run(program, target, TimingMode::Closed, options);
    EXPECT_EQ(closed.peakIsExact, trips == 1000);
    EXPECT_EQ(closed.peakDynamicW, trips == 1000 ? 11 : 20);
    EXPECT_LT(closed.stepped, 100u);
    options.power = getPower;
  }
}

TEST(Peak, ZeroDurationsDoNotCount) {
  Target target = makeTarget();
  editArrays(target,
             [](auto &machine) { machine.mutable_program_ns()->set_value(0); });
  ProgramBuilder b;
  b.add(core(0), makeTile());
  b.add(dma, makeCopy(1));
  Program program = b.finish();
  TimingOptions options;
  options.power = getPower;
  EXPECT_EQ(run(program, target, TimingMode::Stepped, options).peakDynamicW,
            100);
  EXPECT_EQ(run(program, target, TimingMode::Closed, options).peakDynamicW,
            100);
}

TEST(Peak, EnginesThatOnlyTouchDoNotAdd) {
  ProgramBuilder b;
  uint32_t token = b.addToken();
  b.add(dma, makeCopy(4));
  b.signal(dma, token);
  b.wait(vec, token);
  b.add(vec, makeMap(256));
  Program program = b.finish();
  TimingOptions options;
  options.power = getPower;
  for (TimingMode mode : {TimingMode::Stepped, TimingMode::Closed})
    EXPECT_EQ(run(program, makeTarget(), mode, options).peakDynamicW, 1000);
}
