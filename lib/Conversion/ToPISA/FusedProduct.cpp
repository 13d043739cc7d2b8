//===- FusedProduct.cpp - A product and what is fused with it -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedProduct.h"
#include "DigitalPlan.h"
#include "Liveness.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace photonic;

phot::ArrayProductOp photonic::getArrayProduct(Operation *op) {
  phot::ArrayProductOp product;
  op->walk([&](phot::ArrayProductOp found) { product = found; });
  return product;
}

bool photonic::hasChannels(const std::optional<phot::ProductShape> &shape) {
  return shape && shape->kind != phot::ProductKind::WeightGradient;
}

//===----------------------------------------------------------------------===//
// Followers
//===----------------------------------------------------------------------===//

/// What the operand `type` of a follower is to a product result of shape
/// `shape` ([B, M, OH, OW] or [B, M]); nullopt if it fits none of the cases.
static std::optional<Follower::Other> classify(ArrayRef<int64_t> operand,
                                               ArrayRef<int64_t> shape) {
  if (operand == shape)
    return Follower::Other::Residual;
  if (getNumElements(operand) == 1)
    return Follower::Other::Scalar;
  // One value per channel: every other dimension is missing or 1.
  if (shape.size() < 2)
    return std::nullopt;
  size_t behind = shape.size() - 2; // dimensions behind the channels
  if (operand.size() < behind + 1 || getNumElements(operand) != shape[1] ||
      operand[operand.size() - 1 - behind] != shape[1])
    return std::nullopt;
  return Follower::Other::Channel;
}

std::optional<Follower> Follower::match(Operation *op, Value chunk,
                                        bool hasChannels) {
  if (!isStep(op) || !getElementwise(op) ||
      op->getResult(0).getType() != chunk.getType())
    return std::nullopt;
  Follower follower;
  follower.op = op;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (operand == chunk)
      continue;
    auto shape = cast<RankedTensorType>(operand.getType()).getShape();
    auto other =
        classify(shape, cast<RankedTensorType>(chunk.getType()).getShape());
    if (!other || (other == Follower::Other::Channel && !hasChannels))
      return std::nullopt;
    follower.other = *other;
    follower.otherIndex = index;
  }
  return follower;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

FailureOr<FusedProduct> FusedProduct::get(phot::FusedOp op) {
  FusedProduct product;
  product.op = op;
  phot::ArrayProductOp tile = getArrayProduct(op.getFirst());
  FailureOr<phot::TileNest> nest = phot::TileNest::get(tile);
  if (failed(nest))
    return failure();
  product.nest = std::move(*nest);
  std::optional<phot::ProductShape> shape = phot::ProductShape::match(tile);
  if (!shape)
    return tile.emitError("has views that are not those of a layer: chunks for "
                          "on-chip memory are pieces of its images and "
                          "channels; use --memory=ideal");
  product.shape = *shape;
  for (Operation *follower : op.getFollowers()) {
    std::optional<Follower> found = Follower::match(
        follower, follower->getPrevNode()->getResult(0), hasChannels(shape));
    if (!found)
      return follower->emitError(
          "cannot change chunks of the product in front of it in place: "
          "expected an elementwise operation whose other operand has the shape "
          "of the result, one value per channel, or one value; take it out of "
          "the photonic.fused");
    product.followers.push_back(*found);
  }
  return product;
}

SmallVector<Value> FusedProduct::getInPlaceOperands() const {
  // Read in other pieces than those of the result, or for several of them.
  phot::ArrayProductOp tile = nest.tile;
  llvm::SmallDenseSet<Value> elsewhere;
  for (Value operand : tile->getOperands())
    elsewhere.insert(getRoot(operand));
  for (const Follower &follower : followers)
    if (follower.other == Follower::Other::Channel ||
        follower.other == Follower::Other::Scalar)
      elsewhere.insert(getRoot(follower.getOther()));
  SmallVector<Value> operands;
  for (const Follower &follower : followers)
    if (follower.other == Follower::Other::Residual &&
        !elsewhere.contains(getRoot(follower.getOther())))
      operands.push_back(follower.getOther());
  return operands;
}

FollowerCounts FusedProduct::countFollowers() const {
  FollowerCounts counts;
  for (const Follower &follower : followers) {
    counts.channelParameters += follower.other == Follower::Other::Channel;
    counts.scalars += follower.other == Follower::Other::Scalar;
    counts.residuals += follower.other == Follower::Other::Residual;
  }
  return counts;
}
