//===- NNGradientLayout.cpp - Gradients of what moves elements ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientRule.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

static void differentiate(PadOp op, GradientRule &rule) {
  ArrayRef<int64_t> sizes = op.getInput().getType().getShape();
  SmallVector<int64_t> strides(sizes.size(), 1);
  rule.set(0, rule.slice(rule.dy, op.getLow(), sizes, strides));
}

static void differentiate(ReshapeOp op, GradientRule &rule) {
  rule.set(0, rule.reshape(rule.dy, op.getInput().getType().getShape()));
}

static void differentiate(TransposeOp op, GradientRule &rule) {
  SmallVector<int64_t> inverse(op.getPerm().size());
  for (auto [to, from] : llvm::enumerate(op.getPerm()))
    inverse[from] = to;
  rule.set(
      0, TransposeOp::create(rule.getBuilder(), rule.getLoc(), rule.dy,
                             rule.getBuilder().getDenseI64ArrayAttr(inverse)));
}

static void differentiate(ConcatOp op, GradientRule &rule) {
  SmallVector<int64_t> offsets(op.getType().getRank(), 0);
  SmallVector<int64_t> strides(op.getType().getRank(), 1);
  for (auto [i, input] : llvm::enumerate(op.getInputs())) {
    ArrayRef<int64_t> sizes = getTensorType(input).getShape();
    if (rule.wants(i))
      rule.set(i, rule.slice(rule.dy, offsets, sizes, strides));
    offsets[op.getAxis()] += sizes[op.getAxis()];
  }
}

static void differentiate(SliceOp op, GradientRule &rule) {
  rule.set(0, EmbedOp::create(rule.getBuilder(), rule.getLoc(),
                              op.getInput().getType(), rule.dy,
                              op.getOffsetsAttr(), op.getStridesAttr()));
}

static void differentiate(EmbedOp op, GradientRule &rule) {
  rule.set(0, rule.slice(rule.dy, op.getOffsets(),
                         op.getInput().getType().getShape(), op.getStrides()));
}

static void differentiate(BroadcastToOp, GradientRule &rule) {
  rule.setBroadcast(0, rule.dy);
}

PHOTONIC_NN_GRADIENT(PadOp, differentiate)
PHOTONIC_NN_GRADIENT(ReshapeOp, differentiate)
PHOTONIC_NN_GRADIENT(TransposeOp, differentiate)
PHOTONIC_NN_GRADIENT(ConcatOp, differentiate)
PHOTONIC_NN_GRADIENT(SliceOp, differentiate)
PHOTONIC_NN_GRADIENT(EmbedOp, differentiate)
PHOTONIC_NN_GRADIENT(BroadcastToOp, differentiate)
