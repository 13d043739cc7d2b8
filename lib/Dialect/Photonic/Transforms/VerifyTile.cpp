//===- VerifyTile.cpp - Products are nests of array passes ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "Survivor.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace photonic::phot {
#define GEN_PASS_DEF_VERIFYTILE
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

/// True if `loop` does nothing but compute `inner` and yield it, counts `iv`
/// from 0 to `extent` in steps of `step`, and hands its accumulator to `init`.
static bool isTileLoop(scf::ForOp loop, Operation *inner, Value iv, Value init,
                       int64_t extent, int64_t step) {
  return loop && loop.getInductionVar() == iv &&
         loop.getNumRegionIterArgs() == 1 && loop.getRegionIterArg(0) == init &&
         loop.getYieldedValues().front() == inner->getResult(0) &&
         llvm::hasNItems(loop.getBody()->without_terminator(), 1) &&
         getConstantIntValue(loop.getLowerBound()) == 0 &&
         getConstantIntValue(loop.getUpperBound()) == extent &&
         getConstantIntValue(loop.getStep()) == step;
}

/// The operand of `op` that counts `dim`, and the step of its loop.
static std::pair<Value, int64_t> getCounter(ArrayProductOp op, TileDim dim) {
  switch (dim) {
  case TileDim::Group:
    return {op.getGroup(), 1};
  case TileDim::Block:
    return {op.getRowStart(), op.getRows()};
  case TileDim::Contraction:
    return {op.getKStart(), op.getGroupLength()};
  case TileDim::Turn:
    return {op.getTurn(), 1};
  }
  llvm_unreachable("covered switch");
}

/// True if `op` is the body of a complete nest that starts from what it needs.
static bool isInNest(ArrayProductOp op) {
  ProductShape shape = ProductShape::get(op);
  Operation *inner = op;
  Value init = op.getInit();
  for (TileDim dim :
       llvm::reverse(getTileDims(op.getKind(), op.getDataflow()))) {
    auto loop = dyn_cast<scf::ForOp>(inner->getParentOp());
    auto [counter, step] = getCounter(op, dim);
    if (!isTileLoop(loop, inner, counter, init,
                    getTileExtent(shape, op.getDataflow(), dim), step))
      return false;
    inner = loop;
    init = loop.getInits().front();
  }
  return !shape.accumulates() || init.getDefiningOp<ZerosOp>();
}

/// What the loops count, and what the nest has to start from.
static StringRef describeNest(ArrayProductOp op) {
  if (op.getKind() != ProductKind::InputGradient)
    return "group, output block and contraction block";
  if (op.getDataflow() == Dataflow::DF1)
    return "group, output block, kernel position and contraction block, "
           "started from photonic.zeros unless one position writes everything";
  return "group, kernel position, output block and contraction block, started "
         "from photonic.zeros unless one position writes everything";
}

/// Says what keeps `op` from being scheduled; false if nothing does.
static bool reportSurvivor(Operation *op) {
  auto composite = dyn_cast<nn::CompositeOpInterface>(op);
  auto pass = dyn_cast<ArrayProductOp>(op);
  if (isa<ProductOp>(op))
    emitSurvivor(op, "tile") << "is not cut into array passes";
  else if (isLayer(op))
    emitSurvivor(op, "tile") << "is not lowered to a photonic.product";
  else if (composite && composite.isComposite())
    emitSurvivor(op, "tile") << "is not decomposed";
  else if (pass && !isInNest(pass))
    emitSurvivor(op, "tile")
        << "is not alone in a nest of scf.for loops over "
        << describeNest(pass);
  else
    return false;
  return true;
}

LogicalResult phot::verifyTiled(func::FuncOp function) {
  bool survivors = false;
  function.walk([&](Operation *op) { survivors |= reportSurvivor(op); });
  return failure(survivors);
}

namespace {
struct VerifyTile : phot::impl::VerifyTileBase<VerifyTile> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(verifyTiled(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
