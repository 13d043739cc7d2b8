//===- RulesTest.cpp - Prices follow the structure --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "machines/rns/Rules.h"
#include "machines/rns/Energy.h"
#include "phx/isa/BaseOperations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

using namespace phx;
using namespace phx::rns;

static Target load(const std::vector<std::string> &set = {},
                   const char *name = "mirage") {
  auto target = loadTarget(name, set);
  EXPECT_TRUE(target.ok()) << (target.ok() ? "" : target.error().message);
  return *target;
}

static Costs getCosts(const Target &target) {
  return rns::getCosts(*findArrays(target),
                       target.spec.format().mantissa_bits().value());
}

/// Moduli 2^k - 1, 2^k, 2^k + 1 with converters that fit.
static std::vector<std::string> makeModuli(int64_t k) {
  int64_t m = int64_t(1) << k;
  return {"core.moduli=" + std::to_string(m - 1) + "," + std::to_string(m) +
              "," + std::to_string(m + 1),
          "core.dac_bits=" + std::to_string(k + 1),
          "core.adc_bits=" + std::to_string(k + 1)};
}

TEST(Rules, WhatWasStatedCountsAtTheReference) {
  for (const char *name : {"mirage", "mirage-device"}) {
    Target target = load({}, name);
    const Machine &machine = *findArrays(target)->machine;
    const proto::rns::Area &area = machine.area();
    Costs costs = getCosts(target);
    // To the bit.
    EXPECT_EQ(costs.dacPj, machine.dac_pj().value());
    EXPECT_EQ(costs.adcPj, machine.adc_pj().value());
    EXPECT_EQ(costs.tiaPj, machine.tia_pj().value());
    EXPECT_EQ(costs.modulatorPj, machine.modulator_pj().value());
    EXPECT_EQ(costs.bfpPj, machine.bfp_pj().value());
    EXPECT_EQ(costs.roundNearestPj, machine.round_nearest_pj().value());
    EXPECT_EQ(costs.roundStochasticPj, machine.round_stochastic_pj().value());
    EXPECT_EQ(costs.rnsForwardPj, machine.rns_forward_pj().value());
    EXPECT_EQ(costs.rnsReversePj, machine.rns_reverse_pj().value());
    EXPECT_EQ(costs.multiplierMm2, area.photonic_mm2_per_multiplier().value());
    EXPECT_EQ(costs.adcMm2, area.adc_mm2().value());
    EXPECT_EQ(costs.dacMm2, area.dac_mm2().value());
    EXPECT_EQ(costs.rnsForwardMm2, area.rns_forward_mm2().value());
    EXPECT_EQ(costs.rnsReverseMm2, area.rns_reverse_mm2().value());
    EXPECT_EQ(costs.bfpMm2, area.bfp_mm2().value());
    EXPECT_EQ(costs.otherMm2, area.other_mm2().value());
    EXPECT_EQ(costs.dacs, area.dacs_per_modulus_array().value());
    // Not because rules are constants: elsewhere everything differs.
    auto set = makeModuli(6);
    set.insert(set.end(), {"core.rows=64", "core.columns=32"});
    Costs other = rns::getCosts(*findArrays(load(set, name)), 5);
    EXPECT_GT(other.dacPj, costs.dacPj);
    EXPECT_GT(other.adcPj, costs.adcPj);
    EXPECT_GT(other.tiaPj, costs.tiaPj);
    EXPECT_GT(other.modulatorPj, costs.modulatorPj);
    EXPECT_GT(other.bfpPj, costs.bfpPj);
    EXPECT_GT(other.roundNearestPj, costs.roundNearestPj);
    EXPECT_GT(other.roundStochasticPj, costs.roundStochasticPj);
    EXPECT_GT(other.rnsForwardPj, costs.rnsForwardPj);
    EXPECT_GT(other.rnsReversePj, costs.rnsReversePj);
    EXPECT_GT(other.multiplierMm2, costs.multiplierMm2);
    EXPECT_GT(other.adcMm2, costs.adcMm2);
    EXPECT_GT(other.dacMm2, costs.dacMm2);
    EXPECT_GT(other.rnsForwardMm2, costs.rnsForwardMm2);
    EXPECT_GT(other.rnsReverseMm2, costs.rnsReverseMm2);
    EXPECT_GT(other.bfpMm2, costs.bfpMm2);
    EXPECT_GT(other.otherMm2, costs.otherMm2);
    EXPECT_GT(other.dacs, costs.dacs);
  }
}

