//===- Prices.cpp - What charges cost ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <algorithm>

using namespace phx;

Prices phx::getPrices(const Target &target, const PriceContext &context) {
  Prices prices{};
  for (Counter counter : getCounters())
    if (const CounterDeclaration &declared = describe(counter); declared.price)
      prices[counter.index] = declared.price(target, context);
  return prices;
}

/// True if the prices of a counter may depend on the context.
static bool isOfClass(Counter counter) {
  return counter.index > counters::macs.index;
}

void ChargeTotals::add(const PriceContext &context, const Counters64 &charges) {
  for (auto &[known, total] : parts)
    if (known == context)
      return accumulate(total, charges);
  parts.push_back({context, charges});
}

void ChargeTotals::add(const ChargeTotals &other) {
  for (const auto &[context, charges] : other.parts)
    add(context, charges);
}

Counters64 ChargeTotals::getTotal() const {
  Counters64 total{};
  for (const auto &part : parts)
    accumulate(total, part.second);
  return total;
}

Energies phx::priceCharges(const Counters64 &charges, const Prices &prices) {
  Energies energies{};
  for (Counter counter : getCounters())
    if (const auto &component = describe(counter).component)
      energies[component->index] +=
          static_cast<double>(get(charges, counter)) * prices[counter.index];
  return energies;
}

Energies phx::priceCharges(const ChargeTotals &charges, const Target &target) {
  Counters64 total = charges.getTotal();
  std::vector<Prices> prices;
  for (const auto &part : charges.getParts())
    prices.push_back(getPrices(target, part.first));
  Energies energies{};
  // A counter at a time, so that a sum does not depend on how charges are
  // split where their prices agree.
  for (Counter counter : getCounters()) {
    const auto &component = describe(counter).component;
    if (!component || prices.empty())
      continue;
    double &energy = energies[component->index];
    if (!isOfClass(counter)) {
      energy += static_cast<double>(get(total, counter)) *
                prices.front()[counter.index];
      continue;
    }
    for (size_t i = 0; i < prices.size(); ++i)
      energy +=
          static_cast<double>(get(charges.getParts()[i].second, counter)) *
          prices[i][counter.index];
  }
  return energies;
}

Energies phx::priceCharges(const Counters64 &charges, const Target &target) {
  return priceCharges(charges, getPrices(target, getPriceContext(target)));
}
