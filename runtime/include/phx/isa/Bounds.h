//===- Bounds.h - Ranges of fields over loop iterations -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_BOUNDS_H
#define PHX_ISA_BOUNDS_H

#include "phx/isa/Program.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace phx {

/// Wide enough for a product of two checked fields.
__extension__ using Int = __int128;

/// Inclusive range.
struct Range {
  Int lo = 0, hi = 0;
  friend Range operator+(Range a, Range b) {
    return {a.lo + b.lo, a.hi + b.hi};
  }
};

/// Inclusive ranges of the enclosing loops' counters, and of the lane.
using Box = std::array<std::pair<int64_t, int64_t>, numCounters>;
/// A choice of loops, and of the lane.
using LoopSet = std::array<bool, numCounters>;

/// An Affine with wide weights, equal digits merged: sums of fields that share
/// digits cancel here, which is what makes clipped accesses provable at once.
struct Form {
  Int base = 0;
  struct Term {
    DigitTerm digit; ///< weight unused
    Int weight = 0;
  };
  std::vector<Term> terms;

  Form() = default;
  explicit Form(const Affine &affine) { add(affine, 1); }
  void add(const Affine &affine, Int factor);
  /// Never narrower than the values taken; exact if the box is a point.
  Range over(const Box &box) const;
};

/// Range of a digit; exact ends if it does not wrap inside the box.
Range getDigitRange(const DigitTerm &digit, const Box &box);

/// An upper bound of |affine| over `box`, of digits that are sound; where it is
/// beyond limits::index, something that is beyond it too.
Int getReach(const Affine &affine, const Box &box);

/// Loops whose counters must be fixed before interval arithmetic on `forms` is
/// exact. A loop that occurs in one place, through one digit that does not
/// wrap, moves independently of all others.
LoopSet getCoupledLoops(const std::vector<const Affine *> &free,
                        const std::vector<const Affine *> &coupled,
                        const Box &box);

/// Byte offsets that `map` reaches from rows [rows.lo, rows.hi] and columns
/// [cols.lo, cols.hi] (all >= 0): lowest and highest first byte of an element
/// inside the extents; nothing if there is none.
/// Boxes of digits that it looked at are added to `steps`.
std::optional<Range> getMapRange(const AccessMap &map, Range rows, Range cols,
                                 int64_t &steps);

/// Divides `box`, along the `coupled` loops first, until `isProved` holds
/// everywhere. Returns the single iteration where it does not, if there is one;
/// or some box if the search was given up because `stepsLeft` fell below zero.
/// Each box takes a step, and what `isProved` takes.
std::optional<Box>
findViolation(const Box &box, const LoopSet &coupled,
              const std::function<bool(const Box &)> &isProved,
              int64_t &stepsLeft);

} // namespace phx

#endif // PHX_ISA_BOUNDS_H
