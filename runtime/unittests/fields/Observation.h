//===- Observation.h - All that a program does ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_FIELDS_OBSERVATION_H
#define PHX_UNITTESTS_FIELDS_OBSERVATION_H

#include "phx/energy/Energy.h"
#include "phx/isa/HostArray.h"
#include "phx/timing/Timing.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace phx::test {

/// What someone who runs a program can tell: contents of all mutable regions,
/// what the executor observed, times, charges and the energy they cost, each
/// also by layer.
struct Observation {
  std::string failure; ///< of the run
  std::map<std::string, std::vector<uint8_t>> contents;
  std::vector<std::array<uint64_t, 2>> mantissas; ///< by layer
  TimingResult timing;
  CountTrace counts;
  std::map<uint32_t, Counters64> charges; ///< by layer
  Energies energy{};
  friend bool operator==(const Observation &a, const Observation &b);
};

/// Runs `program`, valid as it is, on both executors and in both simulations,
/// and expects that they agree.
Observation observe(const Program &program, const Target &target);

} // namespace phx::test

#endif // PHX_UNITTESTS_FIELDS_OBSERVATION_H
