//===- DetectStage.cpp - After which stage IR stands ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Pipelines/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace photonic;

std::string StageRange::describe() const {
  std::string text = "stage '" + getStageName(first).str() + "'";
  if (first != last)
    text += " to '" + getStageName(last).str() + "'";
  return text;
}

std::string StageRange::describe(Operation *cause) {
  std::string name = "'" + cause->getName().getStringRef().str() + "'";
  if (!isa<func::FuncOp>(cause))
    return name;
  constexpr auto memory = phot::PhotonicDialect::memoryAttrName;
  return name + (cause->hasAttr(memory) ? " with '" : " without '") +
         memory.str() + "'";
}

/// The latest stage that leaves a product like this. A product may be ahead of
/// the others, because somebody gave it a format or a dataflow of its own.
static Stage getLastStage(phot::ProductOp op) {
  if (!op.getLhsFormat())
    return Stage::Lower;
  bool multipliesIntegers = false;
  op.getPass().walk([&](phot::DotOp dot) {
    multipliesIntegers |= !dot.getResult().getType().isF32();
  });
  return op.getStationary() && !multipliesIntegers ? Stage::Split
                                                   : Stage::Format;
}

/// Tokens are what the last stage ends with; a program of one engine needs
/// none.
static Stage getFirstStage(pisa::ProgramOp program) {
  WalkResult tokens = program.walk([](Operation *op) {
    return isa<pisa::SignalOp, pisa::WaitOp>(op) ? WalkResult::interrupt()
                                                 : WalkResult::advance();
  });
  return tokens.wasInterrupted() ? Stage::Emit : Stage::Schedule;
}

/// The first and the last stage after which `op` can stand.
static std::pair<Stage, Stage> getStages(Operation *op) {
  if (auto program = dyn_cast<pisa::ProgramOp>(op))
    return {getFirstStage(program), Stage::Emit};
  if (auto product = dyn_cast<phot::ProductOp>(op))
    return {Stage::Lower, getLastStage(product)};
  auto composite = dyn_cast<nn::CompositeOpInterface>(op);
  if (composite && composite.isComposite())
    return {Stage::Import, Stage::Import};
  if (phot::isLayer(op))
    return {Stage::Import, Stage::Autodiff};
  // What stage `schedule` leaves says where values are kept.
  if (isa<func::FuncOp>(op))
    return op->hasAttr(phot::PhotonicDialect::memoryAttrName)
               ? std::pair(Stage::Schedule, Stage::Schedule)
               : std::pair(Stage::Import, Stage::Tile);
  if (isa<phot::FusedOp, phot::YieldOp>(op))
    return {Stage::Schedule, Stage::Schedule};
  if (isa<phot::ArrayProductOp>(op) ||
      isa_and_present<scf::SCFDialect, arith::ArithDialect>(op->getDialect()))
    return {Stage::Tile, Stage::Schedule};
  // What products read, once their formats are known.
  if (isa<phot::ConvertOp>(op))
    return {Stage::Format, Stage::Schedule};
  // What products add to, from the stage that makes them on.
  if (isa<phot::ZerosOp>(op))
    return {Stage::Lower, Stage::Schedule};
  if (isa<ModuleOp>(op))
    return {Stage::Import, Stage::Emit};
  return {Stage::Import, Stage::Schedule};
}

FailureOr<StageRange> photonic::detectStage(ModuleOp module) {
  StageRange range;
  bool hasProducts = false;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto [first, last] = getStages(op);
    hasProducts |= isa<phot::ProductOp>(op);
    if (first > range.first || !range.firstCause) {
      range.first = std::max(range.first, first);
      range.firstCause = op;
    }
    if (last < range.last || !range.lastCause) {
      range.last = std::min(range.last, last);
      range.lastCause = op;
    }
    // What is inside of them is theirs.
    return isa<pisa::ProgramOp, phot::ProductOp, phot::ArrayProductOp>(op)
               ? WalkResult::skip()
               : WalkResult::advance();
  });
  if (range.first > range.last) {
    InFlightDiagnostic diagnostic = range.firstCause->emitError()
                                    << StageRange::describe(range.firstCause)
                                    << " is made by stage '"
                                    << getStageName(range.first)
                                    << "', but the IR also holds operations "
                                       "that stages in front of it replace; "
                                       "expected IR as one stage left it";
    diagnostic.attachNote(range.lastCause->getLoc())
        << "such as " << StageRange::describe(range.lastCause)
        << ", which stands at most after stage '" << getStageName(range.last)
        << "'";
    return failure();
  }
  // Each product has passed the stages that the least advanced one has; that
  // one shows it, not the zeros in front of it.
  if (hasProducts) {
    range.first = range.last;
    range.firstCause = range.lastCause;
  }
  return range;
}
