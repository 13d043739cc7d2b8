//===- NNLearning.cpp - Which operands training determines ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

using Parameters = SmallVector<OpOperand *>;
using Statistics = SmallVector<std::pair<OpOperand *, Value>>;

/// Weight and, where there is one, bias of a product.
template <typename Op> static Parameters getProductParameters(Op op) {
  Parameters parameters = {&op.getWeightMutable()};
  for (OpOperand &bias : op.getBiasMutable())
    parameters.push_back(&bias);
  return parameters;
}

Parameters Conv2dOp::getParameters() { return getProductParameters(*this); }
Parameters LinearOp::getParameters() { return getProductParameters(*this); }

Parameters BatchNormOp::getParameters() {
  return {&getScaleMutable(), &getBiasMutable()};
}

Statistics BatchNormOp::getStatistics() {
  return {{&getMeanMutable(), Value()}, {&getVarMutable(), Value()}};
}

Parameters BatchNormTrainOp::getParameters() {
  return {&getScaleMutable(), &getBiasMutable()};
}

Statistics BatchNormTrainOp::getStatistics() {
  return {{&getMeanMutable(), getNewMean()}, {&getVarMutable(), getNewVar()}};
}
