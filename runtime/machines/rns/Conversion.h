//===- Conversion.h - From binary32 operands to residues ------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gathers up to 64 rows (or streamed vectors) of an operand through its access
// map and converts them: shared exponents, mantissas, residues. The same code
// serves the stationary and the streamed operand. Of an operand that is stored
// in blocks, exponents and mantissas are there to be read.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_CONVERSION_H
#define MACHINES_RNS_CONVERSION_H

#include "phx/exec/AccessMaps.h"
#include "phx/exec/Context.h"
#include "machines/rns/Kernels.h"
#include "phx/exec/RandomNumbers.h"

#include <optional>
#include <vector>

namespace phx::rns {

/// The part of the group of one term that lies in a tile.
struct TileGroup {
  int64_t begin = 0, end = 0; ///< columns of the tile
  /// All that shares its exponent, as columns of the reach (see TileColumns):
  /// the group, or a longer one around it.
  int64_t wholeBegin = 0, wholeEnd = 0;
  bool first = true, last = true; ///< the group starts, ends in this tile
};

/// Columns of a tile and the groups they belong to, as one operand sees them.
/// A group that is longer than the array shares one exponent across passes, one
/// that is longer than a term's across terms, so the columns that a tile has to
/// look at, its reach, may exceed the columns that it multiplies.
struct TileColumns {
  int64_t begin = 0, count = 0;           ///< contraction positions
  int64_t reachBegin = 0, reachCount = 0; ///< superset
  std::vector<TileGroup> groups;          ///< ascending
  bool partial = false;                   ///< some group is not whole

  /// `total`: contraction length; the last group may be shorter. `group`: of a
  /// term; `whole`: of what shares an exponent, a multiple of it, or 0 if
  /// nothing does and the reach is the tile.
  void set(int64_t kStart, int64_t cols, int64_t total, int64_t group,
           int64_t whole);
};

/// Smallest and largest shared exponent of the lanes whose group is not zero;
/// low > high if all are.
struct ExponentRange {
  int low = 1, high = 0;
};

/// Up to 64 rows of an operand, by lane.
struct OperandBlock {
  int lanes = 0;
  /// [reach column][lane], binary32; empty after a conversion.
  std::vector<uint32_t> values;
  std::vector<int16_t> planes;       ///< [plane][tile column][lane]
  std::vector<int16_t> exponents;    ///< [group][lane], unbiased; 0 for zeros
  std::vector<uint8_t> zero;         ///< [group][lane], no element is nonzero
  std::vector<float> scales;         ///< [group][lane], weight of mantissa 1
  std::vector<ExponentRange> ranges; ///< by group
  uint64_t inside = 0;               ///< elements inside the extents
  uint64_t zeroMantissas = 0;        ///< nonzero values that became 0
};

/// What a conversion needs meanwhile; reused from one to the next.
struct ConversionScratch {
  exec::IndexRuns rows;
  std::vector<uint32_t> values; ///< [reach column][lane], binary32
  /// [tile column][lane], for stochastic rounding.
  std::vector<uint32_t> randomWords;
};

/// Where an operand comes from.
struct OperandSource {
  const AccessMap *map = nullptr;
  exec::SourceView view;
  /// The columns of TileColumns::reach; of a stored operand the blocks that
  /// hold them.
  exec::UnrolledDigits reach;
  const Bfp *blocks = nullptr; ///< of a stored operand: its format
  /// For stochastic rounding.
  exec::RoundingNumbers numbers;
};

/// What an operand must not hold: an infinity or NaN met in a conversion, or
/// bytes that are no block.
struct BadOperand {
  int lane = 0;
  int64_t column = 0; ///< contraction position
  float value = 0;
  std::optional<BrokenRule> fault = {}; ///< of a block
};

/// Reads rows [row, row + lanes) and converts them, with `bypass` takes them as
/// they are; of a stored operand, reads what a conversion left. Rows beyond the
/// map's are zero.
std::optional<BadOperand> convert(const OperandSource &source,
                                  const TileColumns &columns,
                                  const OperandPlan &plan, bool bypass,
                                  int64_t row, int lanes, OperandBlock &block,
                                  ConversionScratch &scratch);

/// What readBlocks and conversions do alike, lane by lane: exponents and scales
/// of group `g`, whose largest exponents are given as bits of binary32 in
/// place, 0 for a group of zeros; and residues of column `c` of the tile.
void setScales(const OperandPlan &plan, const uint32_t *largest, size_t g,
               OperandBlock &block);
void setResidues(const OperandPlan &plan, const TileColumns &columns, int64_t c,
                 const int16_t *mantissas, OperandBlock &block);
/// Makes room for the tile's columns.
void resize(OperandBlock &block, const OperandPlan &plan,
            const TileColumns &columns);

/// Reads a stored operand as convert() would have converted it.
std::optional<BadOperand> readBlocks(const OperandSource &source,
                                     const TileColumns &columns,
                                     const OperandPlan &plan, int64_t row,
                                     int lanes, OperandBlock &block,
                                     ConversionScratch &scratch);

} // namespace phx::rns

#endif // MACHINES_RNS_CONVERSION_H
