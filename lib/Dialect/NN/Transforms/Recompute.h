//===- Recompute.h - Computing layers twice instead of keeping  -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_RECOMPUTE_H
#define PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_RECOMPUTE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/ArrayRef.h"

namespace photonic::nn {

/// Lets the backward pass compute values of the given layers (names of nodes)
/// again instead of keeping them, and says in remarks what that saves and
/// costs. Reports a layer that does not exist.
llvm::LogicalResult recomputeLayers(mlir::func::FuncOp function,
                                    llvm::ArrayRef<std::string> layers);

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_RECOMPUTE_H
