//===- VerifyLower.cpp - No layer is left that should be a product --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "Survivor.h"

namespace photonic::phot {
#define GEN_PASS_DEF_VERIFYLOWER
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {
struct VerifyLower : phot::impl::VerifyLowerBase<VerifyLower> {
  using Base::Base;

  void runOnOperation() override {
    bool survivors = false;
    getOperation().walk([&](Operation *op) {
      if (!isa<nn::Conv2dOp, nn::Conv2dInputGradOp, nn::Conv2dWeightGradOp,
               nn::LinearOp, nn::LinearInputGradOp, nn::LinearWeightGradOp>(op))
        return;
      emitSurvivor(op, "lower") << "should be a photonic.product";
      survivors = true;
    });
    if (survivors)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
