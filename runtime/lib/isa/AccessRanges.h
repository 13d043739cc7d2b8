//===- AccessRanges.h - Accesses as ranges over iterations ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_ACCESSRANGES_H
#define PHX_LIB_ISA_ACCESSRANGES_H

#include "phx/isa/Bounds.h"

namespace phx {

/// Number of repetitions along one dimension or of rows of a map, and how far
/// they reach from `start`. The two upper ends (cap, remaining) are kept apart:
/// their minimum is exact, and `start + remaining` usually cancels to a
/// constant.
class Extent {
public:
  Extent(const Affine *start, const Count &count) : count(count) {
    if (start)
      first.add(*start, 1);
    if (count.remaining) {
      left.add(*count.remaining, 1);
      clippedEnd = first;
      clippedEnd.add(*count.remaining, 1);
    }
  }
  /// At least one repetition may happen in `box`.
  bool isPossible(const Box &box) const {
    return count.cap > 0 && (!count.remaining || left.over(box).hi > 0);
  }
  /// First and last index; only if possible.
  Range over(const Box &box) const {
    Range range = first.over(box);
    range.hi += count.cap - 1;
    if (count.remaining)
      range.hi = std::min(range.hi, clippedEnd.over(box).hi - 1);
    return range;
  }

private:
  const Count &count;
  Form first, left, clippedEnd;
};

/// One operand of a strided instruction.
class StridedAccess {
public:
  StridedAccess(const Address &address, const Stride4 &strides,
                const Shape4 &shape, unsigned dims, const ZeroFill *fill);
  /// First bytes of the lowest and highest element; nothing if none.
  std::optional<Range> over(const Box &box) const;

private:
  const ZeroFill *fill;
  Form address;
  std::vector<Extent> counts;   ///< all of the shape, for emptiness
  std::vector<Form> ends;       ///< upper bounds; the lowest holds
  std::optional<Extent> filled; ///< positions of the zero-filled dimension
  Int fillStride = 0;
};

} // namespace phx

#endif // PHX_LIB_ISA_ACCESSRANGES_H
