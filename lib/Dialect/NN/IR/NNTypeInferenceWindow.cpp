//===- NNTypeInferenceWindow.cpp - Types of products and pools ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TypeInference.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

int64_t Window::getNumWindows(int64_t extent) const {
  int64_t span = extent + padLow + padHigh - dilation * (kernel - 1) - 1;
  // Rounded up, a window of which less than a stride sticks out is one as well.
  if (span < 0)
    return ceilMode && -span < stride ? 1 : 0;
  if (!ceilMode)
    return span / stride + 1;
  int64_t count = (span + stride - 1) / stride + 1;
  // A last window that would start in the padding behind the image is dropped.
  return (count - 1) * stride >= extent + padLow ? count - 1 : count;
}

Window nn::getWindow(unsigned d, ArrayRef<int64_t> kernel,
                     ArrayRef<int64_t> strides, ArrayRef<int64_t> pads,
                     ArrayRef<int64_t> dilations, bool ceilMode) {
  return {kernel[d], strides[d], pads[d], pads[d + 2], dilations[d], ceilMode};
}

/// Numbers of windows are computed in 64 bits.
static LogicalResult checkLargest(std::optional<Location> loc, StringRef what,
                                  ArrayRef<int64_t> numbers) {
  constexpr int64_t largest = int64_t(1) << 31;
  for (int64_t n : numbers)
    if (n > largest)
      return emitOptionalError(loc, "expected ", what, " of at most 2^31, got ",
                               n);
  return success();
}

static LogicalResult checkWindow(std::optional<Location> loc,
                                 ArrayRef<int64_t> kernel,
                                 ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> pads,
                                 ArrayRef<int64_t> dilations) {
  return failure(failed(checkNumbers(loc, "kernel", kernel, 2, 1)) ||
                 failed(checkNumbers(loc, "strides", strides, 2, 1)) ||
                 failed(checkNumbers(loc, "pads", pads, 4, 0)) ||
                 failed(checkNumbers(loc, "dilations", dilations, 2, 1)) ||
                 failed(checkLargest(loc, "kernel", kernel)) ||
                 failed(checkLargest(loc, "strides", strides)) ||
                 failed(checkLargest(loc, "pads", pads)) ||
                 failed(checkLargest(loc, "dilations", dilations)));
}

/// Number of windows in spatial dimension `d`, or a diagnostic.
static FailureOr<int64_t> inferWindows(std::optional<Location> loc,
                                       RankedTensorType input, unsigned d,
                                       const Window &window) {
  int64_t extent = input.getDimSize(2 + d);
  int64_t count = window.getNumWindows(extent);
  if (count > 0)
    return count;
  return emitOptionalError(
      loc, "window of ", window.dilation * (window.kernel - 1) + 1, " (kernel ",
      window.kernel, ", dilation ", window.dilation, ") does not fit into ",
      extent + window.padLow + window.padHigh, " (", extent, " + padding ",
      window.padLow, " + ", window.padHigh, ") in dimension ", 2 + d, " of ",
      Type(input));
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static LogicalResult checkBias(std::optional<Location> loc, Value bias,
                               Value weight) {
  if (!bias)
    return success();
  RankedTensorType type = typeOf(bias);
  int64_t rows = typeOf(weight).getDimSize(0);
  if (type.getRank() == 1 && type.getDimSize(0) == rows)
    return success();
  return emitOptionalError(loc, "expected a bias of shape [", rows,
                           "] for weight ", weight.getType(), ", got ",
                           bias.getType());
}

FailureOr<RankedTensorType>
nn::inferConvolution(std::optional<Location> loc, RankedTensorType x,
                     RankedTensorType w,
                     const ConvolutionAttributes &attributes) {
  auto [strides, pads, dilations, groups] = attributes;
  // conv2d_c1
  if (x.getRank() != 4 || w.getRank() != 4)
    return emitOptionalError(loc, "expected input and weight of rank 4, got ",
                             Type(x), " and ", Type(w));
  // conv2d_c2
  ArrayRef<int64_t> kernel = w.getShape().drop_front(2);
  if (failed(checkWindow(loc, kernel, strides, pads, dilations)) ||
      failed(checkNumbers(loc, "groups", groups, 1, 1)))
    return failure();
  // conv2d_c3
  if (x.getDimSize(1) != groups * w.getDimSize(1))
    return emitOptionalError(loc, "input ", Type(x), " has ", x.getDimSize(1),
                             " channels, weight ", Type(w),
                             " with groups = ", groups, " needs ",
                             groups * w.getDimSize(1));
  // conv2d_c4
  if (w.getDimSize(0) % groups)
    return emitOptionalError(loc, "groups = ", groups, " does not divide the ",
                             w.getDimSize(0), " filters of weight ", Type(w),
                             " (input ", Type(x), ")");
  // conv2d_c6, conv2d_c7
  SmallVector<int64_t> shape = {x.getDimSize(0), w.getDimSize(0)};
  for (unsigned d : {0, 1}) {
    FailureOr<int64_t> extent =
        inferWindows(loc, x, d, getWindow(d, kernel, strides, pads, dilations));
    if (failed(extent))
      return failure();
    shape.push_back(*extent);
  }
  return makeType(x, shape);
}

LogicalResult Conv2dOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferConvolution(
      loc, typeOf(adaptor.getInput()), typeOf(adaptor.getWeight()),
      ConvolutionAttributes::get(adaptor));
  // conv2d_c5
  if (failed(type) ||
      failed(checkBias(loc, adaptor.getBias(), adaptor.getWeight())))
    return failure();
  types.push_back(*type);
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  RankedTensorType w = typeOf(adaptor.getWeight());
  // linear_c1
  if (x.getRank() != 2 || w.getRank() != 2)
    return emitOptionalError(loc, "expected input and weight of rank 2, got ",
                             Type(x), " and ", Type(w));
  // linear_c2
  if (x.getDimSize(1) != w.getDimSize(1))
    return emitOptionalError(loc, "input ", Type(x), " has rows of ",
                             x.getDimSize(1), ", weight ", Type(w), " of ",
                             w.getDimSize(1));
  // linear_c3
  if (failed(checkBias(loc, adaptor.getBias(), adaptor.getWeight())))
    return failure();
  types.push_back(makeType(x, {x.getDimSize(0), w.getDimSize(0)}));
  return success();
}

