//===- PricesTest.cpp - Prices, static power, lasers, area -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"

#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "phx/isa/BaseOperations.h"
#include "phx/isa/DescribeOperation.h"
#include "phx/target/ArrayGroups.h"
#include "phx/target/MachineClass.h"

#include <gtest/gtest.h>

#include <algorithm>
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
    charges[counter.index] = 1000;
    Energies energies = priceCharges(charges, target);
    return std::accumulate(energies.begin(), energies.end(), 0.0);
  };
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().dacConversions), 14.3);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().adcConversions), 14.3);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().tiaSymbols), 187.04);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().bfpConversions), 1320);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().nearestRoundings), 30);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().stochasticRoundings), 100);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().forwardConversions), 170);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().reverseConversions), 480);
  EXPECT_DOUBLE_EQ(price(rns::getArrayCounters().accumulations), 109);
  EXPECT_DOUBLE_EQ(price(counters::vectorOps), 12420);
  EXPECT_DOUBLE_EQ(price(counters::scratchpadBytes), 480);
  EXPECT_DOUBLE_EQ(price(counters::dramBytes), 31000);
  EXPECT_DOUBLE_EQ(price(counters::macs), 0);
}

TEST(Prices, RoundingBelongsToTheConversion) {
  Target target = load();
  Counters64 charges{};
  for (Counter counter : {rns::getArrayCounters().bfpConversions,
                          rns::getArrayCounters().nearestRoundings,
                          rns::getArrayCounters().stochasticRoundings})
    charges[counter.index] = 100;
  EXPECT_DOUBLE_EQ(
      priceCharges(charges, target)[rns::getArrayComponents().bfp.index],
      132 + 3 + 10);
}

TEST(Prices, NamesAreDistinct) {
  std::set<std::string> names;
  for (Counter counter : getCounters()) {
    const CounterDeclaration &declared = describe(counter);
    EXPECT_TRUE(names.insert(declared.name).second);
    EXPECT_FALSE(declared.unit.empty()) << declared.name;
    EXPECT_FALSE(declared.definition.empty()) << declared.name;
    // Bytes have the prices of their memories.
    bool isPriced = declared.price != nullptr ||
                    counter == counters::scratchpadBytes ||
                    counter == counters::dramBytes;
    EXPECT_EQ(declared.component.has_value(), isPriced);
    EXPECT_EQ(declared.field.empty(), !isPriced);
    EXPECT_EQ(findCounter(declared.name), counter);
  }
  names.clear();
  for (Component component : getComponents()) {
    EXPECT_TRUE(names.insert(describe(component).name).second);
    EXPECT_FALSE(describe(component).definition.empty());
    EXPECT_EQ(findComponent(describe(component).name), component);
  }
}

namespace {
/// A number format of some class.
struct Fixed {
  static constexpr const char *operationName = "other.fixed";
  int64_t step = 3, bits = 9;
  friend bool operator==(const Fixed &, const Fixed &) = default;
};
} // namespace

template <> const OperationDescription &phx::describeOperation<Fixed>() {
  static const OperationDescription description =
      DescribeOperation<Fixed>(OperationTable::Conversion)
          .ofClass("other")
          .parameter(&Fixed::step, "step", "", "value of the lowest bit")
          .parameter(&Fixed::bits, "bits", "bit", "resolution")
          .mantissa()
          .build();
  return description;
}

TEST(Prices, FormatsOfAClassArePricedByTheirBits) {
  Target target = load();
  Program program;
  program.conversions = {Fixed{}, Fixed{3, 11}};
  Instruction stream;
  stream.body = CoreStream{};
  EXPECT_EQ(getPriceContext(program, stream, target).mantissaBits, 9);
  getAs<CoreStream>(stream.body).conversion = 1;
  EXPECT_EQ(getPriceContext(program, stream, target).mantissaBits, 11);
  // The adders of the block format are made for the widest of them.
  auto areaOf = [&](const Program &p) {
    for (const AreaItem &item : getArea(target, p))
      if (describe(item.part).name == "bfp")
        return item.mm2;
    return 0.0;
  };
  Program narrow;
  narrow.conversions = {Bfp{9}};
  EXPECT_GT(areaOf(program), areaOf(narrow));
}

/// Classes as they are registered, what every machine has behind them.
TEST(Prices, ReportsHaveTheOrderOfRegistration) {
  std::string names;
  for (Counter counter : getCounters())
    names += describe(counter).name + " ";
  EXPECT_TRUE(names.starts_with(
      "dac_conversions adc_conversions tia_symbols modulated_elements "
      "bfp_conversions nearest_roundings stochastic_roundings "
      "forward_conversions reverse_conversions accumulations "))
      << names;
  EXPECT_TRUE(names.ends_with("vector_ops scratchpad_bytes dram_bytes macs "))
      << names;
  names.clear();
  for (Component component : getComponents())
    names += describe(component).name + " ";
  EXPECT_TRUE(names.starts_with("laser dac adc tia modulator bfp rns_forward "
                                "rns_reverse accumulator "))
      << names;
  EXPECT_TRUE(names.ends_with("vector scratchpad dram ")) << names;
}

