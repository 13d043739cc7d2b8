//===- Prices.cpp - What charges cost ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <algorithm>

using namespace phx;

/// Appends the prices of the bytes that `counter` sums: of the memories off
/// chip, or of all others.
static void addMemoryPrices(const Target &target, Counter counter,
                            Component component, Prices &prices) {
  Prices own;
  for (uint32_t m = 0; m < static_cast<uint32_t>(target.spec.memories_size());
       ++m) {
    const proto::Memory &memory = target.spec.memories(static_cast<int>(m));
    bool isOffChip =
        memory.kind().value() == getKindName(MemoryKind::OffChip);
    if (isOffChip != (counter == counters::dramBytes))
      continue;
    own.push_back(
        {getReadCounter(m), component, memory.read_pj_per_byte().value()});
    own.push_back(
        {getWriteCounter(m), component, memory.write_pj_per_byte().value()});
  }
  bool isUniform = std::all_of(own.begin(), own.end(), [&](const Price &price) {
    return price.pj == own.front().pj;
  });
  // One product for all bytes of one price.
  if (isUniform && !own.empty())
    own = {{counter, component, own.front().pj}};
  prices.insert(prices.end(), own.begin(), own.end());
}

Prices phx::getPrices(const Target &target, const PriceContext &context) {
  Prices prices;
  for (Counter counter : getCounters()) {
    const CounterDeclaration &declared = describe(counter);
    if (counter == counters::scratchpadBytes || counter == counters::dramBytes)
      addMemoryPrices(target, counter, *declared.component, prices);
    else if (declared.component)
      prices.push_back(
          {counter, *declared.component, declared.price(target, context)});
  }
  return prices;
}

/// True if the prices of a counter may depend on the context.
static bool isOfClass(Counter counter) {
  return counter.index > counters::macs.index && counter.index < maxCounters;
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
  for (const Price &price : prices)
    energies[price.component.index] +=
        static_cast<double>(get(charges, price.counter)) * price.pj;
  return energies;
}

Energies phx::priceCharges(const ChargeTotals &charges, const Target &target) {
  Counters64 total = charges.getTotal();
  std::vector<Prices> prices;
  for (const auto &part : charges.getParts())
    prices.push_back(getPrices(target, part.first));
  Energies energies{};
  if (prices.empty())
    return energies;
  // A counter at a time, so that a sum does not depend on how charges are
  // split where their prices agree. All lists have the same counters.
  for (size_t k = 0; k < prices.front().size(); ++k) {
    const Price &first = prices.front()[k];
    double &energy = energies[first.component.index];
    if (!isOfClass(first.counter)) {
      energy += static_cast<double>(get(total, first.counter)) * first.pj;
      continue;
    }
    for (size_t i = 0; i < prices.size(); ++i)
      energy += static_cast<double>(
                    get(charges.getParts()[i].second, first.counter)) *
                prices[i][k].pj;
  }
  return energies;
}

Energies phx::priceCharges(const Counters64 &charges, const Target &target) {
  return priceCharges(charges, getPrices(target, getPriceContext(target)));
}
