//===- NNCanonicalize.cpp - Canonicalisation patterns of nn ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/PatternMatch.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Arithmetic.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// The name of the initialiser, if the constant derived from it replaces it: a
/// name stands for one value.
static StringAttr inheritName(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && value.hasOneUse() ? constant.getNameAttr() : StringAttr();
}

/// Creates a constant where `value`, an operand, may stand before the
/// operation being rewritten.
static Value createConstant(PatternRewriter &rewriter, Location loc,
                            RankedTensorType type, ArrayRef<float> values,
                            StringAttr name) {
  StringRef key = name ? name.getValue() : StringRef("nn");
  return ConstantOp::create(rewriter, loc, makeElements(type, values, key),
                            name);
}

//===----------------------------------------------------------------------===//
// Batch normalisation into products
//===----------------------------------------------------------------------===//

namespace {
/// The constant operands of a normalisation.
struct BatchNormValues {
  interp::Tensor scale, bias, mean, var;
  float epsilon;

  static FailureOr<BatchNormValues> get(BatchNormOp op) {
    SmallVector<interp::Tensor, 4> tensors;
    for (Value operand : op->getOperands().drop_front()) {
      FailureOr<interp::Tensor> tensor = getConstantTensor(operand);
      if (failed(tensor))
        return failure();
      tensors.push_back(*tensor);
    }
    return BatchNormValues{tensors[0], tensors[1], tensors[2], tensors[3],
                           op.getEpsilon().convertToFloat()};
  }
  double getFactor(int64_t channel) const {
    return interp::getBatchNormFactor(scale[channel], var[channel], epsilon);
  }
};

/// batch_norm(product(x, w, b)) -> product(x, w', b'), computed in binary64
/// and rounded once.
template <typename ProductOp>
struct FoldBatchNorm final : OpRewritePattern<BatchNormOp> {
  using OpRewritePattern<BatchNormOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    auto product = op.getInput().getDefiningOp<ProductOp>();
    if (!product || !product->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no product of its own before it");
    FailureOr<BatchNormValues> values = BatchNormValues::get(op);
    FailureOr<interp::Tensor> weight = getConstantTensor(product.getWeight());
    if (failed(values) || failed(weight))
      return rewriter.notifyMatchFailure(op, "parameters are not constant");
    interp::Tensor bias = interp::Tensor::zeros(weight->getDim(0));
    if (product.getBias()) {
      FailureOr<interp::Tensor> constant = getConstantTensor(product.getBias());
      if (failed(constant))
        return rewriter.notifyMatchFailure(op, "bias is not constant");
      bias = *constant;
    }
    scale(*values, *weight, bias);
    replace(op, product, *weight, bias, rewriter);
    return success();
  }

private:
  static void scale(const BatchNormValues &values, interp::Tensor &weight,
                    interp::Tensor &bias) {
    MutableArrayRef<float> w = weight.getMutableData();
    MutableArrayRef<float> b = bias.getMutableData();
    size_t rowSize = w.size() / b.size();
    for (size_t row = 0; row < b.size(); ++row) {
      double factor = values.getFactor(row);
      for (float &element : w.slice(row * rowSize, rowSize))
        element = float(double(element) * factor);
      b[row] = float((double(b[row]) - double(values.mean[row])) * factor +
                     double(values.bias[row]));
    }
  }

  static void replace(BatchNormOp op, ProductOp product,
                      const interp::Tensor &weight, const interp::Tensor &bias,
                      PatternRewriter &rewriter) {
    Value oldBias = product.getBias();
    auto biasType = cast<RankedTensorType>(op.getBias().getType());
    Value newWeight = createConstant(
        rewriter, product.getWeight().getLoc(), product.getWeight().getType(),
        weight.getData(), inheritName(product.getWeight()));
    Value newBias = createConstant(
        rewriter, (oldBias ? oldBias : op.getBias()).getLoc(), biasType,
        bias.getData(), inheritName(oldBias ? oldBias : op.getBias()));
    Operation *fused = rewriter.clone(*product.getOperation());
    fused->setOperands({product.getInput(), newWeight, newBias});
    // The product gives the operation its shape, so its node is named first.
    fused->setLoc(
        FusedLoc::get(rewriter.getContext(), {product.getLoc(), op.getLoc()}));
    rewriter.replaceOp(op, fused);
  }
};
} // namespace

void BatchNormOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<FoldBatchNorm<Conv2dOp>, FoldBatchNorm<LinearOp>>(context);
}

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
  rewriter.replaceOp(op, createConstant(rewriter, op.getInput().getLoc(),
                                        op.getType(),
                                        results.front().getTensor().getData(),
                                        inheritName(op.getInput())));
  return success();
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *) {
  patterns.add(composeTransposes);
  patterns.add(transposeConstant);
}
