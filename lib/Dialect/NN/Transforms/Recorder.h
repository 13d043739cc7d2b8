//===- Recorder.h - Remembers what is built ------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_RECORDER_H
#define PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_RECORDER_H

#include "mlir/IR/Builders.h"

namespace photonic::nn {

/// Listens to a builder and remembers the operations it inserted, in order.
struct Recorder : mlir::OpBuilder::Listener {
  void notifyOperationInserted(mlir::Operation *op,
                               mlir::OpBuilder::InsertPoint) override {
    built.push_back(op);
  }
  llvm::SmallVector<mlir::Operation *> built;
};

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_TRANSFORMS_RECORDER_H
