//===- Limits.h - The largest numbers of a program ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Limits that several layers check: target descriptions, attributes and
// operations of the compiler, the validator, the executors. Each is stated here
// once, with what it is there for. Schemas (target.proto and those of machine
// classes) repeat some as options of their fields; tests compare them.
//
// Inside these limits all integer arithmetic of products is exact, in every
// layer: elements have 16 bits, sums of a group 64, and a sum of a group is
// exact in binary64, so that one rounding makes it a binary32.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_LIMITS_H
#define PHX_ISA_LIMITS_H

#include <cstdint>
#include <string>

namespace phx::limits {

/// From `low` to `high`, both included.
struct Range {
  int64_t low, high;

  constexpr bool contains(int64_t value) const {
    return low <= value && value <= high;
  }
  /// "1 to 15".
  std::string toText() const {
    return std::to_string(low) + " to " + std::to_string(high);
  }
};

/// Mantissa bits of a block format, without the sign: |m| <= 2^15 - 1 fits into
/// 16 bits.
inline constexpr Range mantissaBits{1, 15};
/// Elements that share an exponent.
inline constexpr Range groupLength{1, 4096};

/// Rows or columns of an array.
inline constexpr Range arraySide{1, 4096};

/// Number of a product among random numbers: its operands take the streams 2 s
/// and 2 s + 1 of 32 bits.
inline constexpr Range productStream{0, (int64_t(1) << 31) - 1};

/// Arrays of all groups of a program: analyses keep a clock for each.
inline constexpr int64_t arrays = 65536;

/// Memories of a program: charges count the bytes of each.
inline constexpr int64_t memories = 16;

/// Count registers of a program.
inline constexpr int64_t registers = 256;
/// What a count register can hold: a whole number of 32 bits with a sign.
inline constexpr Range registerValue{0, (int64_t(1) << 31) - 1};

/// No extent, stride or capacity is larger, so that products of two of them
/// fit in 128 bits and sums of their products in 64.
inline constexpr int64_t magnitude = int64_t(1) << 50;

/// No linear index and no affine field is larger.
inline constexpr int64_t index = int64_t(1) << 62;

/// Loops around one instruction.
inline constexpr int64_t loopDepth = 8;

/// Axes of an access map.
inline constexpr int64_t mapAxes = 4;

/// Positions of a window whose maximum has its number in one byte.
inline constexpr int64_t windowPositions = 256;

/// Whole numbers of this magnitude are exact in binary32: class numbers, keys.
inline constexpr int64_t wholeNumber = int64_t(1) << 24;

/// Largest |m| of `bits` mantissa bits.
constexpr int64_t getMaxMantissa(int64_t bits) {
  return (int64_t(1) << bits) - 1;
}

/// The largest sum of products of one group.
inline constexpr int64_t groupSum = groupLength.high *
                                    getMaxMantissa(mantissaBits.high) *
                                    getMaxMantissa(mantissaBits.high);
static_assert(groupSum < int64_t(1) << 53, "exact in binary64");

} // namespace phx::limits

#endif // PHX_ISA_LIMITS_H
