//===- VerifyProgram.cpp - Prove a program well formed and race free -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/PISA/Transforms/ProgramAnalysis.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/Validator.h"

using namespace mlir;

namespace photonic::pisa {
#define GEN_PASS_DEF_VERIFYPROGRAM
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

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
    if (failed(checkTarget(analysis.getOp())))
      signalPassFailure();
  }
};
} // namespace
} // namespace photonic::pisa
