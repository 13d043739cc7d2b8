//===- NNGradientTraining.cpp - Gradients of losses and dropout -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ClassLoss.h"
#include "GradientRule.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// Labels and weights come from the user: nobody learns them.
template <typename Op>
static LogicalResult refuseLabels(Op op, ArrayRef<bool> wanted) {
  if (llvm::is_contained(wanted.drop_front(), true))
    return op.emitOpError()
           << "has no gradient with respect to its labels and weights";
  return success();
}

bool NLLLossOp::hasDerivative(unsigned operand) { return operand == 0; }
bool SoftmaxCrossEntropyOp::hasDerivative(unsigned operand) {
  return operand == 0;
}
bool DropoutOp::hasDerivative(unsigned operand) { return operand == 0; }

LogicalResult
NLLLossOp::buildGradient(OpBuilder &builder, ArrayRef<Value> resultGradients,
                         ArrayRef<bool> wanted,
                         SmallVectorImpl<Value> &operandGradients) {
  if (failed(refuseLabels(*this, wanted)))
    return failure();
  GradientRule rule(*this, builder, resultGradients, wanted, operandGradients);
  rule.set(0, ClassLoss(*this, rule).getGradient(rule.dy));
  return success();
}

LogicalResult SoftmaxCrossEntropyOp::buildGradient(
    OpBuilder &builder, ArrayRef<Value> resultGradients, ArrayRef<bool> wanted,
    SmallVectorImpl<Value> &operandGradients) {
  if (failed(refuseLabels(*this, wanted)))
    return failure();
  GradientRule rule(*this, builder, resultGradients, wanted, operandGradients);
  Value gradient = resultGradients[1];
  if (rule.dy) {
    Value ofLoss = ClassLoss(*this, rule).getGradient(rule.dy);
    gradient = gradient ? rule.add(gradient, ofLoss) : ofLoss;
  }
  Value sum = rule.reduceSum(gradient, 1, /*keepdims=*/true);
  rule.set(0, rule.sub(gradient, rule.mul(rule.exp(getLogProb()), sum)));
  return success();
}

static void differentiate(MSELossOp op, GradientRule &rule) {
  double count = op.getReduction() == Reduction::Mean
                     ? double(op.getInput().getType().getNumElements())
                     : 1;
  Value distance = rule.sub(op.getInput(), op.getTarget());
  Value factor = rule.mul(rule.dy, rule.constant(float(2 / count)));
  Value gradient = rule.mul(distance, factor);
  // A factor of shape [1] gives scalars a dimension.
  rule.set(0, rule.sumTo(gradient, op.getInput().getType()));
  if (rule.wants(1))
    rule.setBroadcast(1, rule.neg(gradient));
}

PHOTONIC_NN_GRADIENT(MSELossOp, differentiate)

static void differentiate(DropoutOp op, GradientRule &rule) {
  if (rule.wants(0))
    rule.set(0, DropoutOp::create(rule.getBuilder(), rule.getLoc(), rule.dy,
                                  op.getKey(), op.getRatioAttr(),
                                  op.getStreamAttr()));
}

PHOTONIC_NN_GRADIENT(DropoutOp, differentiate)
