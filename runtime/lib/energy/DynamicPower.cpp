//===- DynamicPower.cpp - Power of running instructions ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

using namespace phx;

const Prices &DynamicPower::getPricesOf(const Instruction &instruction) {
  PriceContext context = getPriceContext(program, instruction, target);
  for (const auto &[seen, prices] : known)
    if (seen == context)
      return prices;
  known.push_back({context, getPrices(target, context)});
  return known.back().second;
}

double DynamicPower::operator()(const Instruction &instruction,
                                const Counters &counters) {
  Femtoseconds duration = getDuration(program, instruction, counters, target);
  if (duration <= 0)
    return 0;
  double picojoules =
      sum(priceCharges(getCharges(program, instruction, counters, target),
                       getPricesOf(instruction)));
  return picojoules * 1e3 / static_cast<double>(duration); // pJ/fs = kW
}
