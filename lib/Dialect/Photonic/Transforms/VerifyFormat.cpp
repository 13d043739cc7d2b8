//===- VerifyFormat.cpp - Every product has formats -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

namespace photonic::phot {
#define GEN_PASS_DEF_VERIFYFORMAT
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {
struct VerifyFormat : phot::impl::VerifyFormatBase<VerifyFormat> {
  using Base::Base;

  void runOnOperation() override {
    bool survivors = false;
    getOperation().walk([&](ProductOp op) {
      if (op.getLhsFormat() && op.getRhsFormat() && !op.getPass().empty())
        return;
      emitSurvivor(op, "format") << "has no number formats";
      survivors = true;
    });
    if (survivors)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
