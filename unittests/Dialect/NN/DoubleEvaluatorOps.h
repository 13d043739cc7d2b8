//===- DoubleEvaluatorOps.h - Operations of nn in binary64 ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of evaluateInDouble, for the files that they are in.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_DOUBLEEVALUATOROPS_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_DOUBLEEVALUATOROPS_H

#include "DoubleEvaluator.h"

namespace photonic::nn::test {

using Index = llvm::SmallVector<int64_t>;

/// Calls fn(index) for every index of `shape`, row major.
template <typename Fn>
void forEach(llvm::ArrayRef<int64_t> shape, Fn fn, Index prefix = {}) {
  if (prefix.size() == shape.size())
    return fn(prefix);
  prefix.push_back(0);
  for (; prefix.back() < shape[prefix.size() - 1]; ++prefix.back())
    forEach(shape, fn, prefix);
}

/// An array of the shape of `value`, each element computed from its index.
template <typename Fn> Array make(mlir::Value value, Fn fn) {
  Array result(llvm::cast<mlir::RankedTensorType>(value.getType()).getShape());
  forEach(result.shape,
          [&](const Index &index) { result.at(index) = fn(index); });
  return result;
}

inline double toDouble(const llvm::APFloat &value) {
  return value.convertToFloat();
}

/// log_softmax along `axis`.
Array getLogSoftmax(Array x, int64_t axis);

/// Evaluates one operation at a time.
class DoubleEvaluator {
public:
  std::vector<Array> run(mlir::func::FuncOp function,
                         llvm::ArrayRef<Array> arguments);

private:
  const Array &get(mlir::Value value) { return values.find(value)->second; }
  void set(mlir::Value value, Array array) { values[value] = std::move(array); }

  template <typename Op, typename Fn> void mapUnary(Op op, Fn fn) {
    const Array &x = get(op.getInput());
    set(op.getOutput(),
        make(op.getOutput(), [&](const Index &i) { return fn(x.at(i)); }));
  }
  template <typename Fn> void mapBinary(mlir::Operation *op, Fn fn) {
    const Array &a = get(op->getOperand(0)), &b = get(op->getOperand(1));
    set(op->getResult(0), make(op->getResult(0), [&](const Index &i) {
          return fn(a.read(i), b.read(i));
        }));
  }

  bool evaluateUnary(mlir::Operation *op);
  bool evaluateBinary(mlir::Operation *op);
  bool evaluateLayout(mlir::Operation *op);
  bool evaluateReduction(mlir::Operation *op);
  bool evaluateProduct(mlir::Operation *op);
  bool evaluatePool(mlir::Operation *op);
  bool evaluateTraining(mlir::Operation *op);

  template <typename Op>
  void convolve(Op op, mlir::Value x, mlir::Value w, mlir::Value y);
  template <typename Op>
  void pool(Op op, mlir::Value images, mlir::Value windows);
  template <typename Op> void reduce(Op op);
  template <typename Op> void softmax(Op op, bool logarithm);
  void normalise(BatchNormOp op);
  void normalise(BatchNormTrainOp op);
  template <typename Op> void draw(Op op);

  llvm::DenseMap<mlir::Value, Array> values;
};

} // namespace photonic::nn::test

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_DOUBLEEVALUATOROPS_H
