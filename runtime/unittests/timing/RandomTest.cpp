//===- RandomTest.cpp - Both simulations agree on random programs ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/InstructionCoverage.h"
#include "../support/RandomShare.h"
#include "RandomPrograms.h"

#include <map>

using namespace phx;
using namespace phx::testing;

namespace {
/// What a timeline says about each engine and about each static instruction.
struct Timeline {
  std::map<uint32_t, uint64_t> repeats;
  std::map<uint32_t, std::pair<Femtoseconds, Femtoseconds>> spans;

  void add(const TimelineSlice &slice) {
    repeats[slice.instruction] += slice.repeat;
    auto [entry, isNew] =
        spans.try_emplace(slice.instruction, slice.begin, slice.end);
    entry->second.first = std::min(entry->second.first, slice.begin);
    entry->second.second = std::max(entry->second.second, slice.end);
    EXPECT_GE(slice.end,
              slice.begin + Femtoseconds(slice.repeat - 1) * slice.period);
  }
};

struct Both {
  TimingResult stepped, closed;
};
} // namespace

/// Depends on counts and on whether an accumulation starts, like real prices.
static double getPower(const Instruction &instruction,
                       const Counters &counters) {
  double watts = 1 + double(instruction.engine.index) / 8 +
                 double(instruction.engine.kind) / 3;
  if (auto *tile = getIf<CoreProgram>(instruction.body))
    watts += double(evaluate(tile->rows, counters)) / 7;
  if (auto *copy = getIf<DmaCopy>(instruction.body))
    watts += double(evaluate(copy->shape[3], counters)) / 11;
  if (auto *stream = getIf<CoreStream>(instruction.body))
    watts += evaluate(stream->start, counters) == 0 ? 0.25 : 0.75;
  return watts;
}

static Both compare(const Program &program, const Target &target, bool power) {
  Timeline timelines[2];
  Both both;
  for (int i = 0; i < 2; ++i) {
    TimingOptions options;
    if (power) {
      options.power = getPower;
      options.timeline = [&](const TimelineSlice &s) { timelines[i].add(s); };
    }
    (i ? both.closed : both.stepped) = run(
        program, target, i ? TimingMode::Closed : TimingMode::Stepped, options);
  }
  EXPECT_TRUE(isEqual(both.stepped, both.closed));
  EXPECT_EQ(timelines[0].repeats, timelines[1].repeats);
  EXPECT_EQ(timelines[0].spans, timelines[1].spans);
  EXPECT_TRUE(both.stepped.peakIsExact);
  if (both.closed.peakIsExact)
    EXPECT_EQ(both.stepped.peakDynamicW, both.closed.peakDynamicW);
  else
    EXPECT_GE(both.closed.peakDynamicW, both.stepped.peakDynamicW);
  return both;
}

/// Compares `programs` of them; returns how many were jumped in.
static int compareMany(int programs, int64_t mostTrips) {
  int jumped = 0, bounded = 0;
  uint64_t dynamic = 0, simulated = 0;
  InstructionCoverage coverage;
  for (int seed = 0; seed < programs; ++seed) {
    RandomPrograms generator(uint64_t(seed), mostTrips);
    Program program = generator.makeProgram();
    coverage.add(program);
    Target target = generator.makePrices();
    Both both = compare(program, target, seed % 3 == 0);
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "seed " << seed;
      break;
    }
    jumped += both.closed.stepped < both.stepped.stepped;
    bounded += !both.closed.peakIsExact;
    dynamic += both.stepped.stepped;
    simulated += both.closed.stepped;
  }
  coverage.expectAll("rns", "RandomPrograms::makeWork");
  std::printf("%d programs, %d jumped (%.1f %%), %d with a bounded peak; %.1f "
              "million dynamic instructions, %.1f %% of them stepped\n",
              programs, jumped, 100.0 * jumped / programs, bounded,
              double(dynamic) / 1e6,
              100.0 * double(simulated) / double(dynamic));
  return jumped;
}

TEST(Random, SteppedEqualsClosed) {
  int programs = static_cast<int>(getRandomShare(11000));
  EXPECT_GT(compareMany(programs, 2000), programs / 2);
}

TEST(Random, SteppedEqualsClosedOnLongLoops) {
  EXPECT_GT(compareMany(120, 100'000), 120 / 2);
}
