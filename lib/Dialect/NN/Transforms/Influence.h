//===- Influence.h - What a loss depends on ------------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_INFLUENCE_H
#define PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_INFLUENCE_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseSet.h"

namespace photonic::nn {

/// True unless the operation says that the operand has no derivative.
bool hasDerivative(mlir::OpOperand &operand);

/// Which values of a block influence given ones, the targets.
class Influence {
public:
  Influence(mlir::Block &body, llvm::ArrayRef<mlir::Value> targets);

  /// True if a change of `value` changes a target in proportion: operations
  /// with derivatives lead from one to the other.
  bool hasDerivative(mlir::Value value) const {
    return differentiable.contains(value);
  }
  /// For a value without derivative, where it is lost: an operand that has
  /// none, of an operation that a target depends on. Null if no target depends
  /// on the value at all.
  mlir::OpOperand *findObstacle(mlir::Value value) const;
  /// The obstacle as a note of a diagnostic.
  static void attachNote(mlir::Diagnostic &diagnostic,
                         mlir::OpOperand &obstacle);

private:
  llvm::DenseSet<mlir::Value> any, differentiable;
};

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_INFLUENCE_H
