//===- Liveness.cpp - How long values are needed -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Liveness.h"
#include "DigitalPlan.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"

#include <limits>

using namespace mlir;
using namespace photonic;

static constexpr unsigned forever = std::numeric_limits<unsigned>::max();

bool photonic::isStep(Operation *op) {
  if (isa<scf::ForOp, phot::FusedOp>(op))
    return true;
  if (auto convert = dyn_cast<phot::ConvertOp>(op))
    return !convert.isAtCompileTime();
  return isa<nn::NNDialect>(op->getDialect()) &&
         !isa<nn::ConstantOp, nn::ReshapeOp>(op);
}

Value photonic::getRoot(Value value) {
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getInput();
  return value;
}

SetVector<Value> photonic::getReadTensors(Operation *op) {
  SetVector<Value> values;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (isa<RankedTensorType>(operand.getType()) &&
          operand.getParentRegion()->isAncestor(op->getParentRegion()))
        values.insert(operand);
  });
  return values;
}

void Liveness::addUse(Value value, unsigned step, Operation *user) {
  Use &last = lastUse[getRoot(value)];
  if (step >= last.step)
    last = {step, user};
}

void Liveness::analyse(func::FuncOp func) {
  unsigned step = 0;
  for (Operation &op : func.getBody().front()) {
    if (isStep(&op)) {
      for (Value operand : getReadTensors(&op))
        addUse(operand, step, &op);
      ++step;
    }
    auto ret = dyn_cast<func::ReturnOp>(op);
    if (!ret)
      continue;
    for (auto [index, operand] : llvm::enumerate(ret.getOperands())) {
      addUse(operand, forever, nullptr);
      auto name =
          func.getResultAttrOfType<StringAttr>(index, nn::updatesAttrName);
      if (!name)
        continue;
      if (BlockArgument argument = nn::findArgument(func, name))
        replaced.try_emplace(getRoot(operand), argument);
    }
  }
}

bool Liveness::diesAt(Value value, unsigned step) const {
  auto it = lastUse.find(getRoot(value));
  return it != lastUse.end() && it->second.step <= step;
}

bool Liveness::isDeadBefore(Value value, unsigned step) const {
  auto it = lastUse.find(getRoot(value));
  return it == lastUse.end() || it->second.step < step;
}

bool Liveness::isRead(Value value) const {
  return lastUse.contains(getRoot(value));
}

//===----------------------------------------------------------------------===//
// Stash
//===----------------------------------------------------------------------===//

static bool isBackward(Operation *op) {
  nn::Phase phase = nn::getPhase(op);
  return phase == nn::Phase::InputGradient ||
         phase == nn::Phase::WeightGradient || phase == nn::Phase::Update;
}

/// The operation that carries location and phase of a step: of several that
/// are fused, the last.
static Operation *getMarked(Operation *op) {
  if (auto fused = dyn_cast<phot::FusedOp>(op))
    op = fused.getLast();
  Operation *marked = op;
  if (op->getNumRegions() != 0)
    op->walk([&](phot::ArrayProductOp product) { marked = product; });
  return marked;
}

void Liveness::reportStash(func::FuncOp func) const {
  auto options = remark::RemarkOpts::name("Stash").category("Memory").function(
      func.getName());
  int64_t total = 0, values = 0;
  for (Operation &op : func.getBody().front()) {
    if (!isStep(&op) || nn::getPhase(getMarked(&op)) != nn::Phase::Forward)
      continue;
    int64_t bytes = 0;
    for (Value result : op.getResults()) {
      Operation *user = lastUse.lookup(result).user;
      if (!user || !isBackward(getMarked(user)))
        continue;
      bytes += getStorageBytes(cast<RankedTensorType>(result.getType()));
      ++values;
    }
    if (bytes == 0)
      continue;
    total += bytes;
    remark::analysis(op.getLoc(), options)
        << remark::add("'{0}' keeps {1} bytes for the backward pass",
                       phot::getNodeName(getMarked(&op)->getLoc()), bytes)
        << remark::metric("bytes", bytes);
  }
  if (total)
    remark::analysis(func.getLoc(), options)
        << remark::add("{0} bytes in {1} values are kept for the backward pass",
                       total, values)
        << remark::metric("bytes", total);
}
