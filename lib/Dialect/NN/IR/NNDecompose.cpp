//===- NNDecompose.cpp - Composite operations as primitive ones -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sequences are those of NNTrainingOps.td, NNContractionOps.td and
// NNElementwiseOps.td.
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
      .Case<PowOp>([](auto) { return "Pow"; })
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

/// `x` rounded to a whole number equals `x`; for |x| < 2^22.
static Value isWhole(Primitives &p, Value x) {
  Value shift = p.scalar(PowOp::roundingShift);
  return p.equal(p.sub(p.add(x, shift), shift), x);
}

/// What a negative base multiplies the power of its magnitude by.
static Value getSignOfPower(Primitives &p, Value exponent) {
  Value one = p.scalar(1);
  Value below = p.sub(p.scalar(PowOp::wholeLimit), p.abs(exponent));
  Value whole = p.gate(below, isWhole(p, exponent));
  Value even = isWhole(p, p.mul(exponent, p.scalar(0.5f)));
  Value sign = p.sub(p.add(even, even), one);
  return p.add(sign, p.sqrt(p.sub(whole, one)));
}

Results PowOp::decompose(OpBuilder &builder) {
  Primitives p(builder, getLoc());
  Value one = p.scalar(1);
  Value zero = p.equal(getRhs(), p.scalar(0));
  Value sign = getSignOfPower(p, getRhs());
  Value power = p.exp(p.mul(getRhs(), p.log(p.abs(getLhs()))));
  power = p.add(p.gate(p.sub(one, zero), power), zero);
  Value factor = p.add(p.gate(p.neg(getLhs()), p.sub(sign, one)), one);
  return {p.mul(power, factor)};
}
