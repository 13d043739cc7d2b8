//===- Observation.cpp - All that a program does ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Observation.h"

#include "phx/exec/Executor.h"

#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;

static bool isEqual(const TimingResult &a, const TimingResult &b) {
  auto isSame = [](const EngineTiming &x, const EngineTiming &y) {
    return x.engine == y.engine && x.busy == y.busy && x.idle == y.idle &&
           x.stalled == y.stalled && x.instructions == y.instructions;
  };
  return a.latency == b.latency && a.layers == b.layers &&
         std::equal(a.engines.begin(), a.engines.end(), b.engines.begin(),
                    b.engines.end(), isSame);
}

bool phx::test::operator==(const Observation &a, const Observation &b) {
  return a.failure == b.failure && a.contents == b.contents &&
         a.mantissas == b.mantissas && a.counts == b.counts &&
         isEqual(a.timing, b.timing) && a.charges == b.charges &&
         a.energy == b.energy;
}

static void execute(const Program &program, const std::string &kind,
                    Observation &result) {
  auto executor = createExecutor(kind, program);
  ASSERT_TRUE(executor.ok()) << executor.error().message;
  ExecutionOptions options;
  options.threads = 1;
  auto outputs = (*executor)->run({}, options);
  if (!outputs)
    result.failure = outputs.error().message;
  for (const std::string &name : (*executor)->getStateNames())
    result.contents[name] = (*executor)->getState(name)->bytes;
  if (auto counts = (*executor)->getCounts())
    result.counts = *counts;
  for (const LayerStatistics &layer : (*executor)->getStatistics())
    result.mantissas.push_back({layer.mantissas, layer.zeroMantissas});
}

/// What a run has counted; nothing if it failed.
static RunCounts getCounts(const Program &program, const Observation &seen) {
  if (seen.failure.empty())
    return {std::make_shared<CountTrace>(seen.counts), {}};
  RunCounts counts;
  counts.assumed.assign(program.registers.size(), 0);
  return counts;
}

static TimingResult getTiming(const Program &program, const Target &target,
                              TimingMode mode, const RunCounts &counts) {
  TimingOptions options;
  options.mode = mode;
  options.counts = counts;
  Result<TimingResult> result = simulate(program, target, options);
  EXPECT_TRUE(result.ok()) << result.error().message;
  return result.ok() ? *result : TimingResult();
}

Observation phx::test::observe(const Program &program, const Target &target) {
  Observation result, fast;
  execute(program, "reference", result);
  execute(program, "fast", fast);
  EXPECT_EQ(result.failure, fast.failure);
  EXPECT_EQ(result.contents, fast.contents);
  EXPECT_EQ(result.counts, fast.counts);
  RunCounts counts = getCounts(program, result);
  result.timing = getTiming(program, target, TimingMode::Closed, counts);
  EXPECT_TRUE(
      isEqual(result.timing,
              getTiming(program, target, TimingMode::Stepped, counts)));
  std::vector<Counters64> charges = *countCharges(program, target, counts);
  ChargeTotals totals;
  for (size_t i = 0; i < charges.size(); ++i) {
    const Instruction &instruction = program.code[i];
    totals.add(getPriceContext(program, instruction, target), charges[i]);
    if (charges[i] == Counters64{})
      continue; // control is in no layer's account
    Counters64 &layer = result.charges[instruction.layer];
    for (size_t c = 0; c < layer.size(); ++c)
      layer[c] += charges[i][c];
  }
  result.energy = priceCharges(totals, target);
  return result;
}
