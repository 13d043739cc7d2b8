//===- ArrayCheck.h - Products are what the arrays compute ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_ARRAYCHECK_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_ARRAYCHECK_H

#include "phx/target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace photonic {

/// Fails after diagnostics if a product names arrays that `target` does not
/// have, has a tile that does not fit into one, or computes what they do not.
mlir::LogicalResult checkArrays(mlir::func::FuncOp function,
                                const phx::Target &target);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_ARRAYCHECK_H
