//===- CompressStash.cpp - Less is kept for the backward pass ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Marks.h"
#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "Stash.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "mlir/IR/Remarks.h"

namespace photonic::nn {
#define GEN_PASS_DEF_COMPRESSSTASH
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// True if only the sign of the value matters for `use`.
static bool isMaskable(OpOperand *use) {
  auto gate = dyn_cast<GateOp>(use->getOwner());
  return gate && use->getOperandNumber() == 0 &&
         gate.getInput() != gate.getCond() && gate.getSlope().isZero() &&
         gate.getCond().getType() == gate.getInput().getType();
}

/// The mask is made where the value is, so that the value can go.
static void replaceByMask(const StashedValue &stashed) {
  OpBuilder builder(stashed.value.getContext());
  for (OpOperand *use : stashed.uses) {
    auto gate = cast<GateOp>(use->getOwner());
    // The value or a view of it.
    Value condition = gate.getCond();
    builder.setInsertionPointAfterValue(condition);
    Value mask = PackSignsOp::create(builder, condition.getLoc(), condition);
    builder.setInsertionPoint(gate);
    auto masked =
        GateMaskOp::create(builder, gate.getLoc(), mask, gate.getInput());
    setMarks(masked, gate->getDiscardableAttrDictionary());
    gate.replaceAllUsesWith(masked.getResult());
    gate.erase();
  }
}

namespace {
struct CompressStash : nn::impl::CompressStashBase<CompressStash> {
  using Base::Base;

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (failed(verifyOneBlock(getOperation())))
      return signalPassFailure();
    StashBytes before = measureStash(getOperation());
    // All before the first gate goes: others may be among its uses.
    auto all = getStash(getOperation());
    llvm::erase_if(all, [](const StashedValue &stashed) {
      return stashed.isResult || !llvm::all_of(stashed.uses, isMaskable);
    });
    for (const StashedValue &stashed : all)
      replaceByMask(stashed);
    report(before, measureStash(getOperation()));
  }

private:
  void report(const StashBytes &before, const StashBytes &after) {
    for (auto [layer, bytes] : before)
      emit("Stash", NameLoc::get(layer), "'" + layer.str() + "' keeps", bytes,
           after.lookup(layer));
    emit("StashTotal", getOperation().getLoc(), "all layers keep",
         getTotal(before), getTotal(after));
  }

  void emit(StringRef kind, Location loc, const std::string &what,
            int64_t before, int64_t after) {
    remark::passed(loc,
                   remark::RemarkOpts::name(kind).category("Stash").function(
                       getOperation().getName()))
        << remark::add("{0} {1} bytes for the backward pass, {2} before "
                       "compression",
                       what, after, before)
        << remark::metric("bytes", after)
        << remark::metric("bytes_before", before);
  }
};
} // namespace
