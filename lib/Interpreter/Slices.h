//===- Slices.h - Slices of tensors --------------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_INTERPRETER_SLICES_H
#define PHOTONIC_LIB_INTERPRETER_SLICES_H

#include "photonic/Interpreter/Tensor.h"

namespace photonic::interp {

/// True for the operations of the tensor dialect that runSlice executes.
bool isSlice(mlir::Operation &op);

/// Executes tensor.empty, tensor.extract_slice or tensor.insert_slice. The
/// destination of an insertion is written in place where it is not shared.
llvm::LogicalResult runSlice(mlir::Operation &op,
                             llvm::MutableArrayRef<Value> operands,
                             llvm::SmallVectorImpl<Value> &results);

} // namespace photonic::interp

#endif // PHOTONIC_LIB_INTERPRETER_SLICES_H
