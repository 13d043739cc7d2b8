//===- DynamicPower.cpp - Power of running instructions --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <numeric>

using namespace phx;

double phx::getDynamicPower(const Program &program,
                            const Instruction &instruction,
                            const Counters &counters, const Target &target) {
  Femtoseconds duration = getDuration(program, instruction, counters, target);
  if (duration <= 0)
    return 0;
  Energies energies =
      priceCharges(getCharges(program, instruction, counters, target), target);
  double picojoules = std::accumulate(energies.begin(), energies.end(), 0.0);
  return picojoules * 1e3 / static_cast<double>(duration); // pJ/fs = kW
}
