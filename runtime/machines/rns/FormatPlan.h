//===- FormatPlan.h - Constants of one number format ---------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What conversion, residue products and reconstruction need, worked out once
// per format of a program.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_FORMATPLAN_H
#define MACHINES_RNS_FORMATPLAN_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <vector>

namespace phx::exec {

/// One channel in which products are formed: a modulus, or the plain integers
/// (modulus 0) of an executor that does not take the detour over residues.
struct Plane {
  int64_t modulus = 0;
  /// CRT: (product / modulus) * its inverse mod `modulus`, in [0, product).
  int64_t weight = 0;
  /// Residue of mantissa m, centred around 0, at [m + maxMantissa].
  std::vector<int16_t> residues;
  int64_t maxResidue = 0; ///< largest magnitude in `residues`
  bool identity = false;  ///< every residue is its mantissa
};

/// How wide the sums of a pass may get.
enum class SumWidth { Bits16, Bits32, Bits64 };

struct FormatPlan {
  bool bypass = false; ///< binary32 products, no conversion
  Rounding rounding = Rounding::Truncate;
  int mantissaBits = 0;
  int64_t group = 1;
  int64_t maxMantissa = 0; ///< 2^mantissaBits - 1
  std::vector<Plane> planes;
  int64_t moduliProduct = 0; ///< 0: plain integers
  int64_t signedRange = 0;   ///< floor((moduliProduct - 1) / 2)
  SumWidth width = SumWidth::Bits64;
  /// Sums of a pass that reconstruction can return are below 2^sumBits.
  int sumBits = 63;
  /// Exact in binary32: sumBits <= 24, and the 32-bit kernels apply.
  bool fitsFloat = false;

  /// Errors: a group, mantissa bits or moduli outside phx::limits, moduli
  /// missing or not coprime. `plainIntegers`: skip residues where the moduli
  /// provably hold every sum of a pass of `arrayCols`.
  static Result<FormatPlan> create(const NumberFormat &format, bool bypass,
                                   bool plainIntegers, int64_t arrayCols);
};

} // namespace phx::exec

#endif // MACHINES_RNS_FORMATPLAN_H
