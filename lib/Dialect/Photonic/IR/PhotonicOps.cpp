//===- PhotonicOps.cpp - Operations of the photonic dialect --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers of products and builders. Comments carry the numbers of the
// constraints in PhotonicOps.td.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/IR/StoredOperand.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace photonic::phot;

#define GET_OP_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// C1.
template <typename OpTy> static LogicalResult verifyRanks(OpTy op) {
  auto emit = [&] { return op.emitOpError("(C1) "); };
  return success(succeeded(op.getLhsView().checkRank(
                     op.getLhs().getType().getRank(), "lhs", emit)) &&
                 succeeded(op.getRhsView().checkRank(
                     op.getRhs().getType().getRank(), "rhs", emit)) &&
                 succeeded(op.getResultView().checkRank(
                     op.getInit().getType().getRank(), "the result", emit)));
}

/// C2 and C3.
template <typename OpTy> static LogicalResult verifyExtents(OpTy op) {
  ViewAttr lhs = op.getLhsView(), rhs = op.getRhsView();
  ViewAttr result = op.getResultView();
  auto compare = [&](StringRef what, int64_t one, StringRef ofOne,
                     int64_t other, StringRef ofOther) -> LogicalResult {
    if (one == other)
      return success();
    return op.emitOpError("(C2) ")
           << what << " differ: " << one << " of " << ofOne << ", " << other
           << " of " << ofOther;
  };
  if (failed(compare("groups", lhs.getNumGroups(), "lhs", result.getNumGroups(),
                     "the result")) ||
      failed(compare("groups", rhs.getNumGroups(), "rhs", result.getNumGroups(),
                     "the result")) ||
      failed(compare("rows of the product", lhs.getNumRows(), "lhs",
                     result.getNumRows(), "the result")) ||
      failed(compare("columns of the product", rhs.getNumRows(),
                     "rhs (its rows)", result.getNumColumns(), "the result")) ||
      failed(compare("contraction positions", lhs.getNumColumns(), "lhs",
                     rhs.getNumColumns(), "rhs")))
    return failure();
  int64_t positions = ProductExtents::get(op).positions;
  for (auto [view, name] : {std::pair(lhs, "lhs"), std::pair(rhs, "rhs"),
                            std::pair(result, "the result")})
    if (int64_t own = view.getNumPositions(); own != 1 && own != positions)
      return op.emitOpError("(C2) ") << own << " positions of " << name
                                     << ", expected " << positions << " or 1";
  if (!isInjective(result))
    return op.emitOpError("(C3) groups, rows and columns of the result may "
                          "meet an element twice in one position: on each "
                          "dimension a digit has to step beyond all that the "
                          "digits of smaller steps reach");
  return success();
}

//===----------------------------------------------------------------------===//
// Formats
//===----------------------------------------------------------------------===//

/// C5.
static LogicalResult verifyFormats(Operation *op, NumberFormatAttrInterface lhs,
                                   NumberFormatAttrInterface rhs) {
  if (lhs.isInteger() != rhs.isInteger())
    return op->emitOpError("(C5) one format has integers, the other reals: ")
           << lhs.getFormatName() << " and " << rhs.getFormatName();
  int64_t longer = std::max(lhs.getGroupLength(), rhs.getGroupLength());
  int64_t term = getTermLength(lhs, rhs);
  if (lhs.isInteger() ? longer % term == 0 : longer == term)
    return success();
  return op->emitOpError("(C5) groups of ")
         << lhs.getFormatName() << " and " << rhs.getFormatName()
         << (lhs.isInteger() ? ": one must be a multiple of the other"
                             : " must have the same length");
}

/// C9; formats may be null.
static LogicalResult verifyRandomness(Operation *op,
                                      NumberFormatAttrInterface lhs,
                                      NumberFormatAttrInterface rhs, Value key,
                                      IntegerAttr stream) {
  bool random = lhs && (lhs.needsUniforms() || rhs.needsUniforms());
  if (random == bool(key) && random == bool(stream))
    return success();
  InFlightDiagnostic diag = op->emitOpError("(C9) ");
  if (random)
    return diag << "format "
                << (lhs.needsUniforms() ? lhs : rhs).getFormatName()
                << " rounds at random and needs key and stream";
  return diag << "has a key or a stream, but no format that rounds at random";
}

