//===- NNTypeInference.cpp - Result types and verifiers of nn -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TypeInference.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

LogicalResult nn::checkNumbers(std::optional<Location> loc, StringRef what,
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

LogicalResult nn::checkBounds(std::optional<Location> loc, const APFloat &min,
                              const APFloat &max) {
  float low = min.convertToFloat(), high = max.convertToFloat();
  if (!(low <= high))
    return emitOptionalError(loc, "expected min <= max, got ", double(low),
                             " and ", double(high));
  return success();
}

LogicalResult ClipOp::verify() {
  // clip_c2
  return checkBounds(getLoc(), getMin(), getMax());
}

FailureOr<SmallVector<int64_t>> nn::getBroadcastShape(ArrayRef<int64_t> a,
                                                      ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<int64_t> shape(a);
  size_t missing = a.size() - b.size();
  for (auto [d, extent] : llvm::enumerate(b)) {
    int64_t &result = shape[missing + d];
    if (result != extent && result != 1 && extent != 1)
      return failure();
    result = std::max(result, extent);
  }
  return shape;
}

FailureOr<RankedTensorType> nn::inferBroadcast(std::optional<Location> loc,
                                               RankedTensorType a,
                                               RankedTensorType b) {
  FailureOr<SmallVector<int64_t>> shape =
      getBroadcastShape(a.getShape(), b.getShape());
  if (succeeded(shape))
    return makeType(a, *shape);
  // The last of the extents that do not agree.
  int64_t d = 1;
  auto get = [&](RankedTensorType type) {
    return type.getDimSize(type.getRank() - d);
  };
  while (get(a) == get(b) || get(a) == 1 || get(b) == 1)
    ++d;
  return emitOptionalError(loc, "shapes of ", Type(a), " and ", Type(b),
                           " do not broadcast: extents ", get(a), " and ",
                           get(b), " in dimension ",
                           std::max(a.getRank(), b.getRank()) - d);
}

/// Appends a type if there is one.
static LogicalResult pushType(FailureOr<RankedTensorType> type,
                              SmallVectorImpl<Type> &types) {
  if (succeeded(type))
    types.push_back(*type);
  return failure(failed(type));
}

#define PHOTONIC_NN_INFER_BROADCAST(OP)                                        \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *, std::optional<Location> loc, Adaptor adaptor,             \
      SmallVectorImpl<Type> &types) {                                          \
    return pushType(inferBroadcast(loc, typeOf(adaptor.getLhs()),              \
                                   typeOf(adaptor.getRhs())),                  \
                    types);                                                    \
  }
PHOTONIC_NN_INFER_BROADCAST(AddOp)
PHOTONIC_NN_INFER_BROADCAST(SubOp)
PHOTONIC_NN_INFER_BROADCAST(MulOp)
PHOTONIC_NN_INFER_BROADCAST(DivOp)
PHOTONIC_NN_INFER_BROADCAST(MaxOp)
PHOTONIC_NN_INFER_BROADCAST(MinOp)
PHOTONIC_NN_INFER_BROADCAST(PowOp)
PHOTONIC_NN_INFER_BROADCAST(EqualOp)
#undef PHOTONIC_NN_INFER_BROADCAST

LogicalResult GateOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> loc,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  // gate_c1
  auto type = inferBroadcast(loc, typeOf(adaptor.getCond()),
                             typeOf(adaptor.getInput()));
  // gate_c2
  if (succeeded(type) && !adaptor.getSlope().isFinite())
    return emitOptionalError(loc, "expected a finite slope, got ",
                             double(adaptor.getSlope().convertToFloat()));
  return pushType(type, types);
}

LogicalResult GateRangeOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  // gate_range_c1, gate_range_c2
  if (failed(checkBounds(loc, adaptor.getMin(), adaptor.getMax())))
    return failure();
  return pushType(inferBroadcast(loc, typeOf(adaptor.getCond()),
                                 typeOf(adaptor.getInput())),
                  types);
}

LogicalResult PackSignsOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location>,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  // pack_signs_c1
  types.push_back(RankedTensorType::get(typeOf(adaptor.getInput()).getShape(),
                                        IntegerType::get(context, 1)));
  return success();
}

LogicalResult GateMaskOp::inferReturnTypes(MLIRContext *,
                                           std::optional<Location> loc,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  RankedTensorType mask = typeOf(adaptor.getMask());
  RankedTensorType x = typeOf(adaptor.getInput());
  // gate_mask_c1
  if (mask.getShape() != x.getShape())
    return emitOptionalError(loc,
                             "expected mask and input of the same shape, "
                             "got ",
                             Type(mask), " and ", Type(x));
  types.push_back(x);
  return success();
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

LogicalResult nn::checkPart(std::optional<Location> loc, RankedTensorType large,
                            ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                            ArrayRef<int64_t> strides) {
  // slice_c1, slice_c2
  constexpr int64_t any = std::numeric_limits<int64_t>::min();
  int64_t rank = large.getRank();
  if (failed(checkNumbers(loc, "offsets", offsets, rank, 0)) ||
      failed(checkNumbers(loc, "sizes", sizes, rank, 1)) ||
      failed(checkNumbers(loc, "strides", strides, rank, any)))
    return failure();
  if (llvm::is_contained(strides, 0))
    return emitOptionalError(loc, "expected strides other than 0");
  // slice_c3
  for (int64_t d = 0; d < rank; ++d) {
    int64_t first = offsets[d];
    int64_t extent = large.getDimSize(d), last = 0;
    // Saturates, which leaves the tensor as well.
    if (llvm::MulOverflow(sizes[d] - 1, strides[d], last) ||
        llvm::AddOverflow(first, last, last))
      last = strides[d] < 0 ? std::numeric_limits<int64_t>::min()
                            : std::numeric_limits<int64_t>::max();
    if (first >= extent || last < 0 || last >= extent)
      return emitOptionalError(loc, "elements ", first, " to ", last,
                               " of dimension ", d, " leave ", Type(large));
  }
  return success();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> loc,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  RankedTensorType x = typeOf(adaptor.getInput());
  if (failed(checkPart(loc, x, adaptor.getOffsets(), adaptor.getSizes(),
                       adaptor.getStrides())))
    return failure();
  // slice_c4
  types.push_back(makeType(x, adaptor.getSizes()));
  return success();
}

LogicalResult BroadcastToOp::verify() {
  // broadcast_to_c1
  RankedTensorType from = getInput().getType(), to = getType();
  FailureOr<SmallVector<int64_t>> shape =
      getBroadcastShape(from.getShape(), to.getShape());
  if (succeeded(shape) && to.getShape() == ArrayRef(*shape))
    return success();
  return emitOpError() << from << " does not broadcast to " << to
                       << ": expected extents of 1 or those of the result";
}

LogicalResult EmbedOp::verify() {
  // embed_c1
  if (getInput().getType().getRank() != getType().getRank())
    return emitOpError() << "expected operand and result of the same rank, got "
                         << getInput().getType() << " and " << getType();
  // embed_c1, embed_c2, embed_c3
  return checkPart(getLoc(), getType(), getOffsets(),
                   getInput().getType().getShape(), getStrides());
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