TEST(Rules, ConvertersFollowMurmannPerResidue) {
  auto adc = [](double b) { return 0.1 * b + 1e-6 * std::pow(4, b); };
  // Residues of 63 and 64 take 6 bits, those of 65 take 7.
  Target larger = load(makeModuli(6));
  double ratio = (2 * adc(6) + adc(7)) / (2 * adc(5) + adc(6));
  EXPECT_DOUBLE_EQ(getCosts(larger).adcPj, 0.0143 * ratio);
  EXPECT_DOUBLE_EQ(getCosts(larger).dacPj, 0.0143 * ratio);
  Target device = load(makeModuli(6), "mirage-device");
  EXPECT_DOUBLE_EQ(getCosts(device).dacPj,
                   5.415 * (36 + 36 + 49) / (25 + 25 + 36.0));
  // The prices of 6-bit converters that the device table states: 31 and 32
  // alone take 5 bits, 33 alone takes 6.
  double all = getCosts(load({}, "mirage-device")).adcPj;
  double five = getCosts(load({"core.moduli=29,31,32", "core.dac_bits=5",
                               "core.adc_bits=5"},
                              "mirage-device"))
                    .adcPj;
  double six = 3 * all - 2 * five;
  EXPECT_NEAR(six, 23.0 / 24, 1e-3);
  EXPECT_NEAR(five / six, 0.83, 1e-3);
  // Bits beyond those that residues need cost, too.
  Target finer = load({"core.adc_bits=8"});
  EXPECT_DOUBLE_EQ(getCosts(finer).adcPj,
                   0.0143 * (2 * adc(7) + adc(8)) / (2 * adc(5) + adc(6)));
  EXPECT_EQ(getCosts(finer).dacPj, 0.0143);
  EXPECT_DOUBLE_EQ(getCosts(finer).adcMm2, 0.03 * 4);
  EXPECT_EQ(getCosts(finer).dacMm2, 0.072);
}

TEST(Rules, EveryCostOfResiduesRisesWithTheModuli) {
  std::map<std::string, double> last;
  for (int64_t k : {5, 6, 7, 8, 10}) {
    Target target = load(makeModuli(k));
    Costs costs = getCosts(target);
    std::map<std::string, double> now = {
        {"dac", costs.dacPj},
        {"adc", costs.adcPj},
        {"tia", costs.tiaPj},
        {"modulator", costs.modulatorPj},
        {"forward", costs.rnsForwardPj},
        {"reverse", costs.rnsReversePj},
        {"multiplier mm2", costs.multiplierMm2},
        {"adc mm2", costs.adcMm2},
        {"dac mm2", costs.dacMm2},
        {"forward mm2", costs.rnsForwardMm2},
        {"reverse mm2", costs.rnsReverseMm2},
        {"laser", getLaserPower(*findArrays(target))}};
    for (const auto &[name, cost] : now)
      EXPECT_GT(cost, last[name]) << name << " at k = " << k;
    last = now;
    // What residues do not touch.
    EXPECT_EQ(costs.bfpPj, 1.32);
    EXPECT_EQ(costs.otherMm2, 1.36);
  }
  // One more modulus: more residues, each as dear as before.
  Target four = load({"core.moduli=29,31,32,33"});
  Costs costs = getCosts(four);
  EXPECT_LT(costs.adcPj, 0.0143); // an average, and 29 takes 5 bits
  EXPECT_DOUBLE_EQ(costs.modulatorPj, 3.1e-8 * 21 / 16);
  EXPECT_DOUBLE_EQ(costs.rnsReversePj, 0.48 * (4 * 20) / (3 * 15.0));
}

