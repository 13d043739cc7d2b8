//===- NNGradientReduction.cpp - Gradients of reductions and softmax ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientRule.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// `reduced`, of the shape of the result, with reduced dimensions of extent 1.
template <typename Op>
static Value keepDims(Op op, Value reduced, GradientRule &rule) {
  SmallVector<int64_t> shape(op.getInput().getType().getShape());
  for (int64_t axis : op.getAxes())
    shape[axis] = 1;
  return rule.reshape(reduced, shape);
}

static void differentiate(ReduceSumOp op, GradientRule &rule) {
  rule.set(0, rule.broadcastTo(keepDims(op, rule.dy, rule),
                               op.getInput().getType().getShape()));
}

static void differentiate(ReduceMeanOp op, GradientRule &rule) {
  int64_t count =
      op.getInput().getType().getNumElements() / op.getType().getNumElements();
  // Divided before it is repeated.
  Value share =
      rule.div(keepDims(op, rule.dy, rule), rule.constant(float(count)));
  rule.set(0, rule.broadcastTo(share, op.getInput().getType().getShape()));
}

static void differentiate(ReduceMaxOp op, GradientRule &rule) {
  Value hot = rule.equal(op.getInput(), keepDims(op, op.getOutput(), rule));
  Value count = rule.reduceSum(hot, op.getAxes(), /*keepdims=*/true);
  Value share = rule.div(keepDims(op, rule.dy, rule), count);
  // A product, not a gate: where the maximum is NaN nothing equals it, and all
  // elements have the gradient NaN.
  rule.set(0, rule.mul(hot, share));
}

static void differentiate(SoftmaxOp op, GradientRule &rule) {
  Value y = op.getOutput(), g = rule.mul(rule.dy, y);
  Value sum = rule.reduceSum(g, int64_t(op.getAxis()), /*keepdims=*/true);
  rule.set(0, rule.sub(g, rule.mul(y, sum)));
}

static void differentiate(LogSoftmaxOp op, GradientRule &rule) {
  Value sum = rule.reduceSum(rule.dy, int64_t(op.getAxis()), /*keepdims=*/true);
  rule.set(0, rule.sub(rule.dy, rule.mul(rule.exp(op.getOutput()), sum)));
}

PHOTONIC_NN_GRADIENT(ReduceSumOp, differentiate)
PHOTONIC_NN_GRADIENT(ReduceMeanOp, differentiate)
PHOTONIC_NN_GRADIENT(ReduceMaxOp, differentiate)
PHOTONIC_NN_GRADIENT(SoftmaxOp, differentiate)
PHOTONIC_NN_GRADIENT(LogSoftmaxOp, differentiate)
