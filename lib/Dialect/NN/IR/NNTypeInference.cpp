//===- NNTypeInference.cpp - Result types and verifiers of nn -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "llvm/ADT/SmallBitVector.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Type makeType(RankedTensorType like, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, like.getElementType());
}

int64_t Window::getNumWindows(int64_t extent) const {
  int64_t span = extent + padLow + padHigh - dilation * (kernel - 1) - 1;
  if (span < 0)
    return 0;
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

/// Everything at least `minimum`, of the given length.
static LogicalResult checkNumbers(std::optional<Location> loc, StringRef what,
                                  ArrayRef<int64_t> numbers, size_t length,
                                  int64_t minimum) {
  if (numbers.size() != length)
    return emitOptionalError(loc, "expected ", length, " numbers in ", what,
                             ", got ", numbers.size());
  for (int64_t n : numbers)
    if (n < minimum)
      return emitOptionalError(loc, "expected ", what, " of at least ", minimum,
                               ", got ", n);
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
                 failed(checkNumbers(loc, "dilations", dilations, 2, 1)));
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

LogicalResult Conv2dOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  RankedTensorType w = typeOf(adaptor.getWeight());
  // conv2d_c1
  if (x.getRank() != 4 || w.getRank() != 4)
    return emitOptionalError(loc, "expected input and weight of rank 4, got ",
                             Type(x), " and ", Type(w));
  // conv2d_c2
  ArrayRef<int64_t> kernel = w.getShape().drop_front(2);
  int64_t groups = adaptor.getGroups();
  if (failed(checkWindow(loc, kernel, adaptor.getStrides(), adaptor.getPads(),
                         adaptor.getDilations())) ||
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
  // conv2d_c5
  if (failed(checkBias(loc, adaptor.getBias(), adaptor.getWeight())))
    return failure();
  // conv2d_c6, conv2d_c7
  SmallVector<int64_t> shape = {x.getDimSize(0), w.getDimSize(0)};
  for (unsigned d : {0, 1}) {
    FailureOr<int64_t> extent =
        inferWindows(loc, x, d,
                     getWindow(d, kernel, adaptor.getStrides(),
                               adaptor.getPads(), adaptor.getDilations()));
    if (failed(extent))
      return failure();
    shape.push_back(*extent);
  }
  types.push_back(makeType(x, shape));
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

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  // batch_norm_c1
  if (x.getRank() < 2)
    return emitOptionalError(loc, "expected an input of rank 2 or more, got ",
                             Type(x));
  // batch_norm_c2
  const char *names[] = {"scale", "bias", "mean", "var"};
  for (auto [name, operand] :
       llvm::zip_equal(names, adaptor.getOperands().drop_front()))
    if (typeOf(operand).getShape() != x.getShape().slice(1, 1))
      return emitOptionalError(loc, "expected ", name, " of shape [",
                               x.getDimSize(1), "] for input ", Type(x),
                               ", got ", operand.getType());
  // batch_norm_c3
  float epsilon = adaptor.getEpsilon().convertToFloat();
  if (!(epsilon >= 0) || std::isinf(epsilon))
    return emitOptionalError(loc, "expected a finite epsilon >= 0, got ",
                             double(epsilon));
  types.push_back(x);
  return success();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

LogicalResult LeakyReluOp::verify() {
  // leaky_relu_c2
  if (!getAlpha().isFinite())
    return emitOpError("expected a finite alpha, got ")
           << getAlpha().convertToFloat();
  return success();
}

LogicalResult ClipOp::verify() {
  // clip_c2
  float min = getMin().convertToFloat(), max = getMax().convertToFloat();
  if (!(min <= max))
    return emitOpError("expected min <= max, got ") << min << " and " << max;
  return success();
}

/// The common shape after NumPy broadcasting.
static LogicalResult inferBroadcast(std::optional<Location> loc, Value lhs,
                                    Value rhs, SmallVectorImpl<Type> &types) {
  RankedTensorType a = typeOf(lhs), b = typeOf(rhs);
  RankedTensorType longer = a.getRank() >= b.getRank() ? a : b;
  RankedTensorType shorter = a.getRank() >= b.getRank() ? b : a;
  SmallVector<int64_t> shape(longer.getShape());
  int64_t missing = longer.getRank() - shorter.getRank();
  for (auto [d, extent] : llvm::enumerate(shorter.getShape())) {
    int64_t &result = shape[missing + d];
    if (result != extent && result != 1 && extent != 1)
      return emitOptionalError(loc, "shapes of ", Type(a), " and ", Type(b),
                               " do not broadcast: extents ", result, " and ",
                               extent, " in dimension ", missing + d);
    result = std::max(result, extent);
  }
  types.push_back(makeType(a, shape));
  return success();
}

#define PHOTONIC_NN_INFER_BROADCAST(OP)                                        \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *, std::optional<Location> loc, Adaptor adaptor,             \
      SmallVectorImpl<Type> &types) {                                          \
    return inferBroadcast(loc, adaptor.getLhs(), adaptor.getRhs(), types);     \
  }
PHOTONIC_NN_INFER_BROADCAST(AddOp)
PHOTONIC_NN_INFER_BROADCAST(SubOp)
PHOTONIC_NN_INFER_BROADCAST(MulOp)
PHOTONIC_NN_INFER_BROADCAST(DivOp)
PHOTONIC_NN_INFER_BROADCAST(MaxOp)
PHOTONIC_NN_INFER_BROADCAST(MinOp)
#undef PHOTONIC_NN_INFER_BROADCAST

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

/// Index of a window without a tap inside [low, high), or -1.
static int64_t findEmptyWindow(const Window &window, int64_t count, int64_t low,
                               int64_t high) {
  for (int64_t i = 0; i < count; ++i) {
    bool hit = false;
    for (int64_t tap = 0; tap < window.kernel && !hit; ++tap) {
      int64_t position = window.getPosition(i, tap);
      hit = position >= low && position < high;
    }
    if (!hit)
      return i;
  }
  return -1;
}

template <typename Adaptor>
static LogicalResult inferPool(std::optional<Location> loc, Adaptor adaptor,
                               bool countPadding,
                               SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  // pool_c1
  if (x.getRank() != 4)
    return emitOptionalError(loc, "expected an input of rank 4, got ", Type(x));
  // pool_c2
  if (failed(checkWindow(loc, adaptor.getKernel(), adaptor.getStrides(),
                         adaptor.getPads(), adaptor.getDilations())))
    return failure();
  SmallVector<int64_t> shape = {x.getDimSize(0), x.getDimSize(1)};
  for (unsigned d : {0, 1}) {
    Window window = getWindow(d, adaptor.getKernel(), adaptor.getStrides(),
                              adaptor.getPads(), adaptor.getDilations(),
                              adaptor.getCeilMode());
    // pool_c3, pool_c5
    FailureOr<int64_t> count = inferWindows(loc, x, d, window);
    if (failed(count))
      return failure();
    // pool_c4
    int64_t extent = x.getDimSize(2 + d);
    int64_t empty =
        findEmptyWindow(window, *count, countPadding ? -window.padLow : 0,
                        extent + (countPadding ? window.padHigh : 0));
    if (empty >= 0)
      return emitOptionalError(loc, "window ", empty, " in dimension ", 2 + d,
                               " holds no element of ", Type(x), ": kernel ",
                               window.kernel, ", stride ", window.stride,
                               ", dilation ", window.dilation, ", padding ",
                               window.padLow, " + ", window.padHigh);
    shape.push_back(*count);
  }
  types.push_back(makeType(x, shape));
  return success();
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferPool(loc, adaptor, /*countPadding=*/false, types);
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferPool(loc, adaptor, adaptor.getCountIncludePad(), types);
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

LogicalResult PadOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> loc,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  // pad_c1
  if (failed(checkNumbers(loc, "low", adaptor.getLow(), x.getRank(), 0)) ||
      failed(checkNumbers(loc, "high", adaptor.getHigh(), x.getRank(), 0)))
    return failure();
  // pad_c3
  if (adaptor.getValue().isNaN())
    return emitOptionalError(loc, "expected a value that is not NaN");
  // pad_c2
  SmallVector<int64_t> shape;
  for (auto [extent, low, high] :
       llvm::zip_equal(x.getShape(), adaptor.getLow(), adaptor.getHigh()))
    shape.push_back(low + extent + high);
  types.push_back(makeType(x, shape));
  return success();
}

LogicalResult ReshapeOp::verify() {
  // reshape_c1
  if (getInput().getType().getNumElements() == getType().getNumElements())
    return success();
  return emitOpError() << "operand " << getInput().getType() << " has "
                       << getInput().getType().getNumElements()
                       << " elements, result " << getType() << " has "
                       << getType().getNumElements();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  ArrayRef<int64_t> perm = adaptor.getPerm();
  // transpose_c1
  llvm::SmallBitVector seen(x.getRank());
  for (int64_t d : perm)
    if (d >= 0 && d < x.getRank())
      seen.set(d);
  if (int64_t(perm.size()) != x.getRank() || !seen.all())
    return emitOptionalError(loc, "expected a permutation of the ", x.getRank(),
                             " dimensions of ", Type(x), ", got [", perm, "]");
  // transpose_c2
  SmallVector<int64_t> shape;
  for (int64_t d : perm)
    shape.push_back(x.getDimSize(d));
  types.push_back(makeType(x, shape));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  // concat_c1
  if (adaptor.getInputs().empty())
    return emitOptionalError(loc, "expected at least one operand");
  RankedTensorType first = typeOf(adaptor.getInputs().front());
  int64_t axis = adaptor.getAxis();
  // concat_c2
  if (axis < 0 || axis >= first.getRank())
    return emitOptionalError(loc, "expected an axis in [0, ", first.getRank(),
                             ") for ", Type(first), ", got ", axis);
  SmallVector<int64_t> shape(first.getShape());
  for (Value operand : adaptor.getInputs().drop_front()) {
    RankedTensorType type = typeOf(operand);
    // concat_c3
    SmallVector<int64_t> expected(first.getShape());
    if (type.getRank() == first.getRank())
      expected[axis] = type.getDimSize(axis);
    if (type.getShape() != ArrayRef(expected))
      return emitOptionalError(loc, "operands ", Type(first), " and ",
                               Type(type), " differ in more than axis ", axis);
    // concat_c4
    shape[axis] += type.getDimSize(axis);
  }
  types.push_back(makeType(first, shape));
  return success();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> loc,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  ArrayRef<int64_t> strides = adaptor.getStrides();
  // slice_c1, slice_c2
  constexpr int64_t any = std::numeric_limits<int64_t>::min();
  if (failed(
          checkNumbers(loc, "offsets", adaptor.getOffsets(), x.getRank(), 0)) ||
      failed(checkNumbers(loc, "sizes", adaptor.getSizes(), x.getRank(), 1)) ||
      failed(checkNumbers(loc, "strides", strides, x.getRank(), any)))
    return failure();
  if (llvm::is_contained(strides, 0))
    return emitOptionalError(loc, "expected strides other than 0");
  // slice_c3
  for (int64_t d = 0; d < x.getRank(); ++d) {
    int64_t first = adaptor.getOffsets()[d];
    int64_t last = first + (adaptor.getSizes()[d] - 1) * strides[d];
    int64_t extent = x.getDimSize(d);
    if (first >= extent || last < 0 || last >= extent)
      return emitOptionalError(loc, "elements ", first, " to ", last,
                               " of dimension ", d, " leave ", Type(x));
  }
  // slice_c4
  types.push_back(makeType(x, adaptor.getSizes()));
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename Op> static LogicalResult verifyAxis(Op op) {
  // softmax_c1
  RankedTensorType x = op.getInput().getType();
  int64_t axis = op.getAxis();
  if (axis >= 0 && axis < x.getRank())
    return success();
  return op.emitOpError() << "expected an axis in [0, " << x.getRank()
                          << ") for " << x << ", got " << axis;
}

LogicalResult SoftmaxOp::verify() { return verifyAxis(*this); }
LogicalResult LogSoftmaxOp::verify() { return verifyAxis(*this); }

static LogicalResult inferReduce(std::optional<Location> loc, Value input,
                                 ArrayRef<int64_t> axes, bool keepdims,
                                 SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(input);
  // reduce_c1
  bool valid = !axes.empty() && axes.front() >= 0 && axes.back() < x.getRank();
  for (size_t i = 1; i < axes.size(); ++i)
    valid = valid && axes[i - 1] < axes[i];
  if (!valid)
    return emitOptionalError(loc, "expected ascending axes in [0, ",
                             x.getRank(), ") for ", Type(x), ", got [", axes,
                             "]");
  // reduce_c2
  SmallVector<int64_t> shape;
  for (int64_t d = 0; d < x.getRank(); ++d) {
    if (!llvm::is_contained(axes, d))
      shape.push_back(x.getDimSize(d));
    else if (keepdims)
      shape.push_back(1);
  }
  types.push_back(makeType(x, shape));
  return success();
}

#define PHOTONIC_NN_INFER_REDUCE(OP)                                           \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *, std::optional<Location> loc, Adaptor adaptor,             \
      SmallVectorImpl<Type> &types) {                                          \
    return inferReduce(loc, adaptor.getInput(), adaptor.getAxes(),             \
                       adaptor.getKeepdims(), types);                          \
  }
PHOTONIC_NN_INFER_REDUCE(ReduceMeanOp)
PHOTONIC_NN_INFER_REDUCE(ReduceSumOp)
PHOTONIC_NN_INFER_REDUCE(ReduceMaxOp)
#undef PHOTONIC_NN_INFER_REDUCE
