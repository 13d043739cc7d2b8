//===- ChargeInputs.h - What charges depend on ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ENERGY_CHARGEINPUTS_H
#define PHX_LIB_ENERGY_CHARGEINPUTS_H

#include "phx/isa/Instruction.h"

#include <vector>

namespace phx::detail {

/// Fields of an instruction that its charges follow, beside its guard. Nothing
/// else that loop counters move changes them: charges see an execution through
/// ArrayExecution, which has no more.
struct ChargeInputs {
  explicit ChargeInputs(const Instruction &instruction) {
    visitDeciding(instruction.body, *this);
  }

  void onCount(const FieldDescription &, const Count &count) {
    counts.push_back(&count);
  }
  void onZeroFill(const ZeroFill &fill, const Shape4 &) {
    fillStart = &fill.start;
  }
  void onValue(const Affine &value) { values.push_back(&value); }
  void onStart(const Affine &value) { start = &value; }

  std::vector<const Count *> counts;
  std::vector<const Affine *> values;  ///< `chargedBy` of the description
  const Affine *start = nullptr;       ///< whether it is 0
  const Affine *fillStart = nullptr;   ///< of zero fill
};

} // namespace phx::detail

#endif // PHX_LIB_ENERGY_CHARGEINPUTS_H
