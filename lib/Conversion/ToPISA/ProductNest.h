//===- ProductNest.h - The loop nest of an analog product -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A nest of tiles as it stands in the IR becomes a nest of instructions: the
// loops in their order, those that `arrays` names dealt to the arrays.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTNEST_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTNEST_H

#include "ProgramEmitter.h"

#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include <optional>
#include <string>

namespace photonic {

/// Where the elements of an operand or the result of a nest are.
struct OperandMap {
  /// (row, contraction position) of an operand, (row, column) of the result.
  /// Rows of the first operand and of the result are numbered position * rows +
  /// row.
  phx::AccessMap map;
  int64_t groupBytes = 0; ///< from one group to the next
  /// Of an operand that is converted already: a column of `map` is a block.
  bool isStored = false;
};

/// The transpose: columns are rows.
inline phx::AccessMap swapped(phx::AccessMap map) {
  std::swap(map.rows, map.cols);
  return map;
}

/// The part of a product that one nest covers.
struct NestBlock {
  int64_t groups = 1, positions = 1;
  int64_t m = 1, n = 1, k = 1; ///< per group, m per position
  int64_t rowsPerPosition = 1; ///< of the numbering of rows
  OperandMap lhs, rhs, result;

  /// A whole product, in dense tensors. Fails, after a diagnostic, where an
  /// access map cannot say what the views do.
  static mlir::FailureOr<NestBlock> getWhole(phot::ArrayProductOp op);

  int64_t getExtent(phot::TileDim dim) const;
};

/// One loop of a nest of tiles.
struct NestLoop {
  phot::TileDim dim = phot::TileDim::Group;
  int64_t trips = 1;
  int64_t weight = 1; ///< what one iteration adds to the coordinate
};

/// The loops of a nest, and which of them are dealt to the arrays.
struct NestOrder {
  llvm::SmallVector<NestLoop, 8> loops;           ///< outermost first
  std::array<int64_t, phot::numTileDims> bases{}; ///< of the coordinates
  unsigned dealtBegin = 0, dealtEnd = 0;          ///< loops that `arrays` names

  /// Those of a verified nest, for `block` of its product.
  static NestOrder get(const phot::TileNest &nest, const NestBlock &block);
  /// What keeps the nest from computing a part of its product: several loops
  /// that count what `block` has only a part of. None if nothing does.
  static std::optional<std::string> findProblem(const phot::TileNest &nest,
                                                const NestBlock &block);
};

/// Everything that a nest needs beside its block.
struct NestOptions {
  phot::Stationary stationary = phot::Stationary::First;
  std::array<int64_t, phot::numTileDims> sizes{}; ///< of a tile, by TileDim
  int64_t columns = 0; ///< contraction positions of a pass
  NestOrder order;
  uint16_t group = 0; ///< of arrays
  int64_t arrays = 1; ///< how many it has
  /// Of the group's class.
  const MachineLowering *lowering = nullptr;
  uint32_t product = 0;
  /// Accumulators continue from memory everywhere, also in the first term.
  bool continues = false;
  phx::Address lhs, rhs, result;
  /// Rows and columns of the product that are left; constants unless an
  /// enclosing loop cuts the product into chunks with a smaller last one.
  phx::Affine rowsRemaining, columnsRemaining;
  /// Where the block begins in the whole product.
  phx::Affine groupStart, rowStart, columnStart, contractionStart;

  /// What the tile of a nest says, for the arrays of `target`.
  static NestOptions get(const phot::TileNest &nest, const NestBlock &block,
                         const phx::Target &target);
};

/// A whole product in dense tensors, and its nest.
struct WholeNest {
  phot::TileNest nest;
  NestBlock block;
  NestOptions options;

  /// Fails, after a diagnostic, where a program cannot say what the views and
  /// the nest do.
  static mlir::FailureOr<WholeNest> get(phot::ArrayProductOp op,
                                        const phx::Target &target);
};

/// What of a product is kept in the arrays.
phx::Stationary getStationary(phot::Stationary stationary);

/// Emits the nest, which programs can say (NestCounters.h), and enters what it
/// computes into the product's entry.
void emitNest(ProgramEmitter &emitter, const NestBlock &block,
              const NestOptions &options);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTNEST_H
