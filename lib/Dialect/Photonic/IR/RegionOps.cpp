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

#include "machines/rns/Operations.h"
#include "phx/isa/BaseOperations.h"

#include <numeric>

using namespace mlir;
using namespace photonic::phot;

/// The two operands are the arguments of the region, in order, and agree.
static LogicalResult verifyGroups(Operation *op) {
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
  if (failed(verifyGroups(*this)))
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
                     "run photonic-split-rns");
  entries.push_back(phx::FloatDot{});
  return success();
}

static LogicalResult verifyModulus(Operation *op, int64_t modulus) { // C2
  constexpr phx::limits::Range limit = phx::rns::modulusRange;
  if (!limit.contains(modulus))
    return op->emitOpError("(C2) modulus must lie in [")
           << limit.low << ", " << limit.high << "], got " << modulus;
  return success();
}

LogicalResult ModularDotOp::verify() {
  if (failed(verifyGroups(*this)))
    return failure();
  if (getLhs().getType().getElementType().isF32()) // C1
    return emitOpError("(C1) needs integers, got ") << getLhs().getType();
  return verifyModulus(*this, getModulus());
}

/// A residue.
bool ModularDotOp::isPartial() { return true; }

/// Moduli that are multiplied one after the other are one entry.
LogicalResult ModularDotOp::encode(phx::OperationList &entries) {
  auto modulus = static_cast<int64_t>(getModulus());
  if (!entries.empty())
    if (auto *last = phx::getIf<phx::rns::ModularDot>(entries.back())) {
      phx::rns::ModularDot more = *last;
      more.moduli.push_back(modulus);
      entries.back() = more;
      return success();
    }
  entries.push_back(phx::rns::ModularDot{{modulus}});
  return success();
}

/// C4.
static LogicalResult verifyResidues(ReverseConvertOp op) {
  auto dots = op->getBlock()->getOps<ModularDotOp>();
  auto dot = dots.begin();
  for (auto [index, residue] : llvm::enumerate(op.getResidues())) {
    if (dot == dots.end() || residue != (*dot).getResult())
      return op.emitOpError("(C4) residue ")
             << index << " must be what modular_dot " << index
             << " of the region computes";
    if (int64_t((*dot).getModulus()) != op.getModuli()[index])
      return op.emitOpError("(C4) residue ")
             << index << " is modulo " << (*dot).getModulus() << ", not "
             << op.getModuli()[index];
    ++dot;
  }
  if (dot != dots.end())
    return op.emitOpError("(C4) leaves out a residue that the region computes");
  return success();
}

LogicalResult ReverseConvertOp::verify() {
  ArrayRef<int64_t> moduli = getModuli();
  if (moduli.empty() || moduli.size() != getResidues().size()) // C1
    return emitOpError("(C1) has ") << getResidues().size() << " residues and "
                                    << moduli.size() << " moduli";
  int64_t product = 1;
  for (auto [index, modulus] : llvm::enumerate(moduli)) {
    if (failed(verifyModulus(*this, modulus)))
      return failure();
    if (product > phx::rns::maxModuliProduct / modulus) // C2
      return emitOpError("(C2) product of the moduli exceeds ")
             << phx::rns::maxModuliProduct;
    product *= modulus;
    for (int64_t other : moduli.take_front(index))
      if (int64_t divisor = std::gcd(modulus, other); divisor != 1) // C3
        return emitOpError("(C3) moduli ") << other << " and " << modulus
                                           << " share the factor " << divisor;
  }
  return verifyResidues(*this);
}

LogicalResult ReverseConvertOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::rns::ReverseConvert{});
  return success();
}

LogicalResult
ReverseConvertOp::checkRange(int64_t bound,
                             function_ref<InFlightDiagnostic()> emitError) {
  int64_t range = getSignedRange(getModuli());
  if (range >= bound)
    return success();
  return emitError() << "sums of a pass reach " << bound
                     << ", but the moduli represent only [" << -range << ", "
                     << range << "]";
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
