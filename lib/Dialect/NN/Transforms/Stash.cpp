//===- Stash.cpp - What is kept for the backward pass ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stash.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

bool nn::isBackward(Operation *op) {
  Phase phase = getPhase(op);
  return phase == Phase::InputGradient || phase == Phase::WeightGradient ||
         phase == Phase::Update;
}

std::string nn::getLayerName(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  op->getLoc()->walk([&](Location nested) {
    auto named = dyn_cast<NameLoc>(nested);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

static void collectUses(Value value, StashedValue &stashed) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isBackward(user))
      stashed.uses.push_back(&use);
    else if (auto view = dyn_cast<ReshapeOp>(user))
      collectUses(view.getOutput(), stashed);
    else if (user->hasTrait<OpTrait::IsTerminator>())
      stashed.isResult = true;
  }
}

/// True for what lies in memory; counters of loops do not.
static bool hasBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getElementType().isIntOrFloat();
}

SmallVector<StashedValue> nn::getStash(func::FuncOp function) {
  SmallVector<StashedValue> stash;
  for (Operation &op : function.getBody().front()) {
    if (isBackward(&op) || isa<ReshapeOp, ConstantOp>(op))
      continue;
    for (Value result : op.getResults()) {
      if (!hasBytes(result))
        continue;
      StashedValue stashed{result, {}};
      collectUses(result, stashed);
      if (!stashed.uses.empty())
        stash.push_back(std::move(stashed));
    }
  }
  return stash;
}

int64_t nn::getStoredBytes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t elements = type.getNumElements();
  if (type.getElementType().isInteger(1))
    return llvm::divideCeil(elements, 32) * 4;
  return elements * (type.getElementTypeBitWidth() / 8);
}

StashBytes nn::measureStash(func::FuncOp function) {
  StashBytes bytes;
  for (const StashedValue &stashed : getStash(function)) {
    Operation *op = stashed.value.getDefiningOp();
    bytes[StringAttr::get(function.getContext(), getLayerName(op))] +=
        getStoredBytes(stashed.value);
  }
  return bytes;
}

int64_t nn::getTotal(const StashBytes &bytes) {
  int64_t total = 0;
  for (auto [layer, count] : bytes)
    total += count;
  return total;
}
