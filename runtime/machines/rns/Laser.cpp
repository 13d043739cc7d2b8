//===- Laser.cpp - Lasers of residue arrays ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"
#include "machines/rns/Rules.h"

#include <cmath>
#include <cstdio>

using namespace phx;
using namespace phx::rns;

static constexpr double electronCharge = 1.602176634e-19; // C, exact (SI)
static constexpr double boltzmann = 1.380649e-23;         // J/K, exact (SI)

/// Loss of one multiplier of `modulus` with every digit on, in dB.
static double getMultiplierLoss(const proto::rns::LinkBudget &link,
                                int64_t modulus) {
  return link.phase_shifter_db_per_mm().value() *
         getShifterLength(link, modulus) * 10;
}

/// Smallest photocurrent in amperes whose ratio to shot and thermal noise
/// reaches `snr`: I / sqrt(2 q I df + 4 k T df / R) = snr, solved for I.
static double getPhotocurrent(const proto::rns::LinkBudget &link, double snr) {
  double bandwidth = link.bandwidth_ghz().value() * 1e9;
  double shot = 2 * electronCharge * bandwidth;
  double thermal = 4 * boltzmann * link.temperature_k().value() * bandwidth /
                   link.feedback_ohm().value();
  double b = snr * snr * shot;
  return (b + std::sqrt(b * b + 4 * snr * snr * thermal)) / 2;
}

double rns::getLaserPower(const Arrays &arrays) {
  const Machine &machine = *arrays.machine;
  const proto::rns::LinkBudget &link = machine.link_budget();
  double watts = 0; // one row, all moduli
  for (int64_t modulus : arrays.getModuli()) {
    double m = static_cast<double>(modulus);
    double current = getPhotocurrent(link, link.snr_per_modulus().value() * m);
    double atDetector = current / link.responsivity_a_per_w().value();
    double loss =
        static_cast<double>(arrays.columns) * getMultiplierLoss(link, modulus) +
        link.coupler_db().value() + link.extra_db().value();
    watts += atDetector * std::pow(10, loss / 10);
  }
  return watts * static_cast<double>(machine.detections_per_row().value()) *
         static_cast<double>(arrays.rows) * static_cast<double>(arrays.count) /
         link.wall_plug_efficiency().value();
}

/// Watts of the lasers of one group. A rack of servers draws about as much, and
/// thousands of times less is what the machine of the paper takes; waveguides
/// of a chip absorb light from less than a watt each on. What lies beyond is no
/// machine, however the prices are chosen.
static constexpr double mostLaserPower = 10e3;

void rns::addWarnings(const Target &target, size_t group,
                      std::vector<std::string> &warnings) {
  double watts = getLaserPower(getArrays(target, group));
  if (watts <= mostLaserPower)
    return;
  char text[32];
  std::snprintf(text, sizeof(text), "%.2g", watts);
  warnings.push_back(
      "laser power of " + std::string(text) + " W for the arrays of '" +
      target.spec.groups(static_cast<int>(group)).name() +
      "': the losses of the link grow exponentially with the bits of the "
      "moduli, and with the columns; beyond 10 kW no such machine exists, and "
      "energy and power are not those of one; take more and smaller moduli, or "
      "arrays of fewer columns");
}
