//===- Durations.h - Prices of instructions in femtoseconds -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_DURATIONS_H
#define PHX_LIB_TIMING_DURATIONS_H

#include "phx/isa/Instruction.h"
#include "phx/target/Target.h"
#include "phx/timing/ClassDurations.h"
#include "phx/timing/Timing.h"

#include <map>
#include <memory>
#include <string>

namespace phx::detail {

/// What a target charges in time. Each price is rounded to femtoseconds once,
/// so that a duration is a sum of integer multiples of integers.
class Durations {
public:
  Durations(const Program &program, const Target &target);

  /// Whether instructions of the class have durations.
  bool knows(const std::string &machineClass) const {
    return classes.count(machineClass) != 0;
  }

  static constexpr Femtoseconds skipped = -1;

  /// Duration of one dynamic execution, `skipped` if the guard or a count says
  /// so; of lanes the longest, `skipped` if all are. Beyond int64: its largest
  /// value.
  Femtoseconds get(const Instruction &instruction,
                   const Counters &counters) const {
    return instruction.arrays.lanes > 1 ? getLongest(instruction, counters)
                                        : getLane(instruction, counters);
  }

private:
  Femtoseconds getLane(const Instruction &instruction,
                       const Counters &counters) const;
  Femtoseconds getLongest(const Instruction &instruction,
                          Counters counters) const;
  Femtoseconds getCopy(const DmaCopy &copy, const Counters &counters) const;
  Femtoseconds getVec(const Instruction &instruction,
                      const Counters &counters) const;

  const Program &program;
  /// By class, of those that are registered.
  std::map<std::string, std::unique_ptr<ClassDurations>> classes;
  Femtoseconds cycle; ///< vector unit
  int64_t lanes;
  double portBytesPerNs;
  Femtoseconds dmaLatency;
  double dmaBytesPerNs;
};

} // namespace phx::detail

#endif // PHX_LIB_TIMING_DURATIONS_H
