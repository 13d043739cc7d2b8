//===- VerifyLower.cpp - No layer is left that should be a product --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

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
      auto composite = dyn_cast<nn::CompositeOpInterface>(op);
      if (isLayer(op))
        emitSurvivor(op, "lower") << "should be a photonic.product";
      else if (composite && composite.isComposite())
        emitSurvivor(op, "lower") << "should be decomposed (nn-decompose)";
      else
        return;
      survivors = true;
    });
    if (survivors)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
