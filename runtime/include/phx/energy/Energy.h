//===- Energy.h - Counters, energy, power and area -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ENERGY_ENERGY_H
#define PHX_ENERGY_ENERGY_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"
#include "phx/target/Target.h"
#include "phx/timing/Timing.h"

#include <array>
#include <string>
#include <vector>

namespace phx {

/// What instructions charge. The definition of each is in docs/isa.md.
enum class Counter : uint8_t {
  DacConversions,      ///< stationary values converted, all moduli
  AdcConversions,      ///< readouts
  TiaSymbols,          ///< detected symbols
  ModulatedElements,   ///< streamed elements applied to the rings
  BfpConversions,      ///< groups of array width converted from FP32
  NearestRoundings,    ///< elements rounded to nearest on the way
  StochasticRoundings, ///< elements rounded stochastically on the way
  ForwardConversions,  ///< groups converted to residues
  ReverseConversions,  ///< results converted from residues
  Accumulations,       ///< FP32 additions into accumulators
  VectorOps,           ///< FP32 operations of the vector unit
  ScratchpadBytes,     ///< bytes read and written on chip
  DramBytes,           ///< bytes read and written off chip
  Macs,                ///< multiply-accumulates inside the extents (no price)
};
inline constexpr unsigned numCounters = 14;
const char *getCounterName(Counter counter);
using Counters64 = std::array<uint64_t, numCounters>;

/// Charges of one dynamic execution at `counters` (all 0 if skipped).
Counters64 getCharges(const Program &program, const Instruction &instruction,
                      const Counters &counters, const Target &target);

/// Charges of the whole program: total[static instruction index]. Exact; the
/// cost depends on how often counts change, not on how often loops run.
std::vector<Counters64> countCharges(const Program &program,
                                     const Target &target);

/// Components of the report, in order.
enum class Component : uint8_t {
  Laser,
  Dac,
  Adc,
  Tia,
  Modulator,
  Bfp,
  RnsForward,
  RnsReverse,
  Accumulator,
  Vector,
  Scratchpad,
  Dram,
};
inline constexpr unsigned numComponents = 12;
const char *getComponentName(Component component);
using Energies = std::array<double, numComponents>; ///< pJ

/// Energy in pJ that `charges` cost (dynamic only).
Energies priceCharges(const Counters64 &charges, const Target &target);

/// Power in watts drawn whatever runs: lasers of all cores, leakage; DRAM
/// background under `hierarchy`. Index: Component.
std::array<double, numComponents> getStaticPower(const Target &target,
                                                 MemoryModel memoryModel);

/// Electrical laser power in watts of all cores, from the link budget.
double getLaserPower(const Target &target);

/// Power in watts of one dynamic execution while it is active: its energy over
/// its duration (0 if skipped). What TimingOptions::power expects.
double getDynamicPower(const Program &program, const Instruction &instruction,
                       const Counters &counters, const Target &target);

/// A product of `rows` x K weights and `vectors` inputs, programmed and
/// streamed by all cores at once, full tiles only, under the ideal memory
/// model: K is `tiles` array widths per core. With many vectors the machine
/// draws its peak power. Values are not initialised (all zero).
Program makeSaturatingProgram(const Target &target, int64_t vectors,
                              int64_t tiles);

struct AreaItem {
  std::string component;
  double mm2 = 0;
  bool photonic = false; ///< on the photonic chiplet, else the electronic one
};
/// Areas of all components. "vector" is listed apart because papers leave the
/// digital vector unit out.
std::vector<AreaItem> getArea(const Target &target);

} // namespace phx

#endif // PHX_ENERGY_ENERGY_H
