//===- TileArray.cpp - Products become nests of array passes --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "Survivor.h"

#include "photonic/Target/Machine/Machine.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace photonic::phot {
#define GEN_PASS_DEF_TILEARRAY
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

/// What the interface leaves behind: slices of a whole tensor, which fold to
/// the tensor, and sizes that nobody reads.
static void cleanUp(Operation *nest, IRRewriter &rewriter) {
  SmallVector<tensor::InsertSliceOp> slices;
  nest->walk([&](tensor::InsertSliceOp op) { slices.push_back(op); });
  for (tensor::InsertSliceOp op : slices) {
    SmallVector<OpFoldResult> folded;
    if (succeeded(op->fold(folded)) && folded.size() == 1)
      rewriter.replaceOp(op, cast<Value>(folded.front()));
  }
  SmallVector<Operation *> ops;
  nest->walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      rewriter.eraseOp(op);
}

namespace {
struct TileArray : phot::impl::TileArrayBase<TileArray> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    Arrays arrays = getArrays(**target);
    rows = arrays.rows;
    columns = arrays.columns;
    SmallVector<ProductOp> products;
    bool ready = true;
    getOperation().walk([&](ProductOp op) {
      ready &= succeeded(check(op));
      products.push_back(op);
    });
    if (!ready)
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (ProductOp op : products)
      if (failed(tile(op, rewriter)))
        return signalPassFailure();
  }

private:
  LogicalResult check(ProductOp op) {
    if (!op.getLhsFormat() || !op.getDataflow())
      return emitSurvivor(op, "tile")
             << "needs number formats and a dataflow before it is tiled";
    int64_t length = op.getPassLength();
    if (op.getLhsFormatAttr().isInteger() && length > columns)
      return emitSurvivor(op, "tile")
             << "has passes of " << length << " elements, but an array has "
             << columns << " columns; split it for passes of at most "
             << columns << " (photonic-split-rns)";
    return success();
  }

  int64_t getTileSize(TileDim dim, int64_t group) {
    switch (dim) {
    case TileDim::Group:
    case TileDim::Turn:
      return 1;
    case TileDim::Block:
      return rows;
    // A tile takes one group whole, in one pass or in several.
    case TileDim::Contraction:
      return group;
    }
    llvm_unreachable("covered switch");
  }

  /// A bypassed group, whose sum is no matter of passes, takes the array's
  /// columns at a time like any other.
  void setColumns(Operation *nest) {
    nest->walk([&](ArrayProductOp op) {
      if (op.getColumns() > columns)
        op.setSizes({op.getRows(), columns});
    });
  }

  LogicalResult tile(ProductOp op, IRRewriter &rewriter) {
    SmallVector<int64_t> sizes;
    SmallVector<unsigned> dims;
    for (TileDim dim : getTileDims(op.getKind(), *op.getDataflow())) {
      dims.push_back(sizes.size());
      sizes.push_back(getTileSize(dim, op.getLhsFormatAttr().getGroupLength()));
    }
    scf::SCFTilingOptions options;
    options.setTileSizes(getAsIndexOpFoldResult(&getContext(), sizes))
        .setLoopType(scf::SCFTilingOptions::LoopType::ForOp)
        .setReductionTilingStrategy(
            ReductionTilingStrategy::PartialReductionOuterReduction)
        .setReductionDims(dims);
    rewriter.setInsertionPoint(op);
    FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
        rewriter, cast<TilingInterface>(op.getOperation()), options);
    if (failed(tiled))
      return emitSurvivor(op, "tile") << "cannot be tiled";
    rewriter.replaceOp(op, tiled->replacements);
    cleanUp(tiled->loops.front(), rewriter);
    setColumns(tiled->loops.front());
    return success();
  }

  int64_t rows = 0, columns = 0; ///< of an array
};
} // namespace
