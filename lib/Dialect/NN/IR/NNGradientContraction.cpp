//===- NNGradientContraction.cpp - Gradients of products ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientRule.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static void differentiate(Conv2dOp op, GradientRule &rule) {
  if (rule.wants(0))
    rule.set(0,
             Conv2dInputGradOp::create(
                 rule.getBuilder(), rule.getLoc(), op.getInput().getType(),
                 rule.dy, op.getWeight(), op.getStridesAttr(), op.getPadsAttr(),
                 op.getDilationsAttr(), op.getGroupsAttr()));
  if (rule.wants(1))
    rule.set(1,
             Conv2dWeightGradOp::create(
                 rule.getBuilder(), rule.getLoc(), op.getWeight().getType(),
                 rule.dy, op.getInput(), op.getStridesAttr(), op.getPadsAttr(),
                 op.getDilationsAttr(), op.getGroupsAttr()));
  if (rule.wants(2))
    rule.set(2, rule.sumOverChannels(rule.dy));
}

static void differentiate(LinearOp op, GradientRule &rule) {
  if (rule.wants(0))
    rule.set(0, LinearInputGradOp::create(rule.getBuilder(), rule.getLoc(),
                                          rule.dy, op.getWeight()));
  if (rule.wants(1))
    rule.set(1, LinearWeightGradOp::create(rule.getBuilder(), rule.getLoc(),
                                           rule.dy, op.getInput()));
  if (rule.wants(2))
    rule.set(2, rule.sumOverChannels(rule.dy));
}

PHOTONIC_NN_GRADIENT(Conv2dOp, differentiate)
PHOTONIC_NN_GRADIENT(LinearOp, differentiate)

//===----------------------------------------------------------------------===//
// Batch normalisation
//===----------------------------------------------------------------------===//

static void differentiate(BatchNormOp op, GradientRule &rule) {
  int64_t rank = op.getType().getRank();
  Value invStd = rule.div(
      rule.constant(1),
      rule.sqrt(rule.add(op.getVar(),
                         rule.constant(op.getEpsilon().convertToFloat()))));
  Value factor = rule.mul(op.getScale(), invStd);
  if (rule.wants(0))
    rule.set(0, rule.mul(rule.dy, rule.alongChannels(factor, rank)));
  if (rule.wants(1) || rule.wants(4)) {
    Value centred =
        rule.sub(op.getInput(), rule.alongChannels(op.getMean(), rank));
    Value moment = rule.sumOverChannels(rule.mul(rule.dy, centred));
    if (rule.wants(1))
      rule.set(1, rule.mul(moment, invStd));
    if (rule.wants(4)) {
      Value square = rule.mul(invStd, invStd);
      rule.set(4, rule.div(rule.mul(rule.mul(moment, factor), square),
                           rule.constant(-2)));
    }
  }
  if (!rule.wants(2) && !rule.wants(3))
    return;
  Value sum = rule.sumOverChannels(rule.dy);
  rule.set(2, sum);
  if (rule.wants(3))
    rule.set(3, rule.neg(rule.mul(sum, factor)));
}

PHOTONIC_NN_GRADIENT(BatchNormOp, differentiate)

static void differentiate(BatchNormTrainOp op, GradientRule &rule) {
  int64_t rank = op.getInput().getType().getRank();
  Value sum, moment, centred;
  if (rule.wants(0) || rule.wants(2))
    sum = rule.sumOverChannels(rule.dy);
  if (rule.wants(0) || rule.wants(1)) {
    centred =
        rule.sub(op.getInput(), rule.alongChannels(op.getBatchMean(), rank));
    moment = rule.sumOverChannels(rule.mul(rule.dy, centred));
  }
  if (rule.wants(1))
    rule.set(1, rule.mul(moment, op.getInvStd()));
  if (rule.wants(2))
    rule.set(2, sum);
  if (!rule.wants(0))
    return;
  Value count = rule.constant(float(op.getCount()));
  Value mean = rule.alongChannels(rule.div(sum, count), rank);
  Value square = rule.mul(op.getInvStd(), op.getInvStd());
  Value slope =
      rule.alongChannels(rule.div(rule.mul(square, moment), count), rank);
  Value factor =
      rule.alongChannels(rule.mul(op.getScale(), op.getInvStd()), rank);
  Value rest = rule.sub(rule.sub(rule.dy, mean), rule.mul(centred, slope));
  rule.set(0, rule.mul(rest, factor));
}

/// The old statistics reach only the new ones.
bool BatchNormTrainOp::hasDerivative(unsigned operand) { return operand < 3; }

LogicalResult BatchNormTrainOp::buildGradient(
    OpBuilder &builder, ArrayRef<Value> resultGradients, ArrayRef<bool> wanted,
    SmallVectorImpl<Value> &operandGradients) {
  static const char *const names[] = {"new_mean", "new_var", "batch_mean",
                                      "inv_std"};
  for (auto [name, gradient] :
       llvm::zip_equal(names, resultGradients.drop_front()))
    if (gradient)
      return emitOpError() << "has no gradient through its result '" << name
                           << "'; a loss may depend only on the output";
  GradientRule rule(*this, builder, resultGradients, wanted, operandGradients);
  differentiate(*this, rule);
  return success();
}
