//===- ProductChunks.h - A product in pieces that fit on chip ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTCHUNKS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTCHUNKS_H

#include "ChunkIndex.h"
#include "FusedProduct.h"
#include "ProductBlock.h"

#include "phx/target/Target.h"

#include <optional>
#include <string>

namespace photonic {

/// Bytes needed and available where something does not fit.
struct ChunkingFailure {
  std::string memory; ///< its name
  int64_t needed = 0, available = 0;
  /// What keeps the nest from computing chunks that would fit; else empty.
  std::string problem = {};
};

/// Bytes on chip by what they are for.
struct RoleBytes {
  int64_t stationary = 0, streamed = 0, result = 0;
};
/// The first memory of `target` that is too small for what it would hold, all
/// roles that it serves together; none if everything fits.
std::optional<ChunkingFailure> findOverflow(const phx::Target &target,
                                            const RoleBytes &bytes);

/// Chunks of an operand, and of the result, that are on chip at once.
struct ProductBuffers {
  int64_t first = 1, second = 1, result = 1;
};

/// Extents of a chunk.
struct ChunkCut {
  int64_t groups = 1, rows = 1; ///< of the result, per group and position
  int64_t images = 1, lines = 1;
};

/// A product that is cut into chunks: an outer loop over rows (or groups), and
/// an inner one over columns. The rows of a forward product and of an input
/// gradient are channels, whose weights stay on chip, and their columns images,
/// or lines of images. A weight gradient has output channels in the outer loop
/// and images in the inner one: all of them add to the result, which stays.
struct ProductChunks {
  ProductBlock block; ///< of one chunk, the last ones may be smaller
  FollowerCounts followers;
  int64_t rowChunks = 1; ///< chunks of rows, or of groups
  int64_t imageChunks = 1, lineChunks = 1;
  /// One buffer: of the first operand with what is read per channel, of the
  /// second one, of the result, and of what followers read in its shape.
  int64_t firstBytes = 0, secondBytes = 0, resultBytes = 0, residualBytes = 0;

  static ProductChunks make(const phot::ProductShape &shape,
                            const FollowerCounts &followers,
                            const ChunkCut &cut);
  /// As `op` has it in its attribute. Fails, after a diagnostic, where the
  /// product cannot be cut like that.
  static mlir::FailureOr<ProductChunks> get(const FusedProduct &product);

  /// Of the whole product.
  static ChunkCut getWhole(const phot::ProductShape &shape);
  ChunkCut getCut() const;
  phot::ChunkAttr getAttr(mlir::MLIRContext *context) const;

  bool isWeightGradient() const {
    return block.shape.kind == phot::ProductKind::WeightGradient;
  }
  /// Weights and images of convolutions with groups are cut together.
  bool cutsGroups() const { return block.groups < block.shape.groups; }
  int64_t getColumnChunks() const { return imageChunks * lineChunks; }
  int64_t getChunks() const { return rowChunks * getColumnChunks(); }
  bool loopsRows() const { return rowChunks > 1; }
  bool loopsColumns() const { return getColumnChunks() > 1; }
  /// Chunks of as many images as the block has, and images behind them.
  int64_t getFullImageChunks() const {
    return block.shape.batch / block.images;
  }
  int64_t getTailImages() const { return block.shape.batch % block.images; }

  /// Rows, and columns, of the whole product that are left in front of the
  /// chunk with the given number; constants unless the last one is smaller.
  phx::Affine getRowsLeft(const ChunkIndex &rowChunk) const;
  phx::Affine getColumnsLeft(const ChunkIndex &columnChunk) const;

  /// What keeps `nest` from computing the chunks; none if nothing does.
  std::optional<std::string> findProblem(const phot::TileNest &nest,
                                         const phx::Target &target) const;

  /// Two of what the innermost loop loads or stores, so that transfers overlap
  /// with what the arrays do.
  ProductBuffers getUsualBuffers() const;
  /// As many as there are chunks.
  ProductBuffers getMostBuffers() const;
  /// As `op` has them. Fails, after a diagnostic, unless all are of use.
  mlir::FailureOr<ProductBuffers> getBuffers(phot::FusedOp op) const;
  RoleBytes countBytes(const ProductBuffers &buffers) const;
};

/// Chunks of images of a weight gradient are multiples of this many: pieces of
/// the contraction end where groups of the formats do, so that cutting changes
/// no bit.
int64_t getImageUnit(phot::ArrayProductOp op, const phot::ProductShape &shape);

/// What keeps a product in one piece; none if it may be cut.
std::optional<llvm::StringRef> getWholeReason(phot::ArrayProductOp op);

/// Says that a product does not fit in the chunks that are `what`, and what
/// would help.
mlir::LogicalResult reportWorkingSet(phot::ArrayProductOp op,
                                     const ChunkingFailure &failure,
                                     const phx::Target &target,
                                     llvm::StringRef what);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTCHUNKS_H