TEST(Rules, CostsOfBlocksRiseWithTheMantissas) {
  std::map<std::string, double> last;
  Target target = load(makeModuli(9));
  for (int64_t bits = 1; bits <= 15; ++bits) {
    Costs costs = rns::getCosts(*findArrays(target), bits);
    std::map<std::string, double> now = {
        {"bfp", costs.bfpPj},
        {"bfp mm2", costs.bfpMm2},
        {"nearest", costs.roundNearestPj},
        {"stochastic", costs.roundStochasticPj}};
    for (const auto &[name, cost] : now)
      EXPECT_GT(cost, last[name]) << name << " at " << bits << " bits";
    EXPECT_GE(costs.rnsForwardPj, last["forward"]);
    now["forward"] = costs.rnsForwardPj;
    EXPECT_EQ(costs.adcPj, rns::getCosts(*findArrays(target), 4).adcPj);
    last = now;
  }
  Target mirage = load();
  auto at = [&](int64_t bits) {
    return rns::getCosts(*findArrays(mirage), bits);
  };
  EXPECT_DOUBLE_EQ(at(5).bfpPj, 1.32 * 13 / 12);
  EXPECT_DOUBLE_EQ(at(5).roundNearestPj, 0.03 * 5 / 4);
  EXPECT_DOUBLE_EQ(at(6).roundStochasticPj, 0.1 * 34 / 32);
  // Signed mantissas of 4 bits are as wide as residues of 31 and 32.
  EXPECT_EQ(at(3).rnsForwardPj, 0.17);
  EXPECT_DOUBLE_EQ(at(5).rnsForwardPj, 0.17 * 18 / 16);
}

TEST(Rules, GeometryCounts) {
  Costs costs = getCosts(load({"core.columns=32", "core.rows=64"}));
  EXPECT_DOUBLE_EQ(costs.bfpPj, 2 * 1.32);
  EXPECT_DOUBLE_EQ(costs.bfpMm2, 2 * 0.0013184);
  EXPECT_DOUBLE_EQ(costs.rnsForwardPj, 2 * 0.17);
  EXPECT_EQ(costs.rnsForwardMm2, 0.0002317); // one per column
  EXPECT_DOUBLE_EQ(costs.modulatorPj, 2 * 3.1e-8);
  EXPECT_EQ(costs.dacs, 44);
  EXPECT_EQ(
      getCosts(load({"core.rows=3", "core.columns=5", "format.group=5"})).dacs,
      1);
  // 11 per 11 cells are 25 per 25, whatever 11 * (25 / 11.0) is.
  EXPECT_EQ(getCosts(load({"core.reference.rows=11",
                           "core.reference.columns=1", "core.rows=25",
                           "core.columns=1", "format.group=1"}))
                .dacs,
            25);
  EXPECT_DOUBLE_EQ(costs.otherMm2, 2 * 1.36);
  EXPECT_DOUBLE_EQ(getCosts(load({"core.count=1"})).otherMm2, 1.36 / 8);
}

TEST(Rules, TheReferenceSaysWhatIsStated) {
  auto set = makeModuli(6);
  set.insert(set.end(),
             {"core.reference.moduli=63,64,65", "core.reference.dac_bits=7",
              "core.reference.adc_bits=7", "core.adc_pj=0.25"});
  EXPECT_EQ(getCosts(load(set)).adcPj, 0.25);
  EXPECT_EQ(getCosts(load(set)).rnsReversePj, 0.48);
  auto error = [](const char *text) {
    auto target = loadTarget("mirage", {text});
    return target.ok() ? "" : target.error().message;
  };
  EXPECT_NE(error("core.reference.moduli=61,63,65")
                .find("core.reference.dac_bits is 6, but the largest modulus "
                      "65 needs 7 bits"),
            std::string::npos);
  EXPECT_NE(error("core.reference.moduli=32,32,33")
                .find("core.reference.moduli 32 and 32 share the divisor 32"),
            std::string::npos);
  auto none = loadTarget("mirage", {"core.adc_curve.linear_pj=0",
                                    "core.adc_curve.exponential_pj=0"});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("core.adc_curve has no term"),
            std::string::npos);
}

