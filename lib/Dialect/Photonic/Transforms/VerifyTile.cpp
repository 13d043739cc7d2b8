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

/// True if `op` is the body of a complete nest.
static bool isInNest(ArrayProductOp op) {
  ProductShape shape = ProductShape::get(op);
  bool weights = op.getDataflow() == Dataflow::DF1;
  auto position = dyn_cast<scf::ForOp>(op->getParentOp());
  if (!isTileLoop(position, op, op.getKStart(), op.getInit(), shape.k,
                  op.getColumns()))
    return false;
  auto block = dyn_cast<scf::ForOp>(position->getParentOp());
  if (!isTileLoop(block, position, op.getRowStart(), position.getInits()[0],
                  weights ? shape.m : shape.n, op.getRows()))
    return false;
  auto group = dyn_cast<scf::ForOp>(block->getParentOp());
  return isTileLoop(group, block, op.getGroup(), block.getInits()[0],
                    shape.groups, 1);
}

namespace {
struct VerifyTile : phot::impl::VerifyTileBase<VerifyTile> {
  using Base::Base;

  void runOnOperation() override {
    bool survivors = false;
    getOperation().walk([&](Operation *op) {
      if (isa<ProductOp>(op)) {
        emitSurvivor(op, "tile") << "is not cut into array passes";
        survivors = true;
      } else if (auto pass = dyn_cast<ArrayProductOp>(op);
                 pass && !isInNest(pass)) {
        emitSurvivor(op, "tile")
            << "is not alone in a nest of three scf.for loops over group, "
               "output block and contraction block";
        survivors = true;
      }
    });
    if (survivors)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
