//===- ChargeSum.h - What an instruction charges in its loops ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ENERGY_CHARGESUM_H
#define PHX_LIB_ENERGY_CHARGESUM_H

#include "phx/energy/Energy.h"

#include <optional>
#include <vector>

namespace phx::detail {

/// Executions that may still be looked at one by one.
struct ChargeSteps {
  int64_t most, used = 0;
  bool spend() { return ++used <= most; }
};

/// What an instruction that depends on no register charges in loops of these
/// trips, outermost first. Nothing if it takes too many steps.
std::optional<Counters64> sumCharges(const Program &program,
                                     const Instruction &instruction,
                                     const Target &target,
                                     const std::vector<int64_t> &loopTrips,
                                     ChargeSteps &steps);

} // namespace phx::detail

#endif // PHX_LIB_ENERGY_CHARGESUM_H
