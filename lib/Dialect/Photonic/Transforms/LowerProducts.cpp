//===- LowerProducts.cpp - Layers become products -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Marks.h"
#include "photonic/Dialect/Photonic/IR/LayerShape.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
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

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// The layer of a convolution, or of a gradient of one, whose tensors have
/// these shapes.
template <typename OpTy>
static LayerShape makeConvolution(OpTy op, ArrayRef<int64_t> weight,
                                  ArrayRef<int64_t> image,
                                  ArrayRef<int64_t> output) {
  LayerShape layer;
  layer.groups = op.getGroups();
  layer.batch = image[0];
  layer.channels = weight[1];
  layer.outChannels = weight[0] / layer.groups;
  layer.height = image[2], layer.width = image[3];
  layer.kernelHeight = weight[2], layer.kernelWidth = weight[3];
  layer.outHeight = output[2], layer.outWidth = output[3];
  for (unsigned dim : {0, 1}) {
    layer.strides[dim] = op.getStrides()[dim];
    layer.dilations[dim] = op.getDilations()[dim];
    layer.pads[dim] = op.getPads()[dim];
  }
  return layer;
}

/// The same of a fully connected layer.
static LayerShape makeFlat(ArrayRef<int64_t> weight, ArrayRef<int64_t> image) {
  LayerShape layer;
  layer.isFlat = true;
  layer.batch = image[0];
  layer.channels = weight[1];
  layer.outChannels = weight[0];
  return layer;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {
/// Makes products of one layer.
class ProductBuilder {
public:
  ProductBuilder(Operation *op, PatternRewriter &rewriter)
      : op(op), rewriter(rewriter), hints(op->getDiscardableAttrDictionary()) {}

  /// The product of `kind` of a layer, in place of the operation's result. Null
  /// after an error if the layer is larger than views reach.
  Value create(const LayerShape &layer, ProductKind kind, Value lhs,
               Value rhs) {
    MLIRContext *context = op->getContext();
    auto emitError = [&] {
      return op->emitOpError("is too large for a product, give it smaller "
                             "tensors: in the view of one ");
    };
    ViewAttr weight = layer.getWeightView(kind).get(context, emitError);
    ViewAttr image =
        weight ? layer.getImageView(kind).get(context, emitError) : ViewAttr();
    ViewAttr output =
        image ? layer.getOutputView(kind).get(context, emitError) : ViewAttr();
    if (!output)
      return {};
    bool isWeight = kind == ProductKind::WeightGradient;
    bool isInput = kind == ProductKind::InputGradient;
    Value zeros =
        ZerosOp::create(rewriter, op->getLoc(), op->getResult(0).getType());
    return mark(ProductOp::create(rewriter, op->getLoc(), lhs,
                                  isWeight ? output : weight, rhs,
                                  isInput ? output : image, zeros,
                                  isWeight  ? weight
                                  : isInput ? image
                                            : output,
                                  layer.isFlat ? "Gemm" : "Conv"));
  }

  /// `sum` plus one number per channel; dimension 1 has the channels.
  Value addBias(Value sum, Value bias) {
    if (!bias)
      return sum;
    auto type = cast<RankedTensorType>(sum.getType());
    if (type.getRank() > 2) {
      SmallVector<int64_t> shape(type.getRank(), 1);
      shape[1] = type.getDimSize(1);
      bias = mark(nn::ReshapeOp::create(rewriter, op->getLoc(),
                                        type.clone(shape), bias));
    }
    return mark(nn::AddOp::create(rewriter, op->getLoc(), sum, bias));
  }

private:
  /// All that the layer becomes is marked as it was.
  template <typename OpTy> Value mark(OpTy created) {
    nn::setMarks(created, hints);
    return created->getResult(0);
  }

  Operation *op;
  PatternRewriter &rewriter;
  DictionaryAttr hints;
};

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// Lets the product be the result of a layer that has no bias.
LogicalResult replaceByProduct(Operation *op, PatternRewriter &rewriter,
                               const LayerShape &layer, ProductKind kind,
                               Value lhs, Value rhs) {
  Value product = ProductBuilder(op, rewriter).create(layer, kind, lhs, rhs);
  if (!product)
    return rewriter.notifyMatchFailure(op, "no view reaches so far");
  rewriter.replaceOp(op, product);
  return success();
}

struct LowerConv2d final : OpRewritePattern<nn::Conv2dOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dOp op,
                                PatternRewriter &rewriter) const override {
    LayerShape layer =
        makeConvolution(op, getShape(op.getWeight()), getShape(op.getInput()),
                        getShape(op.getResult()));
    ProductBuilder builder(op, rewriter);
    Value sum = builder.create(layer, ProductKind::Forward, op.getWeight(),
                               op.getInput());
    if (!sum)
      return rewriter.notifyMatchFailure(op, "no view reaches so far");
    rewriter.replaceOp(op, builder.addBias(sum, op.getBias()));
    return success();
  }
};

struct LowerConv2dInputGrad final : OpRewritePattern<nn::Conv2dInputGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dInputGradOp op,
                                PatternRewriter &rewriter) const override {
    LayerShape layer =
        makeConvolution(op, getShape(op.getWeight()), getShape(op.getResult()),
                        getShape(op.getGrad()));
    return replaceByProduct(op, rewriter, layer, ProductKind::InputGradient,
                            op.getWeight(), op.getGrad());
  }
};

struct LowerConv2dWeightGrad final : OpRewritePattern<nn::Conv2dWeightGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::Conv2dWeightGradOp op,
                                PatternRewriter &rewriter) const override {
    LayerShape layer =
        makeConvolution(op, getShape(op.getResult()), getShape(op.getInput()),
                        getShape(op.getGrad()));
    return replaceByProduct(op, rewriter, layer, ProductKind::WeightGradient,
                            op.getGrad(), op.getInput());
  }
};

struct LowerLinear final : OpRewritePattern<nn::LinearOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearOp op,
                                PatternRewriter &rewriter) const override {
    ProductBuilder builder(op, rewriter);
    Value sum = builder.create(
        makeFlat(getShape(op.getWeight()), getShape(op.getInput())),
        ProductKind::Forward, op.getWeight(), op.getInput());
    if (!sum)
      return rewriter.notifyMatchFailure(op, "no view reaches so far");
    rewriter.replaceOp(op, builder.addBias(sum, op.getBias()));
    return success();
  }
};

struct LowerLinearInputGrad final : OpRewritePattern<nn::LinearInputGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearInputGradOp op,
                                PatternRewriter &rewriter) const override {
    LayerShape layer =
        makeFlat(getShape(op.getWeight()), getShape(op.getResult()));
    return replaceByProduct(op, rewriter, layer, ProductKind::InputGradient,
                            op.getWeight(), op.getGrad());
  }
};

struct LowerLinearWeightGrad final : OpRewritePattern<nn::LinearWeightGradOp> {
  using Base::Base;
  LogicalResult matchAndRewrite(nn::LinearWeightGradOp op,
                                PatternRewriter &rewriter) const override {
    LayerShape layer =
        makeFlat(getShape(op.getResult()), getShape(op.getInput()));
    return replaceByProduct(op, rewriter, layer, ProductKind::WeightGradient,
                            op.getGrad(), op.getInput());
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
    WalkResult walk = getOperation().walk([](Operation *op) {
      return isLayer(op) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      signalPassFailure();
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
