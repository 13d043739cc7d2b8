//===- OrderTiles.cpp - Tiles come in another order -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace photonic::phot {
#define GEN_PASS_DEF_ORDERTILES
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

static std::optional<TileDim> parseDim(StringRef name) {
  for (unsigned dim = 0; dim < numTileDims; ++dim)
    if (phot::getName(TileDim(dim)) == name)
      return TileDim(dim);
  return std::nullopt;
}

namespace {
struct OrderTiles : phot::impl::OrderTilesBase<OrderTiles> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(parse(order, outermost)) || failed(parse(deal, dealt)))
      return signalPassFailure();
    FailureOr<SmallVector<ArrayProductOp>> tiles = findTiles();
    if (failed(tiles))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (ArrayProductOp tile : *tiles)
      if (failed(reorder(tile, rewriter)))
        return signalPassFailure();
  }

private:
  LogicalResult parse(ArrayRef<std::string> names,
                      SmallVectorImpl<TileDim> &dims) {
    dims.clear();
    for (StringRef name : names) {
      std::optional<TileDim> dim = parseDim(name);
      if (!dim || llvm::is_contained(dims, *dim))
        return getOperation().emitError(
                   "photonic-order-tiles: unknown or repeated coordinate '")
               << name << "', expected some of group, position, m, n and k";
      dims.push_back(*dim);
    }
    return success();
  }

  /// The tiles whose nests change. A name that none has, or products that are
  /// no nests yet, would change nothing in silence.
  FailureOr<SmallVector<ArrayProductOp>> findTiles() {
    SmallVector<ArrayProductOp> tiles;
    llvm::SetVector<StringRef> names;
    WalkResult found = getOperation().walk([&](Operation *op) {
      if (isa<ProductOp>(op)) {
        emitSurvivor(op, "tile")
            << "is no nest of tiles yet; "
               "photonic-order-tiles works behind stage tile";
        return WalkResult::interrupt();
      }
      auto tile = dyn_cast<ArrayProductOp>(op);
      if (!tile)
        return WalkResult::advance();
      StringRef name = getNodeName(tile.getLoc());
      names.insert(name);
      if (node.empty() || name == node)
        tiles.push_back(tile);
      return WalkResult::advance();
    });
    if (found.wasInterrupted())
      return failure();
    if (node.empty() || !tiles.empty())
      return tiles;
    InFlightDiagnostic diag =
        getOperation().emitError("photonic-order-tiles: expected a node that "
                                 "has tiles, found '")
        << node << "'; those are ";
    llvm::interleaveComma(names, diag,
                          [&](StringRef name) { diag << "'" << name << "'"; });
    return diag;
  }

  /// The coordinate that a loop counts; nothing of one that runs once without
  /// counting any.
  static std::optional<TileDim> getDim(const TileNest &nest, unsigned loop) {
    for (unsigned dim = 0; dim < numTileDims; ++dim)
      if (nest.get(TileDim(dim)).weights[loop] != 0)
        return TileDim(dim);
    return std::nullopt;
  }

  /// Loops of the nest in their new order: those that are named in front.
  SmallVector<unsigned> getOrder(const TileNest &nest) {
    auto loops = llvm::to_vector(llvm::seq<unsigned>(0, nest.loops.size()));
    auto rank = [&](unsigned loop) -> size_t {
      std::optional<TileDim> dim = getDim(nest, loop);
      auto place = dim ? llvm::find(outermost, *dim) : outermost.end();
      return place - outermost.begin();
    };
    // Without names nothing moves.
    SmallVector<unsigned> named, rest;
    for (unsigned loop : loops)
      (rank(loop) < outermost.size() ? named : rest).push_back(loop);
    // A few loops: insertion keeps those of one coordinate in their order.
    for (size_t i = 1; i < named.size(); ++i)
      for (size_t j = i; j > 0 && rank(named[j]) < rank(named[j - 1]); --j)
        std::swap(named[j], named[j - 1]);
    named.append(rest);
    return named;
  }

  /// The loops that are dealt to the arrays: the smallest range that has all of
  /// the coordinates that are named or, if the nest counts none of them, all
  /// that were dealt before.
  ArraysAttr getArrays(const TileNest &nest, ArrayRef<unsigned> loops) {
    ArraysAttr before = ArrayProductOp(nest.tile).getArrays();
    auto isNamed = [&](unsigned loop) {
      std::optional<TileDim> dim = getDim(nest, loop);
      return dim && llvm::is_contained(dealt, *dim);
    };
    bool anyNamed = llvm::any_of(loops, isNamed);
    std::optional<int64_t> first;
    int64_t last = 0;
    for (auto [place, loop] : llvm::enumerate(loops)) {
      if (!(anyNamed ? isNamed(loop)
                     : llvm::is_contained(before.getOver(), int64_t(loop))))
        continue;
      first = first.value_or(place);
      last = place;
    }
    auto over = llvm::to_vector(llvm::seq<int64_t>(*first, last + 1));
    return ArraysAttr::get(&getContext(), before.getGroup(), over);
  }

  LogicalResult reorder(ArrayProductOp tile, IRRewriter &rewriter) {
    FailureOr<TileNest> nest = TileNest::get(tile);
    if (failed(nest))
      return failure();
    if (nest->loops.empty())
      return success();
    SmallVector<unsigned> loops = getOrder(*nest);
    ArraysAttr arrays = getArrays(*nest, loops);
    Operation *nestBegin = nest->loops.front();
    // What is fused holds nothing but what is computed on chip.
    auto fused = dyn_cast<FusedOp>(nestBegin->getParentOp());
    rewriter.setInsertionPoint(fused ? fused.getOperation() : nestBegin);
    IRMapping mapping;
    SmallVector<Value> lower, upper, steps;
    // Bounds are constants, but perhaps ones inside of other loops.
    auto copy = [&](Value bound) -> Value {
      return arith::ConstantIndexOp::create(rewriter, tile.getLoc(),
                                            *getConstantIntValue(bound));
    };
    for (unsigned loop : loops) {
      scf::ForOp old = nest->loops[loop];
      lower.push_back(copy(old.getLowerBound()));
      upper.push_back(copy(old.getUpperBound()));
      steps.push_back(copy(old.getStep()));
    }
    rewriter.setInsertionPoint(nestBegin);
    ArrayProductOp moved;
    scf::LoopNest made = scf::buildLoopNest(
        rewriter, tile.getLoc(), lower, upper, steps, nest->getInit(),
        [&](OpBuilder &b, Location, ValueRange counters, ValueRange carried) {
          for (auto [loop, counter] : llvm::zip_equal(loops, counters))
            mapping.map(scf::ForOp(nest->loops[loop]).getInductionVar(),
                        counter);
          mapping.map(tile.getInit(), carried.front());
          for (scf::ForOp loop : nest->loops)
            for (Operation &op : loop.getBody()->without_terminator())
              if (isa<arith::ArithDialect>(op.getDialect()))
                b.clone(op, mapping);
          moved = cast<ArrayProductOp>(b.clone(*tile, mapping));
          moved.setArraysAttr(arrays);
          return scf::ValueVector{moved.getResult()};
        });
    report(tile, *nest, loops);
    rewriter.replaceOp(nest->loops.front(), made.results);
    FailureOr<TileNest> after = TileNest::get(moved);
    return failure(failed(after) || failed(after->verify()));
  }

  void report(ArrayProductOp tile, const TileNest &nest,
              ArrayRef<unsigned> loops) {
    std::string text;
    for (unsigned loop : loops)
      if (std::optional<TileDim> dim = getDim(nest, loop))
        text += (text.empty() ? "" : ", ") + phot::getName(*dim).str();
    remark::passed(tile.getLoc(), remark::RemarkOpts::name("TileOrder")
                                      .category("Tiles")
                                      .function(getOperation().getName()))
        << remark::add("tiles of '{0}' come by {1}", getNodeName(tile.getLoc()),
                       text);
  }

  SmallVector<TileDim> outermost, dealt;
};
} // namespace
