//===- PeakPowerTest.cpp - Peak power as it is published -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/SaturatingProgram.h"

#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "phx/isa/Validator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numeric>

using namespace phx;

namespace {
class PeakPower : public ::testing::Test {
protected:
  void run(const char *name) {
    auto loaded = loadTarget(name);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    target = *loaded;
    program = phx::testing::makeSaturatingProgram(target, 8192, 2);
    Status valid = validate(program);
    ASSERT_TRUE(valid.ok()) << valid.error().message;
    TimingOptions options;
    options.power = DynamicPower(program, target);
    auto result = simulate(program, target, options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    timing = *result;
    staticPower = getStaticPower(target, program.memoryModel);
    peak = timing.peakDynamicW +
           std::accumulate(staticPower.begin(), staticPower.end(), 0.0);
    addStreamingPower();
  }

  /// Watts of each component while every core continues a group: what the peak
  /// consists of.
  void addStreamingPower() {
    watts = staticPower;
    for (const Instruction &instruction : program.code) {
      if (!holds<CoreStream>(instruction.body))
        continue;
      Counters second{1}; // no longer the first group
      Energies energies = priceCharges(
          getCharges(program, instruction, second, target), target);
      auto duration = static_cast<double>(
          getDuration(program, instruction, second, target));
      for (unsigned i = 0; i < maxComponents; ++i)
        watts[i] += energies[i] * 1e3 / duration;
    }
  }
  double get(Component component) const { return watts[component.index]; }

  Target target;
  Program program;
  TimingResult timing;
  Energies staticPower{}, watts{};
  double peak = 0;
};
} // namespace

TEST_F(PeakPower, MirageMatchesTheBreakdown) {
  run("mirage");
  const double total = 19.95;
  std::printf("%-24s %8s %8s %10s\n", "peak power of mirage", "paper W",
              "here W", "deviation");
  auto compare = [&](const char *name, double paper, double here,
                     double tolerance) {
    double deviation = here / paper - 1;
    std::printf("%-24s %8.3f %8.3f %9.2f%%\n", name, paper, here,
                100 * deviation);
    EXPECT_LE(std::fabs(deviation), tolerance) << name;
  };
  compare("total", total, peak, 0.01);
  compare("SRAM 61.9 %", 0.619 * total, get(components::scratchpad), 0.01);
  compare("laser 14.4 %", 0.144 * total, get(rns::getArrayComponents().laser),
          0.01);
  compare("TIA 14.4 %", 0.144 * total, get(rns::getArrayComponents().tia),
          0.001);
  compare("RNS conversion 6.2 %", 0.062 * total,
          get(rns::getArrayComponents().rnsForward) +
              get(rns::getArrayComponents().rnsReverse),
          0.01);
  compare("accumulators 1.4 %", 0.014 * total,
          get(rns::getArrayComponents().accumulator), 0.005);
  compare("DAC + ADC 1.1 %", 0.011 * total,
          get(rns::getArrayComponents().dac) +
              get(rns::getArrayComponents().adc),
          0.005);
  // Printed with one digit: 0.5 % is anything from 0.45 % to 0.55 %.
  compare("BFP conversion 0.5 %", 0.005 * total,
          get(rns::getArrayComponents().bfp), 0.1);
  // The parts are the whole.
  EXPECT_NEAR(std::accumulate(watts.begin(), watts.end(), 0.0), peak,
              1e-9 * peak);
  double programming = 2 * 5e6 / static_cast<double>(timing.latency);
  std::printf("programming: %.2f %% of the time\n", 100 * programming);
  EXPECT_EQ(timing.latency, 2 * (5'000'000 + 8192 * 100'000ll));
}

TEST_F(PeakPower, PicojoulesPerMac) {
  run("mirage");
  double macs = 8.0 * 32 * 16 * 10e9;
  double all = peak / macs * 1e12;
  double products = (peak - get(components::scratchpad)) / macs * 1e12;
  std::printf("pJ per MAC: %.4f, without SRAM %.4f (paper 0.487, 0.185)\n", all,
              products);
  EXPECT_NEAR(all, 19.95 / 40.96, 0.005);
  EXPECT_NEAR(products, 0.185, 0.002);
}

TEST_F(PeakPower, DevicePricesContradictTheFigure) {
  run("mirage-device");
  // 1536 converters at 10 GS/s. One of 6 bits takes 23 mW at 24 GS/s, one of 5
  // bits 0.83 of that; residues of 31 and 32 take 5 bits, those of 33 take 6.
  double joules = 23e-3 / 24e9 * (2 * 0.83 + 1) / 3;
  EXPECT_NEAR(get(rns::getArrayComponents().adc), 1536 * 10e9 * joules, 1e-3);
  EXPECT_GT(peak, 30);
  std::printf("peak power of mirage-device: %.2f W, ADC %.2f W\n", peak,
              get(rns::getArrayComponents().adc));
}
