//===- WorkLimit.h - How long an analysis may think -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loop counts and extents are numbers in a file: a few bytes of it may ask for
// 2^62 steps. Analyses of the order of engines count what they do, so that the
// same program is refused on every machine and after the same work.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_WORKLIMIT_H
#define PHX_LIB_ISA_WORKLIMIT_H

#include <cstddef>
#include <cstdint>

namespace phx::detail {

/// Steps that the placement of tokens, or the proof that a program is free of
/// races, may take. A step is an instruction looked at in one iteration, a
/// stretch of bytes entered, compared or described, or epochsPerStep entries
/// of a clock. The training step of ResNet-50 at batch 256 takes less than a
/// tenth of it.
inline constexpr int64_t maxAnalysisSteps = int64_t(1) << 26;

/// What one more stretch of bytes to remember counts: it takes memory, too.
inline constexpr int64_t stepsPerStretch = 4;

/// Entries of a clock to remember, or to compare with one stamp, that count as
/// one step: they take as much memory as a quarter of a stretch does.
inline constexpr size_t epochsPerStep = 4;

/// Entries of a history that one step passes over.
inline constexpr int64_t passedPerStep = 64;

/// Counts the steps of one analysis.
class WorkLimit {
public:
  explicit WorkLimit(int64_t most = maxAnalysisSteps) : most(most) {}

  /// Takes `steps`. False as soon as there have been too many.
  bool spend(int64_t steps) {
    used += steps;
    return used <= most;
  }
  bool isExceeded() const { return used > most; }
  int64_t getUsed() const { return used; }

private:
  int64_t most, used = 0;
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_WORKLIMIT_H
