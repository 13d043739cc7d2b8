//===- Energy.h - What residue arrays cost ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The simulation side of the machine class `rns`: what it declares,
// what its instructions charge, lasers, area.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_ENERGY_H
#define MACHINES_RNS_ENERGY_H

#include "machines/rns/Target.h"
#include "phx/energy/Energy.h"

#include <string>
#include <vector>

namespace phx::rns {

/// What instructions of residue arrays charge.
struct ArrayCounters {
  Counter dacConversions;      ///< stationary values converted, all moduli
  Counter adcConversions;      ///< readouts
  Counter tiaSymbols;          ///< detected symbols
  Counter modulatedElements;   ///< streamed elements applied to the rings
  Counter bfpConversions;      ///< groups of array width converted from FP32
  Counter nearestRoundings;    ///< elements rounded to nearest on the way
  Counter stochasticRoundings; ///< elements rounded stochastically on the way
  Counter forwardConversions;  ///< groups converted to residues
  Counter reverseConversions;  ///< results converted from residues
  Counter accumulations;       ///< FP32 additions into accumulators
};
/// Their numbers; the first call declares them.
const ArrayCounters &getArrayCounters();

/// Components of the energy of residue arrays.
struct ArrayComponents {
  Component laser, dac, adc, tia, modulator, bfp, rnsForward, rnsReverse,
      accumulator;
};
const ArrayComponents &getArrayComponents();

/// Parts of the area of residue arrays.
struct ArrayParts {
  AreaPart multipliers, adc, dac, rnsReverse, rnsForward, bfp, other;
};
/// Their numbers; the first call declares them.
const ArrayParts &getArrayParts();

/// Adds what programming a tile, or streaming vectors past it, charges.
void charge(const ArrayExecution &execution, Counters64 &charges);

/// Electrical laser power in watts of all arrays of a group, from the link
/// budget.
double getLaserPower(const Arrays &arrays);
/// Warns of lasers that nobody can build.
void addWarnings(const Target &target, size_t group,
                 std::vector<std::string> &warnings);

/// Appends the areas of a group.
void addArea(const Target &target, size_t group, int64_t mantissaBits,
             std::vector<AreaItem> &items);

/// Makes the class known to the simulation.
void registerModel();

} // namespace phx::rns

#endif // MACHINES_RNS_ENERGY_H
