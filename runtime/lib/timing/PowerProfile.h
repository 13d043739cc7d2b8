//===- PowerProfile.h - Largest sum of powers over repeating stretches ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_POWERPROFILE_H
#define PHX_LIB_TIMING_POWERPROFILE_H

#include "phx/timing/Timing.h"

#include <limits>
#include <vector>

namespace phx::detail {

/// Power over time of each engine, as segments and repetitions of segments, and
/// the largest sum over the engines at one instant. The sum is exact where the
/// engines that repeat do so with one period, or not too often; elsewhere it is
/// bounded by the engines' largest powers.
class PowerProfile {
public:
  explicit PowerProfile(unsigned engines)
      : streams(engines), next(engines, 0), views(engines) {}

  /// Segments of one engine come in order and do not overlap.
  void add(unsigned engine, Femtoseconds begin, Femtoseconds end, double watts);

  /// Entries of an engine so far; a position for addRepetitions.
  size_t size(unsigned engine) const { return streams[engine].size(); }
  size_t totalSize() const;

  /// Entries [one, two) and [two, size) of an engine are two consecutive
  /// blocks that end at `now`, the engine's time; `count` more follow, each of
  /// which moves that time by `period`.
  void addRepetitions(unsigned engine, size_t one, size_t two, int64_t count,
                      Femtoseconds period, Femtoseconds now);

  /// No later segment begins before `limit`; forgets what lies before it.
  /// Positions become invalid.
  void flush(Femtoseconds limit);

  /// After the last flush.
  double getPeak() const { return bound > exact ? bound : exact; }
  bool isExact() const { return bound <= exact; }

private:
  static constexpr Femtoseconds never =
      std::numeric_limits<Femtoseconds>::max();

  struct Item {
    Femtoseconds begin, end;
    double watts;           ///< largest, if it repeats
    int64_t run = -1;       ///< index into `runs`
    Femtoseconds shift = 0; ///< added to the times inside the run
    bool isBound = false;
  };
  /// The first repetition, and how it goes on.
  struct Run {
    std::vector<Item> items;
    Femtoseconds period;
    int64_t count;
  };
  struct Level {
    Femtoseconds period, end;
  };
  /// An engine at one instant.
  struct View {
    Femtoseconds until = -1; ///< nothing changes before
    double watts = 0;
    bool isBound = false;
    std::vector<Level> levels; ///< repetitions around it, outermost first
  };

  bool isShifted(const Item &a, Femtoseconds shiftA, const Item &b,
                 Femtoseconds shiftB, Femtoseconds period) const;
  void look(unsigned engine, Femtoseconds now);
  void descend(View &view, const Item &item, Femtoseconds now,
               Femtoseconds shift) const;
  void sweep(Femtoseconds now, Femtoseconds end, Femtoseconds periodsBelow);
  Level choosePeriod(Femtoseconds now, Femtoseconds end,
                     Femtoseconds periodsBelow) const;
  void account();
  Femtoseconds accountCoarsely(Femtoseconds now, Femtoseconds end);

  std::vector<std::vector<Item>> streams;
  std::vector<Run> runs;
  std::vector<size_t> next; ///< first entry that is not over, by engine
  std::vector<View> views;
  Femtoseconds swept = 0;
  int64_t budget = 0;
  double exact = 0, bound = 0;
};

} // namespace phx::detail

#endif // PHX_LIB_TIMING_POWERPROFILE_H
