//===- RandomGraph.h - Small networks that learn, at random --- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_RANDOMGRAPH_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_RANDOMGRAPH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "photonic/Dialect/NN/IR/Primitives.h"
#include <random>

namespace photonic {

/// Draws a function @main of a few layers with trainable parameters as
/// arguments, values used several times, and one loss or two: every operation
/// that has a gradient. The same seed gives the same function.
class RandomGraph {
public:
  RandomGraph(mlir::MLIRContext &context, unsigned seed);

  mlir::OwningOpRef<mlir::ModuleOp> build();

  /// One tensor per argument without a role.
  llvm::ArrayRef<interp::Tensor> getInputs() const { return inputs; }
  /// Names of the layers, which are the locations of their operations.
  llvm::ArrayRef<std::string> getLayers() const { return layers; }

private:
  using Value = mlir::Value;
  using Shape = llvm::ArrayRef<int64_t>;

  int64_t draw(int64_t low, int64_t high); ///< both included
  bool chance() { return draw(0, 1); }
  float drawFloat(float low, float high);
  interp::Tensor drawTensor(Shape shape, float low = -1, float high = 1);

  Value addInput(const interp::Tensor &tensor, llvm::StringRef name);
  Value addParameter(Shape shape, float low = -1, float high = 1);
  Value getKey();
  /// An earlier value of the same shape, perhaps itself.
  Value findLike(Value value);

  Value addLayer(Value x);
  Value addConvolution(Value x);
  Value addNormalisation(Value x);
  Value addActivation(Value x);
  Value addSmoothFunction(Value x);
  Value addPool(Value x);
  Value addBinary(Value x);
  Value addBroadcast(Value x);
  Value addReduction(Value x);
  Value addConcat(Value x);
  Value addSlice(Value x);
  Value addPad(Value x);
  Value addPermutation(Value x);
  Value addSoftmax(Value x);
  Value addDropout(Value x);
  Value addSelection(Value x);
  Value addClassLoss(Value features);
  Value addDistance(Value x);
  void finish(llvm::ArrayRef<Value> losses);

  mlir::MLIRContext &context;
  std::mt19937 random;
  mlir::OpBuilder builder;
  mlir::func::FuncOp function;
  llvm::SmallVector<Value> values;
  llvm::SmallVector<interp::Tensor> inputs;
  llvm::SmallVector<std::string> layers;
  /// Of the layer being added.
  std::optional<nn::Primitives> p;
  int64_t streams = 0;
};

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_RANDOMGRAPH_H
