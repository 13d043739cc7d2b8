//===- InsertTokens.cpp - Order engines by tokens -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/TokenInsertion.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace photonic::pisa {
#define GEN_PASS_DEF_INSERTTOKENS
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

namespace {
struct InsertTokens final : impl::InsertTokensBase<InsertTokens> {
  using Base::Base;

  void runOnOperation() override {
    ProgramOp op = getOnlyProgram(getOperation());
    if (!op)
      return signalPassFailure();
    FailureOr<phx::Program> program = exportProgram(op);
    if (failed(program))
      return signalPassFailure();
    if (phx::Status inserted = phx::insertTokens(*program); !inserted) {
      op.emitError(inserted.error().message);
      return signalPassFailure();
    }
    // Data sections are numbered in the order of the regions that have them.
    SmallVector<ElementsAttr> inits;
    for (RegionOp region : op.getBody().getOps<RegionOp>())
      if (region.getInit())
        inits.push_back(*region.getInit());
    OpBuilder builder(op);
    if (!importProgram(*program, builder,
                       [&](uint32_t index, RankedTensorType) -> ElementsAttr {
                         return inits[index];
                       }))
      return signalPassFailure();
    op.erase();
  }
};
} // namespace
} // namespace photonic::pisa
