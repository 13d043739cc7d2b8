//===- AccessRanges.cpp - Accesses as ranges over iterations ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccessRanges.h"

#include <algorithm>

using namespace phx;

StridedAccess::StridedAccess(const Address &a, const Stride4 &strides,
                             const Shape4 &shape, unsigned dims,
                             const ZeroFill *fill)
    : fill(fill), address(a.offset), ends{Form(a.offset)} {
  for (unsigned d = 0; d < 4; ++d) {
    counts.emplace_back(nullptr, shape[d]);
    if (d >= dims || strides[d] == 0)
      continue;
    if (fill && fill->dim == d) {
      filled.emplace(&fill->start, shape[d]);
      fillStride = strides[d];
      continue;
    }
    // Each count gives two upper ends; all combinations are bounds.
    std::vector<Form> clipped;
    for (Form &end : ends) {
      if (shape[d].remaining) {
        clipped.push_back(end);
        clipped.back().add(*shape[d].remaining, strides[d]);
        clipped.back().base -= strides[d];
      }
      end.base += Int(shape[d].cap - 1) * strides[d];
    }
    ends.insert(ends.end(), clipped.begin(), clipped.end());
  }
}

std::optional<Range> StridedAccess::over(const Box &box) const {
  for (const Extent &count : counts)
    if (!count.isPossible(box))
      return std::nullopt;
  Range range{address.over(box).lo, ends[0].over(box).hi};
  for (const Form &end : ends)
    range.hi = std::min(range.hi, end.over(box).hi);
  if (filled) {
    Range positions = filled->over(box);
    positions.lo = std::max<Int>(positions.lo, 0);
    positions.hi = std::min<Int>(positions.hi, fill->extent - 1);
    if (positions.lo > positions.hi)
      return std::nullopt;
    range.lo += positions.lo * fillStride;
    range.hi += positions.hi * fillStride;
  } else if (fill && fill->extent == 0) {
    return std::nullopt;
  }
  return range;
}
