//===- Energy.h - Charges, energy, power and area ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ENERGY_ENERGY_H
#define PHX_ENERGY_ENERGY_H

#include "phx/energy/Declarations.h"
#include "phx/energy/MachineModel.h"
#include "phx/isa/CountTrace.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"
#include "phx/target/Target.h"
#include "phx/timing/Timing.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace phx::detail {
struct ChargeInputs;
}

namespace phx {

/// Charges of one dynamic execution at `counters` by all lanes (all 0 if
/// skipped). The class of its array is registered: the process ends with its
/// name otherwise. Values of count registers have been put in (phx::resolve).
Counters64 getCharges(const Program &program, const Instruction &instruction,
                      const Counters &counters, const Target &target);
/// Of the one lane that `counters` names.
Counters64 getLaneCharges(const Program &program,
                          const Instruction &instruction,
                          const Counters &counters, const Target &target);

/// Executions that countCharges looks at one by one: of an instruction whose
/// counts change too irregularly to be multiplied, and of each instruction in a
/// loop in which registers are written.
inline constexpr int64_t maxChargeSteps = int64_t(1) << 28;

/// Charges of the whole program: total[static instruction index]. Exact; the
/// cost depends on how often counts change, not on how often loops run, but for
/// loops in which registers are written. `counts` say what registers hold, of a
/// program that depends on some. Errors: they do not (as checkCounts), or are
/// those of another program; more than `maxSteps` executions would have to be
/// looked at one by one. The process ends for a class that is not registered.
Result<std::vector<Counters64>>
countCharges(const Program &program, const Target &target,
             const RunCounts &counts = {}, int64_t maxSteps = maxChargeSteps);

/// What the charges of `instruction` are priced by.
PriceContext getPriceContext(const Program &program,
                             const Instruction &instruction,
                             const Target &target);
/// Charges of instructions whose formats have the mantissas of the target.
PriceContext getPriceContext(const Target &target);

/// What one charge of a counter costs.
struct Price {
  Counter counter;
  Component component; ///< to which it is added
  double pj = 0;
};
/// Of every counter that has a price, in the order of reports.
using Prices = std::vector<Price>;
Prices getPrices(const Target &target, const PriceContext &context);

/// Charges of many instructions, apart where their prices may differ.
class ChargeTotals {
public:
  void add(const PriceContext &context, const Counters64 &charges);
  void add(const ChargeTotals &other);
  Counters64 getTotal() const;
  const std::vector<std::pair<PriceContext, Counters64>> &getParts() const {
    return parts;
  }

private:
  std::vector<std::pair<PriceContext, Counters64>> parts;
};

/// Energy in pJ that charges cost (dynamic only).
Energies priceCharges(const Counters64 &charges, const Prices &prices);
Energies priceCharges(const ChargeTotals &charges, const Target &target);
/// With the mantissas of the target.
Energies priceCharges(const Counters64 &charges, const Target &target);

/// Power in watts drawn whatever runs, by Component::index: that of the arrays
/// (lasers), leakage; DRAM background under `hierarchy`.
Energies getStaticPower(const Target &target, MemoryModel memoryModel);

/// Power in watts of dynamic executions of one program while they are active:
/// energy over duration (0 if skipped). What TimingOptions::power expects.
/// Program and target must outlive it.
class DynamicPower {
public:
  DynamicPower(const Program &program, const Target &target)
      : program(program), target(target), durations(program, target) {}
  double operator()(const Instruction &instruction, const Counters &counters);

private:
  /// What executions of one instruction drew, by what that follows from. Most
  /// are like one of the latest.
  struct Latest {
    static constexpr size_t entries = 4;
    std::shared_ptr<const detail::ChargeInputs> fields; ///< copies share them
    std::array<std::vector<int64_t>, entries> inputs;
    std::array<double, entries> watts{};
    size_t used = 0, next = 0;
  };
  double compute(const Instruction &instruction, const Counters &counters);
  const Prices &getPricesOf(const Instruction &instruction);

  const Program &program;
  const Target &target;
  const InstructionDurations durations;
  std::vector<std::pair<PriceContext, Prices>> known;
  std::vector<Latest> latest;  ///< by instruction
  std::vector<int64_t> inputs; ///< scratch
};

/// Areas of all parts, made for the mantissas of the target. "vector" is listed
/// apart because papers leave the digital vector unit out.
std::vector<AreaItem> getArea(const Target &target);
/// For the widest mantissas of the formats of `program`, if it has any.
std::vector<AreaItem> getArea(const Target &target, const Program &program);

} // namespace phx

#endif // PHX_ENERGY_ENERGY_H
