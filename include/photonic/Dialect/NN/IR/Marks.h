//===- Marks.h - What others have said of an operation ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_MARKS_H
#define PHOTONIC_DIALECT_NN_IR_MARKS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace photonic::nn {

/// Marks `op` as another operation was, whose place it takes: `marks` are the
/// attributes that operations of any kind may have. One that is called as one of
/// the operation's own means something else there and stays behind.
void setMarks(mlir::Operation *op, mlir::DictionaryAttr marks);

} // namespace photonic::nn

#endif // PHOTONIC_DIALECT_NN_IR_MARKS_H
