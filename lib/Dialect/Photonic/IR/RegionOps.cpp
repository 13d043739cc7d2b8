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
#include "phx/support/Selection.h"

#include <bit>
#include <cfloat>
#include <cmath>

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

/// What an accumulator holds of `value`: +0 where the magnitude is below
/// 2^-126.
static float flush(float value) {
  return std::fabs(value) < FLT_MIN ? 0.0f : value;
}

/// flush(RNE(flush(acc) + term)) with one rounding. The sum in binary64 is
/// rounded to odd, so that rounding it again to binary32 is correct.
static float accumulate(float acc, double term) {
  double a = flush(acc), sum = a + term;
  double part = sum - a;
  double error = (a - (sum - part)) + (term - part);
  if (error != 0) {
    auto bits = std::bit_cast<uint64_t>(sum);
    if ((bits & 1) == 0)
      sum =
          std::bit_cast<double>((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
  }
  return flush(float(sum));
}

LogicalResult ScaledAddOp::verify() { return verifyAddition(*this); }
bool ScaledAddOp::refusesInfinity() { return true; }
void ScaledAddOp::combine(CombineBlock block) {
  std::visit(
      [](const auto *additions) {
        for (auto [acc, sum, scale] : llvm::zip_equal(
                 additions->accumulators, additions->sums, additions->scales))
          acc = accumulate(acc, double(sum) * scale);
      },
      block);
}
LogicalResult ScaledAddOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::ScaledAdd{});
  return success();
}

LogicalResult FloatAddOp::verify() { return verifyAddition(*this); }
void FloatAddOp::combine(CombineBlock block) {
  const auto *additions = std::get<const Additions<float> *>(block);
  for (auto [acc, sum] :
       llvm::zip_equal(additions->accumulators, additions->sums))
    acc = phx::canonicalF32(acc + sum);
}
LogicalResult FloatAddOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::FloatAdd{});
  return success();
}
