//===- Contract.h - The arithmetic contract of one element ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an accumulator becomes, by section 6 of docs/isa.md, written down a
// second time: integers of 1024 bits, comparisons instead of bit fields. Shares
// nothing with the dialect.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_CONTRACT_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_CONTRACT_H

#include <cstdint>
#include <string>
#include <vector>

namespace photonic::oracle {

enum class Rounding { Trunc, Nearest, Stochastic };

/// How an operand is converted. bits 0: the bypass, binary32 in groups of
/// `group`; group 0: no format at all, every product added to the accumulator.
struct Format {
  int bits = 0;
  int64_t group = 0;
  Rounding rounding = Rounding::Trunc;
  uint32_t seed = 0, trial = 0, step = 0, stream = 0;

  bool isInteger() const { return bits != 0; }
  bool isRandom() const {
    return isInteger() && rounding == Rounding::Stochastic;
  }
  /// `#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>`
  std::string print() const;
};

/// An element of an operand on its way into a conversion.
struct Input {
  float value = 0;
  uint64_t number = 0; ///< of its random number
};

/// Contributions along one contraction, in order.
struct Run {
  std::vector<Input> lhs, rhs;
};

/// The accumulator behind all terms of `run`. Of integer formats one group is
/// as long as the other or a multiple of it; others are equal.
float addRun(const Format &lhs, const Format &rhs, const Run &run, float acc);

} // namespace photonic::oracle

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_CONTRACT_H
