//===- ProductPlan.h - Constants of products of two formats --- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What conversion, residue products and reconstruction need, worked out once
// for all products of a program that compute the same.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_PRODUCTPLAN_H
#define MACHINES_RNS_PRODUCTPLAN_H

#include "machines/rns/Operations.h"

#include "phx/support/Result.h"

#include <vector>

namespace phx::rns {

/// One channel in which products are formed: a modulus, or the plain integers
/// (modulus 0) of an executor that does not take the detour over residues.
struct Plane {
  int64_t modulus = 0;
  /// CRT: (product / modulus) * its inverse mod `modulus`, in [0, product).
  int64_t weight = 0;
};

/// Mantissas of one operand in one plane.
struct Residues {
  /// Residue of mantissa m, centred around 0, at [m + maxMantissa].
  std::vector<int16_t> values;
  int64_t largest = 0;   ///< magnitude in `values`
  bool identity = false; ///< every residue is its mantissa
};

/// How wide the sums of a pass may get.
enum class SumWidth { Bits16, Bits32, Bits64 };

/// Conversion of one operand.
struct OperandPlan {
  Rounding rounding = Rounding::Truncate;
  int mantissaBits = 0;
  int64_t group = 1;       ///< elements that share an exponent
  int64_t maxMantissa = 0; ///< 2^mantissaBits - 1
  std::vector<Residues> planes;
};

struct ProductPlan {
  bool bypass = false; ///< binary32 products, no conversion
  /// Elements of one term of the accumulator: the shorter of both groups.
  int64_t group = 1;
  std::array<OperandPlan, 2> operands; ///< of the product, first and second
  std::vector<Plane> planes;
  int64_t moduliProduct = 0; ///< 0: plain integers
  int64_t signedRange = 0;   ///< floor((moduliProduct - 1) / 2)
  SumWidth width = SumWidth::Bits64;
  /// Sums of a pass that reconstruction can return are below 2^sumBits.
  int sumBits = 63;
  /// Exact in binary32: sumBits <= 24, and the 32-bit kernels apply.
  bool fitsFloat = false;

  /// Elements of an operand that share an exponent; 0 if none do.
  int64_t getShared(unsigned operand) const {
    return bypass ? 0 : operands[operand].group;
  }

  /// For what the tables of a valid program ask. `plainIntegers`: skip residues
  /// where the moduli provably hold every sum of a pass of `arrayCols`.
  static ProductPlan create(const Computation &computation, bool bypass,
                            bool plainIntegers, int64_t arrayCols);
};

} // namespace phx::rns

#endif // MACHINES_RNS_PRODUCTPLAN_H
