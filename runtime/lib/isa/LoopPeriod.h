//===- LoopPeriod.h - Iterations that repeat themselves -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_LOOPPERIOD_H
#define PHX_LIB_ISA_LOOPPERIOD_H

#include "ProgramTree.h"

namespace phx::detail {

/// Iterations c and c + period do the same for all 0 <= c < until - period.
struct LoopPeriod {
  int64_t period = 1, until = 0;
};

/// The period of a loop in the operands that `sharedSlots` names, enclosing
/// counters fixed by `outer`. Nothing if an address or start keeps growing.
std::optional<LoopPeriod>
findLoopPeriod(const Program &program, const ProgramTree &tree, uint32_t node,
               const std::vector<SlotMask> &sharedSlots,
               const CounterBox &outer);

/// The same for code[index], executed at all counters of `box` that its guard
/// leaves, along one loop; whatever the counters of the others. Arrays are left
/// aside: lanes are arrays of their own wherever they begin.
std::optional<LoopPeriod> findLanePeriod(const Program &program, size_t index,
                                         uint8_t loop, const CounterBox &box);

/// Decides when an analysis that steps through a loop may jump: if its state
/// behind two iterations one period apart is the same, all further periods
/// leave it the same.
class PeriodicSteps {
public:
  explicit PeriodicSteps(std::optional<LoopPeriod> period) : period(period) {}

  using State = std::vector<uint64_t>;
  /// How many iterations behind iteration `i` may be left out. `snapshot()`
  /// describes the state up to renaming; it is taken rarely.
  template <typename Snapshot> int64_t skipAfter(int64_t i, Snapshot snapshot) {
    if (!period || period->until - i < 3 * period->period)
      return 0;
    if (recorded && i == recordedAt + period->period) {
      if (snapshot() == saved) {
        int64_t rest = period->until - (i + 1);
        int64_t skipped = rest - rest % period->period;
        period.reset();
        return skipped;
      }
      recorded = false;
      next = 2 * i;
    } else if (!recorded && i >= next) {
      saved = snapshot();
      recordedAt = i;
      recorded = true;
    }
    return 0;
  }

private:
  std::optional<LoopPeriod> period;
  State saved;
  bool recorded = false;
  int64_t recordedAt = 0, next = 2;
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_LOOPPERIOD_H
