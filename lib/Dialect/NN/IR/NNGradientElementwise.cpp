//===- NNGradientElementwise.cpp - Gradients of elementwise operations ----===//
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
// One operand
//===----------------------------------------------------------------------===//

static void differentiate(ReluOp op, GradientRule &rule) {
  rule.set(0, rule.gate(op.getOutput(), rule.dy));
}

static void differentiate(LeakyReluOp op, GradientRule &rule) {
  // The result has the sign of the operand unless the slope turns it round.
  float alpha = op.getAlpha().convertToFloat();
  Value condition = alpha >= 0 ? op.getOutput() : op.getInput();
  rule.set(0, rule.gate(condition, rule.dy, alpha));
}

static void differentiate(ClipOp op, GradientRule &rule) {
  // The result lies strictly between the bounds where the operand does.
  rule.set(0,
           GateRangeOp::create(rule.getBuilder(), rule.getLoc(), op.getOutput(),
                               rule.dy, op.getMinAttr(), op.getMaxAttr()));
}

static void differentiate(SigmoidOp op, GradientRule &rule) {
  Value y = op.getOutput();
  Value rest = rule.sub(rule.constant(1), y);
  rule.setBroadcast(0, rule.mul(rule.mul(rule.dy, rest), y));
}

static void differentiate(TanhOp op, GradientRule &rule) {
  Value square = rule.mul(op.getOutput(), op.getOutput());
  Value rest = rule.sub(rule.constant(1), square);
  rule.setBroadcast(0, rule.mul(rule.dy, rest));
}

static void differentiate(ExpOp op, GradientRule &rule) {
  rule.set(0, rule.mul(rule.dy, op.getOutput()));
}

static void differentiate(LogOp op, GradientRule &rule) {
  rule.set(0, rule.div(rule.dy, op.getInput()));
}

static void differentiate(SqrtOp op, GradientRule &rule) {
  Value y = op.getOutput();
  rule.set(0, rule.div(rule.dy, rule.add(y, y)));
}

static void differentiate(NegOp, GradientRule &rule) {
  rule.set(0, rule.neg(rule.dy));
}