LogicalResult nn::checkChannelVectors(std::optional<Location> loc,
                                      RankedTensorType x,
                                      ArrayRef<const char *> names,
                                      ValueRange operands) {
  if (x.getRank() < 2)
    return emitOptionalError(loc, "expected an input of rank 2 or more, got ",
                             Type(x));
  for (auto [name, operand] : llvm::zip_equal(names, operands))
    if (typeOf(operand).getShape() != x.getShape().slice(1, 1))
      return emitOptionalError(loc, "expected ", name, " of shape [",
                               x.getDimSize(1), "] for input ", Type(x),
                               ", got ", operand.getType());
  return success();
}

LogicalResult nn::checkEpsilon(std::optional<Location> loc,
                               const APFloat &epsilon) {
  float value = epsilon.convertToFloat();
  if (!(value >= 0) || std::isinf(value))
    return emitOptionalError(loc, "expected a finite epsilon >= 0, got ",
                             double(value));
  return success();
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  // batch_norm_c1, batch_norm_c2, batch_norm_c3
  if (failed(checkChannelVectors(loc, typeOf(adaptor.getInput()),
                                 {"scale", "bias", "mean", "var"},
                                 adaptor.getOperands().drop_front())) ||
      failed(checkEpsilon(loc, adaptor.getEpsilon())))
    return failure();
  types.push_back(adaptor.getInput().getType());
  return success();
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

/// Index of the first window without a tap inside [low, high); -1 if there is
/// none; `tooMany` if too many windows begin before `low` to tell.
static constexpr int64_t tooMany = -2;
static int64_t findEmptyWindow(const Window &window, int64_t count, int64_t low,
                               int64_t high) {
  constexpr int64_t maxWindows = int64_t(1) << 24;
  int64_t i = 0;
  for (; i < count && window.getPosition(i, 0) < low; ++i) {
    if (i == maxWindows)
      return tooMany;
    int64_t distance = low - window.getPosition(i, 0);
    int64_t tap = (distance + window.dilation - 1) / window.dilation;
    if (tap >= window.kernel || window.getPosition(i, tap) >= high)
      return i;
  }
  // From here on the first tap alone decides.
  if (i >= count || window.getPosition(count - 1, 0) < high)
    return -1;
  return std::max(i, (high + window.padLow + window.stride - 1) /
                         window.stride);
}

FailureOr<RankedTensorType> nn::inferPool(std::optional<Location> loc,
                                          RankedTensorType x,
                                          const PoolAttributes &pool) {
  // pool_c1
  if (x.getRank() != 4)
    return emitOptionalError(loc, "expected an input of rank 4, got ", Type(x));
  // pool_c2
  if (failed(checkWindow(loc, pool.kernel, pool.strides, pool.pads,
                         pool.dilations)))
    return failure();
  SmallVector<int64_t> shape = {x.getDimSize(0), x.getDimSize(1)};
  for (unsigned d : {0, 1}) {
    Window window = getWindow(d, pool.kernel, pool.strides, pool.pads,
                              pool.dilations, pool.ceilMode);
    // pool_c3, pool_c5
    FailureOr<int64_t> count = inferWindows(loc, x, d, window);
    if (failed(count))
      return failure();
    // pool_c4
    int64_t extent = x.getDimSize(2 + d);
    int64_t empty =
        findEmptyWindow(window, *count, pool.countPadding ? -window.padLow : 0,
                        extent + (pool.countPadding ? window.padHigh : 0));
    if (empty == tooMany)
      return emitOptionalError(loc, "more than 2^24 windows in dimension ",
                               2 + d, " begin in the padding; expected less, "
                               "got padding ", window.padLow, " and stride ",
                               window.stride);
    if (empty >= 0)
      return emitOptionalError(loc, "window ", empty, " in dimension ", 2 + d,
                               " holds no element of ", Type(x), ": kernel ",
                               window.kernel, ", stride ", window.stride,
                               ", dilation ", window.dilation, ", padding ",
                               window.padLow, " + ", window.padHigh);
    shape.push_back(*count);
  }
  return makeType(x, shape);
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto type =
      inferPool(loc, typeOf(adaptor.getInput()), PoolAttributes::get(adaptor));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  PoolAttributes attributes = PoolAttributes::get(adaptor);
  attributes.countPadding = adaptor.getCountIncludePad();
  auto type = inferPool(loc, typeOf(adaptor.getInput()), attributes);
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

/// A gradient fits the operation that it belongs to: `inferred`, the type of
/// the result of `forward`, is the type of the gradient.
static LogicalResult checkGradient(Operation *op, StringRef forward,
                                   FailureOr<RankedTensorType> inferred,
                                   Value grad) {
  if (failed(inferred))
    return failure();
  if (ArrayRef<int64_t>(typeOf(grad).getShape()) == inferred->getShape())
    return success();
  return op->emitOpError() << "expected a gradient of shape ["
                           << inferred->getShape() << "], that of the '"
                           << forward << "' it belongs to, got "
                           << grad.getType();
}

LogicalResult Conv2dInputGradOp::verify() {
  // conv2d_input_grad_c1, conv2d_input_grad_c2
  return checkGradient(*this, "nn.conv2d",
                       inferConvolution(getLoc(), getType(),
                                        getWeight().getType(),
                                        ConvolutionAttributes::get(*this)),
                       getGrad());
}

LogicalResult Conv2dWeightGradOp::verify() {
  // conv2d_weight_grad_c1, conv2d_weight_grad_c2
  return checkGradient(*this, "nn.conv2d",
                       inferConvolution(getLoc(), getInput().getType(),
                                        getType(),
                                        ConvolutionAttributes::get(*this)),
                       getGrad());
}

/// Two matrices that agree in the given dimensions.
static LogicalResult checkMatrices(std::optional<Location> loc, StringRef what,
                                   RankedTensorType a, int64_t aDim,
                                   RankedTensorType b, int64_t bDim) {
  if (a.getRank() != 2 || b.getRank() != 2)
    return emitOptionalError(loc, "expected grad and ", what,
                             " of rank 2, got ", Type(a), " and ", Type(b));
  if (a.getDimSize(aDim) == b.getDimSize(bDim))
    return success();
  return emitOptionalError(loc, "dimension ", aDim, " of grad ", Type(a),
                           " and dimension ", bDim, " of ", what, " ", Type(b),
                           " differ");
}

LogicalResult
LinearInputGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                    Adaptor adaptor,
                                    SmallVectorImpl<Type> &types) {
  RankedTensorType dy = typeOf(adaptor.getGrad());
  RankedTensorType w = typeOf(adaptor.getWeight());
  // linear_input_grad_c1, linear_input_grad_c2
  if (failed(checkMatrices(loc, "weight", dy, 1, w, 0)))
    return failure();
  types.push_back(makeType(dy, {dy.getDimSize(0), w.getDimSize(1)}));
  return success();
}

LogicalResult
LinearWeightGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                     Adaptor adaptor,
                                     SmallVectorImpl<Type> &types) {
  RankedTensorType dy = typeOf(adaptor.getGrad());
  RankedTensorType x = typeOf(adaptor.getInput());
  // linear_weight_grad_c1, linear_weight_grad_c2
  if (failed(checkMatrices(loc, "input", dy, 0, x, 0)))
    return failure();
  types.push_back(makeType(dy, {dy.getDimSize(1), x.getDimSize(1)}));
  return success();
}

