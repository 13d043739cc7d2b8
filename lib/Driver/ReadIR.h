//===- ReadIR.h - IR from a file --------------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DRIVER_READIR_H
#define PHOTONIC_LIB_DRIVER_READIR_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace photonic {

/// Parses a file, text or bytecode. Null after a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> readIR(const std::string &path,
                                         mlir::MLIRContext &context);

} // namespace photonic

#endif // PHOTONIC_LIB_DRIVER_READIR_H
