//===- Liveness.h - How long values are needed -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_LIVENESS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_LIVENESS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace photonic {

/// True of everything that needs instructions: the steps of a function, which
/// are numbered in order.
bool isStep(mlir::Operation *op);

/// Values that are reshapes of each other share their memory; the operand that
/// all others come from is their root.
mlir::Value getRoot(mlir::Value value);

/// Tensors that `op` reads, also from inside its regions.
llvm::SetVector<mlir::Value> getReadTensors(mlir::Operation *op);

/// When values are read for the last time, and which argument of the function a
/// value replaces at the end of a run.
class Liveness {
public:
  void analyse(mlir::func::FuncOp func);

  /// True if nobody reads `value` after `step`.
  bool diesAt(mlir::Value value, unsigned step) const;
  /// True if nobody reads `value` at `step` or after it.
  bool isDeadBefore(mlir::Value value, unsigned step) const;
  /// True if `value` is read at all, or leaves the function.
  bool isRead(mlir::Value value) const;

  /// The argument whose memory `value` should be computed into; null if none.
  mlir::BlockArgument getReplacedArgument(mlir::Value value) const {
    return replaced.lookup(value);
  }

  /// Remarks about values of the forward pass that the backward pass reads:
  /// bytes per operation and in sum.
  void reportStash(mlir::func::FuncOp func) const;

private:
  void addUse(mlir::Value value, unsigned step, mlir::Operation *user);

  struct Use {
    unsigned step = 0;
    mlir::Operation *user = nullptr; ///< null at the end of the function
  };
  llvm::DenseMap<mlir::Value, Use> lastUse;                  ///< by root
  llvm::DenseMap<mlir::Value, mlir::BlockArgument> replaced; ///< by root
};

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_LIVENESS_H
