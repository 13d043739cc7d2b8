//===- RegionOps.cpp - What arrays compute in a pass ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations in the regions of products: verifiers, and how they are entries of
// a program's tables. Comments carry the numbers of the constraints in
// PhotonicOps.td.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "phx/isa/BaseOperations.h"

using namespace mlir;
using namespace photonic::phot;

LogicalResult photonic::phot::verifyVectors(Operation *op) {
  auto lhs = cast<VectorType>(op->getOperand(0).getType());
  auto rhs = cast<VectorType>(op->getOperand(1).getType());
  if (lhs.getShape() != rhs.getShape() ||
      lhs.getElementType().isF32() != rhs.getElementType().isF32()) // C1
    return op->emitOpError("(C1) groups do not agree: ")
           << lhs << " and " << rhs;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) { // C3
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || argument.getArgNumber() != index)
      return op->emitOpError("(C3) operand ")
             << index << " must be argument " << index << " of the region";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// pass
//===----------------------------------------------------------------------===//

LogicalResult DotOp::verify() {
  if (failed(verifyVectors(*this)))
    return failure();
  bool real = getLhs().getType().getElementType().isF32();
  if (getResult().getType().isF32() != real) // C2
    return emitOpError("(C2) product of ")
           << getLhs().getType() << " must be " << (real ? "f32" : "i32 or i64")
           << ", got " << getResult().getType();
  return success();
}

LogicalResult DotOp::encode(phx::OperationList &entries) {
  if (!getResult().getType().isF32())
    return emitError("expected what arrays compute, found a dot of integers; "
                     "run photonic-split-products");
  entries.push_back(phx::FloatDot{});
  return success();
}

void DotOp::evaluate(PassBlock block) {
  std::visit(
      [&](auto *values) {
        multiply(values->getPairs(), values->create(getResult()).data());
      },
      block);
}

//===----------------------------------------------------------------------===//
// combine
//===----------------------------------------------------------------------===//

/// C1 of both: the arguments of `combine` are (sum, accumulator).
static LogicalResult verifyAddition(Operation *op) {
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || argument.getArgNumber() != 1 - index)
      return op->emitOpError("(C1) operands must be the accumulator and the "
                             "sum, arguments 1 and 0 of the region");
  }
  return success();
}

LogicalResult ScaledAddOp::verify() { return verifyAddition(*this); }
bool ScaledAddOp::isCombining() { return true; }
LogicalResult ScaledAddOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::ScaledAdd{});
  return success();
}

LogicalResult FloatAddOp::verify() { return verifyAddition(*this); }
bool FloatAddOp::isCombining() { return true; }
LogicalResult FloatAddOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::FloatAdd{});
  return success();
}
