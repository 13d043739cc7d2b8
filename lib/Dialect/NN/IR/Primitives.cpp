//===- Primitives.cpp - Builds sequences of primitive operations ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Primitives.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

Value Primitives::constant(ArrayRef<int64_t> shape, ArrayRef<float> values) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return ConstantOp::create(builder, loc, makeElements(type, values));
}

static RankedTensorType reshapeType(Value x, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, getTensorType(x).getElementType());
}

Value Primitives::reshape(Value x, ArrayRef<int64_t> shape) {
  if (getTensorType(x).getShape() == shape)
    return x;
  return ReshapeOp::create(builder, loc, reshapeType(x, shape), x);
}

Value Primitives::broadcastTo(Value x, ArrayRef<int64_t> shape) {
  if (getTensorType(x).getShape() == shape)
    return x;
  return BroadcastToOp::create(builder, loc, reshapeType(x, shape), x);
}

Value Primitives::slice(Value x, Axes offsets, Axes sizes, Axes strides) {
  return SliceOp::create(builder, loc, x, builder.getDenseI64ArrayAttr(offsets),
                         builder.getDenseI64ArrayAttr(sizes),
                         builder.getDenseI64ArrayAttr(strides));
}

Value Primitives::reduceSum(Value x, Axes axes, bool keepdims) {
  return ReduceSumOp::create(builder, loc, x,
                             builder.getDenseI64ArrayAttr(axes),
                             builder.getBoolAttr(keepdims));
}

Value Primitives::reduceMean(Value x, Axes axes, bool keepdims) {
  return ReduceMeanOp::create(builder, loc, x,
                              builder.getDenseI64ArrayAttr(axes),
                              builder.getBoolAttr(keepdims));
}

Value Primitives::sumAll(Value x) {
  return reduceSum(reshape(x, getTensorType(x).getNumElements()), 0, true);
}

Value Primitives::meanAll(Value x) {
  return reduceMean(reshape(x, getTensorType(x).getNumElements()), 0, true);
}

Value Primitives::sumTo(Value gradient, RankedTensorType type) {
  RankedTensorType from = getTensorType(gradient);
  int64_t missing = from.getRank() - type.getRank();
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < from.getRank(); ++d)
    if (from.getDimSize(d) != 1 &&
        (d < missing || type.getDimSize(d - missing) == 1))
      axes.push_back(d);
  if (!axes.empty())
    gradient = reduceSum(gradient, axes, /*keepdims=*/true);
  return reshape(gradient, type.getShape());
}

Value Primitives::alongChannels(Value vector, int64_t rank) {
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = getTensorType(vector).getNumElements();
  return reshape(vector, shape);
}

/// All dimensions but 1.
static SmallVector<int64_t> getChannelAxes(Value x) {
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < getTensorType(x).getRank(); ++d)
    if (d != 1)
      axes.push_back(d);
  return axes;
}

Value Primitives::sumOverChannels(Value x) {
  return reduceSum(x, getChannelAxes(x), /*keepdims=*/false);
}

Value Primitives::meanOverChannels(Value x) {
  return reduceMean(x, getChannelAxes(x), /*keepdims=*/false);
}
