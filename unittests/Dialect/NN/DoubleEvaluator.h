//===- DoubleEvaluator.h - Functions of nn in binary64 -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An oracle for derivatives: every operation of nn by its mathematical
// definition, in binary64, independent of the evaluators of the dialect.
// Central differences of it are good to nine digits, where binary32 would leave
// three.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_DOUBLEEVALUATOR_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_DOUBLEEVALUATOR_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include <vector>

namespace photonic {

/// A tensor of binary64 in row-major order. Masks hold 0 and 1, positions their
/// number.
struct Array {
  Array() = default;
  explicit Array(llvm::ArrayRef<int64_t> shape, double value = 0)
      : shape(shape), data(interp::getNumElements(shape), value) {}
  explicit Array(const interp::Tensor &tensor)
      : shape(tensor.getShape()),
        data(tensor.getData().begin(), tensor.getData().end()) {}

  int64_t size() const { return data.size(); }
  int64_t getOffset(llvm::ArrayRef<int64_t> index) const;
  double &at(llvm::ArrayRef<int64_t> index) { return data[getOffset(index)]; }
  double at(llvm::ArrayRef<int64_t> index) const {
    return data[getOffset(index)];
  }
  /// The element that is read at `index` of a shape to which this broadcasts.
  double read(llvm::ArrayRef<int64_t> index) const;

  llvm::SmallVector<int64_t> shape;
  std::vector<double> data;
};

/// The results of `function` for one array per argument. Fails the running test
/// on an operation that is not known.
std::vector<Array> evaluateInDouble(mlir::func::FuncOp function,
                                    llvm::ArrayRef<Array> arguments);

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_DOUBLEEVALUATOR_H
