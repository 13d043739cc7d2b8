//===- Kernels.h - Inner loops over 64 lanes ------------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors are handled 64 at a time, one per lane; arrays of lanes are
// contiguous. Loops are plain C++ that compilers vectorise. All arithmetic on
// binary32 follows the order in the text, nothing is contracted.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_KERNELS_H
#define MACHINES_RNS_KERNELS_H

#include "machines/rns/ProductPlan.h"

#include "phx/support/Philox.h"

#include <bit>
#include <cstdint>

namespace phx::rns {

inline constexpr int laneCount = 64;
/// Stationary rows that one kernel call handles.
inline constexpr int rowStep = 4;

/// Exponent field of binary32; all ones in infinities and NaNs.
inline constexpr uint32_t exponentMask = 0x7f800000u;

/// largest[l] = max over columns c in [0, cols) of the exponent field of
/// values[c][l].
void groupExponents(const uint32_t *values, int64_t cols, uint32_t *largest);

/// Mantissas of one column: m = round(value * first * second), the factors
/// being powers of two by lane. `words`: random words by lane for stochastic
/// rounding, else null. Returns how many nonzero values became 0.
uint64_t toMantissas(const uint32_t *values, const float *first,
                     const float *second, const uint32_t *words,
                     const OperandPlan &plan, int16_t *out);

/// words[c][l] = the random word of element elements[l] + c, for c in
/// [0, count).
void randomWords(const RandomSequence &sequence, const uint64_t *elements,
                 int64_t count, uint32_t *words);

/// sums[r][l] = sum over c of x[c][l] * w[c][row + r], for r in [0, rowStep).
/// x and w have laneCount lanes; `lanes` of x, a multiple of 16, are wanted.
/// The caller knows that no partial sum leaves the width.
void dot16(const int16_t *x, const int16_t *w, int64_t cols, int lanes,
           int32_t *sums);
void dot32(const int16_t *x, const int16_t *w, int64_t cols, int lanes,
           int32_t *sums);
/// One row; any magnitude.
void dot64(const int16_t *x, const int16_t *w, int64_t cols, int lanes,
           int64_t *sums);
/// Binary32: continues from what `sums` holds, columns ascending.
void dotFloat(const uint32_t *x, const uint32_t *w, int64_t cols, int lanes,
              float *sums);

/// Chinese remainder: sums[plane][r][l] -> signed integers in sums[0][r][l].
void reconstruct32(const ProductPlan &plan, int32_t *sums, int lanes);
/// sums[plane][l] -> sums[0][l].
void reconstruct64(const ProductPlan &plan, int64_t *sums, int lanes);

/// What an accumulator holds of `value`: +0 where the magnitude is below
/// 2^-126.
inline float flush(float value) {
  return std::bit_cast<uint32_t>(value) & exponentMask ? value : 0.0f;
}

/// acc = flush(acc + term * laneScale * rowScale) where every product of the
/// three is exact and normal or zero.
void accumulate(float *acc, const int32_t *terms, const float *laneScales,
                float rowScale, int lanes);

/// flush(RNE(acc + term * 2^exponent)), one rounding whatever the exponent.
float addExact(float acc, int64_t term, int exponent);

} // namespace phx::rns

#endif // MACHINES_RNS_KERNELS_H
