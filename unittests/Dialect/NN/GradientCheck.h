//===- GradientCheck.h - Gradients against differences -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_GRADIENTCHECK_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_GRADIENTCHECK_H

#include "DoubleEvaluator.h"
#include "mlir/Pass/PassManager.h"
#include "photonic/Dialect/NN/Transforms/Passes.h"

namespace photonic {

/// What a comparison found.
struct GradientReport {
  int64_t compared = 0; ///< elements of gradients
  int64_t kinks = 0;    ///< where the loss has no derivative; not compared
};

/// Generates the backward pass of the function @main of `module`, whose losses
/// are marked, and compares all gradients with respect to trainable arguments
/// and inputs:
///
/// * in binary64 with central differences, at most `perTensor` elements each;
/// * in binary32, as the interpreter computes them, with those in binary64.
///
/// `inputs` is one tensor per argument without a role. Differences are reported
/// to the running test.
GradientReport checkGradients(mlir::ModuleOp module,
                              llvm::ArrayRef<interp::Tensor> inputs,
                              int64_t perTensor = 1 << 30);

/// Runs passes on the module; reports to the running test if they fail.
void runPasses(mlir::ModuleOp module,
               llvm::function_ref<void(mlir::OpPassManager &)> add);

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_GRADIENTCHECK_H
