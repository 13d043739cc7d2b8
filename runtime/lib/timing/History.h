//===- History.h - What the iterations of a loop did ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_HISTORY_H
#define PHX_LIB_TIMING_HISTORY_H

#include "phx/timing/Timing.h"

#include <vector>

namespace phx::detail {

/// An executed instruction, or all repetitions of it in a jump.
struct LoggedSlice {
  uint32_t instruction;
  Femtoseconds begin, end;
  uint64_t repeat;
  uint32_t engine;
};

/// Everything of a simulation's past on which its future rhythm depends, in the
/// order of the instruction stream.
struct Log {
  /// Outcomes that counters decide: durations, skips, jumps.
  std::vector<uint64_t> keys;
  /// At each maximum: time of the token minus time of the awaiting engine.
  std::vector<Femtoseconds> differences;
  std::vector<LoggedSlice> slices; ///< only for a timeline

  size_t size() const {
    return keys.size() + differences.size() + slices.size();
  }
  void clear() {
    keys.clear();
    differences.clear();
    slices.clear();
  }
};

/// The machine between two iterations.
struct Mark {
  std::vector<int64_t> values; ///< as the simulation arranges them
  size_t keys = 0, differences = 0, slices = 0; ///< positions in the log
  std::vector<size_t> power; ///< positions in the power profile, by engine
};

/// The latest iterations of one loop and how far back they repeat.
class History {
public:
  /// Longest period looked for, in iterations.
  static constexpr int64_t longestPeriod = 512;

  /// Forgets everything. Periods up to `longest` are looked for.
  void restart(int64_t longest);

  /// The mark after the iteration that just ended, to be filled in; the first
  /// one after a restart stands before the first iteration.
  Mark &append();
  /// Call when it is filled in.
  void finish(const Log &log);

  /// `back` iterations ago.
  const Mark &at(int64_t back) const {
    return marks[static_cast<size_t>((count - 1 - back) % capacity())];
  }

  /// The smallest period above `period` with which the last 2 * period
  /// iterations seem to have repeated; 0 if there is none.
  int64_t getPeriodAbove(int64_t period) const;

private:
  int64_t capacity() const { return 2 * longest + 1; }

  int64_t longest = 0;
  int64_t count = 0; ///< marks since the restart
  std::vector<Mark> marks;
  std::vector<uint64_t> hashes; ///< of the iteration before a mark
  std::vector<int64_t> matches; ///< by period: latest iterations in a row
                                ///< that equal the one a period before
};

/// How many blocks like the last one can follow before a maximum changes its
/// winner, given the differences of the last two blocks of equal structure;
/// at most `blocks`. 0 also if a winner changed between the two.
int64_t limitBySlack(const Log &log, const Mark &begin, const Mark &middle,
                     const Mark &end, int64_t blocks);

/// True if the two blocks executed the same instructions with the same
/// durations.
bool haveEqualKeys(const Log &log, const Mark &begin, const Mark &middle,
                   const Mark &end);

} // namespace phx::detail

#endif // PHX_LIB_TIMING_HISTORY_H
