//===- SetTarget.cpp - The module carries its target ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Target/Machine/Machine.h"

namespace photonic::phot {
#define GEN_PASS_DEF_SETTARGET
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;

namespace {
struct SetTarget : phot::impl::SetTargetBase<SetTarget> {
  using Base::Base;

  void runOnOperation() override {
    TargetChoice choice;
    if (!target.empty())
      choice.target = target;
    choice.overrides.assign(overrides.begin(), overrides.end());
    std::string warning;
    if (failed(settleTarget(getOperation(), choice, Spelling::Pipeline,
                            getOperation().getLoc(), warning)))
      return signalPassFailure();
    if (!warning.empty())
      getOperation().emitWarning(warning);
  }
};
} // namespace
