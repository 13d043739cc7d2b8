//===- PricesTest.cpp - Prices, static power, lasers, area -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

using namespace phx;

static Target load(const std::vector<std::string> &set = {}) {
  auto target = loadTarget("mirage", set);
  EXPECT_TRUE(target.ok()) << (target.ok() ? "" : target.error().message);
  return *target;
}

TEST(Prices, EachCounterHasItsComponent) {
  Target target = load();
  auto price = [&](Counter counter) {
    Counters64 charges{};
    charges[static_cast<unsigned>(counter)] = 1000;
    Energies energies = priceCharges(charges, target);
    return std::accumulate(energies.begin(), energies.end(), 0.0);
  };
  EXPECT_DOUBLE_EQ(price(Counter::DacConversions), 14.3);
  EXPECT_DOUBLE_EQ(price(Counter::AdcConversions), 14.3);
  EXPECT_DOUBLE_EQ(price(Counter::TiaSymbols), 187.04);
  EXPECT_DOUBLE_EQ(price(Counter::BfpConversions), 1320);
  EXPECT_DOUBLE_EQ(price(Counter::NearestRoundings), 30);
  EXPECT_DOUBLE_EQ(price(Counter::StochasticRoundings), 100);
  EXPECT_DOUBLE_EQ(price(Counter::ForwardConversions), 170);
  EXPECT_DOUBLE_EQ(price(Counter::ReverseConversions), 480);
  EXPECT_DOUBLE_EQ(price(Counter::Accumulations), 109);
  EXPECT_DOUBLE_EQ(price(Counter::VectorOps), 12420);
  EXPECT_DOUBLE_EQ(price(Counter::ScratchpadBytes), 480);
  EXPECT_DOUBLE_EQ(price(Counter::DramBytes), 31000);
  EXPECT_DOUBLE_EQ(price(Counter::Macs), 0);
}

TEST(Prices, RoundingBelongsToTheConversion) {
  Target target = load();
  Counters64 charges{};
  for (Counter counter : {Counter::BfpConversions, Counter::NearestRoundings,
                          Counter::StochasticRoundings})
    charges[static_cast<unsigned>(counter)] = 100;
  EXPECT_DOUBLE_EQ(
      priceCharges(charges, target)[static_cast<unsigned>(Component::Bfp)],
      132 + 3 + 10);
}

TEST(Prices, NamesAreDistinct) {
  std::set<std::string> names;
  for (unsigned i = 0; i < numCounters; ++i)
    EXPECT_TRUE(names.insert(getCounterName(static_cast<Counter>(i))).second);
  names.clear();
  for (unsigned i = 0; i < numComponents; ++i)
    EXPECT_TRUE(
        names.insert(getComponentName(static_cast<Component>(i))).second);
}

TEST(StaticPower, DramOnlyUnderHierarchy) {
  Target target = load({"scratchpads.static_mw=250"});
  auto ideal = getStaticPower(target, MemoryModel::Ideal);
  auto hierarchy = getStaticPower(target, MemoryModel::Hierarchy);
  auto at = [](const auto &watts, Component component) {
    return watts[static_cast<unsigned>(component)];
  };
  EXPECT_EQ(at(ideal, Component::Dram), 0);
  EXPECT_EQ(at(hierarchy, Component::Dram), 1);
  EXPECT_EQ(at(ideal, Component::Scratchpad), 0.25);
  EXPECT_EQ(at(ideal, Component::Laser), getLaserPower(target));
}

/// The link budget by bisection instead of a closed form.
static double findLaserPower(double snr, double columns) {
  const double q = 1.602176634e-19, k = 1.380649e-23, df = 10e9;
  double watts = 0;
  for (double m : {31.0, 32.0, 33.0}) {
    double low = 0, high = 1;
    for (int i = 0; i < 200; ++i) {
      double current = (low + high) / 2;
      double noise = std::sqrt(2 * q * current * df + 4 * k * 300 * df / 1000);
      (current / noise < snr * m ? low : high) = current;
    }
    double phase = std::ceil((m - 1) * (m - 1) / 2) * 2 * std::acos(-1) / m;
    double millimetres = 0.002 / 1.08 * phase / std::acos(-1) * 10;
    double loss = columns * millimetres * 1.6 + 0.2;
    watts += high / 1.1 * std::pow(10, loss / 10);
  }
  return watts * 2 * 32 * 8 / 0.2;
}

TEST(Laser, FollowsTheLinkBudget) {
  EXPECT_NEAR(getLaserPower(load()), findLaserPower(1, 16), 1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.link_budget.snr_per_modulus=2"})),
              findLaserPower(2, 16), 1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.columns=8", "format.group=8"})),
              findLaserPower(1, 8), 1e-9);
  // 14.4 % of 19.95 W.
  EXPECT_NEAR(getLaserPower(load()), 2.873, 0.03);
}

TEST(Laser, LossesAndCountsScale) {
  double base = getLaserPower(load());
  EXPECT_NEAR(getLaserPower(load({"core.link_budget.extra_db=10"})), 10 * base,
              1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.count=16"})), 2 * base, 1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.link_budget.wall_plug_efficiency=0.1"})),
              2 * base, 1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.detections_per_row=1"})), base / 2,
              1e-9);
}

TEST(Area, MatchesThePublishedBreakdown) {
  double photonic = 0, electronic = 0, total = 0;
  std::map<std::string, double> items;
  for (const AreaItem &item : getArea(load())) {
    items[item.component] = item.mm2;
    if (item.component != "vector") // the paper has none
      (item.photonic ? photonic : electronic) += item.mm2;
  }
  total = photonic + electronic;
  double others = items["rns_reverse"] + items["rns_forward"] + items["bfp"] +
                  items["other"];
  std::printf("%-22s %9s %9s %9s\n", "area", "paper", "here", "deviation");
  auto compare = [&](const char *name, double paper, double here) {
    std::printf("%-22s %9.2f %9.2f %8.2f%%\n", name, paper, here,
                100 * (here / paper - 1));
    EXPECT_NEAR(here / paper, 1, 0.01) << name;
  };
  compare("total mm2", 476.6, total);
  compare("photonic mm2", 234, photonic);
  compare("electronic mm2", 242.7, electronic);
  compare("scratchpads mm2", 0.36 * 476.6, items["scratchpad"]);
  compare("ADC mm2", 0.097 * 476.6, items["adc"]);
  compare("DAC mm2", 0.04 * 476.6, items["dac"]);
  compare("others mm2", 0.012 * 476.6, others);
  EXPECT_NEAR(items["vector"], 256 * 9.6e-3, 1e-12);
}
