//===- Stash.h - What is kept for the backward pass ----------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_STASH_H
#define PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_STASH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "llvm/ADT/MapVector.h"
#include <string>

namespace photonic::nn {

/// True for operations of the backward pass and of updates.
bool isBackward(mlir::Operation *op);

/// Name of the ONNX node of `op`; that of the operation if there is none.
std::string getLayerName(mlir::Operation *op);

/// A value of the forward pass that stays alive for the backward pass.
struct StashedValue {
  mlir::Value value;
  /// Uses in the backward pass, those of reshaped views included.
  llvm::SmallVector<mlir::OpOperand *> uses;
  /// True if the function returns the value, so that it is kept anyway.
  bool isResult = false;
};

/// What the backward pass of `function` reads of its forward pass, in the order
/// of the program. Views have no memory of their own; constants and arguments
/// are always there.
llvm::SmallVector<StashedValue> getStash(mlir::func::FuncOp function);

/// Bytes of `value` in the machine's memory; masks are bits in words of 32.
int64_t getStoredBytes(mlir::Value value);

/// Bytes of the stash by layer, in the order of the program.
using StashBytes = llvm::MapVector<mlir::StringAttr, int64_t>;
StashBytes measureStash(mlir::func::FuncOp function);
int64_t getTotal(const StashBytes &bytes);

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_STASH_H
