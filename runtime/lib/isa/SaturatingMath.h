//===- SaturatingMath.h - Byte arithmetic that cannot overflow -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every field of a program is bounded, but supersets of what instructions touch
// combine extents that do not occur together. No memory has more than 2^50
// bytes, so what lies beyond 2^62 needs no position of its own.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_SATURATINGMATH_H
#define PHX_LIB_ISA_SATURATINGMATH_H

#include <algorithm>
#include <cstdint>

namespace phx::detail {

inline constexpr int64_t farthest = int64_t(1) << 62;

/// a + b in [-2^62, 2^62], for operands in that range.
inline int64_t addSaturated(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum))
    return a < 0 ? -farthest : farthest;
  return std::clamp(sum, -farthest, farthest);
}

/// a * b in [-2^62, 2^62].
inline int64_t multiplySaturated(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    return (a < 0) == (b < 0) ? farthest : -farthest;
  return std::clamp(product, -farthest, farthest);
}

} // namespace phx::detail

#endif // PHX_LIB_ISA_SATURATINGMATH_H
