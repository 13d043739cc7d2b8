//===- ClassDurations.h - Time of a class's instructions --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_TIMING_CLASSDURATIONS_H
#define PHX_TIMING_CLASSDURATIONS_H

#include "phx/timing/Timing.h"

#include <cmath>
#include <memory>
#include <string>

namespace phx {

/// What a target charges in time for the instructions of one machine class.
/// Each price is rounded to femtoseconds once, so that a duration is a sum of
/// integer multiples of integers, and two ways of computing a time can be
/// compared with ==.
class ClassDurations {
public:
  virtual ~ClassDurations() = default;
  /// Of one dynamic execution that is not skipped, >= 0. Beyond int64: its
  /// largest value. Depends on counters through the counts that the
  /// instruction's description names as timed, and through nothing else.
  /// `program`: whose tables the instruction names.
  virtual Femtoseconds get(const Program &program,
                           const Instruction &instruction,
                           const Counters &counters) const = 0;
};

using ClassDurationsFactory =
    std::unique_ptr<ClassDurations> (*)(const Target &target);

/// Makes timing know a class; once more does nothing. The process ends if the
/// class has another factory.
void registerDurations(const std::string &machineClass,
                       ClassDurationsFactory factory);

/// Nanoseconds and clock periods in whole femtoseconds.
inline Femtoseconds toFemtoseconds(double ns) { return std::llround(ns * 1e6); }
inline Femtoseconds toPeriod(double ghz) { return std::llround(1e6 / ghz); }

/// Sums and products of times and counts, saturating at the largest value.
inline int64_t addSaturating(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}
inline int64_t multiplySaturating(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

} // namespace phx

#endif // PHX_TIMING_CLASSDURATIONS_H
