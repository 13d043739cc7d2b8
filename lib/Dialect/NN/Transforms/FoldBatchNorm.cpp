//===- FoldBatchNorm.cpp - Normalisations into products -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "Stash.h"
#include "photonic/Interpreter/Arithmetic.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace photonic::nn {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

static bool areConstant(OperandRange operands) {
  return llvm::all_of(operands, [](Value operand) {
    return succeeded(getConstantTensor(operand));
  });
}

/// Why a normalisation stays; empty if nothing keeps it.
static StringRef findObstacle(BatchNormOp op) {
  Operation *product = op.getInput().getDefiningOp();
  if (!isa_and_nonnull<Conv2dOp, LinearOp>(product))
    return "no convolution or linear layer is in front of it";
  if (!product->hasOneUse())
    return "the layer in front of it is read by others as well";
  if (!areConstant(op->getOperands().drop_front()))
    return "its scale, bias, mean or variance is not constant";
  if (!areConstant(product->getOperands().drop_front()))
    return "weight or bias of the layer in front of it is not constant";
  return {};
}

//===----------------------------------------------------------------------===//
// Fold
//===----------------------------------------------------------------------===//

namespace {
/// Weight and bias of a product that normalises as well.
struct FoldedProduct {
  interp::Tensor weight, bias;

  /// `product` is in front of `op`, and all parameters are constant.
  FoldedProduct(BatchNormOp op, Operation *product)
      : weight(*getConstantTensor(product->getOperand(1))),
        bias(product->getNumOperands() > 2
                 ? *getConstantTensor(product->getOperand(2))
                 : interp::Tensor::zeros(weight.getDim(0))) {
    interp::Tensor scale = *getConstantTensor(op.getScale());
    interp::Tensor shift = *getConstantTensor(op.getBias());
    interp::Tensor mean = *getConstantTensor(op.getMean());
    interp::Tensor var = *getConstantTensor(op.getVar());
    float epsilon = op.getEpsilon().convertToFloat();
    MutableArrayRef<float> w = weight.getMutableData();
    MutableArrayRef<float> b = bias.getMutableData();
    size_t rowSize = w.size() / b.size();
    for (size_t row = 0; row < b.size(); ++row) {
      double factor = interp::getBatchNormFactor(scale[row], var[row], epsilon);
      for (float &element : w.slice(row * rowSize, rowSize))
        element = float(double(element) * factor);
      b[row] = float((double(b[row]) - double(mean[row])) * factor +
                     double(shift[row]));
    }
  }
};

/// batch_norm(product(x, w, b)) -> product(x, w', b'), computed in binary64
/// and rounded once.
struct FoldIntoProduct final : OpRewritePattern<BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = findObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    Operation *product = op.getInput().getDefiningOp();
    FoldedProduct folded(op, product);
    Value weight = product->getOperand(1);
    // Without a bias, that of the normalisation gives it.
    Value bias =
        product->getNumOperands() > 2 ? product->getOperand(2) : op.getBias();
    Value newWeight = deriveConstant(rewriter, weight, folded.weight.getData(),
                                     cast<RankedTensorType>(weight.getType()));
    Value newBias =
        deriveConstant(rewriter, bias, folded.bias.getData(),
                       cast<RankedTensorType>(op.getBias().getType()));
    Operation *fused = rewriter.clone(*product);
    fused->setOperands({product->getOperand(0), newWeight, newBias});
    // The product gives the operation its shape, so its node is named first.
    fused->setLoc(
        FusedLoc::get(rewriter.getContext(), {product->getLoc(), op.getLoc()}));
    report(op, product);
    rewriter.replaceOp(op, fused);
    return success();
  }

private:
  static void report(BatchNormOp op, Operation *product) {
    auto function = op->getParentOfType<func::FuncOp>();
    remark::passed(op.getLoc(), remark::RemarkOpts::name("FoldBatchNorm")
                                    .category("Fold")
                                    .function(function.getName()))
        << remark::add("'{0}' folded into '{1}'", getLayerName(op),
                       getLayerName(product));
  }
};

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

struct FoldBatchNorm : nn::impl::FoldBatchNormBase<FoldBatchNorm> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<FoldIntoProduct>(context);
    auto *dialect = context->getLoadedDialect<NNDialect>();
    for (RegisteredOperationName name :
         context->getRegisteredOperationsByDialect(dialect->getNamespace()))
      name.getCanonicalizationPatterns(set, context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    // As the canonicaliser does.
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(true)
        .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Normal)
        .setMaxIterations(GreedyRewriteConfig::kNoLimit);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config)))
      return signalPassFailure();
    if (reportMissed)
      getOperation().walk([&](BatchNormOp op) { reportStay(op); });
  }

private:
  void reportStay(BatchNormOp op) {
    remark::missed(op.getLoc(), remark::RemarkOpts::name("FoldBatchNorm")
                                    .category("Fold")
                                    .function(getOperation().getName()))
        << remark::add("'{0}' stays: {1}", getLayerName(op), findObstacle(op));
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
