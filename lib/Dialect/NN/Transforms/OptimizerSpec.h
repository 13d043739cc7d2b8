//===- OptimizerSpec.h - Optimisers as text ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `sgd:lr=0.01,momentum=0.9`: which optimiser, with which constants.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_OPTIMIZERSPEC_H
#define PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_OPTIMIZERSPEC_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace photonic::nn {

/// Optimisers of PyTorch 2 (`torch.optim`) with their default values.
struct OptimizerSpec {
  enum class Kind { SGD, Adam, AdamW };
  Kind kind = Kind::SGD;
  double learningRate = 0.001;
  double weightDecay = 0;
  // SGD
  double momentum = 0, dampening = 0;
  bool nesterov = false;
  // Adam, AdamW
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

  /// Names of the states that all parameters share, and what the names of
  /// those of one parameter end in.
  llvm::SmallVector<llvm::StringRef> getSharedStates() const;
  llvm::SmallVector<llvm::StringRef> getStateSuffixes() const;

  /// Reads `NAME[:KEY=VALUE,...]`, or reports through `emitError` what was
  /// expected.
  static llvm::FailureOr<OptimizerSpec>
  parse(llvm::StringRef text,
        llvm::function_ref<mlir::InFlightDiagnostic()> emitError);
};

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_OPTIMIZERSPEC_H
