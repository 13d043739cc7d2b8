//===- Strided.h - Four-dimensional strided operands ---------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The innermost dimension is a row; the outer three number the rows.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_EXEC_STRIDED_H
#define PHX_LIB_EXEC_STRIDED_H

#include "phx/exec/Context.h"

#include "phx/support/Selection.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace phx::exec {

struct Extents {
  std::array<int64_t, 4> size{};
  int64_t rows() const { return size[0] * size[1] * size[2]; }
  int64_t rowLength() const { return size[3]; }
  /// Indices of the outer dimensions of row `row`.
  std::array<int64_t, 3> indexOf(int64_t row) const {
    return {row / (size[1] * size[2]), row / size[2] % size[1], row % size[2]};
  }
};

inline Extents getExtents(const Context &context, const Shape4 &shape) {
  Extents extents;
  for (size_t d = 0; d < 4; ++d)
    extents.size[d] = context.value(shape[d]);
  return extents;
}

/// Bytes of elements of `width` bytes with indices [0, size) in each dimension,
/// relative to the address. `dims`: how many of the dimensions the operand has.
inline ByteRange getBounds(const Extents &extents, const Stride4 &stride,
                           size_t dims = 4, int64_t width = 4) {
  ByteRange range{0, width};
  for (size_t d = 0; d < dims; ++d) {
    int64_t last = (extents.size[d] - 1) * stride[d];
    range.low += std::min<int64_t>(last, 0);
    range.high += std::max<int64_t>(last, 0);
  }
  return range;
}

/// Byte offset of the first element of a row.
inline int64_t getRowOffset(const std::array<int64_t, 3> &index,
                            const Stride4 &stride) {
  return index[0] * stride[0] + index[1] * stride[1] + index[2] * stride[2];
}

inline float loadFloat(const uint8_t *from) {
  float value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
/// Of what is moved: bits as they are.
inline void storeFloat(uint8_t *to, float value) {
  std::memcpy(to, &value, sizeof value);
}
/// Of what is computed: every NaN becomes the canonical one.
inline void storeResult(uint8_t *to, float value) {
  storeFloat(to, canonicalF32(value));
}

} // namespace phx::exec

#endif // PHX_LIB_EXEC_STRIDED_H
