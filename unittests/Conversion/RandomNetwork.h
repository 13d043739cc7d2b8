//===- RandomNetwork.h - Small networks drawn at random ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_CONVERSION_RANDOMNETWORK_H
#define PHOTONIC_UNITTESTS_CONVERSION_RANDOMNETWORK_H

#include "photonic/Interpreter/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <random>

namespace photonic {

/// Draws networks of a few `nn` operations on small tensors: values that are
/// used several times, that leave the network twice, constants as outputs,
/// reshapes, every operation that the vector unit executes. The same seed gives
/// the same network on every platform.
class RandomNetwork {
public:
  RandomNetwork(mlir::MLIRContext &context, uint64_t seed);

  /// A module with a function @main.
  mlir::OwningOpRef<mlir::ModuleOp> build();
  /// One tensor per argument of @main.
  llvm::SmallVector<interp::Tensor> makeInputs(mlir::ModuleOp module);

private:
  using Shape = llvm::ArrayRef<int64_t>;

  int64_t pick(int64_t low, int64_t high); ///< both included
  bool chance(int percent) { return pick(1, 100) <= percent; }
  float value();
  mlir::Value constant(Shape shape, float low = -1, float high = 1);
  mlir::Value any();
  /// A value with `rank` dimensions, or null.
  mlir::Value anyOfRank(size_t rank);
  static Shape getShape(mlir::Value value);
  mlir::Location name(llvm::StringRef op);

  void addProduct();
  mlir::Value addConvolution(mlir::Value input);
  mlir::Value addLinear(mlir::Value input);
  mlir::Value addUnary(mlir::Value input);
  mlir::Value addBinary(mlir::Value input);
  mlir::Value addPool(mlir::Value input);
  mlir::Value addReduction(mlir::Value input);
  mlir::Value addSoftmax(mlir::Value input);
  mlir::Value addLayout(mlir::Value input);
  mlir::Value addSlice(mlir::Value input);
  mlir::Value addConcat(mlir::Value input);
  mlir::Value addBatchNorm(mlir::Value input);
  void addOperation();

  mlir::OpBuilder b;
  std::mt19937_64 random;
  unsigned number = 0;
  llvm::SmallVector<mlir::Value> values;
};

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_CONVERSION_RANDOMNETWORK_H
