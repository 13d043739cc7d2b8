//===- NNDecompose.cpp - Composite operations as primitive ones -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sequences are those of NNTrainingOps.td and NNContractionOps.td.
//
//===----------------------------------------------------------------------===//

#include "ClassLoss.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

using Results = SmallVector<Value>;

StringRef nn::getCompositeOperator(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case<BatchNormOp, BatchNormTrainOp>(
          [](auto) { return "BatchNormalization"; })
      .Case<SoftmaxCrossEntropyOp>(
          [](auto) { return "SoftmaxCrossEntropyLoss"; })
      .Case<NLLLossOp>([](auto) { return "NegativeLogLikelihoodLoss"; })
      .Case<MSELossOp>([](auto) { return "MSELoss"; })
      .Case<DropoutOp>([](auto) { return "Dropout"; })
      .Default([](Operation *) { return StringRef(); });
}

bool BatchNormOp::isComposite() {
  return llvm::any_of((*this)->getOperands().drop_front(), [](Value operand) {
    return !operand.getDefiningOp<ConstantOp>();
  });
}

Results BatchNormOp::decompose(OpBuilder &builder) {
  Primitives p(builder, getLoc());
  int64_t rank = getType().getRank();
  Value epsilon = p.constant(getEpsilon().convertToFloat());
  Value invStd = p.div(p.constant(1), p.sqrt(p.add(getVar(), epsilon)));
  Value factor = p.mul(getScale(), invStd);
  Value shift = p.sub(getBias(), p.mul(getMean(), factor));
  Value scaled = p.mul(getInput(), p.alongChannels(factor, rank));
  return {p.add(scaled, p.alongChannels(shift, rank))};
}

Results BatchNormTrainOp::decompose(OpBuilder &builder) {
  Primitives p(builder, getLoc());
  int64_t rank = getInput().getType().getRank();
  Value batchMean = p.meanOverChannels(getInput());
  Value centred = p.sub(getInput(), p.alongChannels(batchMean, rank));
  Value batchVar = p.meanOverChannels(p.mul(centred, centred));
  Value epsilon = p.constant(getEpsilon().convertToFloat());
  Value invStd = p.div(p.constant(1), p.sqrt(p.add(batchVar, epsilon)));
  Value factor = p.alongChannels(p.mul(getScale(), invStd), rank);
  Value output =
      p.add(p.mul(centred, factor), p.alongChannels(getBias(), rank));
  float momentum = getMomentum().convertToFloat();
  auto move = [&](Value old, Value batch, float factor) {
    return p.add(p.mul(p.constant(momentum), old),
                 p.mul(batch, p.constant(factor)));
  };
  Value newMean = move(getMean(), batchMean, float(1.0 - double(momentum)));
  Value newVar = move(getVar(), batchVar, getVarianceFactor());
  return {output, newMean, newVar, batchMean, invStd};
}

Results NLLLossOp::decompose(OpBuilder &builder) {
  Primitives p(builder, getLoc());
  return {ClassLoss(*this, p).getLoss(getInput())};
}

Results SoftmaxCrossEntropyOp::decompose(OpBuilder &builder) {
  Primitives p(builder, getLoc());
  Value logProb = LogSoftmaxOp::create(builder, getLoc(), getInput(),
                                       builder.getI64IntegerAttr(1));
  return {ClassLoss(*this, p).getLoss(logProb), logProb};
}

Results MSELossOp::decompose(OpBuilder &builder) {
  Primitives p(builder, getLoc());
  Value distance = p.sub(getInput(), getTarget());
  Value losses = p.mul(distance, distance);
  switch (getReduction()) {
  case Reduction::None:
    return {losses};
  case Reduction::Sum:
    return {p.sumAll(losses)};
  case Reduction::Mean:
    return {p.meanAll(losses)};
  }
  llvm_unreachable("all reductions are handled");
}

Results DropoutOp::decompose(OpBuilder &builder) {
  auto random =
      UniformOp::create(builder, getLoc(), getInput().getType(), getKey(),
                        builder.getI64IntegerAttr(firstStream + getStream()));
  auto dropped =
      DropOp::create(builder, getLoc(), random, getInput(), getRatioAttr());
  return {dropped};
}