/// C10.
template <typename OpTy> static LogicalResult verifyStorage(OpTy op) {
  auto verify = [&](RankedTensorType type, ViewAttr view,
                    NumberFormatAttrInterface format,
                    StringRef name) -> LogicalResult {
    auto stored = dyn_cast<StoredType>(type.getElementType());
    if (!stored)
      return success();
    if (stored.getFormat() != format) {
      InFlightDiagnostic diag = op.emitOpError("(C10) ")
                                << name << " is stored as "
                                << stored.getFormat().getFormatName()
                                << ", but the product ";
      return format ? diag << "converts it to " << format.getFormatName()
                    : diag << "has no formats";
    }
    auto blocks = getBlockView(view, type);
    if (auto *wrong = std::get_if<std::string>(&blocks))
      return op.emitOpError("(C10) groups of contraction positions of ")
             << name << " are no blocks of " << stored << ": " << *wrong;
    return success();
  };
  return success(succeeded(verify(op.getLhs().getType(), op.getLhsView(),
                                  op.getLhsFormatAttr(), "lhs")) &&
                 succeeded(verify(op.getRhs().getType(), op.getRhsView(),
                                  op.getRhsFormatAttr(), "rhs")));
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

/// Checks the types of arguments and of what is yielded, and that everything in
/// between belongs there.
static LogicalResult verifyRegion(Operation *op, Region &region,
                                  bool isCombining, StringRef constraint,
                                  ArrayRef<Type> arguments, Type yielded) {
  StringRef name = isCombining ? "combine" : "pass";
  Block &block = region.front();
  if (!llvm::equal(block.getArgumentTypes(), arguments)) {
    InFlightDiagnostic diag = op->emitOpError("(") << constraint << ") region "
                                                   << name << " must take (";
    llvm::interleaveComma(arguments, diag);
    diag << "), got (";
    llvm::interleaveComma(block.getArgumentTypes(), diag);
    return diag << ")";
  }
  for (Operation &nested : block)
    if (!isa<YieldOp>(nested) &&
        !(isa<RegionOpInterface>(nested) &&
          (isCombining ? isa<CombineOpInterface>(nested)
                       : isa<PassOpInterface>(nested)))) {
      InFlightDiagnostic diag = op->emitOpError("(")
                                << constraint << ") region " << name
                                << " holds '" << nested.getName()
                                << "', which does not belong there";
      diag.attachNote(nested.getLoc()) << "here";
      return diag;
    }
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || !llvm::equal(yield.getOperandTypes(), ArrayRef(yielded)))
    return op->emitOpError("(")
           << constraint << ") region " << name << " must yield " << yielded;
  // What comes behind what is yielded, or beside it, would be lost.
  if (!yield->getPrevNode() ||
      yield.getOperand(0).getDefiningOp() != yield->getPrevNode())
    return op->emitOpError("(")
           << constraint << ") region " << name
           << " must yield what its last operation computes";
  if (auto last = cast<RegionOpInterface>(yield->getPrevNode());
      last.isPartial())
    return op->emitOpError("(")
           << constraint << ") region " << name << " yields what '"
           << last->getName() << "' computes, which is no sum yet; convert it";
  for (Operation &nested : block.without_terminator())
    if (nested.use_empty()) {
      InFlightDiagnostic diag = op->emitOpError("(")
                                << constraint << ") region " << name
                                << " computes what it does not use";
      diag.attachNote(nested.getLoc()) << "here";
      return diag;
    }
  return success();
}

/// C8: every operation of `pass` represents the sums that it computes.
static LogicalResult verifyRanges(Operation *op, Region &pass, int64_t bound) {
  for (auto operation : pass.front().getOps<RegionOpInterface>())
    if (failed(operation.checkRange(bound,
                                    [&] { return op->emitOpError("(C8) "); })))
      return failure();
  return success();
}

