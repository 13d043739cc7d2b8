//===- Passes.h - Passes from nn to array passes ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The target of a module, and the stages lower, format, split and tile, each
// with a read-only verification pass that runs behind it.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_PASSES_H
#define PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_PASSES_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace photonic::phot {

/// `bfp:4:16`, `bfp:4:16:nearest`, `fp32` or `fp32:16` as an attribute; reports
/// through `emitError` what was expected.
mlir::FailureOr<NumberFormatAttrInterface>
parseNumberFormat(mlir::MLIRContext *context, llvm::StringRef text,
                  llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// What `photonic-verify-tile` checks: nothing is left that a stage in front of
/// `schedule` was to replace. Reports every operation that is. With `fused`,
/// operations may stand in a photonic.fused.
llvm::LogicalResult verifyTiled(mlir::func::FuncOp function,
                                bool fused = false);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_PASSES_H
