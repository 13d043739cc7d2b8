//===- Tiling.cpp - Products as loop nests over array passes -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tiling interface of photonic.product. All three dimensions carry the
// accumulator, because a pass updates a part of it and leaves the rest as it
// is: seen from the nest, the product is one reduction, and its merge adds the
// bias.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

static bool isWeightStationary(ProductOp op) {
  return !op.getDataflow() || *op.getDataflow() == Dataflow::DF1;
}

SmallVector<utils::IteratorType> ProductOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(3, utils::IteratorType::reduction);
}

SmallVector<Range> ProductOp::getIterationDomain(OpBuilder &b) {
  ProductShape shape = ProductShape::get(*this);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  auto range = [&](int64_t extent) {
    return Range{zero, b.getIndexAttr(extent), one};
  };
  return {range(shape.groups),
          range(isWeightStationary(*this) ? shape.m : shape.n), range(shape.k)};
}

FailureOr<SmallVector<Value>>
ProductOp::generateInitialTensorForPartialReduction(
    OpBuilder &b, Location loc, ArrayRef<OpFoldResult>,
    const SetVector<unsigned> &) {
  RankedTensorType type = getType();
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  return SmallVector<Value>{empty};
}

/// Largest constant that a tile size can be. A size that does not divide its
/// extent arrives as affine.min(tile size, extent - offset).
static std::optional<int64_t> getLargestSize(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return constant;
  auto bounded = cast<Value>(size).getDefiningOp<affine::AffineMinOp>();
  if (!bounded)
    return std::nullopt;
  for (AffineExpr expr : bounded.getMap().getResults())
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return constant.getValue();
  return std::nullopt;
}

FailureOr<TilingResult> ProductOp::tileToPartialReduction(
    OpBuilder &b, Location loc, ReductionTilingStrategy, ValueRange init,
    ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
    const SetVector<unsigned> &, ArrayRef<OpFoldResult>) {
  if (!getLhsFormatAttr() || !getDataflowAttr())
    return emitOpError("needs formats and a dataflow before it is tiled");
  // A pass has the full size; rows and positions beyond the extents are idle.
  std::optional<int64_t> rows = getLargestSize(sizes[1]);
  std::optional<int64_t> columns = getLargestSize(sizes[2]);
  if (!rows || !columns)
    return emitOpError("needs constant tile sizes");
  SmallVector<Value> tile;
  for (OpFoldResult offset : offsets)
    tile.push_back(getValueOrCreateConstantIndexOp(b, loc, offset));
  auto pass = ArrayProductOp::create(
      b, loc, getLhs(), getRhs(), init.front(), tile[0], tile[1], tile[2],
      b.getDenseI64ArrayAttr({*rows, *columns}), getWindowAttr(),
      getLhsFormatAttr(), getRhsFormatAttr(), getDataflowAttr(),
      getReadoutAttr());
  IRMapping mapping;
  getBody().cloneInto(&pass.getBody(), mapping);
  return TilingResult{{pass}, SmallVector<Value>(pass->getResults()), {}};
}

LogicalResult ProductOp::getPartialResultTilePosition(
    OpBuilder &b, unsigned, ReductionTilingStrategy, ArrayRef<OpFoldResult>,
    ArrayRef<OpFoldResult>, const SetVector<unsigned> &, ArrayRef<OpFoldResult>,
    SmallVector<OpFoldResult> &resultOffsets,
    SmallVector<OpFoldResult> &resultSizes) {
  // Each pass returns the whole accumulator.
  resultOffsets.assign(getType().getRank(), b.getIndexAttr(0));
  resultSizes = getAsIndexOpFoldResult(b.getContext(), getType().getShape());
  return success();
}

/// The bias in a shape that broadcasts over the result.
static Value alignBias(OpBuilder &b, Location loc, Value bias,
                       RankedTensorType result) {
  if (result.getRank() == 2)
    return bias;
  auto type = RankedTensorType::get({1, result.getDimSize(1), 1, 1},
                                    result.getElementType());
  return nn::ReshapeOp::create(b, loc, type, bias);
}

FailureOr<MergeResult> ProductOp::mergeReductions(OpBuilder &b, Location loc,
                                                  ValueRange partialReduce,
                                                  const SetVector<unsigned> &) {
  Value sum = partialReduce.front();
  if (!getBias())
    return MergeResult{{sum.getDefiningOp()}, {sum}};
  auto add =
      nn::AddOp::create(b, loc, sum, alignBias(b, loc, getBias(), getType()));
  return MergeResult{{add}, {add.getResult()}};
}
