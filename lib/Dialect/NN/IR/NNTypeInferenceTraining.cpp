//===- NNTypeInferenceTraining.cpp - Types of normalisation and losses ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TypeInference.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Batch normalisation
//===----------------------------------------------------------------------===//

LogicalResult BatchNormTrainOp::inferReturnTypes(MLIRContext *,
                                                 std::optional<Location> loc,
                                                 Adaptor adaptor,
                                                 SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  // batch_norm_train_c1, batch_norm_train_c2, batch_norm_train_c3
  if (failed(checkChannelVectors(loc, x, {"scale", "bias", "mean", "var"},
                                 adaptor.getOperands().drop_front())) ||
      failed(checkEpsilon(loc, adaptor.getEpsilon())))
    return failure();
  // batch_norm_train_c4
  float momentum = adaptor.getMomentum().convertToFloat();
  if (!(momentum >= 0 && momentum <= 1))
    return emitOptionalError(loc, "expected a momentum in [0, 1], got ",
                             double(momentum));
  // batch_norm_train_c5
  if (x.getNumElements() == x.getDimSize(1))
    return emitOptionalError(loc, "expected at least 2 elements per channel, ",
                             Type(x), " has 1; a larger batch has more");
  // batch_norm_train_c6
  types.push_back(x);
  types.append(4, makeType(x, x.getDimSize(1)));
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

/// Type of the loss: one element unless losses are not reduced.
template <typename Adaptor>
static LogicalResult inferClassLoss(std::optional<Location> loc,
                                    Adaptor adaptor,
                                    SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  RankedTensorType labels = typeOf(adaptor.getLabels());
  // nll_loss_c1, softmax_cross_entropy_c1
  if (x.getRank() < 2)
    return emitOptionalError(loc, "expected an input of rank 2 or more, got ",
                             Type(x));
  // nll_loss_c2, softmax_cross_entropy_c2
  SmallVector<int64_t> shape(x.getShape());
  shape.erase(shape.begin() + 1);
  if (labels.getShape() != ArrayRef(shape))
    return emitOptionalError(loc, "expected labels of shape [",
                             ArrayRef<int64_t>(shape), "] for input ", Type(x),
                             ", got ", Type(labels));
  // nll_loss_c3, softmax_cross_entropy_c3
  if (Value weights = adaptor.getWeights())
    if (typeOf(weights).getShape() != x.getShape().slice(1, 1))
      return emitOptionalError(loc, "expected weights of shape [",
                               x.getDimSize(1), "] for input ", Type(x),
                               ", got ", weights.getType());
  // nll_loss_c4, softmax_cross_entropy_c4
  types.push_back(adaptor.getReduction() == Reduction::None ? labels
                                                            : makeType(x, 1));
  return success();
}

LogicalResult NLLLossOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferClassLoss(loc, adaptor, types);
}

LogicalResult SoftmaxCrossEntropyOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  if (failed(inferClassLoss(loc, adaptor, types)))
    return failure();
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult MSELossOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  RankedTensorType target = typeOf(adaptor.getTarget());
  // mse_loss_c1
  if (x != target)
    return emitOptionalError(loc, "expected a target of the input's type ",
                             Type(x), ", got ", Type(target));
  // mse_loss_c2
  types.push_back(adaptor.getReduction() == Reduction::None ? x
                                                            : makeType(x, 1));
  return success();
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

static LogicalResult checkKey(std::optional<Location> loc, Value key) {
  if (typeOf(key).getShape() == ArrayRef<int64_t>{3})
    return success();
  return emitOptionalError(loc,
                           "expected a key of shape [3] (seed, trial, "
                           "step), got ",
                           key.getType());
}

static LogicalResult checkStream(std::optional<Location> loc, int64_t stream,
                                 int64_t end) {
  if (stream >= 0 && stream < end)
    return success();
  return emitOptionalError(loc, "expected a stream in [0, ", end, "), got ",
                           stream);
}

static LogicalResult checkRatio(std::optional<Location> loc,
                                const APFloat &ratio) {
  float value = ratio.convertToFloat();
  if (value >= 0 && value < 1)
    return success();
  return emitOptionalError(loc, "expected a ratio in [0, 1), got ",
                           double(value));
}

LogicalResult UniformOp::verify() {
  // uniform_c1, uniform_c2
  return failure(failed(checkKey(getLoc(), getKey())) ||
                 failed(checkStream(getLoc(), getStream(), int64_t(1) << 32)));
}

LogicalResult DropOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> loc,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  // drop_c2
  if (failed(checkRatio(loc, adaptor.getRatio())))
    return failure();
  // drop_c1
  auto type = inferBroadcast(loc, typeOf(adaptor.getRandom()),
                             typeOf(adaptor.getInput()));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

LogicalResult DropoutOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  // dropout_c1, dropout_c2, dropout_c3
  if (failed(checkKey(loc, adaptor.getKey())) ||
      failed(checkRatio(loc, adaptor.getRatio())) ||
      failed(checkStream(loc, adaptor.getStream(), DropoutOp::firstStream)))
    return failure();
  // dropout_c4
  types.push_back(adaptor.getInput().getType());
  return success();
}
