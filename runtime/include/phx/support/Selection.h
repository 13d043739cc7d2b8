//===- Selection.h - Selections of the vector unit ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions of binary32 that compare and choose, bit for bit as the
// specification of the instruction set says, and what each does with a NaN: no
// maximum, minimum or bound loses it. Written as comparisons and selections
// without branches, which compilers turn into vector instructions.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_SELECTION_H
#define PHX_SUPPORT_SELECTION_H

#include <bit>
#include <cstdint>

namespace phx {

/// The only NaN that arithmetic writes.
inline constexpr uint32_t canonicalNaNBits = 0x7fc00000u;

/// `x`, or the canonical NaN for every NaN. Which of two operands a processor
/// takes sign and payload from depends on the order in which a compiler puts
/// them; nothing else may depend on it. On integers, where no optimisation of
/// floating point can see the operation as void.
inline constexpr float canonicalF32(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  bool isNaN = int32_t(bits & 0x7fffffffu) > int32_t(0x7f800000);
  return std::bit_cast<float>(isNaN ? canonicalNaNBits : bits);
}

/// The larger one, b of equal ones; the canonical NaN if either is NaN
/// (`maximum` of IEEE 754-2019, section 9.6, but for the order of the zeros).
inline constexpr float maximumF32(float a, float b) {
  float larger = a > b ? a : b;
  return ((a != a) | (b != b)) ? std::bit_cast<float>(canonicalNaNBits)
                               : larger;
}

/// The smaller one, b of equal ones; the canonical NaN if either is NaN.
inline constexpr float minimumF32(float a, float b) {
  float smaller = a < b ? a : b;
  return ((a != a) | (b != b)) ? std::bit_cast<float>(canonicalNaNBits)
                               : smaller;
}

/// minimumF32(maximumF32(x, low), high): the upper bound decides if the bounds
/// cross. In one piece, as the bounds of a loop are looked at once.
inline constexpr float clipF32(float x, float low, float high) {
  float raised = x > low ? x : low;
  float limited = raised < high ? raised : high;
  return ((x != x) | (low != low) | (high != high))
             ? std::bit_cast<float>(canonicalNaNBits)
             : limited;
}

/// Whether `next`, which comes later, becomes the maximum instead of `best`:
/// the first of equal ones stays, and so does the first NaN.
inline constexpr bool replacesMaximum(float next, float best) {
  return next > best || (next != next && best == best);
}

/// +0 for what is not positive; NaN stays.
inline constexpr float reluF32(float x) { return x <= 0.0f ? 0.0f : x; }

/// Whether the gate of a rectifier lets a gradient pass: everywhere but where
/// reluF32 gives +0. It opens for NaN.
inline constexpr bool isOpen(float condition) { return !(condition <= 0.0f); }

/// b where a is positive. Elsewhere slope * b, also where a is NaN; with slope
/// 0, +0 where a is not positive and b where it is NaN.
inline constexpr float gateF32(float a, float b, float slope) {
  if (slope == 0.0f)
    return isOpen(a) ? b : 0.0f;
  return a > 0.0f ? b : slope * b;
}

/// b where low < a < high, else +0, also where a is NaN.
inline constexpr float gateRangeF32(float a, float b, float low, float high) {
  return ((low < a) & (a < high)) ? b : 0.0f;
}

/// b * factor where `random` is at least `ratio`. Elsewhere b - b: +0, or NaN
/// where b is NaN or infinite, as 0 * b would be.
inline constexpr float dropF32(float random, float b, float ratio,
                               float factor) {
  return random >= ratio ? b * factor : b - b;
}

} // namespace phx

#endif // PHX_SUPPORT_SELECTION_H