namespace {
/// Charges of 1000 conversions each.
Counters64 makeCharges() {
  Counters64 charges{};
  for (Counter counter : getCounters())
    charges[counter.index] = 1000;
  return charges;
}
} // namespace

TEST(Prices, FormatsArePricedByTheirMantissas) {
  Target target = load();
  Program program;
  program.conversions = {Bfp{3}, Bfp{4}, Fp32{}};
  auto bits = [&](Body body) {
    Instruction instruction;
    instruction.body = std::move(body);
    return getPriceContext(program, instruction, target).mantissaBits;
  };
  CoreProgram tile;
  CoreStream stream;
  EXPECT_EQ(bits(tile), 3);
  stream.conversion = 1;
  EXPECT_EQ(bits(stream), 4);
  // The bypass costs what the format of the machine does; the vector unit does
  // not care.
  stream.conversion = 2;
  EXPECT_EQ(bits(stream), 4);
  EXPECT_EQ(bits(VecMap{}), 4);
  // Instructions of both formats, together.
  ChargeTotals both;
  both.add({0, 3}, makeCharges());
  both.add({0, 4}, makeCharges());
  both.add({0, 3}, makeCharges());
  EXPECT_EQ(both.getParts().size(), 2u);
  const Component bfp = getArrayComponents().bfp;
  double three =
      get(priceCharges(makeCharges(), getPrices(target, {0, 3})), bfp);
  double four = get(priceCharges(makeCharges(), target), bfp);
  EXPECT_LT(three, four);
  EXPECT_NEAR(get(priceCharges(both, target), bfp), 2 * three + four, 1e-9);
  // Apart or together, where prices agree.
  ChargeTotals equal;
  equal.add({0, 4}, makeCharges());
  Energies once = priceCharges(equal, target);
  EXPECT_EQ(once, priceCharges(makeCharges(), target));
}

TEST(Area, IsMadeForTheWidestMantissas) {
  Target target = load();
  auto bfp = [](const std::vector<AreaItem> &items) {
    for (const AreaItem &item : items)
      if (describe(item.part).name == "bfp")
        return item.mm2;
    return 0.0;
  };
  Program program;
  EXPECT_EQ(bfp(getArea(target, program)), bfp(getArea(target)));
  program.conversions = {Bfp{3}, Bfp{4}};
  EXPECT_EQ(bfp(getArea(target, program)), bfp(getArea(target))); // of 4
  program.conversions[1] = Bfp{6};
  EXPECT_GT(bfp(getArea(target, program)), bfp(getArea(target)));
  program.conversions.pop_back();
  EXPECT_LT(bfp(getArea(target, program)), bfp(getArea(target)));
}

TEST(Area, MovesWithTheModuli) {
  double last = 0;
  for (int64_t k : {5, 6, 7, 8}) {
    double total = 0;
    for (const AreaItem &item : getArea(load(makeModuli(k))))
      total += item.mm2;
    EXPECT_GT(total, last);
    last = total;
  }
}

TEST(Declarations, ACounterMeansOneThing) {
  CounterDeclaration again = describe(counters::macs);
  EXPECT_EQ(declareCounter(again), counters::macs);
  again.definition = "something else";
  EXPECT_DEATH(declareCounter(again), "'macs' is declared twice");
}

TEST(Declarations, AComponentMeansOneThing) {
  ComponentDeclaration again = describe(components::vector);
  EXPECT_EQ(declareComponent(again), components::vector);
  again.definition = "something else";
  EXPECT_DEATH(declareComponent(again),
               "component 'vector' is declared twice");
}

TEST(MachineModels, WithoutChargesAreRefused) {
  MachineModel model;
  EXPECT_DEATH(registerMachineModel(model), "which message");
  model.machine = proto::Group::descriptor();
  EXPECT_DEATH(registerMachineModel(model), "what instructions charge");
}