static void differentiate(AbsOp op, GradientRule &rule) {
  Value x = op.getInput();
  Value positive = rule.gate(x, rule.dy);
  Value negative = rule.gate(rule.neg(x), rule.dy);
  rule.set(0, rule.sub(positive, negative));
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

static void differentiate(AddOp, GradientRule &rule) {
  for (unsigned operand : {0, 1})
    if (rule.wants(operand))
      rule.setBroadcast(operand, rule.dy);
}

static void differentiate(SubOp op, GradientRule &rule) {
  if (rule.wants(0))
    rule.setBroadcast(0, rule.dy);
  // Summed first, so that the smaller tensor is negated.
  if (rule.wants(1))
    rule.set(1, rule.neg(rule.sumTo(rule.dy, op.getRhs().getType())));
}

static void differentiate(MulOp op, GradientRule &rule) {
  if (rule.wants(0))
    rule.setBroadcast(0, rule.mul(rule.dy, op.getRhs()));
  if (rule.wants(1))
    rule.setBroadcast(1, rule.mul(rule.dy, op.getLhs()));
}

static void differentiate(DivOp op, GradientRule &rule) {
  if (rule.wants(0))
    rule.setBroadcast(0, rule.div(rule.dy, op.getRhs()));
  if (!rule.wants(1))
    return;
  Value ratio = rule.div(op.getOutput(), op.getRhs());
  rule.set(
      1, rule.neg(rule.sumTo(rule.mul(rule.dy, ratio), op.getRhs().getType())));
}

/// dy where `condition`, of small whole numbers, is 0 or less.
static Value passUnlessPositive(Value condition, GradientRule &rule) {
  Builder &b = rule.getBuilder();
  return GateRangeOp::create(rule.getBuilder(), rule.getLoc(), condition,
                             rule.dy, b.getF32FloatAttr(-2),
                             b.getF32FloatAttr(0.5f));
}

/// The gradient of a maximum or minimum goes to the operand that was chosen, to
/// the second one on ties. A NaN equals nothing, so both operands have it, as
/// in PyTorch. Comparing with the result, not operands with each other by their
/// difference, is right for equal infinities too.
template <typename Op>
static void differentiateChoice(Op op, GradientRule &rule) {
  Value isSecond = rule.equal(op.getOutput(), op.getRhs());
  if (rule.wants(0))
    rule.setBroadcast(0, passUnlessPositive(isSecond, rule));
  if (!rule.wants(1))
    return;
  Value isFirst = rule.equal(op.getOutput(), op.getLhs());
  rule.setBroadcast(1,
                    passUnlessPositive(rule.sub(isFirst, isSecond), rule));
}

static void differentiate(MaxOp op, GradientRule &rule) {
  differentiateChoice(op, rule);
}

static void differentiate(MinOp op, GradientRule &rule) {
  differentiateChoice(op, rule);
}

static void differentiate(PowOp op, GradientRule &rule) {
  Value x = op.getLhs(), exponent = op.getRhs();
  Value zero = rule.scalar(0), one = rule.scalar(1);
  if (rule.wants(0)) {
    // The derivative of x^0 is 0 also where x^-1 is infinite.
    Value live = rule.sub(one, rule.equal(exponent, zero));
    Value power = PowOp::create(rule.getBuilder(), rule.getLoc(), x,
                                rule.sub(exponent, one));
    Value slope = rule.gate(live, rule.mul(exponent, power));
    rule.setBroadcast(0, rule.mul(rule.dy, slope));
  }
  if (!rule.wants(1))
    return;
  // 0^b is 0 for all positive b, where log(0) is infinite.
  Value negative = rule.gate(rule.neg(exponent), one);
  Value live = rule.add(rule.sub(one, rule.equal(x, zero)), negative);
  Value slope = rule.gate(live, rule.mul(op.getOutput(), rule.log(x)));
  rule.setBroadcast(1, rule.mul(rule.dy, slope));
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static void differentiate(EqualOp, GradientRule &) {}

bool EqualOp::hasDerivative(unsigned) { return false; }
bool GateOp::hasDerivative(unsigned operand) { return operand == 1; }
bool GateRangeOp::hasDerivative(unsigned operand) { return operand == 1; }
bool GateMaskOp::hasDerivative(unsigned operand) { return operand == 1; }
bool DropOp::hasDerivative(unsigned operand) { return operand == 1; }

static void differentiate(GateOp op, GradientRule &rule) {
  if (rule.wants(1))
    rule.setBroadcast(
        1, rule.gate(op.getCond(), rule.dy, op.getSlope().convertToFloat()));
}

static void differentiate(GateRangeOp op, GradientRule &rule) {
  if (rule.wants(1))
    rule.setBroadcast(1, GateRangeOp::create(rule.getBuilder(), rule.getLoc(),
                                             op.getCond(), rule.dy,
                                             op.getMinAttr(), op.getMaxAttr()));
}

static void differentiate(GateMaskOp op, GradientRule &rule) {
  if (rule.wants(1))
    rule.set(1, GateMaskOp::create(rule.getBuilder(), rule.getLoc(),
                                   op.getMask(), rule.dy));
}

static void differentiate(DropOp op, GradientRule &rule) {
  if (rule.wants(1))
    rule.setBroadcast(1, DropOp::create(rule.getBuilder(), rule.getLoc(),
                                        op.getRandom(), rule.dy,
                                        op.getRatioAttr()));
}

PHOTONIC_NN_GRADIENT(ReluOp, differentiate)
PHOTONIC_NN_GRADIENT(LeakyReluOp, differentiate)
PHOTONIC_NN_GRADIENT(ClipOp, differentiate)
PHOTONIC_NN_GRADIENT(SigmoidOp, differentiate)
PHOTONIC_NN_GRADIENT(TanhOp, differentiate)
PHOTONIC_NN_GRADIENT(ExpOp, differentiate)
PHOTONIC_NN_GRADIENT(LogOp, differentiate)
PHOTONIC_NN_GRADIENT(SqrtOp, differentiate)
PHOTONIC_NN_GRADIENT(NegOp, differentiate)
PHOTONIC_NN_GRADIENT(AbsOp, differentiate)
PHOTONIC_NN_GRADIENT(AddOp, differentiate)
PHOTONIC_NN_GRADIENT(SubOp, differentiate)
PHOTONIC_NN_GRADIENT(MulOp, differentiate)
PHOTONIC_NN_GRADIENT(DivOp, differentiate)
PHOTONIC_NN_GRADIENT(MaxOp, differentiate)
PHOTONIC_NN_GRADIENT(MinOp, differentiate)
PHOTONIC_NN_GRADIENT(PowOp, differentiate)
PHOTONIC_NN_GRADIENT(EqualOp, differentiate)
PHOTONIC_NN_GRADIENT(GateOp, differentiate)
PHOTONIC_NN_GRADIENT(GateRangeOp, differentiate)
PHOTONIC_NN_GRADIENT(GateMaskOp, differentiate)
PHOTONIC_NN_GRADIENT(DropOp, differentiate)
