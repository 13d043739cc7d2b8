//===- DynamicPower.cpp - Power of running instructions ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChargeInputs.h"

#include "phx/energy/Energy.h"

#include <algorithm>
#include <functional>

using namespace phx;

const Prices &DynamicPower::getPricesOf(const Instruction &instruction) {
  PriceContext context = getPriceContext(program, instruction, target);
  for (const auto &[seen, prices] : known)
    if (seen == context)
      return prices;
  known.push_back({context, getPrices(target, context)});
  return known.back().second;
}

double DynamicPower::compute(const Instruction &instruction,
                             const Counters &counters) {
  Femtoseconds duration = durations.get(instruction, counters);
  if (duration <= 0)
    return 0;
  double picojoules =
      sum(priceCharges(getCharges(program, instruction, counters, target),
                       getPricesOf(instruction)));
  return picojoules * 1e3 / static_cast<double>(duration); // pJ/fs = kW
}

/// Values that charges and duration of an execution follow from.
static void collectInputs(const detail::ChargeInputs &fields,
                          const Counters &counters,
                          std::vector<int64_t> &inputs) {
  inputs.clear();
  for (const Count *count : fields.counts)
    inputs.push_back(evaluate(*count, counters));
  for (const Affine *value : fields.values)
    inputs.push_back(evaluate(*value, counters));
  if (fields.start)
    inputs.push_back(evaluate(*fields.start, counters) == 0);
  if (fields.fillStart)
    inputs.push_back(evaluate(*fields.fillStart, counters));
}

double DynamicPower::operator()(const Instruction &instruction,
                                const Counters &counters) {
  // Copies with the values of registers put in have no place of their own, and
  // lanes may differ.
  std::less<const Instruction *> before;
  const Instruction *begin = program.code.data();
  if (before(&instruction, begin) ||
      !before(&instruction, begin + program.code.size()) ||
      instruction.arrays.lanes != 1)
    return compute(instruction, counters);
  if (!evaluate(instruction.guard, counters))
    return 0;
  latest.resize(program.code.size());
  Latest &seen = latest[size_t(&instruction - begin)];
  if (!seen.fields)
    seen.fields = std::make_shared<detail::ChargeInputs>(instruction);
  collectInputs(*seen.fields, counters, inputs);
  for (size_t i = 0; i < seen.used; ++i)
    if (seen.inputs[i] == inputs)
      return seen.watts[i];
  double watts = compute(instruction, counters);
  seen.inputs[seen.next] = inputs;
  seen.watts[seen.next] = watts;
  seen.used = std::max(seen.used, seen.next + 1);
  seen.next = (seen.next + 1) % Latest::entries;
  return watts;
}
