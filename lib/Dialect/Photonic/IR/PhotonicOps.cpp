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
#include "machines/rns/Operations.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

#include <numeric>

using namespace mlir;
using namespace photonic::phot;

#define GET_OP_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicOps.cpp.inc"

//===----------------------------------------------------------------------===//
// What products have in common
//===----------------------------------------------------------------------===//

/// C7.
static LogicalResult verifyFormats(Operation *op, NumberFormatAttrInterface lhs,
                                   NumberFormatAttrInterface rhs) {
  if (lhs.getGroupLength() != rhs.getGroupLength())
    return op->emitOpError("(C7) formats have different group lengths: ")
           << lhs.getFormatName() << " and " << rhs.getFormatName();
  if (lhs.isInteger() != rhs.isInteger())
    return op->emitOpError("(C7) one format has integers, the other reals: ")
           << lhs.getFormatName() << " and " << rhs.getFormatName();
  return success();
}

/// C11; formats may be null.
static LogicalResult verifyRandomness(Operation *op,
                                      NumberFormatAttrInterface lhs,
                                      NumberFormatAttrInterface rhs, Value key,
                                      IntegerAttr stream) {
  bool random = lhs && (lhs.needsUniforms() || rhs.needsUniforms());
  if (random == bool(key) && random == bool(stream))
    return success();
  InFlightDiagnostic diag = op->emitOpError("(C11) ");
  if (random)
    return diag << "format " << lhs.getFormatName()
                << " rounds at random and needs key and stream";
  return diag << "has a key or a stream, but no format that rounds at random";
}

/// The types of the two arguments of a region (C9).
static LogicalResult verifyArguments(Operation *op, Block &block,
                                     NumberFormatAttrInterface lhs,
                                     NumberFormatAttrInterface rhs) {
  int64_t group = lhs.getGroupLength(), length = group;
  // Integers may come in several passes.
  if (lhs.isInteger() && block.getNumArguments() == 2)
    if (auto type = dyn_cast<VectorType>(block.getArgument(0).getType());
        type && type.getRank() == 1)
      length = std::min(group, type.getDimSize(0));
  auto getVector = [&](NumberFormatAttrInterface format) -> Type {
    return VectorType::get({length}, format.getElementType());
  };
  Type expected[] = {getVector(lhs), getVector(rhs)};
  if (llvm::equal(block.getArgumentTypes(), expected))
    return success();
  InFlightDiagnostic diag = op->emitOpError("(C9) region must take (");
  diag << expected[0] << ", " << expected[1] << "), got (";
  llvm::interleaveComma(block.getArgumentTypes(), diag);
  return diag << ")";
}

/// C8 to C10 of a region that is not empty.
static LogicalResult verifyBody(Operation *op, Region &body,
                                NumberFormatAttrInterface lhs,
                                NumberFormatAttrInterface rhs) {
  Block &block = body.front();
  if (failed(verifyArguments(op, block, lhs, rhs)))
    return failure();
  for (Operation &nested : block)
    if (!isa<DotOp, ModularDotOp, ReverseConvertOp, YieldOp>(nested)) {
      InFlightDiagnostic diag = op->emitOpError("(C9) region holds '")
                                << nested.getName()
                                << "', which does not act on one pass";
      diag.attachNote(nested.getLoc()) << "here";
      return diag;
    }
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (Type sum = getSumType(lhs, rhs);
      !yield || yield.getSum().getType() != sum) // C8
    return op->emitOpError("(C8) region must yield ") << sum;
  int64_t bound = getSumBound(lhs, rhs, getPassLength(body));
  for (auto convert : block.getOps<ReverseConvertOp>())
    if (int64_t range = getSignedRange(convert.getModuli()); range < bound)
      return op->emitOpError("(C10) sums of a pass reach ")
             << bound << ", but the moduli represent only [" << -range << ", "
             << range << "]";
  return success();
}

//===----------------------------------------------------------------------===//
// ProductOp
//===----------------------------------------------------------------------===//

void ProductOp::build(OpBuilder &builder, OperationState &state, Type result,
                      ProductKind kind, Value lhs, Value rhs, Value bias,
                      WindowAttr window) {
  build(builder, state, result, lhs, rhs, bias, /*key=*/Value(), kind, window,
        /*stream=*/IntegerAttr(), /*lhs_format=*/{}, /*rhs_format=*/{},
        /*dataflow=*/DataflowAttr(),
        ExactReadoutAttr::get(builder.getContext()));
}

void ProductOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                      Value rhs, Value bias, WindowAttr window) {
  auto weights = cast<RankedTensorType>(lhs.getType());
  FailureOr<ProductShape> shape = ProductShape::get(
      ProductKind::Forward, weights, cast<RankedTensorType>(rhs.getType()),
      /*result=*/{}, window, [&] { return mlir::emitError(state.location); });
  // Shapes that do not fit have been reported; the verifier will refuse them.
  Type result = failed(shape) ? Type(weights)
                              : Type(weights.clone(shape->getResultShape()));
  build(builder, state, result, ProductKind::Forward, lhs, rhs, bias, window);
}

int64_t ProductOp::getPassLength() { return phot::getPassLength(getBody()); }

/// C1 to C4.
template <typename OpTy> static LogicalResult verifyShapes(OpTy op) {
  return ProductShape::get(op.getKind(), op.getLhs().getType(),
                           op.getRhs().getType(), op.getResult().getType(),
                           op.getWindowAttr(),
                           [&] { return op.emitOpError(); });
}

/// C5.
static LogicalResult verifyBias(ProductOp op) {
  if (!op.getBias())
    return success();
  auto type = cast<RankedTensorType>(op.getBias().getType());
  RankedTensorType lhs = op.getLhs().getType();
  if (op.getKind() != ProductKind::Forward)
    return op.emitOpError("(C5) of kind ")
           << stringifyProductKind(op.getKind()) << " cannot have a bias";
  if (type.getRank() != 1 || type.getDimSize(0) != lhs.getDimSize(0))
    return op.emitOpError("(C5) bias ")
           << type << " must have one element per row of lhs " << lhs;
  return success();
}

LogicalResult ProductOp::verify() {
  if (failed(verifyShapes(*this)) || failed(verifyBias(*this)))
    return failure();
  NumberFormatAttrInterface lhsFormat = getLhsFormatAttr();
  NumberFormatAttrInterface rhsFormat = getRhsFormatAttr();
  if (!lhsFormat != !rhsFormat) // C6
    return emitOpError("(C6) needs formats for both operands or for neither");
  if (getBody().empty() == bool(lhsFormat))
    return emitOpError("(C6) ") << (lhsFormat ? "has formats but no region"
                                              : "has a region but no formats");
  if (failed(verifyRandomness(*this, lhsFormat, rhsFormat, getKey(),
                              getStreamAttr())))
    return failure();
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

int64_t ArrayProductOp::getGroupLength() {
  return getLhsFormat().getGroupLength();
}

LogicalResult ArrayProductOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyFormats(*this, getLhsFormat(), getRhsFormat())) ||
      failed(verifyRandomness(*this, getLhsFormat(), getRhsFormat(), getKey(),
                              getStreamAttr())))
    return failure();
  if (bool(getTurn()) != (getKind() == ProductKind::InputGradient)) // C13
    return emitOpError("(C13) of kind ")
           << stringifyProductKind(getKind())
           << (getTurn() ? " cannot have a kernel position"
                         : " needs the turn of its kernel position");
  return success();
}

LogicalResult ArrayProductOp::verifyRegions() {
  if (failed(verifyBody(*this, getBody(), getLhsFormat(), getRhsFormat())))
    return failure();
  int64_t length = getPassLength(getBody());
  bool fits = getLhsFormat().isInteger() ? getColumns() == length
                                         : getColumns() <= length;
  if (getRows() < 1 || getColumns() < 1 || !fits) // C12
    return emitOpError("(C12) sizes must be [rows >= 1, ")
           << (getLhsFormat().isInteger() ? "" : "columns <= ") << length
           << "], the length of a pass, got [" << getRows() << ", "
           << getColumns() << "]";
  return success();
}

//===----------------------------------------------------------------------===//
// Operations on one pass
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
           << getLhs().getType() << " must be " << (real ? "f32" : "i32 or i64")
           << ", got " << getResult().getType();
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
    auto dot = getResidues()[index].getDefiningOp<ModularDotOp>();
    if (dot && int64_t(dot.getModulus()) != modulus) // C4
      return emitOpError("(C4) residue ")
             << index << " is modulo " << dot.getModulus() << ", not "
             << modulus;
  }
  return success();
}
