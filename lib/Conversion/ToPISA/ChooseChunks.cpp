//===- ChooseChunks.cpp - How much is on chip at a time -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChunkRemarks.h"
#include "ScheduledFunction.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Target/Machine/Machine.h"

using namespace mlir;
using namespace photonic;

namespace photonic::pisa {
#define GEN_PASS_DEF_CHOOSECHUNKS
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"
} // namespace photonic::pisa

namespace {
struct ChooseChunks final : pisa::impl::ChooseChunksBase<ChooseChunks> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

static LogicalResult chooseForProduct(phot::FusedOp op,
                                      const phx::Target &target) {
  FailureOr<FusedProduct> product = FusedProduct::get(op);
  if (failed(product))
    return failure();
  auto chosen = photonic::chooseChunks(*product, target);
  if (auto *failure = std::get_if<ChunkingFailure>(&chosen))
    return failure->problem.empty()
               ? reportWorkingSet(product->getProduct(), *failure, target,
                                  "its smallest tile")
               : product->getProduct().emitError(failure->problem);
  const auto &choice = std::get<ChunkChoice>(chosen);
  op.setChunkAttr(choice.chunks.getAttr(op.getContext()));
  reportChunks(*product, choice);
  return success();
}

static LogicalResult chooseUnits(phot::FusedOp op, const phx::Target &target) {
  FailureOr<DigitalChunks> chunks = DigitalChunks::getWhole(op);
  if (failed(chunks) || failed(chunks->choose(target)))
    return failure();
  std::optional<int64_t> units;
  if (chunks->getChunks() > 1)
    units = chunks->units;
  op.setChunkAttr(phot::ChunkAttr::get(op.getContext(), std::nullopt,
                                       std::nullopt, std::nullopt, std::nullopt,
                                       units));
  reportChunks(*chunks);
  return success();
}

void ChooseChunks::runOnOperation() {
  func::FuncOp func = getOperation();
  auto target = getTarget(func->getParentOfType<ModuleOp>());
  if (failed(target) || failed(checkHierarchy(func, getArgument())) ||
      failed(phot::verifyTiled(func, /*fused=*/true)))
    return signalPassFailure();
  for (auto op : func.getOps<phot::FusedOp>())
    if (!op.getChunk() &&
        failed(getArrayProduct(op) ? chooseForProduct(op, **target)
                                   : chooseUnits(op, **target)))
      return signalPassFailure();
}
