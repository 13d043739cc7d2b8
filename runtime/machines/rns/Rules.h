//===- Rules.h - How prices follow the structure ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A description states prices and areas for the structure in `reference`. Each
// has a rule f of the structure that it follows; at another structure it is
// stated * (f(structure) / f(reference)). At the reference the ratio is exactly
// 1, so that what was stated is what counts, to the bit. The documentation is
// docs/guides/energy.md.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_RULES_H
#define MACHINES_RNS_RULES_H

#include "machines/rns/Target.h"

#include <vector>

namespace phx::rns {

/// What prices follow.
struct Structure {
  std::vector<int64_t> moduli;
  int64_t dacBits = 0, adcBits = 0; ///< of the largest modulus
  int64_t mantissaBits = 0;
  int64_t count = 0, rows = 0, columns = 0;
};
/// Of the arrays, for products with mantissas of `mantissaBits`.
Structure getStructure(const Arrays &arrays, int64_t mantissaBits);
/// That the description states prices for.
Structure getReference(const Machine &machine);

/// Bits of the residues 0 to modulus - 1.
int64_t getResidueBits(int64_t modulus);

/// Length in cm of the phase shifters of one multiplier of `modulus`, every
/// digit on: that of the largest phase that residues around zero need.
double getShifterLength(const proto::rns::LinkBudget &link, int64_t modulus);

// Rules: what a price is proportional to.

/// Mean over the moduli of the curve at the bits of the converter.
double followConverters(const proto::rns::Curve &curve, const Structure &s,
                        int64_t bitsOfLargest);
/// Mean over the moduli of 2^bits of the converter: unit elements.
double followConverterArea(const Structure &s, int64_t bitsOfLargest);
/// Mean bits of a residue.
double followResidueBits(const Structure &s);
/// Bits of all residues in all rows: two rings each.
double followRings(const Structure &s);
/// An 8-bit exponent and a mantissa of each element of a group.
double followBlockConversion(const Structure &s);
/// Adders as wide as the wider of residue and signed mantissa, all moduli.
double followForwardConversion(const Structure &s);
/// One operand as wide as the product of the moduli for each modulus.
double followReverseConversion(const Structure &s);
/// Bits that a carry may run through.
double followNearestRounding(const Structure &s);
double followStochasticRounding(const Structure &s);
/// Mean over the moduli of the length of a multiplier.
double followMultipliers(const Machine &machine, const Structure &s);

/// Prices in pJ and areas in mm2 at one structure, named like the fields.
struct Costs {
  double dacPj, adcPj, tiaPj, modulatorPj, bfpPj, roundNearestPj,
      roundStochasticPj, rnsForwardPj, rnsReversePj;
  double multiplierMm2, adcMm2, dacMm2, rnsForwardMm2, rnsReverseMm2, bfpMm2,
      otherMm2;
  int64_t dacs; ///< of one array of one modulus
};
Costs getCosts(const Arrays &arrays, int64_t mantissaBits);

} // namespace phx::rns

#endif // MACHINES_RNS_RULES_H
