//===- BatchAxes.h - Where the samples of a batch are --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An analysis of functions in nn: from the inputs that hold samples (attribute
// `nn.batch_axis`) to the values that do, operation by operation
// (BatchAxisOpInterface).
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_BATCHAXES_H
#define PHOTONIC_DIALECT_NN_IR_BATCHAXES_H

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallBitVector.h"
#include <optional>

namespace photonic::nn {

/// What is known about the samples in the values of a function of one block.
class BatchAxes {
public:
  /// `batch` is the number of samples, at least 1.
  BatchAxes(mlir::FunctionOpInterface function, int64_t batch);

  /// The only dimension of extent `batch` along which the samples of `value`
  /// can lie; if there are several, `declared` if it is one of them. Nothing if
  /// the value is the same for all samples, if it mixes them, or if it cannot
  /// be told.
  std::optional<int64_t> getAxis(mlir::Value value,
                                 std::optional<int64_t> declared) const;

private:
  /// No bit: the value does not depend on samples. Otherwise the dimensions
  /// along which they may lie. Absent: unknown.
  using Dimensions = std::optional<llvm::SmallBitVector>;

  void visit(mlir::Operation &op);
  Dimensions map(BatchAxisOpInterface op, unsigned result) const;

  int64_t batch;
  llvm::DenseMap<mlir::Value, Dimensions> dimensions;
};

/// Gives each result of `function` the attribute `nn.batch_axis` that follows
/// from those of its inputs, and takes away others. Warns where that
/// contradicts what was there. Does nothing if the module has no `nn.batch`.
/// The body is one block.
void inferBatchAxes(mlir::FunctionOpInterface function);

} // namespace photonic::nn

#endif // PHOTONIC_DIALECT_NN_IR_BATCHAXES_H
