//===- TakeProgram.cpp - Hand the plain form to the caller -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/PISA/Transforms/ProgramAnalysis.h"

using namespace mlir;
using namespace photonic::pisa;

namespace {
/// No option could say where to, so that it is a pass of pipelines built in
/// C++ alone.
struct TakeProgram final : PassWrapper<TakeProgram, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TakeProgram)

  explicit TakeProgram(ProgramReceiver receiver)
      : receiver(std::move(receiver)) {}

  void runOnOperation() override {
    markAllAnalysesPreserved();
    auto &analysis = getAnalysis<ProgramAnalysis>();
    if (!analysis)
      return signalPassFailure();
    receiver(analysis.getProgram());
  }

  ProgramReceiver receiver;
};
} // namespace

std::unique_ptr<Pass>
photonic::pisa::createTakeProgram(ProgramReceiver receiver) {
  return std::make_unique<TakeProgram>(std::move(receiver));
}
