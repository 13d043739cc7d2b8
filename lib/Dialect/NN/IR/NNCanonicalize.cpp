//===- NNCanonicalize.cpp - Canonicalisation patterns of nn ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/PatternMatch.h"
#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Padding into what follows
//===----------------------------------------------------------------------===//

/// The pads [top, left, bottom, right] of a padding with zeros of height and
/// width, if that is all it does.
static std::optional<SmallVector<int64_t>> getImagePads(PadOp pad) {
  ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
  if (!pad.getValue().isZero() || low.size() != 4 || low[0] || low[1] ||
      high[0] || high[1])
    return std::nullopt;
  return SmallVector<int64_t>{low[2], low[3], high[2], high[3]};
}

static SmallVector<int64_t> addPads(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return llvm::map_to_vector(llvm::zip_equal(a, b), [](auto pair) {
    return std::get<0>(pair) + std::get<1>(pair);
  });
}

/// conv2d(pad(x, zeros)) -> conv2d(x) with larger pads.
static LogicalResult mergePadIntoConv(Conv2dOp op, PatternRewriter &rewriter) {
  auto pad = op.getInput().getDefiningOp<PadOp>();
  auto pads = pad ? getImagePads(pad) : std::nullopt;
  if (!pads)
    return rewriter.notifyMatchFailure(op, "no padding of the image by zeros");
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(pad.getInput());
    op.setPads(addPads(op.getPads(), *pads));
    op->setLoc(
        FusedLoc::get(rewriter.getContext(), {op.getLoc(), pad.getLoc()}));
  });
  return success();
}

void Conv2dOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *) {
  patterns.add(mergePadIntoConv);
}

/// avg_pool(pad(x, zeros)) -> avg_pool(x) with larger pads that are counted.
static LogicalResult mergePadIntoPool(AvgPoolOp op, PatternRewriter &rewriter) {
  auto pad = op.getInput().getDefiningOp<PadOp>();
  auto pads = pad ? getImagePads(pad) : std::nullopt;
  if (!pads)
    return rewriter.notifyMatchFailure(op, "no padding of the image by zeros");
  // Zeros written by the padding are counted; the pool's own pads have to be.
  bool padsOfItsOwn = llvm::any_of(op.getPads(), [](int64_t n) { return n; });
  if (padsOfItsOwn && !op.getCountIncludePad())
    return rewriter.notifyMatchFailure(op, "its own padding is not counted");
  // Rounding up may drop a last window that now starts in the padding.
  SmallVector<int64_t> merged = addPads(op.getPads(), *pads);
  for (unsigned d : {0, 1}) {
    Window window = getWindow(d, op.getKernel(), op.getStrides(), merged,
                              op.getDilations(), op.getCeilMode());
    if (window.getNumWindows(pad.getInput().getType().getDimSize(2 + d)) !=
        op.getType().getDimSize(2 + d))
      return rewriter.notifyMatchFailure(op, "number of windows would change");
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(pad.getInput());
    op.setPads(merged);
    op.setCountIncludePad(true);
    op->setLoc(
        FusedLoc::get(rewriter.getContext(), {op.getLoc(), pad.getLoc()}));
  });
  return success();
}

void AvgPoolOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *) {
  patterns.add(mergePadIntoPool);
}

//===----------------------------------------------------------------------===//
// Layout of constants
//===----------------------------------------------------------------------===//

/// The same elements under another type, without a copy of a resource.
static ElementsAttr retype(ElementsAttr value, RankedTensorType type) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return cast<DenseElementsAttr>(value).reshape(type);
}

static LogicalResult reshapeConstant(ReshapeOp op, PatternRewriter &rewriter) {
  auto constant = op.getInput().getDefiningOp<ConstantOp>();
  if (!constant)
    return rewriter.notifyMatchFailure(op, "operand is not constant");
  rewriter.replaceOpWithNewOp<ConstantOp>(
      op, retype(constant.getValue(), op.getType()), inheritName(constant));
  return success();
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *) {
  patterns.add(reshapeConstant);
}

/// transpose(transpose(x, p), q) -> transpose(x, p after q).
static LogicalResult composeTransposes(TransposeOp op,
                                       PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return rewriter.notifyMatchFailure(op, "operand is not transposed");
  SmallVector<int64_t> perm;
  for (int64_t d : op.getPerm())
    perm.push_back(inner.getPerm()[d]);
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(inner.getInput());
    op.setPerm(perm);
  });
  return success();
}

static LogicalResult transposeConstant(TransposeOp op,
                                       PatternRewriter &rewriter) {
  FailureOr<interp::Tensor> tensor = getConstantTensor(op.getInput());
  if (failed(tensor))
    return rewriter.notifyMatchFailure(op, "operand is not constant");
  interp::Value operand(std::move(*tensor));
  SmallVector<interp::Value> results;
  if (failed(op.evaluate(operand, results)))
    return failure();
  rewriter.replaceOp(op, deriveConstant(rewriter, op.getInput(),
                                        results.front().getTensor().getData(),
                                        op.getType()));
  return success();
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *) {
  patterns.add(composeTransposes);
  patterns.add(transposeConstant);
}
