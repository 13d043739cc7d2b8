//===- PowerMerge.h - Largest sum of powers, one segment at a time --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_POWERMERGE_H
#define PHX_LIB_TIMING_POWERMERGE_H

#include "phx/timing/Timing.h"

#include <deque>
#include <vector>

namespace phx::detail {

/// Merges the segments of all engines in time order and keeps the largest sum.
/// Memory is what lies between the slowest and the fastest engine.
class PowerMerge {
public:
  explicit PowerMerge(unsigned engines) : queues(engines) {}

  /// Segments of one engine come in order and do not overlap.
  void add(unsigned engine, Femtoseconds begin, Femtoseconds end,
           double watts) {
    queues[engine].push_back({begin, end, watts});
  }
  /// No later segment begins before `limit`.
  void advance(Femtoseconds limit);

  double getPeak() const { return peak; }

private:
  struct Segment {
    Femtoseconds begin, end;
    double watts;
  };
  std::vector<std::deque<Segment>> queues;
  Femtoseconds now = 0;
  double peak = 0;
};

} // namespace phx::detail

#endif // PHX_LIB_TIMING_POWERMERGE_H