LogicalResult
MaxPoolPositionsOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                     Adaptor adaptor,
                                     SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  auto type = inferPool(loc, x, PoolAttributes::get(adaptor));
  if (failed(type))
    return failure();
  // max_pool_positions_c6
  int64_t size = adaptor.getKernel()[0] * adaptor.getKernel()[1];
  if (size > maxPositions)
    return emitOptionalError(loc, "expected a window of at most ", maxPositions,
                             " elements, got ", size);
  // max_pool_positions_c7
  Builder builder(x.getContext());
  types.push_back(*type);
  types.push_back(RankedTensorType::get(
      type->getShape(), builder.getIntegerType(8, /*isSigned=*/false)));
  return success();
}

LogicalResult MaxPoolGradOp::verify() {
  // max_pool_grad_c1, max_pool_grad_c2
  auto type = inferPool(getLoc(), getType(), PoolAttributes::get(*this));
  return failure(
      failed(checkGradient(*this, "nn.max_pool", type, getGrad())) ||
      failed(checkGradient(*this, "nn.max_pool", type, getPositions())));
}

LogicalResult AvgPoolGradOp::verify() {
  // avg_pool_grad_c1, avg_pool_grad_c2
  PoolAttributes attributes = PoolAttributes::get(*this);
  attributes.countPadding = getCountIncludePad();
  return checkGradient(*this, "nn.avg_pool",
                       inferPool(getLoc(), getType(), attributes), getGrad());
}
