//===- PhotonicOps.cpp - Operations of the photonic dialect --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers and inference of types. Comments carry the numbers of the
// constraints in PhotonicOps.td.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace photonic::phot;

#define GET_OP_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicOps.cpp.inc"

static constexpr int64_t maxModulus = 32768;
static constexpr int64_t maxModuliProduct = int64_t(1) << 40;

//===----------------------------------------------------------------------===//
// What products have in common
//===----------------------------------------------------------------------===//

/// C7 and C8.
static LogicalResult verifyFormats(Operation *op, NumberFormatAttrInterface lhs,
                                   NumberFormatAttrInterface rhs) {
  if (lhs.getGroupLength() != rhs.getGroupLength())
    return op->emitOpError("(C7) formats have different group lengths: ")
           << lhs.getFormatName() << " and " << rhs.getFormatName();
  if (lhs.getSumType() != rhs.getSumType())
    return op->emitOpError("(C7) formats have different types of sum: ")
           << lhs.getFormatName() << " and " << rhs.getFormatName();
  if (int64_t bound = getSumBound(lhs, rhs);
      bound > std::numeric_limits<int32_t>::max())
    return op->emitOpError("(C8) group sums reach ")
           << bound << " = " << lhs.getGroupLength() << " * "
           << lhs.getMaxMagnitude() << " * " << rhs.getMaxMagnitude()
           << ", more than i32 holds";
  return success();
}

/// C9 and C10 of a region that is not empty.
static LogicalResult verifyBody(Operation *op, Region &body,
                                NumberFormatAttrInterface lhs,
                                NumberFormatAttrInterface rhs) {
  Block &block = body.front();
  auto getVector = [](NumberFormatAttrInterface format) -> Type {
    return VectorType::get({format.getGroupLength()}, format.getElementType());
  };
  Type expected[] = {getVector(lhs), getVector(rhs)};
  if (!llvm::equal(block.getArgumentTypes(), expected)) {
    InFlightDiagnostic diag = op->emitOpError("(C9) region must take (");
    diag << expected[0] << ", " << expected[1] << "), got (";
    llvm::interleaveComma(block.getArgumentTypes(), diag);
    return diag << ")";
  }
  for (Operation &nested : block)
    if (!isa<DotOp, ModularDotOp, ReverseConvertOp, YieldOp>(nested)) {
      InFlightDiagnostic diag = op->emitOpError("(C9) region holds '")
                                << nested.getName()
                                << "', which does not act on one group";
      diag.attachNote(nested.getLoc()) << "here";
      return diag;
    }
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getSum().getType() != lhs.getSumType())
    return op->emitOpError("(C9) region must yield ") << lhs.getSumType();
  int64_t bound = getSumBound(lhs, rhs);
  for (auto convert : block.getOps<ReverseConvertOp>())
    if (int64_t range = getSignedRange(convert.getModuli()); range < bound)
      return op->emitOpError("(C10) group sums reach ")
             << bound << ", but the moduli represent only [" << -range << ", "
             << range << "]";
  return success();
}

//===----------------------------------------------------------------------===//
// ProductOp
//===----------------------------------------------------------------------===//

void ProductOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                      Value rhs, Value bias, WindowAttr window) {
  state.addOperands({lhs, rhs});
  if (bias)
    state.addOperands(bias);
  if (window)
    state.getOrAddProperties<Properties>().window = window;
  state.getOrAddProperties<Properties>().readout =
      ExactReadoutAttr::get(builder.getContext());
  state.addRegion();
  SmallVector<Type> types;
  if (succeeded(
          inferReturnTypes(builder.getContext(), state.location, state.operands,
                           state.attributes.getDictionary(builder.getContext()),
                           state.getRawProperties(), state.regions, types)))
    state.addTypes(types);
}

LogicalResult ProductOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Location where = loc.value_or(UnknownLoc::get(context));
  auto lhs = dyn_cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = dyn_cast<RankedTensorType>(adaptor.getRhs().getType());
  if (!lhs || !rhs || !lhs.hasStaticShape() || !rhs.hasStaticShape())
    return mlir::emitError(where, "operands of a product need static shapes");
  FailureOr<ProductShape> shape =
      ProductShape::get(lhs, rhs, adaptor.getWindowAttr(),
                        [&] { return mlir::emitError(where); });
  if (failed(shape))
    return failure();
  types.push_back(
      RankedTensorType::get(shape->getResultShape(), lhs.getElementType()));
  return success();
}

