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

/// Replaces a layer by a product of its weights and its input.
template <typename OpTy>
static void replaceByProduct(OpTy op, WindowAttr window,
                             PatternRewriter &rewriter) {
  DictionaryAttr hints = op->getDiscardableAttrDictionary();
  auto product = rewriter.replaceOpWithNewOp<ProductOp>(
      op, op.getWeight(), op.getInput(), op.getBias(), window);
  product->setDiscardableAttrs(hints);
}

namespace {

struct LowerConv2d final : OpRewritePattern<nn::Conv2dOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dOp op,
                                PatternRewriter &rewriter) const override {
    auto weight = cast<RankedTensorType>(op.getWeight().getType());
    auto window = WindowAttr::get(getContext(), weight.getShape().drop_front(2),
                                  op.getStrides(), op.getPads(),
                                  op.getDilations(), op.getGroups());
    replaceByProduct(op, window, rewriter);
    return success();
  }
};

struct LowerLinear final : OpRewritePattern<nn::LinearOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearOp op,
                                PatternRewriter &rewriter) const override {
    replaceByProduct(op, WindowAttr(), rewriter);
    return success();
  }
};

struct LowerProducts : phot::impl::LowerProductsBase<LowerProducts> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<LowerConv2d, LowerLinear>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    walkAndApplyPatterns(getOperation(), patterns);
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
