//===- JumpLimits.h - How long durations stay as they are -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_JUMPLIMITS_H
#define PHX_LIB_TIMING_JUMPLIMITS_H

#include "Dependencies.h"
#include "Layout.h"

namespace phx::detail {

/// For each loop, what its body's executions and durations depend on.
class JumpLimits {
public:
  JumpLimits(const Program &program, const Layout &layout,
             const CountPlayer &player, bool withPower);

  /// Iterations [first, first + period) of the loop at instruction `loop` were
  /// run, at `counters` of the loops around it. The largest n <= `blocks` such
  /// that in each of the n blocks of `period` iterations that follow, every
  /// instruction of the body, inner loops included, executes exactly as in
  /// those iterations and takes as long. May be too small, never too large.
  /// Registers hold `values`, and keep them: loops in which they change do not
  /// repeat.
  int64_t get(size_t loop, Counters counters, const RegisterValues &values,
              int64_t first, int64_t period, int64_t blocks) const;

  /// Iterations after which all wrapping digits that decide anything in the
  /// body are back where they were; 1 if there are none. Large values are cut
  /// off at `endlessPeriod`.
  int64_t getDigitPeriod(size_t loop) const {
    return digitPeriods[numbers[loop]];
  }
  static constexpr int64_t endlessPeriod = int64_t(1) << 40;

  /// False if iterations lead from array to array and are not back before the
  /// loop ends, or if they write other values to registers: there is nothing to
  /// jump over.
  bool mayRepeat(size_t loop) const { return !wanders[numbers[loop]]; }

private:
  /// A dependency as one loop sees it.
  struct View {
    std::vector<DigitTerm> own;   ///< terms of this loop, at least one
    std::vector<DigitTerm> outer; ///< of loops around it
    Range inner;                  ///< base and terms of loops inside
    std::vector<Range> flat;
    const Guard *guard = nullptr; ///< of the instruction, if it helps
    std::optional<uint32_t> registerIndex; ///< added to the value
    std::optional<Guard> bound; ///< from which `flat` follows
  };
  struct Window {
    int64_t first, period; ///< of one iteration in a block
  };

  using OpenLoops = std::vector<size_t>;
  void addViews(const Program &program, const OpenLoops &open,
                const Instruction &instruction, const Dependency &dependency);
  void addDigits(const Program &program, const OpenLoops &open,
                 const Instruction &instruction,
                 const Dependency &dependency);
  void addArrays(const Program &program, const OpenLoops &open,
                 const Dependency &dependency);

  static bool isFlat(const View &view, __int128 outer, Window window,
                     int64_t blocks);
  static int64_t limit(const View &view, const Counters &counters,
                       const RegisterValues &values, unsigned depth,
                       Window window, int64_t blocks);
  void addWrites(const OpenLoops &open, const CountPlayer &player,
                 size_t index);

  std::vector<std::vector<View>> views; ///< by loop number
  std::vector<int64_t> digitPeriods;    ///< by loop number
  std::vector<bool> wanders;            ///< by loop number
  std::vector<uint32_t> numbers;        ///< by instruction
  std::vector<uint8_t> depths;          ///< by loop number
};

} // namespace phx::detail

#endif // PHX_LIB_TIMING_JUMPLIMITS_H
