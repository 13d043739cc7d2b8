//===- EntryFunction.h - The function that a graph becomes ---- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_ENTRYFUNCTION_H
#define PHOTONIC_LIB_IMPORT_ONNX_ENTRYFUNCTION_H

#include "GraphInputs.h"
#include "photonic/Dialect/NN/IR/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"

namespace photonic::importer {

/// The module and the function `main` being made: its arguments and results and
/// what their attributes say. It knows nothing of the model.
class EntryFunction {
public:
  explicit EntryFunction(mlir::MLIRContext &context) : builder(&context) {}

  /// Creates both, with an argument for each input. The builder inserts into
  /// the function from then on.
  void create(mlir::Location loc, llvm::ArrayRef<GraphInput> inputs);

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getNameLoc(llvm::StringRef name);
  mlir::ModuleOp getModule() { return *module; }
  mlir::func::FuncOp getOp() { return function; }
  mlir::OwningOpRef<mlir::ModuleOp> take() { return std::move(module); }

  //===--- Arguments ------------------------------------------------------===//

  /// The argument `photonic.rng`: seed, trial and step from which random
  /// numbers are made. Null after a diagnostic.
  mlir::Value getRandomKey();
  /// The next stream of random numbers, in the order of nodes.
  int64_t getRandomStream() { return nextRandomStream++; }
  /// Appends a parameter that persists.
  mlir::BlockArgument addParameter(llvm::StringRef name,
                                   mlir::ElementsAttr init, bool trainable);
  /// True if the argument persists from run to run.
  bool isPersistent(mlir::BlockArgument argument);
  /// Makes `value` replace an argument at the end of each run. An input becomes
  /// a state that begins with zeros. Fails if the argument is replaced already.
  llvm::LogicalResult addUpdate(mlir::BlockArgument argument,
                                mlir::Value value);
  /// Notes that an argument holds numbers of `classes` classes, of which
  /// `ignoreIndex` may be left out; fails if it was said to hold others.
  llvm::LogicalResult markLabels(mlir::BlockArgument argument, int64_t classes,
                                 std::optional<int64_t> ignoreIndex);

  //===--- Results --------------------------------------------------------===//

  /// Notes the gradient of a parameter, accumulated over steps.
  void addGradient(llvm::StringRef parameter, mlir::Value gradient) {
    gradients.emplace_back(parameter.str(), gradient);
  }
  llvm::ArrayRef<std::pair<std::string, mlir::Value>> getGradients() const {
    return gradients;
  }
  /// Notes that a value is what an operator for losses computes.
  void markLoss(mlir::Value value) { losses.insert(value); }
  bool isLoss(mlir::Value value) const { return losses.contains(value); }
  /// The output of the graph, if it is one, says nothing and is left out.
  void leaveOut(llvm::StringRef output) { leftOut.insert(output); }
  bool isLeftOut(llvm::StringRef output) const {
    return leftOut.contains(output);
  }

private:
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  int64_t nextRandomStream = 0;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> gradients;
  llvm::DenseSet<mlir::Value> losses;
  llvm::StringSet<> leftOut;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_ENTRYFUNCTION_H
