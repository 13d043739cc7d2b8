//===- LowerProducts.cpp - Layers become products -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace photonic::phot {
#define GEN_PASS_DEF_LOWERPRODUCTS
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

/// The window of a convolution or of a gradient of one, whose weights have the
/// shape `weight`.
template <typename OpTy>
static WindowAttr makeWindow(OpTy op, RankedTensorType weight) {
  return WindowAttr::get(op.getContext(), weight.getShape().drop_front(2),
                         op.getStrides(), op.getPads(), op.getDilations(),
                         op.getGroups());
}

/// Replaces `op` by the product of `kind` of `lhs` and `rhs`.
static void replaceByProduct(Operation *op, ProductKind kind, Value lhs,
                             Value rhs, Value bias, WindowAttr window,
                             PatternRewriter &rewriter) {
  DictionaryAttr hints = op->getDiscardableAttrDictionary();
  auto product = rewriter.replaceOpWithNewOp<ProductOp>(
      op, op->getResult(0).getType(), kind, lhs, rhs, bias, window);
  product->setDiscardableAttrs(hints);
}

namespace {

struct LowerConv2d final : OpRewritePattern<nn::Conv2dOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dOp op,
                                PatternRewriter &rewriter) const override {
    WindowAttr window = makeWindow(op, op.getWeight().getType());
    replaceByProduct(op, ProductKind::Forward, op.getWeight(), op.getInput(),
                     op.getBias(), window, rewriter);
    return success();
  }
};

struct LowerConv2dInputGrad final : OpRewritePattern<nn::Conv2dInputGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dInputGradOp op,
                                PatternRewriter &rewriter) const override {
    WindowAttr window = makeWindow(op, op.getWeight().getType());
    replaceByProduct(op, ProductKind::InputGradient, op.getWeight(),
                     op.getGrad(), Value(), window, rewriter);
    return success();
  }
};

struct LowerConv2dWeightGrad final : OpRewritePattern<nn::Conv2dWeightGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dWeightGradOp op,
                                PatternRewriter &rewriter) const override {
    WindowAttr window = makeWindow(op, op.getOutput().getType());
    replaceByProduct(op, ProductKind::WeightGradient, op.getGrad(),
                     op.getInput(), Value(), window, rewriter);
    return success();
  }
};

struct LowerLinear final : OpRewritePattern<nn::LinearOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearOp op,
                                PatternRewriter &rewriter) const override {
    replaceByProduct(op, ProductKind::Forward, op.getWeight(), op.getInput(),
                     op.getBias(), WindowAttr(), rewriter);
    return success();
  }
};

struct LowerLinearInputGrad final : OpRewritePattern<nn::LinearInputGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearInputGradOp op,
                                PatternRewriter &rewriter) const override {
    replaceByProduct(op, ProductKind::InputGradient, op.getWeight(),
                     op.getGrad(), Value(), WindowAttr(), rewriter);
    return success();
  }
};

struct LowerLinearWeightGrad final : OpRewritePattern<nn::LinearWeightGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearWeightGradOp op,
                                PatternRewriter &rewriter) const override {
    replaceByProduct(op, ProductKind::WeightGradient, op.getGrad(),
                     op.getInput(), Value(), WindowAttr(), rewriter);
    return success();
  }
};

struct LowerProducts : phot::impl::LowerProductsBase<LowerProducts> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<LowerConv2d, LowerConv2dInputGrad, LowerConv2dWeightGrad,
            LowerLinear, LowerLinearInputGrad, LowerLinearWeightGrad>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    walkAndApplyPatterns(getOperation(), patterns);
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
