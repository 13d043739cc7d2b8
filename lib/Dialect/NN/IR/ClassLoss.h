//===- ClassLoss.h - Terms of losses over classes ------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What nn.nll_loss, nn.softmax_cross_entropy and their gradients share. The
// names are those of NNTrainingOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_IR_CLASSLOSS_H
#define PHOTONIC_LIB_DIALECT_NN_IR_CLASSLOSS_H

#include "photonic/Dialect/NN/IR/Primitives.h"

namespace photonic::nn {

/// A loss over classes: scores [B, C, d...], labels [B, d...], perhaps weights
/// [C] and a class to ignore.
class ClassLoss {
public:
  template <typename Op>
  ClassLoss(Op op, Primitives &primitives)
      : primitives(primitives), type(op.getInput().getType()),
        labels(op.getLabels()), weights(op.getWeights()),
        ignoreIndex(op.getIgnoreIndex()), reduction(op.getReduction()) {}

  /// 1 where an element has the class, [B, C, d...].
  mlir::Value getHot();
  /// How much an element counts, [B, d...].
  mlir::Value getShare(mlir::Value hot);
  /// What the mean divides by, of shape [1]; `share` as above.
  mlir::Value getDivisor(mlir::Value share);
  /// True if elements may count differently.
  bool isCounted() const { return weights || ignoreIndex; }

  /// The loss of log-probabilities.
  mlir::Value getLoss(mlir::Value logProb);
  /// The gradient with respect to log-probabilities for that of the loss.
  mlir::Value getGradient(mlir::Value lossGradient);

private:
  Primitives &primitives;
  mlir::RankedTensorType type;
  mlir::Value labels, weights;
  std::optional<int64_t> ignoreIndex;
  Reduction reduction;
};

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_IR_CLASSLOSS_H