LogicalResult ProductOp::verify() {
  RankedTensorType lhs = getLhs().getType();
  if (Value bias = getBias()) { // C5
    auto type = cast<RankedTensorType>(bias.getType());
    if (type.getRank() != 1 || type.getDimSize(0) != lhs.getDimSize(0))
      return emitOpError("(C5) bias ")
             << type << " must have one element per row of lhs " << lhs;
  }
  NumberFormatAttrInterface lhsFormat = getLhsFormatAttr();
  NumberFormatAttrInterface rhsFormat = getRhsFormatAttr();
  if (!lhsFormat != !rhsFormat) // C6
    return emitOpError("(C6) needs formats for both operands or for neither");
  if (getBody().empty() == bool(lhsFormat))
    return emitOpError("(C6) ") << (lhsFormat ? "has formats but no region"
                                              : "has a region but no formats");
  return lhsFormat ? verifyFormats(*this, lhsFormat, rhsFormat) : success();
}

LogicalResult ProductOp::verifyRegions() {
  if (getBody().empty())
    return success();
  return verifyBody(*this, getBody(), getLhsFormatAttr(), getRhsFormatAttr());
}

//===----------------------------------------------------------------------===//
// ArrayProductOp
//===----------------------------------------------------------------------===//

LogicalResult ArrayProductOp::verify() {
  FailureOr<ProductShape> shape =
      ProductShape::get(getLhs().getType(), getRhs().getType(), getWindowAttr(),
                        [&] { return emitOpError(); });
  if (failed(shape))
    return failure();
  auto expected = RankedTensorType::get(shape->getResultShape(),
                                        getInit().getType().getElementType());
  if (getInit().getType() != expected)
    return emitOpError("(C11) accumulates into ")
           << getInit().getType() << ", but the product of "
           << getLhs().getType() << " and " << getRhs().getType() << " is "
           << expected;
  if (failed(verifyFormats(*this, getLhsFormat(), getRhsFormat())))
    return failure();
  int64_t group = getLhsFormat().getGroupLength();
  if (getRows() < 1 || getColumns() != group)
    return emitOpError("(C12) sizes must be [rows >= 1, ")
           << group << "], the group length, got [" << getRows() << ", "
           << getColumns() << "]";
  return success();
}

LogicalResult ArrayProductOp::verifyRegions() {
  return verifyBody(*this, getBody(), getLhsFormat(), getRhsFormat());
}

//===----------------------------------------------------------------------===//
// Operations on one group
//===----------------------------------------------------------------------===//

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

LogicalResult DotOp::verify() {
  if (failed(verifyGroups(*this)))
    return failure();
  bool real = getLhs().getType().getElementType().isF32();
  if (getResult().getType().isF32() != real) // C2
    return emitOpError("(C2) product of ")
           << getLhs().getType() << " must be " << (real ? "f32" : "i32")
           << ", got " << getResult().getType();
  return success();
}

static LogicalResult verifyModulus(Operation *op, int64_t modulus) { // C2
  if (modulus < 2 || modulus > maxModulus)
    return op->emitOpError("(C2) modulus must lie in [2, ")
           << maxModulus << "], got " << modulus;
  return success();
}

LogicalResult ModularDotOp::verify() {
  if (failed(verifyGroups(*this)))
    return failure();
  if (getLhs().getType().getElementType().isF32()) // C1
    return emitOpError("(C1) needs integers, got ") << getLhs().getType();
  return verifyModulus(*this, getModulus());
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
    product *= modulus;
    if (product > maxModuliProduct) // C2
      return emitOpError("(C2) product of the moduli exceeds ")
             << maxModuliProduct;
    for (int64_t other : moduli.take_front(index))
      if (int64_t divisor = std::gcd(modulus, other); divisor != 1) // C3
        return emitOpError("(C3) moduli ") << other << " and " << modulus
                                           << " share the factor " << divisor;
    auto dot = getResidues()[index].getDefiningOp<ModularDotOp>();
    if (dot && int64_t(dot.getModulus()) != modulus) // C4
      return emitOpError("(C4) residue ")
             << index << " is modulo " << dot.getModulus() << ", not "
             << modulus;
  }
  return success();
}
