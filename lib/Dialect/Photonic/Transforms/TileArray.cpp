//===- TileArray.cpp - Products become nests of array passes --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Marks.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

#include "photonic/Dialect/Photonic/IR/StoredOperand.h"
#include "photonic/Dialect/Photonic/Transforms/TileNest.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/MathExtras.h"

namespace photonic::phot {
#define GEN_PASS_DEF_TILEARRAY
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {
/// One loop of a nest: which coordinate of a tile it counts, to what end, in
/// which steps.
struct TileLoop {
  TileDim dim;
  int64_t end, step;
};

/// The coordinates of a tile.
struct TilePlace {
  std::array<Value, numTileDims> values;
  Value &operator[](TileDim dim) { return values[static_cast<unsigned>(dim)]; }
};

struct TileArray : phot::impl::TileArrayBase<TileArray> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    Arrays arrays = getArrays(**target);
    group = arrays.getSpec().name();
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
      tile(op, rewriter);
    getOperation().walk(
        [&](ConvertOp op) { deal(op, static_cast<int64_t>(arrays.count)); });
  }

private:
  LogicalResult check(ProductOp op) {
    if (!op.getLhsFormat() || !op.getStationary())
      return emitSurvivor(op, "tile")
             << "needs number formats and a stationary operand before it is "
                "tiled";
    int64_t length = getPassLength(op.getPass());
    if (op.getLhsFormatAttr().isInteger() && length > columns)
      return emitSurvivor(op, "tile")
             << "has passes of " << length << " elements, but an array has "
             << columns << " columns; split it for passes of at most "
             << columns << " (photonic-split-products)";
    return success();
  }

  /// Every array takes a piece of a tensor that is converted, in one go; what
  /// is constant needs none.
  void deal(ConvertOp op, int64_t count) {
    if (op.getRows() || op.getConstant())
      return;
    Builder b(op);
    int64_t all = getConversionViews(op.getResult().getType()).rows;
    op.setRowsAttr(b.getI64IntegerAttr(llvm::divideCeil(all, count)));
    op.setArraysAttr(b.getStringAttr(group));
  }

  /// The loops of the nest, outermost first.
  SmallVector<TileLoop> getLoops(ProductOp op, const ProductExtents &extents) {
    int64_t term = getTermLength(op.getLhsFormatAttr(), op.getRhsFormatAttr());
    bool first = op.getStationary() == Stationary::First;
    TileLoop block = first ? TileLoop{TileDim::M, extents.m, rows}
                           : TileLoop{TileDim::N, extents.n, rows};
    TileLoop position{TileDim::Position, extents.positions, 1};
    TileLoop contraction{TileDim::K, extents.k, term};
    TileLoop group{TileDim::Group, extents.groups, 1};
    if (extents.positions == 1)
      return {group, block, contraction};
    // Each element of the result has to meet all tiles of one position before
    // those of the next.
    ViewAttr result = op.getResultView();
    if (meetsPositions(result, TileDim::Group))
      return {position, group, block, contraction};
    // A second operand that stays is the same for all positions.
    if (!first || meetsPositions(result, block.dim))
      return {group, position, block, contraction};
    return {group, block, position, contraction};
  }

  void tile(ProductOp op, IRRewriter &rewriter) {
    rewriter.setInsertionPoint(op);
    Location loc = op.getLoc();
    ProductExtents extents = ProductExtents::get(op);
    SmallVector<TileLoop> loops = getLoops(op, extents);
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(rewriter, loc, value);
    };
    Value zero = constant(0);
    SmallVector<Value> lower(loops.size(), zero), upper, steps;
    for (const TileLoop &loop : loops) {
      upper.push_back(constant(loop.end));
      steps.push_back(constant(loop.step));
    }
    // Of several positions a start is at the first alone, whatever elements it
    // has; and accumulators that begin with values go on from them.
    bool covers =
        extents.positions == 1 && op.getInit().getDefiningOp<ZerosOp>() &&
        coversOnce(op.getResultView(), op.getInit().getType().getShape());
    Value last = extents.positions > 1 ? constant(extents.positions - 1) : zero;
    scf::LoopNest nest = scf::buildLoopNest(
        rewriter, loc, lower, upper, steps, getInit(op, covers, rewriter),
        [&](OpBuilder &b, Location, ValueRange counters, ValueRange carried) {
          TilePlace tile;
          tile.values.fill(zero);
          for (auto [loop, counter] : llvm::zip_equal(loops, counters))
            tile[loop.dim] = counter;
          Value start = covers ? tile[TileDim::K] : Value();
          // Positions come from the last to the first.
          if (extents.positions > 1)
            tile[TileDim::Position] =
                arith::SubIOp::create(b, loc, last, tile[TileDim::Position]);
          return scf::ValueVector{createTile(b, op, extents, tile, start,
                                             carried.front(), loops.size())};
        });
    Operation *zeros = op.getInit().getDefiningOp<ZerosOp>();
    rewriter.replaceOp(op, nest.results);
    if (zeros && zeros->use_empty())
      rewriter.eraseOp(zeros);
  }

  /// What the nest starts from. Accumulators that are all written first need no
  /// zeros.
  static Value getInit(ProductOp op, bool covers, OpBuilder &b) {
    if (!covers)
      return op.getInit();
    RankedTensorType type = op.getInit().getType();
    return tensor::EmptyOp::create(b, op.getLoc(), type.getShape(),
                                   type.getElementType());
  }

  Value createTile(OpBuilder &b, ProductOp op, const ProductExtents &extents,
                   TilePlace tile, Value start, Value init, int64_t numLoops) {
    bool first = op.getStationary() == Stationary::First;
    int64_t sizes[] = {
        first ? rows : extents.m, first ? extents.n : rows,
        getTermLength(op.getLhsFormatAttr(), op.getRhsFormatAttr())};
    auto over = llvm::to_vector(llvm::seq<int64_t>(0, numLoops));
    auto pass = ArrayProductOp::create(
        b, op.getLoc(), init.getType(), op.getLhs(), op.getRhs(), init,
        tile[TileDim::Group], tile[TileDim::Position], tile[TileDim::M],
        tile[TileDim::N], tile[TileDim::K], start, op.getKey(), op.getLhsView(),
        op.getRhsView(), op.getResultView(), b.getDenseI64ArrayAttr(sizes),
        op.getOperatorNameAttr(), op.getStreamAttr(), op.getLhsFormatAttr(),
        op.getRhsFormatAttr(), op.getStationaryAttr(),
        ArraysAttr::get(b.getContext(), group, over));
    nn::setMarks(pass, op->getDiscardableAttrDictionary());
    IRMapping mapping;
    op.getPass().cloneInto(&pass.getPass(), mapping);
    op.getCombine().cloneInto(&pass.getCombine(), mapping);
    return pass.getResult();
  }

  std::string group;             ///< of arrays
  int64_t rows = 0, columns = 0; ///< of an array
};
} // namespace
