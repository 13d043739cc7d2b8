//===- CostTest.cpp - Time and energy of crossbars --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../timing/TestTiming.h"
#include "Network.h"

using namespace phx;
using namespace phx::testing;

/// Time of the row blocks of a product on an array, `rows` altogether: 25 ns
/// per programmed row, then for each vector 3 ns and 0.5 ns per row.
static Femtoseconds getTime(const CrossbarLayer &layer, int64_t vectors,
                            int64_t rows, int64_t width) {
  int64_t kBlocks = (layer.k + width - 1) / width;
  return kBlocks * (rows * 25 * ns + vectors * (3 * ns + rows * ns / 2));
}

TEST(CrossbarTiming, FollowsTheDurationsOfTheClass) {
  Network network(7);
  Program program = makeOrderedProgram(network);
  TimingResult result = runBoth(program, makeCrossbarTarget());
  ASSERT_EQ(result.engines.size(), 7u);
  // 6 rows are 4 on the first lane and 2 on the other, which waits for it.
  Femtoseconds first = getTime(network.first, 7, 4, 8);
  Femtoseconds update = 6 * 20 * 3 * ns / 2;
  EXPECT_EQ(result.engines[2].engine, narrow0);
  EXPECT_EQ(result.engines[2].busy, first);
  EXPECT_EQ(result.engines[3].busy, first);
  EXPECT_EQ(result.engines[4].busy, update);
  // 21 rows are 16 on one array and 5 on the next.
  Femtoseconds second = getTime(network.second, 7, 16, 16);
  EXPECT_EQ(result.engines[5].engine, wide0);
  EXPECT_EQ(result.engines[5].busy, second);
  EXPECT_EQ(result.engines[6].busy, getTime(network.second, 7, 5, 16));
  // Groups work side by side; the update waits for the product.
  EXPECT_EQ(result.latency, std::max(first + update, second));
}

