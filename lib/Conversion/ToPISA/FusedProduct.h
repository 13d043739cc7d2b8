//===- FusedProduct.h - A product and what is fused with it -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_FUSEDPRODUCT_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_FUSEDPRODUCT_H

#include "photonic/Dialect/Photonic/IR/LayerShape.h"
#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include <optional>

namespace photonic {

/// An elementwise operation that is applied to the chunks of a product, and
/// what its other operand is.
struct Follower {
  mlir::Operation *op = nullptr;
  enum class Other { None, Channel, Scalar, Residual } other = Other::None;
  unsigned otherIndex = 0; ///< operand number, if there is one

  /// `op` as a follower of the product value `chunk`, if it can be one.
  /// `hasChannels`: dimension 1 of the product is that of its channels.
  static std::optional<Follower> match(mlir::Operation *op, mlir::Value chunk,
                                       bool hasChannels);

  /// The chunk is the second operand.
  bool chunkIsSecond() const { return other != Other::None && otherIndex == 0; }
  mlir::Value getOther() const { return op->getOperand(otherIndex); }
};

/// What a chunk holds beside operands and result of its product.
struct FollowerCounts {
  int64_t channelParameters = 0; ///< vectors with one value per channel
  int64_t scalars = 0;           ///< single values
  int64_t residuals = 0;         ///< tensors of the result's shape
};

/// A nest of tiles and the elementwise operations that are fused with it.
struct FusedProduct {
  phot::FusedOp op;
  phot::TileNest nest;
  phot::ProductShape shape;
  llvm::SmallVector<Follower> followers;

  /// What stands in `op`, whose first operation is a nest. Fails, after a
  /// diagnostic, unless chunks of the product can be computed.
  static mlir::FailureOr<FusedProduct> get(phot::FusedOp op);

  phot::ArrayProductOp getProduct() const { return nest.tile; }
  /// Operands whose memory the result may take over: a chunk of the result is
  /// stored where exactly that chunk has been read, and by nobody later.
  llvm::SmallVector<mlir::Value> getInPlaceOperands() const;
  FollowerCounts countFollowers() const;
};

/// The product in a nest of loops; null if `op` is none.
phot::ArrayProductOp getArrayProduct(mlir::Operation *op);

/// Whether chunks of the product of `shape`, if it is one of a layer, are
/// pieces of the channels of its result.
bool hasChannels(const std::optional<phot::ProductShape> &shape);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_FUSEDPRODUCT_H
