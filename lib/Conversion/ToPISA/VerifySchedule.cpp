//===- VerifySchedule.cpp - A program can be made of a function -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayCheck.h"
#include "DigitalPlan.h"
#include "HierarchyScheduler.h"
#include "OperandConversion.h"
#include "ScheduledFunction.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Target/Machine/Machine.h"

using namespace mlir;
using namespace photonic;

namespace photonic::pisa {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"
} // namespace photonic::pisa

static constexpr auto memoryName = phot::PhotonicDialect::memoryAttrName;

FailureOr<phot::MemoryModel> photonic::getMemoryModel(func::FuncOp func) {
  if (auto memory = func->getAttrOfType<phot::MemoryModelAttr>(memoryName))
    return memory.getValue();
  func.emitError("does not say where its values are kept ('")
      << memoryName << "'); photonic-set-memory writes it";
  return failure();
}

LogicalResult photonic::checkHierarchy(func::FuncOp func, StringRef pass) {
  FailureOr<phot::MemoryModel> memory = getMemoryModel(func);
  if (failed(memory))
    return failure();
  if (*memory == phot::MemoryModel::Hierarchy)
    return success();
  return func.emitError("keeps all values on chip ('")
         << memoryName << "' is ideal), where '" << pass
         << "' has nothing to do; leave it out, or choose memory model "
            "'hierarchy'";
}

/// With all values on chip nothing is loaded.
static LogicalResult checkOnChip(Operation *op, const phx::Target &target) {
  if (auto fused = dyn_cast<phot::FusedOp>(op))
    return fused.emitError("is computed in chunks, but '")
           << memoryName
           << "' is ideal: all values are on chip; take the operations out of "
              "it, or choose memory model 'hierarchy'";
  if (phot::ArrayProductOp product = getArrayProduct(op))
    return success(succeeded(WholeNest::get(product, target)));
  if (auto convert = dyn_cast<phot::ConvertOp>(op))
    return success(succeeded(ConversionMaps::get(convert)));
  return success(succeeded(planDigital(op)));
}

static LogicalResult checkIdeal(func::FuncOp func, const phx::Target &target) {
  bool isFine = true;
  for (Operation &op : func.getBody().front())
    if (isStep(&op))
      isFine &= succeeded(checkOnChip(&op, target));
  return success(isFine);
}

/// Chunks of on-chip memory are of f32 yet.
static LogicalResult checkStorage(func::FuncOp func) {
  for (auto op : func.getOps<phot::ConvertOp>())
    return op.emitError("keeps an operand in a number format, which the memory "
                        "model 'hierarchy' has no chunks for; use "
                        "--memory=ideal, or leave the operand f32 "
                        "(--operand-storage=fp32)");
  return success();
}

static LogicalResult checkFused(phot::FusedOp op, const phx::Target &target) {
  return success(getArrayProduct(op)
                     ? succeeded(ProductPlan::get(op, target))
                     : succeeded(DigitalChunks::get(op, target)));
}

/// Everything that computes does so in chunks.
static LogicalResult checkChunks(func::FuncOp func, const phx::Target &target) {
  bool fits = true;
  for (Operation &op : func.getBody().front()) {
    if (auto fused = dyn_cast<phot::FusedOp>(op)) {
      fits &= succeeded(checkFused(fused, target));
    } else if (isStep(&op)) {
      bool moves = op.getNumRegions() == 0;
      if (moves) {
        FailureOr<DigitalPlan> plan = planDigital(&op);
        if (failed(plan))
          return failure();
        moves = std::holds_alternative<CopyPlan>(*plan);
      }
      if (!moves)
        op.emitError("computes on values in off-chip memory; put it into a "
                     "photonic.fused (photonic-fuse-followers)");
      fits &= moves;
    }
  }
  return success(fits);
}

LogicalResult photonic::verifyScheduled(func::FuncOp func,
                                        const phx::Target &target) {
  if (failed(phot::verifyTiled(func, /*fused=*/true)) ||
      failed(checkArrays(func, target)))
    return failure();
  FailureOr<phot::MemoryModel> memory = getMemoryModel(func);
  if (failed(memory))
    return failure();
  if (*memory == phot::MemoryModel::Ideal)
    return checkIdeal(func, target);
  return success(succeeded(checkStorage(func)) &&
                 succeeded(checkChunks(func, target)));
}

namespace {
struct VerifySchedule final : pisa::impl::VerifyScheduleBase<VerifySchedule> {
  using Base::Base;

  void runOnOperation() override {
    auto target = getTarget(getOperation()->getParentOfType<ModuleOp>());
    if (failed(target) || failed(verifyScheduled(getOperation(), **target)))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
