//===- ScheduledFunction.h - What stage `schedule` decides ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULEDFUNCTION_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULEDFUNCTION_H

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "phx/target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace photonic {

/// Where the values of `func` are kept. Fails, after a diagnostic, if it does
/// not say.
mlir::FailureOr<phot::MemoryModel> getMemoryModel(mlir::func::FuncOp func);

/// Fails, after a diagnostic that names `pass`, unless the values of `func` are
/// in off-chip memory: chunks are for nothing else.
mlir::LogicalResult checkHierarchy(mlir::func::FuncOp func,
                                   llvm::StringRef pass);

/// Fails, after diagnostics, unless a program can be made of `func` for
/// `target` as it stands.
mlir::LogicalResult verifyScheduled(mlir::func::FuncOp func,
                                    const phx::Target &target);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULEDFUNCTION_H
