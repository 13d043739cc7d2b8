//===- VerifyProgram.cpp - Prove a program well formed and race free -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/PISA/Transforms/ProgramAnalysis.h"
#include "photonic/Target/Machine/Machine.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/Validator.h"

using namespace mlir;

namespace photonic::pisa {
#define GEN_PASS_DEF_VERIFYPROGRAM
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

/// A module that carries a target has a program for that one.
static LogicalResult checkTarget(ProgramOp program, ModuleOp module) {
  if (!hasTarget(module))
    return success();
  FailureOr<const phx::Target *> target = getTarget(module);
  if (failed(target))
    return failure();
  const phx::Target &machine = **target;
  uint64_t hash = static_cast<uint64_t>(program.getHash());
  if (program.getTarget() == machine.spec.name() &&
      hash == machine.structuralHash)
    return success();
  return program.emitError("is made for target '")
         << program.getTarget() << "' with hash " << program.getHash()
         << ", and the module carries target '" << machine.spec.name()
         << "' with hash " << static_cast<int64_t>(machine.structuralHash)
         << "; compile the model again for the target that is meant";
}

namespace {
struct VerifyProgram final : impl::VerifyProgramBase<VerifyProgram> {
  using Base::Base;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    auto &analysis = getAnalysis<ProgramAnalysis>();
    if (!analysis)
      return signalPassFailure();
    phx::Status valid = phx::validate(*analysis.getProgram());
    if (!valid) {
      emitProgramError(analysis.getOp(), valid.error());
      return signalPassFailure();
    }
    if (failed(checkTarget(analysis.getOp(), getOperation())))
      signalPassFailure();
  }
};
} // namespace
} // namespace photonic::pisa
