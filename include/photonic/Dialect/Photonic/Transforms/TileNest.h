//===- TileNest.h - The loops around a tile ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a nest of loops around a photonic.array_product says: in which order
// which tiles come. `photonic-verify-tile` checks it, `emit` translates it.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_TILENEST_H
#define PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_TILENEST_H

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include <optional>

namespace photonic::phot {

/// base + sum of weights[l] * (number of the iteration of loop l).
struct LinearForm {
  int64_t base = 0;
  llvm::SmallVector<int64_t, 8> weights; ///< by loop, outermost first
};

/// A coordinate of a tile; the numbers index lists of them.
enum class TileDim : unsigned { Group, Position, M, N, K };
inline constexpr unsigned numTileDims = 5;
/// "group", "position", "m", "n", "k".
llvm::StringRef getName(TileDim dim);

/// Whether positions and another coordinate move along the same dimension of
/// the result, so that an element may have several of both.
bool meetsPositions(ViewAttr result, TileDim dim);

/// A nest of loops with constant bounds around one tile.
struct TileNest {
  ArrayProductOp tile;
  llvm::SmallVector<mlir::scf::ForOp, 8> loops; ///< outermost first
  llvm::SmallVector<int64_t, 8> trips;          ///< iterations, by loop
  std::array<LinearForm, numTileDims> coordinates;
  std::optional<LinearForm> start; ///< absent: accumulators continue

  /// The loops around `tile`, up to its function. Fails, after a diagnostic,
  /// where they are none that LinearForm can express, or do something else.
  static mlir::FailureOr<TileNest> get(ArrayProductOp tile);

  const LinearForm &get(TileDim dim) const {
    return coordinates[static_cast<unsigned>(dim)];
  }
  /// Extent of the product, and size of a tile, along a coordinate.
  int64_t getExtent(TileDim dim) const;
  int64_t getSize(TileDim dim) const;
  /// The loops that count a coordinate, outermost first.
  llvm::SmallVector<unsigned, 2> getLoops(TileDim dim) const;
  /// What the outermost loop starts from.
  mlir::Value getInit() const;

  /// Fails, after a diagnostic, unless the nest computes its product: each tile
  /// once, each element's terms in order.
  llvm::LogicalResult verify() const;
};

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_TILENEST_H