TEST(CrossbarTiming, LongLoopsAreNotSteppedThrough) {
  Network network(20'000);
  Program program = makeOrderedProgram(network);
  Target target = makeCrossbarTarget();
  TimingResult closed = runBoth(program, target);
  EXPECT_EQ(closed.engines[2].busy, getTime(network.first, 20'000, 4, 8));
  EXPECT_LT(closed.stepped, 5'000u);
}

TEST(CrossbarTiming, PricesOfOneGroupLeaveTheOther) {
  Program program = makeOrderedProgram(Network(7));
  TimingResult plain = runBoth(program, makeCrossbarTarget());
  TimingResult slow =
      runBoth(program, makeCrossbarTarget({"wide.fill_ns=9"}));
  EXPECT_EQ(slow.engines[2].busy, plain.engines[2].busy);
  EXPECT_GT(slow.engines[5].busy, plain.engines[5].busy);
}

TEST(CrossbarTiming, PeaksAreTheSameBothWays) {
  Program program = makeOrderedProgram(Network(40));
  Target target = makeCrossbarTarget();
  DynamicPower power(program, target);
  TimingOptions options;
  options.power = [&](const Instruction &instruction,
                      const Counters &counters) {
    return power(instruction, counters);
  };
  TimingResult stepped = run(program, target, TimingMode::Stepped, options);
  TimingResult closed = run(program, target, TimingMode::Closed, options);
  EXPECT_GT(stepped.peakDynamicW, 0);
  EXPECT_TRUE(closed.peakIsExact);
  EXPECT_EQ(closed.peakDynamicW, stepped.peakDynamicW);
}

//===----------------------------------------------------------------------===//
// Charges
//===----------------------------------------------------------------------===//

/// What the executions of instruction `index` charge, one by one.
static Counters64 addUp(const Program &program, const Target &target,
                        size_t index) {
  std::vector<int64_t> trips;
  for (size_t i = 0; i < index; ++i) {
    if (const Loop *loop = getIf<Loop>(program.code[i].body))
      trips.push_back(loop->count);
    if (holds<End>(program.code[i].body))
      trips.pop_back();
  }
  trips.resize(2, 1);
  Counters64 total{};
  for (int64_t i = 0; i < trips[0]; ++i)
    for (int64_t j = 0; j < trips[1]; ++j)
      accumulate(total, getCharges(program, program.code[index],
                                   Counters{i, j}, target));
  return total;
}

TEST(CrossbarCharges, AreCountedInClosedForm) {
  Program program = makeOrderedProgram(Network(9));
  Target target = makeCrossbarTarget();
  std::vector<Counters64> charges = *countCharges(program, target);
  ASSERT_EQ(charges.size(), program.code.size());
  for (size_t i = 0; i < charges.size(); ++i)
    if (!holds<Loop>(program.code[i].body) && !holds<End>(program.code[i].body))
      EXPECT_EQ(charges[i], addUp(program, target, i)) << i;
}

TEST(CrossbarCharges, ArePricedByGroup) {
  const uint64_t vectors = 9;
  Network network(vectors);
  const CrossbarLayer &a = network.first, &b = network.second;
  auto area = [](const CrossbarLayer &l) { return uint64_t(l.m * l.k); };
  // Passes: 20 positions on 8 columns, 37 on 16.
  uint64_t readsA = vectors * uint64_t(a.m) * 3;
  uint64_t readsB = vectors * uint64_t(b.m) * 3;
  Program program = makeOrderedProgram(network);
  Target target = makeCrossbarTarget();
  ChargeTotals totals;
  std::vector<Counters64> charges = *countCharges(program, target);
  for (size_t i = 0; i < charges.size(); ++i)
    totals.add(getPriceContext(program, program.code[i], target), charges[i]);
  Counters64 total = totals.getTotal();
  EXPECT_EQ(get(total, crossbar::getReadouts()), readsA + readsB);
  EXPECT_EQ(get(total, crossbar::getCellWrites()), 2 * area(a) + area(b));
  EXPECT_EQ(get(total, counters::macs), vectors * (area(a) + area(b)));
  Energies energies = priceCharges(totals, target);
  EXPECT_DOUBLE_EQ(get(energies, crossbar::getReadoutComponent()),
                   0.25 * double(readsA) + 0.75 * double(readsB));
  EXPECT_DOUBLE_EQ(get(energies, crossbar::getCellsComponent()),
                   4.0 * double(2 * area(a) + area(b)));
  EXPECT_EQ(get(total, *findCounter("adc_conversions")), 0u);
}

TEST(CrossbarCharges, TheFirstPassReadsNoSums) {
  Program program = makeOrderedProgram(Network(2));
  Target target = makeCrossbarTarget();
  for (const Instruction &instruction : program.code) {
    if (!holds<CrossbarDot>(instruction.body) || instruction.engine != narrow0)
      continue;
    // list, in, scale, acc, out: 8 positions on each lane, 4 rows and 2.
    auto bytes = [&](int64_t tile) {
      return get(getCharges(program, instruction, Counters{tile, 0}, target),
                 counters::scratchpadBytes);
    };
    EXPECT_EQ(bytes(0), 64u + 64 + 24 + 48 + 24);
    EXPECT_EQ(bytes(1), 64u + 64 + 24 + 96 + 24);
  }
}

TEST(CrossbarPower, BiasIsStaticAndAreaFollowsGeometry) {
  auto getCells = [](const Target &target) {
    for (const AreaItem &item : getArea(target))
      if (describe(item.part).name == "crossbar_cells" && describe(item.part).photonic)
        return item.mm2;
    return 0.0;
  };
  Target target = makeCrossbarTarget();
  Energies watts = getStaticPower(target, MemoryModel::Ideal);
  EXPECT_DOUBLE_EQ(get(watts, crossbar::getCellsComponent()),
                   (3 * 4 + 2 * 16) * 0.5e-3);
  EXPECT_DOUBLE_EQ(getCells(target), 3 * 4 * 8 * 0.001);
  EXPECT_DOUBLE_EQ(getCells(makeCrossbarTarget({"narrow.rows=8"})),
                   3 * 8 * 8 * 0.001);
}

TEST(CrossbarTarget, RulesAndStalePricesAreItsOwn) {
  Target target = makeCrossbarTarget({"wide.adc_bits=7"});
  auto stale = findStalePrices(target);
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(describe(stale[0]), "wide.adc_bits is 7 instead of 6, for which "
                                "wide.readout_pj was stated");
}
