//===- Influence.cpp - What a loss depends on -----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Influence.h"

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

bool nn::hasDerivative(OpOperand &operand) {
  auto op = dyn_cast<DifferentiableOpInterface>(operand.getOwner());
  return !op || op.hasDerivative(operand.getOperandNumber());
}

/// The values from which operands that `leads` accepts lead to `targets`.
static llvm::DenseSet<Value> collect(Block &body, ArrayRef<Value> targets,
                                     function_ref<bool(OpOperand &)> leads) {
  llvm::DenseSet<Value> found(targets.begin(), targets.end());
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    if (llvm::none_of(op.getResults(),
                      [&](Value result) { return found.contains(result); }))
      continue;
    for (OpOperand &operand : op.getOpOperands())
      if (leads(operand))
        found.insert(operand.get());
  }
  return found;
}

Influence::Influence(Block &body, ArrayRef<Value> targets)
    : any(collect(body, targets, [](OpOperand &) { return true; })),
      differentiable(collect(body, targets, nn::hasDerivative)) {}

OpOperand *Influence::findObstacle(Value value) const {
  SmallVector<Value> open{value};
  llvm::DenseSet<Value> seen;
  while (!open.empty())
    for (OpOperand &use : open.pop_back_val().getUses()) {
      Operation *op = use.getOwner();
      if (llvm::none_of(op->getResults(),
                        [&](Value result) { return any.contains(result); }))
        continue;
      if (!nn::hasDerivative(use))
        return &use;
      for (Value result : op->getResults())
        if (seen.insert(result).second)
          open.push_back(result);
    }
  return nullptr;
}

void Influence::attachNote(Diagnostic &diagnostic, OpOperand &obstacle) {
  Operation *op = obstacle.getOwner();
  diagnostic.attachNote(op->getLoc())
      << "operand " << obstacle.getOperandNumber() << " of '" << op->getName()
      << "' has no derivative";
}
