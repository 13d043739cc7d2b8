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
///
/// A network that learns also has gradients of products and pools, and weights
/// that are arguments with a role, replaced at the end by whatever has their
/// shape: values computed early or late, other weights, themselves.
class RandomNetwork {
public:
  RandomNetwork(mlir::MLIRContext &context, uint64_t seed, bool learns = false);

  /// A module with a function @main.
  mlir::OwningOpRef<mlir::ModuleOp> build();
  /// One tensor per argument of @main, the first value of those with a role.
  llvm::SmallVector<interp::Tensor> makeInputs(mlir::ModuleOp module);

private:
  using Shape = llvm::ArrayRef<int64_t>;

  int64_t pick(int64_t low, int64_t high); ///< both included
  bool chance(int percent) { return pick(1, 100) <= percent; }
  float value();
  mlir::Value constant(Shape shape, float low = -1, float high = 1);
  /// A constant, or an argument with a role if the network learns.
  mlir::Value weight(Shape shape);
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

  mlir::Value addReductionOfAny(mlir::Value input);
  void addConvolutionGradients(mlir::Value input);
  void addLinearGradients(mlir::Value input);
  void addPoolGradients(mlir::Value input);
  mlir::Value addSelection(mlir::Value input);
  mlir::Value addMask(mlir::Value input);
  mlir::Value addUniform(mlir::Value input);
  mlir::Value addEmbed(mlir::Value input);
  mlir::Value addBroadcast(mlir::Value input);
  void addLearning();
  /// Remembers `value` unless it is too large.
  void add(mlir::Value value);
  mlir::DictionaryAttr getRole(mlir::RankedTensorType type,
                               llvm::StringRef name);
  mlir::Value getRandomKey();
  void addUpdates();
  void setSignature(mlir::func::FuncOp func);

  mlir::OpBuilder b;
  std::mt19937_64 random;
  bool learns;
  unsigned number = 0;
  llvm::SmallVector<mlir::Value> values;
  mlir::Block *entry = nullptr;
  mlir::Value randomKey;
  /// Of arguments and of results.
  llvm::SmallVector<mlir::Attribute> argumentAttrs, resultAttrs;
  llvm::SmallVector<mlir::Value> outputs;
};

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_CONVERSION_RANDOMNETWORK_H
