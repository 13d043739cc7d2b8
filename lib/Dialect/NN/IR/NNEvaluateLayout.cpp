//===- NNEvaluateLayout.cpp - Reference of operations that move elements --===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

/// A part of a tensor: the element with index i is at offset + sum of
/// i[d] * strides[d].
struct Access {
  int64_t offset = 0;
  SmallVector<int64_t> strides;
};

/// A new tensor of shape `shape` read from `source` by `access`.
static Tensor gather(const Tensor &source, ArrayRef<int64_t> shape,
                     const Access &access) {
  Tensor result = Tensor::uninitialized(shape);
  interp::copyStrided(shape, result.getMutableData().data(),
                      interp::getStrides(shape), source.data() + access.offset,
                      access.strides);
  return result;
}

/// Writes all of `source` into `target` by `access`.
static void scatter(const Tensor &source, Tensor &target,
                    const Access &access) {
  interp::copyStrided(
      source.getShape(), target.getMutableData().data() + access.offset,
      access.strides, source.data(), interp::getStrides(source.getShape()));
}

/// Elements of a row-major tensor of shape `shape` from `offsets` on.
static Access getPart(ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets) {
  Access access{0, interp::getStrides(shape)};
  for (auto [offset, stride] : llvm::zip_equal(offsets, access.strides))
    access.offset += offset * stride;
  return access;
}

LogicalResult PadOp::evaluate(Operands operands, Results &results) {
  Tensor result = Tensor::uninitialized(getType().getShape());
  llvm::fill(result.getMutableData(), getValue().convertToFloat());
  scatter(operands[0].getTensor(), result,
          getPart(result.getShape(), getLow()));
  results.push_back(std::move(result));
  return success();
}

LogicalResult ReshapeOp::evaluate(Operands operands, Results &results) {
  // Moved, so that the result does not share its elements with the operand.
  Tensor x = std::move(operands[0].getTensor());
  results.push_back(x.reshaped(getType().getShape()));
  return success();
}

LogicalResult TransposeOp::evaluate(Operands operands, Results &results) {
  const Tensor &x = operands[0].getTensor();
  SmallVector<int64_t> strides = interp::getStrides(x.getShape());
  Access access;
  for (int64_t d : getPerm())
    access.strides.push_back(strides[d]);
  results.push_back(gather(x, getType().getShape(), access));
  return success();
}

LogicalResult ConcatOp::evaluate(Operands operands, Results &results) {
  Tensor result = Tensor::uninitialized(getType().getShape());
  SmallVector<int64_t> offsets(result.getRank(), 0);
  for (interp::Value &operand : operands) {
    scatter(operand.getTensor(), result, getPart(result.getShape(), offsets));
    offsets[getAxis()] += operand.getTensor().getDim(getAxis());
  }
  results.push_back(std::move(result));
  return success();
}

LogicalResult SliceOp::evaluate(Operands operands, Results &results) {
  const Tensor &x = operands[0].getTensor();
  Access access = getPart(x.getShape(), getOffsets());
  for (auto [stride, step] : llvm::zip_equal(access.strides, getStrides()))
    stride *= step;
  results.push_back(gather(x, getSizes(), access));
  return success();
}

LogicalResult BroadcastToOp::evaluate(Operands operands, Results &results) {
  const Tensor &x = operands[0].getTensor();
  SmallVector<int64_t> strides = interp::getStrides(x.getShape());
  size_t missing = getType().getRank() - x.getRank();
  Access access{0, SmallVector<int64_t>(getType().getRank(), 0)};
  for (auto [d, extent] : llvm::enumerate(x.getShape()))
    if (extent != 1)
      access.strides[missing + d] = strides[d];
  results.push_back(gather(x, getType().getShape(), access));
  return success();
}

LogicalResult EmbedOp::evaluate(Operands operands, Results &results) {
  Tensor result = Tensor::zeros(getType().getShape());
  Access access = getPart(result.getShape(), getOffsets());
  for (auto [stride, step] : llvm::zip_equal(access.strides, getStrides()))
    stride *= step;
  scatter(operands[0].getTensor(), result, access);
  results.push_back(std::move(result));
  return success();
}
