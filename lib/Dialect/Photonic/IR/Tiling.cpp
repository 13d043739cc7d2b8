//===- Tiling.cpp - Products as loop nests over array passes -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tiling interface of photonic.product. All dimensions carry the
// accumulator, because a tile updates a part of it and leaves the rest as it
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

static bool isLhsStationary(ProductOp op) {
  return !op.getDataflow() || *op.getDataflow() == Dataflow::DF1;
}

SmallVector<TileDim> photonic::phot::getTileDims(ProductKind kind,
                                                 Dataflow dataflow) {
  if (kind != ProductKind::InputGradient)
    return {TileDim::Group, TileDim::Block, TileDim::Contraction};
  // The stationary operand of df2 is the same for all positions, but each
  // element of the result has to meet them in order.
  if (dataflow == Dataflow::DF1)
    return {TileDim::Group, TileDim::Block, TileDim::Turn,
            TileDim::Contraction};
  return {TileDim::Group, TileDim::Turn, TileDim::Block, TileDim::Contraction};
}

int64_t photonic::phot::getTileExtent(const ProductShape &shape,
                                      Dataflow dataflow, TileDim dim) {
  switch (dim) {
  case TileDim::Group:
    return shape.groups;
  case TileDim::Turn:
    return shape.positions;
  case TileDim::Block:
    return dataflow == Dataflow::DF1 ? shape.m : shape.n;
  case TileDim::Contraction:
    return shape.k;
  }
  llvm_unreachable("covered switch");
}

static SmallVector<TileDim> getDims(ProductOp op) {
  return getTileDims(op.getKind(),
                     isLhsStationary(op) ? Dataflow::DF1 : Dataflow::DF2);
}

SmallVector<utils::IteratorType> ProductOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(getDims(*this).size(),
                                          utils::IteratorType::reduction);
}

SmallVector<Range> ProductOp::getIterationDomain(OpBuilder &b) {
  ProductShape shape = ProductShape::get(*this);
  Dataflow dataflow = isLhsStationary(*this) ? Dataflow::DF1 : Dataflow::DF2;
  SmallVector<Range> domain;
  for (TileDim dim : getDims(*this))
    domain.push_back({b.getIndexAttr(0),
                      b.getIndexAttr(getTileExtent(shape, dataflow, dim)),
                      b.getIndexAttr(1)});
  return domain;
}

FailureOr<SmallVector<Value>>
ProductOp::generateInitialTensorForPartialReduction(
    OpBuilder &b, Location loc, ArrayRef<OpFoldResult>,
    const SetVector<unsigned> &) {
  RankedTensorType type = getResult().getType();
  if (ProductShape::get(*this).accumulates())
    return SmallVector<Value>{ZerosOp::create(b, loc, type)};
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
  SmallVector<Value> tile(4); // by TileDim
  SmallVector<OpFoldResult> extents(4);
  for (auto [dim, offset, size] :
       llvm::zip_equal(getDims(*this), offsets, sizes)) {
    tile[unsigned(dim)] = getValueOrCreateConstantIndexOp(b, loc, offset);
    extents[unsigned(dim)] = size;
  }
  // A tile has the full size; rows and positions beyond the extents are idle.
  std::optional<int64_t> rows =
      getLargestSize(extents[unsigned(TileDim::Block)]);
  if (!rows)
    return emitOpError("needs constant tile sizes");
  // A tile takes the whole group, in as many passes as the region says.
  int64_t columns = getPassLength();
  auto pass = ArrayProductOp::create(
      b, loc, getResult().getType(), getLhs(), getRhs(), init.front(),
      tile[unsigned(TileDim::Group)], tile[unsigned(TileDim::Block)],
      tile[unsigned(TileDim::Contraction)], tile[unsigned(TileDim::Turn)],
      getKey(), b.getDenseI64ArrayAttr({*rows, columns}), getKindAttr(),
      getWindowAttr(), getStreamAttr(), getLhsFormatAttr(), getRhsFormatAttr(),
      getDataflowAttr(), getReadoutAttr());
  pass->setDiscardableAttrs((*this)->getDiscardableAttrDictionary());
  IRMapping mapping;
  getBody().cloneInto(&pass.getBody(), mapping);
  return TilingResult{{pass}, SmallVector<Value>(pass->getResults()), {}};
}

LogicalResult ProductOp::getPartialResultTilePosition(
    OpBuilder &b, unsigned, ReductionTilingStrategy, ArrayRef<OpFoldResult>,
    ArrayRef<OpFoldResult>, const SetVector<unsigned> &, ArrayRef<OpFoldResult>,
    SmallVector<OpFoldResult> &resultOffsets,
    SmallVector<OpFoldResult> &resultSizes) {
  // Each tile returns the whole accumulator.
  RankedTensorType type = getResult().getType();
  resultOffsets.assign(type.getRank(), b.getIndexAttr(0));
  resultSizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
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
  auto add = nn::AddOp::create(
      b, loc, sum, alignBias(b, loc, getBias(), getResult().getType()));
  DictionaryAttr hints = (*this)->getDiscardableAttrDictionary();
  add->setDiscardableAttrs(hints);
  if (auto reshape = add.getRhs().getDefiningOp<nn::ReshapeOp>())
    reshape->setDiscardableAttrs(hints);
  return MergeResult{{add}, {add.getResult()}};
}
