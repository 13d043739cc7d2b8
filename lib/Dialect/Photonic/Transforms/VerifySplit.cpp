//===- VerifySplit.cpp - Integers are multiplied as arrays do -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

namespace photonic::phot {
#define GEN_PASS_DEF_VERIFYSPLIT
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {
struct VerifySplit : phot::impl::VerifySplitBase<VerifySplit> {
  using Base::Base;

  void runOnOperation() override {
    bool survivors = false;
    getOperation().walk([&](DotOp op) {
      if (op.getResult().getType().isF32())
        return;
      emitSurvivor(op, "split")
          << "multiplies integers, which no array does in "
             "one step; run photonic-split-products";
      survivors = true;
    });
    if (survivors)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
