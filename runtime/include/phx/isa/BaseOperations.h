//===- BaseOperations.h - Formats and sums that classes share ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations of a program's tables that belong to no machine class. Which of
// them an array computes, and together with what, its class says.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_BASEOPERATIONS_H
#define PHX_ISA_BASEOPERATIONS_H

#include "phx/isa/TableOperation.h"

#include <optional>

namespace phx {

enum class Rounding : uint8_t { Truncate = 0, Nearest = 1, Stochastic = 2 };

/// Block floating point: `group` elements along the contraction axis share an
/// exponent, each has a sign and a mantissa.
struct Bfp {
  static constexpr const char *operationName = "bfp";
  int64_t mantissa = 4; ///< bits, without the sign
  int64_t group = 16;   ///< elements
  Rounding rounding = Rounding::Truncate;
  friend bool operator==(const Bfp &, const Bfp &) = default;
};

/// No conversion; `group` elements make one partial sum.
struct Fp32 {
  static constexpr const char *operationName = "fp32";
  int64_t group = 16; ///< elements
  friend bool operator==(const Fp32 &, const Fp32 &) = default;
};

/// The sum of the products of one group in binary32: the arithmetic bypass.
struct FloatDot {
  static constexpr const char *operationName = "float_dot";
  friend bool operator==(const FloatDot &, const FloatDot &) = default;
};

/// acc = flush(RNE(acc + integer * 2^exponent)), one rounding.
struct ScaledAdd {
  static constexpr const char *operationName = "scaled_add";
  friend bool operator==(const ScaledAdd &, const ScaledAdd &) = default;
};

/// acc + sum in binary32, nothing flushed.
struct FloatAdd {
  static constexpr const char *operationName = "float_add";
  friend bool operator==(const FloatAdd &, const FloatAdd &) = default;
};

/// Length of a group of a conversion; nothing if it has no groups.
std::optional<int64_t> getGroupLength(const TableOperation &conversion);

} // namespace phx

#endif // PHX_ISA_BASEOPERATIONS_H
