//===- NNBatchAxes.cpp - What operations make of samples ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// BatchAxisOpInterface of the operations that are not elementwise.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

using Axes = SmallVector<int64_t>;

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Axes keepIf(bool condition, int64_t axis) {
  return condition ? Axes{axis} : Axes();
}

Axes nn::mapElementwiseAxis(Operation *op, unsigned operand, int64_t axis,
                            unsigned result) {
  RankedTensorType from = getTensor(op->getOperand(operand));
  RankedTensorType to = getTensor(op->getResult(result));
  int64_t image = axis + to.getRank() - from.getRank();
  return keepIf(from.getDimSize(axis) == to.getDimSize(image), image);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// Images lie along dimension 0; channels and positions are mixed.
static Axes mapImages(unsigned operand, int64_t axis) {
  return keepIf(operand == 0 && axis == 0, 0);
}

Axes Conv2dOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned, int64_t) {
  return mapImages(operand, axis);
}
Axes Conv2dInputGradOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned,
                                     int64_t) {
  return mapImages(operand, axis);
}
/// A sum over all images. Filters are computed from channels of both operands.
Axes Conv2dWeightGradOp::mapBatchAxis(unsigned, int64_t, unsigned, int64_t) {
  return {};
}

Axes LinearOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned, int64_t) {
  // Rows of the weights are columns of the result, and so is the bias.
  return keepIf(axis == 0, operand == 0 ? 0 : 1);
}
Axes LinearInputGradOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned,
                                     int64_t) {
  return keepIf(axis == operand, axis);
}
Axes LinearWeightGradOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned,
                                      int64_t) {
  return keepIf(axis == 1, operand);
}

//===----------------------------------------------------------------------===//
// Normalisation
//===----------------------------------------------------------------------===//

Axes BatchNormOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned,
                               int64_t) {
  return {operand == 0 ? axis : 1};
}

Axes BatchNormTrainOp::mapBatchAxis(unsigned operand, int64_t axis,
                                    unsigned result, int64_t) {
  // The statistics are those of the batch: that is what a step is made of.
  return result == 0 ? Axes{operand == 0 ? axis : 1} : Axes();
}

template <typename Op> static Axes mapSoftmax(Op op, int64_t axis) {
  return keepIf(axis != int64_t(op.getAxis()), axis);
}
Axes SoftmaxOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return mapSoftmax(*this, axis);
}
Axes LogSoftmaxOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return mapSoftmax(*this, axis);
}

//===----------------------------------------------------------------------===//
// Pooling and reductions
//===----------------------------------------------------------------------===//

#define PHOTONIC_NN_MAP_PLANES(OP)                                             \
  Axes OP::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {           \
    return keepIf(axis < 2, axis);                                             \
  }
PHOTONIC_NN_MAP_PLANES(MaxPoolOp)
PHOTONIC_NN_MAP_PLANES(AvgPoolOp)
PHOTONIC_NN_MAP_PLANES(MaxPoolPositionsOp)
PHOTONIC_NN_MAP_PLANES(MaxPoolGradOp)
PHOTONIC_NN_MAP_PLANES(AvgPoolGradOp)
#undef PHOTONIC_NN_MAP_PLANES

template <typename Op> static Axes mapReduction(Op op, int64_t axis) {
  ArrayRef<int64_t> axes = op.getAxes();
  int64_t before = llvm::count_if(axes, [&](int64_t a) { return a < axis; });
  return keepIf(!llvm::is_contained(axes, axis),
                op.getKeepdims() ? axis : axis - before);
}
Axes ReduceMeanOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return mapReduction(*this, axis);
}
Axes ReduceSumOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return mapReduction(*this, axis);
}
Axes ReduceMaxOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return mapReduction(*this, axis);
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

/// Operands are the input, whose dimension 1 is that of the classes, labels
/// without it, and weights of the classes.
static Axes mapLoss(Reduction reduction, unsigned operand, int64_t axis) {
  if (reduction != Reduction::None || operand > 1)
    return {};
  if (operand == 1)
    return {axis};
  return keepIf(axis != 1, axis > 1 ? axis - 1 : axis);
}

Axes NLLLossOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned,
                             int64_t) {
  return mapLoss(getReduction(), operand, axis);
}

Axes SoftmaxCrossEntropyOp::mapBatchAxis(unsigned operand, int64_t axis,
                                         unsigned result, int64_t) {
  if (result == 0)
    return mapLoss(getReduction(), operand, axis);
  // The logarithms of the probabilities depend on the scores alone; samples of
  // the labels are where those of the scores are.
  if (operand == 0)
    return keepIf(axis != 1, axis);
  return operand == 1 ? Axes{axis < 1 ? axis : axis + 1} : Axes();
}

Axes MSELossOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return keepIf(getReduction() == Reduction::None, axis);
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

/// Which elements are dropped is no property of a sample.
Axes DropOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned result,
                          int64_t) {
  return operand == 1 ? mapElementwiseAxis(*this, operand, axis, result)
                      : Axes();
}
Axes DropoutOp::mapBatchAxis(unsigned operand, int64_t axis, unsigned,
                             int64_t) {
  return keepIf(operand == 0, axis);
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

Axes PadOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return keepIf(getLow()[axis] == 0 && getHigh()[axis] == 0, axis);
}

Axes ReshapeOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t batch) {
  int64_t outer = 1, reached = 1;
  for (int64_t d = 0; d < axis; ++d)
    outer *= getTensor(getInput()).getDimSize(d);
  Axes images;
  for (auto [d, extent] : llvm::enumerate(getType().getShape())) {
    if (reached == outer && extent % batch == 0)
      images.push_back(int64_t(d));
    reached *= extent;
  }
  return images;
}

Axes TransposeOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return {llvm::find(getPerm(), axis) - getPerm().begin()};
}

Axes ConcatOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  return keepIf(axis != int64_t(getAxis()), axis);
}

Axes SliceOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  // An offset above 0 leaves no room for all elements in ascending order.
  bool whole = getStrides()[axis] == 1 &&
               getSizes()[axis] == getTensor(getInput()).getDimSize(axis);
  return keepIf(whole, axis);
}

Axes EmbedOp::mapBatchAxis(unsigned, int64_t axis, unsigned, int64_t) {
  bool whole = getStrides()[axis] == 1 && getType().getDimSize(axis) ==
                   getTensor(getInput()).getDimSize(axis);
  return keepIf(whole, axis);
}
