//===- RandomTest.cpp - Both simulations agree on random programs ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/InstructionCoverage.h"
#include "../support/RandomShare.h"
#include "../support/Unroll.h"
#include "RandomPrograms.h"

#include <cinttypes>
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

using Power = double (*)(const Instruction &, const Counters &);

/// `power`: null if it does not matter.
static Both compare(const Program &program, const Target &target, Power power,
                    const RunCounts &counts = {}) {
  Timeline timelines[2];
  Both both;
  for (int i = 0; i < 2; ++i) {
    TimingOptions options;
    options.counts = counts;
    if (power) {
      options.power = power;
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

namespace {
/// How close the peaks of the closed form are: a bound of everything would be a
/// bound, too.
struct Peaks {
  uint64_t all = 0, bounded = 0;
  double looseness = 0, loosest = 1; ///< summed, most: bound over peak

  void add(const Both &both) {
    ++all;
    if (both.closed.peakIsExact)
      return;
    ++bounded;
    double ratio = both.closed.peakDynamicW / both.stepped.peakDynamicW;
    looseness += ratio;
    loosest = std::max(loosest, ratio);
  }
};
} // namespace

/// Compares `programs` of them; returns how many were jumped in.
static uint64_t compareMany(uint64_t programs, int64_t mostTrips) {
  uint64_t jumped = 0;
  Peaks peaks;
  uint64_t dynamic = 0, simulated = 0;
  InstructionCoverage coverage;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomPrograms generator(seed, mostTrips);
    Program program = generator.makeProgram();
    coverage.add(program);
    Target target = generator.makePrices();
    Both both = compare(program, target, seed % 3 == 0 ? getPower : nullptr);
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "seed " << seed;
      break;
    }
    jumped += both.closed.stepped < both.stepped.stepped;
    if (seed % 3 == 0)
      peaks.add(both);
    dynamic += both.stepped.stepped;
    simulated += both.closed.stepped;
  }
  coverage.expectAll("rns", "RandomPrograms::makeWork");
  std::printf("%" PRIu64 " programs, %" PRIu64 " jumped (%.1f %%); %.1f "
              "million dynamic instructions, %.1f %% of them stepped; %" PRIu64
              " of %" PRIu64 " peaks are bounds, %.3f times the peak, at most "
              "%.3f\n",
              programs, jumped, 100.0 * double(jumped) / double(programs),
              double(dynamic) / 1e6,
              100.0 * double(simulated) / double(dynamic), peaks.bounded,
              peaks.all,
              peaks.looseness / double(std::max<uint64_t>(peaks.bounded, 1)),
              peaks.loosest);
  // At most one in a hundred is a bound, and not far from the peak.
  EXPECT_LE(peaks.bounded, 1 + peaks.all / 100);
  EXPECT_LT(peaks.loosest, 1.5);
  return jumped;
}

TEST(Random, SteppedEqualsClosed) {
  const uint64_t programs = getRandomShare(11000);
  EXPECT_GT(compareMany(programs, 2000), programs / 2);
}

TEST(Random, SteppedEqualsClosedOnLongLoops) {
  const uint64_t programs = getRandomShare(120);
  EXPECT_GT(compareMany(programs, 100'000), programs / 2);
}

//===----------------------------------------------------------------------===//
// Count registers
//===----------------------------------------------------------------------===//

/// What registers are given: always the same, now and then another number, or
/// anything.
static Unroller::Choose choose(const Program &program, uint64_t seed) {
  auto random = std::make_shared<std::mt19937_64>(seed);
  auto latest = std::make_shared<std::vector<std::optional<int64_t>>>(
      program.registers.size());
  return [&program, seed, random, latest](uint32_t index) {
    int64_t most = program.registers[index].most;
    std::optional<int64_t> &value = (*latest)[index];
    std::uniform_int_distribution<int64_t> any(0, most), percent(0, 99);
    static constexpr int64_t changes[] = {0, 5, 100};
    if (!value || percent(*random) < changes[(seed + index) % 3])
      value = any(*random);
    return *value;
  };
}

/// The same for all arrays: where an index is affine, the instruction says
/// another than its copy for one iteration.
static double getPowerOfCounts(const Instruction &instruction,
                               const Counters &counters) {
  Instruction first = instruction;
  first.engine.index = 0;
  return getPower(first, counters);
}

TEST(Random, RegistersSteppedEqualsClosedEqualsUnrolled) {
  const uint64_t programs = getRandomShare(6000);
  uint64_t compared = 0, jumped = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomPrograms generator(seed, 2000);
    generator.registers = true;
    Program program = generator.makeProgram();
    Target target = generator.makePrices();
    auto unrolled = Unroller(program, choose(program, seed))
                        .run(/*most=*/20000);
    if (!unrolled)
      continue;
    Power power = seed % 3 == 0 ? getPowerOfCounts : nullptr;
    Both both = compare(program, target, power, unrolled->getCounts());
    TimingOptions options;
    if (power)
      options.power = power;
    TimingResult straight =
        run(unrolled->program, target, TimingMode::Stepped, options);
    EXPECT_TRUE(isEqual(both.stepped, straight));
    if (power)
      EXPECT_EQ(both.stepped.peakDynamicW, straight.peakDynamicW);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    ++compared;
    jumped += both.closed.stepped < both.stepped.stepped;
  }
  std::printf("%" PRIu64 " of %" PRIu64 " programs compared, %" PRIu64
              " jumped\n",
              compared, programs, jumped);
  EXPECT_GT(compared, programs / 2);
  EXPECT_GT(jumped, programs / 10);
}
