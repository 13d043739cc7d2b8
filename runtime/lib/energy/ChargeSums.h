//===- ChargeSums.h - Charges summed over loops -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ENERGY_CHARGESUMS_H
#define PHX_LIB_ENERGY_CHARGESUMS_H

#include "phx/energy/Energy.h"

#include <optional>
#include <string>
#include <vector>

namespace phx::detail {

/// Executions that may still be looked at one by one.
struct ChargeSteps {
  int64_t most, used = 0;
  bool spend() { return ++used <= most; }
};

/// The charges of one instruction, without registers, over loops of so many
/// iterations, outermost first. Nothing if it takes too many steps.
std::optional<Counters64> sumCharges(const Program &program,
                                     const Instruction &instruction,
                                     const Target &target,
                                     const std::vector<int64_t> &trips,
                                     ChargeSteps &steps);

/// Adds what instructions charge that depend on registers, by instruction.
Status addRegisterCharges(const Program &program, const Target &target,
                          const RunCounts &counts,
                          std::vector<Counters64> &charges, ChargeSteps &steps);

/// There were too many steps at an instruction: "what instruction 3 (vec.map)
/// in the loop of 100 iterations at instruction 1 charges REASON: ...; give the
/// loop fewer iterations, or REMEDY". The loop is the longest of the `depth`
/// outermost ones around it.
Error makeTooManyStepsError(const Program &program, size_t index, size_t depth,
                            const ChargeSteps &steps, const std::string &reason,
                            const std::string &remedy);
/// There were too many steps at an instruction whose counts change irregularly.
Error makeTooManyChargesError(const Program &program, size_t index,
                              const ChargeSteps &steps);

} // namespace phx::detail

#endif // PHX_LIB_ENERGY_CHARGESUMS_H
