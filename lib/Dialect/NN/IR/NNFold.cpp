//===- NNFold.cpp - Folders of nn -----------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations that do nothing disappear. What derives a new constant from an
// old one is a canonicalisation pattern instead, because folding would lose the
// name of the initialiser.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult ReluOp::fold(FoldAdaptor) {
  return getInput().getDefiningOp<ReluOp>() ? OpFoldResult(getInput())
                                            : OpFoldResult();
}

OpFoldResult ClipOp::fold(FoldAdaptor) {
  bool unbounded = getMin().isInfinity() && getMin().isNegative() &&
                   getMax().isInfinity() && !getMax().isNegative();
  return unbounded ? OpFoldResult(getInput()) : OpFoldResult();
}

/// A window of one element at each position of the image.
template <typename PoolOp> static OpFoldResult foldUnitPool(PoolOp op) {
  auto all = [](ArrayRef<int64_t> numbers, int64_t n) {
    return llvm::all_of(numbers, [n](int64_t x) { return x == n; });
  };
  if (all(op.getKernel(), 1) && all(op.getStrides(), 1) && all(op.getPads(), 0))
    return op.getInput();
  return {};
}

OpFoldResult MaxPoolOp::fold(FoldAdaptor) { return foldUnitPool(*this); }
OpFoldResult AvgPoolOp::fold(FoldAdaptor) { return foldUnitPool(*this); }

OpFoldResult PadOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto producer = getInput().getDefiningOp<ReshapeOp>();
  if (!producer)
    return {};
  if (producer.getInput().getType() == getType())
    return producer.getInput();
  getInputMutable().assign(producer.getInput());
  return getResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [i, d] : llvm::enumerate(getPerm()))
    if (int64_t(i) != d)
      return {};
  return getInput();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front())
                                 : OpFoldResult();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  // A slice of full size from offset 0 with stride 1; a negative stride that
  // fits starts elsewhere, unless the extent is 1, where it does not matter.
  if (getInput().getType() != getType())
    return {};
  for (auto [size, stride] : llvm::zip_equal(getSizes(), getStrides()))
    if (size > 1 && stride != 1)
      return {};
  return getInput();
}

OpFoldResult BroadcastToOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

OpFoldResult EmbedOp::fold(FoldAdaptor) {
  // Of full size: offsets are 0, and strides matter only where an extent is
  // larger than 1.
  if (getInput().getType() != getType())
    return {};
  for (auto [extent, stride] :
       llvm::zip_equal(getType().getShape(), getStrides()))
    if (extent > 1 && stride != 1)
      return {};
  return getInput();
}
