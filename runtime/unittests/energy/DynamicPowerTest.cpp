//===- DynamicPowerTest.cpp - Power, iteration by iteration -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/RandomShare.h"
#include "ChargeGenerator.h"
#include "phx/energy/Energy.h"

#include <gtest/gtest.h>

#include <random>

using namespace phx;
using phx::testing::ChargeGenerator;

namespace {
/// Powers without memory of earlier executions.
class PlainPower {
public:
  PlainPower(const Program &program, const Target &target)
      : program(program), target(target), durations(program, target) {}

  double operator()(const Instruction &instruction, const Counters &counters) {
    Femtoseconds duration = durations.get(instruction, counters);
    if (duration <= 0)
      return 0;
    Counters64 charges = getCharges(program, instruction, counters, target);
    return sum(priceCharges(charges, getPricesOf(instruction))) * 1e3 /
           static_cast<double>(duration);
  }

private:
  const Prices &getPricesOf(const Instruction &instruction) {
    PriceContext context = getPriceContext(program, instruction, target);
    for (const auto &[seen, prices] : known)
      if (seen == context)
        return prices;
    known.emplace_back(context, getPrices(target, context));
    return known.back().second;
  }

  const Program &program;
  const Target &target;
  const InstructionDurations durations;
  std::vector<std::pair<PriceContext, Prices>> known;
};
} // namespace

TEST(DynamicPower, FollowsEveryIteration) {
  Target target = *loadTarget("mirage");
  const uint64_t programs = phx::testing::getRandomShare(500);
  uint64_t differing = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    Program program = ChargeGenerator(static_cast<unsigned>(seed), 600).make();
    DynamicPower power(program, target);
    PlainPower expected(program, target);
    std::mt19937_64 random(seed);
    auto pick = [&](int64_t count) {
      return std::uniform_int_distribution<int64_t>(0, count - 1)(random);
    };
    std::vector<int64_t> trips;
    for (size_t i = 0; i < program.code.size(); ++i) {
      const Instruction &instruction = program.code[i];
      if (const auto *loop = getIf<Loop>(instruction.body))
        trips.push_back(loop->count);
      else if (holds<End>(instruction.body))
        trips.pop_back();
      if (instruction.getDescription().place == EnginePlace::None)
        continue;
      std::array<Counters, 7> iterations{};
      for (Counters &counters : iterations)
        for (size_t depth = 0; depth < trips.size(); ++depth)
          counters[depth] = pick(trips[depth]);
      // Again and again in any order: some are remembered, others no more.
      double before = 0;
      for (int visit = 0; visit < 30; ++visit) {
        const Counters &counters = iterations[size_t(pick(7))];
        double watts = power(instruction, counters);
        ASSERT_DOUBLE_EQ(watts, expected(instruction, counters))
            << "seed " << seed << ", instruction " << i;
        differing += visit != 0 && watts != before;
        before = watts;
      }
    }
  }
  // Otherwise nothing could be mistaken for something else.
  EXPECT_GT(differing, programs / 2);
}