/// C6 to C8 of regions that are not empty.
template <typename OpTy> static LogicalResult verifyBodies(OpTy op) {
  NumberFormatAttrInterface lhs = op.getLhsFormatAttr();
  NumberFormatAttrInterface rhs = op.getRhsFormatAttr();
  // Integers may come in several passes.
  int64_t length = getTermLength(lhs, rhs);
  Block &pass = op.getPass().front();
  if (lhs.isInteger() && pass.getNumArguments() == 2)
    if (auto type = dyn_cast<VectorType>(pass.getArgument(0).getType());
        type && type.getRank() == 1)
      length = std::min(length, type.getDimSize(0));
  Type sum = getSumType(lhs, rhs);
  Type f32 = Float32Type::get(op.getContext());
  if (failed(verifyRegion(op, op.getPass(), /*isCombining=*/false, "C6",
                          {VectorType::get({length}, lhs.getElementType()),
                           VectorType::get({length}, rhs.getElementType())},
                          sum)) ||
      failed(verifyRegion(op, op.getCombine(), /*isCombining=*/true, "C7",
                          {sum, f32}, f32)))
    return failure();
  if (!llvm::hasSingleElement(op.getCombine().front().without_terminator()))
    return op.emitOpError("(C7) region combine must be one operation");
  return verifyRanges(op, op.getPass(), getSumBound(lhs, rhs, length));
}

//===----------------------------------------------------------------------===//
// ProductOp
//===----------------------------------------------------------------------===//

void ProductOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                      ViewAttr lhsView, Value rhs, ViewAttr rhsView, Value init,
                      ViewAttr resultView, StringRef operatorName) {
  build(builder, state, init.getType(), lhs, rhs, init, /*key=*/Value(),
        lhsView, rhsView, resultView, builder.getStringAttr(operatorName),
        /*stream=*/IntegerAttr(), /*lhs_format=*/{}, /*rhs_format=*/{},
        /*stationary=*/StationaryAttr());
}

LogicalResult ProductOp::verify() {
  if (failed(verifyRanks(*this)) || failed(verifyExtents(*this)))
    return failure();
  NumberFormatAttrInterface lhsFormat = getLhsFormatAttr();
  NumberFormatAttrInterface rhsFormat = getRhsFormatAttr();
  if (!lhsFormat != !rhsFormat) // C4
    return emitOpError("(C4) needs formats for both operands or for neither");
  for (Region *region : {&getPass(), &getCombine()})
    if (region->empty() == bool(lhsFormat))
      return emitOpError("(C4) ") << (lhsFormat ? "has formats but no regions"
                                                : "has regions but no formats");
  if (failed(verifyRandomness(*this, lhsFormat, rhsFormat, getKey(),
                              getStreamAttr())) ||
      failed(verifyStorage(*this)))
    return failure();
  return lhsFormat ? verifyFormats(*this, lhsFormat, rhsFormat) : success();
}

LogicalResult ProductOp::verifyRegions() {
  return getPass().empty() ? success() : verifyBodies(*this);
}

//===----------------------------------------------------------------------===//
// ArrayProductOp
//===----------------------------------------------------------------------===//

int64_t ArrayProductOp::getColumns() { return getPassLength(getPass()); }

LogicalResult ArrayProductOp::verify() {
  if (failed(verifyRanks(*this)) || failed(verifyExtents(*this)) ||
      failed(verifyFormats(*this, getLhsFormat(), getRhsFormat())) ||
      failed(verifyRandomness(*this, getLhsFormat(), getRhsFormat(), getKey(),
                              getStreamAttr())) ||
      failed(verifyStorage(*this)))
    return failure();
  int64_t term = getTermLength(getLhsFormat(), getRhsFormat());
  ArrayRef<int64_t> sizes = getSizes();
  if (sizes[0] >= 1 && sizes[1] >= 1 && sizes[2] == term)
    return success();
  return emitOpError("(C11) sizes must be [at least 1, at least 1, ") // C11
         << term << "], the last being the length of a term, got [" << sizes
         << "]";
}

LogicalResult ArrayProductOp::verifyRegions() { return verifyBodies(*this); }
