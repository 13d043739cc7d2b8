//===- NNGradientPooling.cpp - Gradients of pools -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientRule.h"

#include "photonic/Dialect/NN/IR/Marks.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

static void differentiate(MaxPoolPositionsOp op, GradientRule &rule) {
  if (rule.dy)
    rule.set(0, MaxPoolGradOp::create(
                    rule.getBuilder(), rule.getLoc(), op.getInput().getType(),
                    rule.dy, op.getPositions(), op.getKernelAttr(),
                    op.getStridesAttr(), op.getPadsAttr(),
                    op.getDilationsAttr(), op.getCeilModeAttr()));
}

PHOTONIC_NN_GRADIENT(MaxPoolPositionsOp, differentiate)

LogicalResult
MaxPoolOp::buildGradient(OpBuilder &builder, ArrayRef<Value> resultGradients,
                         ArrayRef<bool> wanted,
                         SmallVectorImpl<Value> &operandGradients) {
  int64_t size = getKernel()[0] * getKernel()[1];
  if (size > maxPositions)
    return emitOpError() << "has no gradient: its window has " << size
                         << " elements, and the position of a maximum is kept "
                            "in one byte, so at most "
                         << maxPositions
                         << " are possible; a global maximum is "
                            "'nn.reduce_max', which has one";
  OpBuilder forward(*this);
  auto positions = MaxPoolPositionsOp::create(
      forward, getLoc(), getInput(), getKernelAttr(), getStridesAttr(),
      getPadsAttr(), getDilationsAttr(), getCeilModeAttr());
  setMarks(positions, (*this)->getDiscardableAttrDictionary());
  getOutput().replaceAllUsesWith(positions.getOutput());
  GradientRule rule(*this, builder, resultGradients, wanted, operandGradients);
  differentiate(positions, rule);
  return success();
}

static void differentiate(AvgPoolOp op, GradientRule &rule) {
  rule.set(0, AvgPoolGradOp::create(
                  rule.getBuilder(), rule.getLoc(), op.getInput().getType(),
                  rule.dy, op.getKernelAttr(), op.getStridesAttr(),
                  op.getPadsAttr(), op.getDilationsAttr(), op.getCeilModeAttr(),
                  op.getCountIncludePadAttr()));
}

PHOTONIC_NN_GRADIENT(AvgPoolOp, differentiate)