/// Whether arrays of some class have this field.
static bool isArrayField(const std::string &name) {
  const auto &classes = getMachineClasses();
  return std::any_of(classes.begin(), classes.end(), [&](const auto &each) {
    return each.machine->FindFieldByName(name) != nullptr;
  });
}

TEST(Prices, FieldsExist) {
  std::set<std::string> fields;
  for (const TargetField &field : describeTarget(load()))
    fields.insert(field.name);
  for (Counter counter : getCounters()) {
    std::string name = describe(counter).field;
    if (name.starts_with("GROUP.")) {
      EXPECT_TRUE(isArrayField(name.substr(6))) << name;
      continue;
    }
    if (name == "MEMORY.read_pj_per_byte, MEMORY.write_pj_per_byte") {
      for (const char *memory : {"dram", "act", "wgt", "grad"})
        for (const char *field : {".read_pj_per_byte", ".write_pj_per_byte"})
          EXPECT_TRUE(fields.count(std::string(memory) + field)) << memory;
      continue;
    }
    EXPECT_TRUE(name.empty() || fields.count(name)) << name;
  }
}

/// Watts of the lasers of the one group that the target has.
static double getLaserPower(const Target &target) {
  return rns::getLaserPower(*rns::findArrays(target));
}

TEST(StaticPower, DramOnlyUnderHierarchy) {
  Target target = load({"act.static_mw=250"});
  auto ideal = getStaticPower(target, MemoryModel::Ideal);
  auto hierarchy = getStaticPower(target, MemoryModel::Hierarchy);
  auto at = [](const auto &watts, Component component) {
    return watts[component.index];
  };
  EXPECT_EQ(at(ideal, components::dram), 0);
  EXPECT_EQ(at(hierarchy, components::dram), 1);
  EXPECT_EQ(at(ideal, components::scratchpad), 0.25);
  EXPECT_EQ(at(ideal, rns::getArrayComponents().laser),
            getLaserPower(target));
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
  EXPECT_NEAR(getLaserPower(load({"core.link_budget.extra_db=10"})),
              10 * base, 1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.count=16"})), 2 * base, 1e-9);
  EXPECT_NEAR(
      getLaserPower(load({"core.link_budget.wall_plug_efficiency=0.1"})),
      2 * base, 1e-9);
  EXPECT_NEAR(getLaserPower(load({"core.detections_per_row=1"})), base / 2,
              1e-9);
}

TEST(Area, MatchesThePublishedBreakdown) {
  double photonic = 0, electronic = 0, total = 0;
  std::map<std::string, double> items;
  for (const AreaItem &item : getArea(load())) {
    items[describe(item.part).name] = item.mm2;
    if (describe(item.part).name != "vector") // the paper has none
      (describe(item.part).photonic ? photonic : electronic) += item.mm2;
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

TEST(Prices, EachMemoryHasItsOwn) {
  Target target = load({"act.read_pj_per_byte=2", "grad.write_pj_per_byte=8",
                        "wgt.static_mw=40", "dram.write_pj_per_byte=5"});
  Program program;
  program.memories = getMemories(target);
  Counters64 charges{};
  chargeBytes(program, mem::act, 100, 10, charges);
  chargeBytes(program, mem::grad, 1000, 1, charges);
  chargeBytes(program, mem::dram, 3, 7, charges);
  EXPECT_EQ(get(charges, counters::scratchpadBytes), 1111u);
  EXPECT_EQ(get(charges, counters::dramBytes), 10u);
  Energies energies = priceCharges(charges, target);
  EXPECT_DOUBLE_EQ(get(energies, components::scratchpad),
                   100 * 2 + 10 * 0.48 + 1000 * 0.48 + 1 * 8);
  EXPECT_DOUBLE_EQ(get(energies, components::dram), 3 * 31 + 7 * 5);
  ChargeTotals totals;
  totals.add(getPriceContext(target), charges);
  EXPECT_EQ(priceCharges(totals, target), energies);
  EXPECT_DOUBLE_EQ(
      get(getStaticPower(target, MemoryModel::Ideal), components::scratchpad),
      0.04);
}

TEST(MachineWarnings, LasersBeyondAllPowerPlants) {
  EXPECT_TRUE(listMachineWarnings(load()).empty());
  EXPECT_TRUE(listMachineWarnings(*loadTarget("mirage-device")).empty());
  Target target = load({"core.moduli=511,512,513", "core.dac_bits=10",
                        "core.adc_bits=10"});
  EXPECT_GT(getLaserPower(target), 1e4);
  std::vector<std::string> warnings = listMachineWarnings(target);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(warnings[0].starts_with("laser power of ")) << warnings[0];
  EXPECT_NE(warnings[0].find(
                " W for the arrays of 'core': the losses of the link grow "
                "exponentially with the bits of the moduli"),
            std::string::npos)
      << warnings[0];
  // Ten kilowatts, whatever takes them.
  auto warn = [](double db) {
    return listMachineWarnings(
               load({"core.link_budget.extra_db=" + std::to_string(db)}))
        .size();
  };
  double none = getLaserPower(load({"core.link_budget.extra_db=0"}));
  double limit = 10 * std::log10(10e3 / none);
  EXPECT_EQ(warn(limit - 0.1), 0u);
  EXPECT_EQ(warn(limit + 0.1), 1u);
}
