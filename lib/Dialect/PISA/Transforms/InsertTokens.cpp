//===- InsertTokens.cpp - Order engines by tokens -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/PISA/Transforms/ProgramAnalysis.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace photonic::pisa {
#define GEN_PASS_DEF_INSERTTOKENS
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

namespace {
/// Operations and plain form are changed alike.
struct InsertTokens final : impl::InsertTokensBase<InsertTokens> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

/// Where in the IR the instructions of the stream begin, in its order: a loop
/// has a place for itself and one, at the end of its body, for its `end`.
static void collectPlaces(Block &block,
                          SmallVectorImpl<OpBuilder::InsertPoint> &places) {
  for (Operation &op : block) {
    places.push_back({&block, op.getIterator()});
    if (auto loop = dyn_cast<LoopOp>(op)) {
      Block &body = loop.getBody().front();
      collectPlaces(body, places);
      places.push_back({&body, body.end()});
    }
  }
}

static void eraseTokens(CodeOp code) {
  code.walk([](Operation *op) {
    if (isa<SignalOp, WaitOp>(op))
      op->erase();
  });
}

/// Creates what `plan` places, in the code of `program`, which is without
/// tokens.
static LogicalResult createTokens(const phx::TokenPlan &plan,
                                  const phx::Program &program, CodeOp code) {
  Block &body = code.getBody().front();
  SmallVector<OpBuilder::InsertPoint> places;
  collectPlaces(body, places);
  places.push_back({&body, body.end()});
  OpBuilder builder(code.getContext());
  for (const phx::TokenPlacement &token : plan.placements) {
    builder.restoreInsertionPoint(places[token.before]);
    if (failed(importInstruction(program, token.instruction, builder)))
      return failure();
  }
  return success();
}

/// Says anew where the loop nests of products are.
static void updateNests(ProgramOp op, const phx::Program &program) {
  std::vector<size_t> seen(program.products.size());
  for (NestOp nest : op.getBody().getOps<NestOp>()) {
    const phx::Product &product = program.products[nest.getProduct()];
    const phx::ProductNest &entry = product.nests[seen[nest.getProduct()]++];
    nest.setAt({static_cast<int64_t>(entry.loopBegin),
                static_cast<int64_t>(entry.loopEnd)});
  }
}

/// Tokens for `program`, which has none. They order what is well formed without
/// them; nothing else is touched.
static phx::Result<phx::TokenPlan> planFor(const phx::Program &program) {
  for (auto check : {phx::validateStructure, phx::validatePurpose})
    if (phx::Status status = check(program); !status)
      return status.error();
  return phx::planTokens(program);
}

void InsertTokens::runOnOperation() {
  auto &analysis = getAnalysis<ProgramAnalysis>();
  if (!analysis)
    return signalPassFailure();
  ProgramOp op = analysis.getOp();
  phx::Program &program = *analysis.getProgram();
  eraseTokens(op.getCode());
  phx::removeTokens(program);
  phx::Result<phx::TokenPlan> plan = planFor(program);
  if (!plan) {
    emitProgramError(op, plan.error());
    return signalPassFailure();
  }
  if (failed(createTokens(*plan, program, op.getCode())))
    return signalPassFailure();
  phx::applyTokens(program, *plan);
  op.setTokens(program.tokens);
  updateNests(op, program);
  markAnalysesPreserved<ProgramAnalysis>();
}
} // namespace photonic::pisa
