//===- ClassLoss.cpp - Terms of losses over classes -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ClassLoss.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// `shape` with dimension 1 of extent 1.
static SmallVector<int64_t> withoutClasses(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result(shape);
  result[1] = 1;
  return result;
}

Value ClassLoss::getHot() {
  int64_t classes = type.getDimSize(1);
  SmallVector<float> numbers;
  for (int64_t c = 0; c < classes; ++c)
    numbers.push_back(ignoreIndex == c ? -1.0f : float(c));
  Value constant = primitives.alongChannels(
      primitives.constant({classes}, numbers), type.getRank());
  return primitives.equal(
      primitives.reshape(labels, withoutClasses(type.getShape())), constant);
}

Value ClassLoss::getShare(Value hot) {
  if (weights)
    hot =
        primitives.mul(hot, primitives.alongChannels(weights, type.getRank()));
  return primitives.reduceSum(hot, 1, /*keepdims=*/false);
}

Value ClassLoss::getDivisor(Value share) {
  if (isCounted())
    return primitives.sumAll(share);
  return primitives.constant(float(getTensorType(labels).getNumElements()));
}

Value ClassLoss::getLoss(Value logProb) {
  Value hot = getHot();
  Value share = isCounted() ? getShare(hot) : Value();
  Value picked = primitives.reduceSum(primitives.gate(hot, logProb), 1,
                                      /*keepdims=*/false);
  if (weights)
    picked = primitives.mul(picked, share);
  Value losses = primitives.neg(picked);
  if (reduction == Reduction::None)
    return losses;
  if (reduction == Reduction::Mean && !isCounted())
    return primitives.meanAll(losses);
  Value sum = primitives.sumAll(losses);
  return reduction == Reduction::Mean ? primitives.div(sum, getDivisor(share))
                                      : sum;
}

Value ClassLoss::getGradient(Value lossGradient) {
  Value hot = getHot(), gradient = lossGradient;
  SmallVector<int64_t> perElement = withoutClasses(type.getShape());
  Value share;
  if (weights || (reduction == Reduction::Mean && isCounted()))
    share = getShare(hot);
  if (reduction == Reduction::None)
    gradient = primitives.reshape(gradient, perElement);
  if (reduction == Reduction::Mean)
    gradient = primitives.div(gradient, getDivisor(share));
  if (weights)
    gradient = primitives.mul(gradient, primitives.reshape(share, perElement));
  return primitives.gate(hot, primitives.neg(gradient));
}
