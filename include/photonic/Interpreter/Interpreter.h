//===- Interpreter.h - Executes functions on values ----------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference for what a stage of the compiler computes: any function whose
// operations implement EvaluableOpInterface can be run, with loops and index
// arithmetic around them.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_INTERPRETER_H
#define PHOTONIC_INTERPRETER_INTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "photonic/Interpreter/Tensor.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <functional>

namespace photonic::interp {

/// Runs a function. Understood are operations with EvaluableOpInterface or the
/// trait RunsRegion, scf.for, scf.yield, func.return, tensor.empty,
/// tensor.extract_slice, tensor.insert_slice, and operations on integers that
/// their own folder can compute (arith, affine). A value moves to its last
/// user, so that an accumulator carried by a loop is updated in place.
class Interpreter {
public:
  /// Called after each operation that has results, with the values just
  /// computed. Loops and regions are reported when they end, what is inside
  /// them whenever it runs.
  using Observer =
      std::function<void(mlir::Operation *, llvm::ArrayRef<Value>)>;

  explicit Interpreter(mlir::func::FuncOp function);

  void setObserver(Observer callback) { observer = std::move(callback); }

  /// Executes the function. Emits a located diagnostic and fails if number or
  /// shapes of the inputs differ from the signature, or if an operation fails
  /// or cannot be executed.
  llvm::FailureOr<llvm::SmallVector<Value>> run(llvm::ArrayRef<Value> inputs);

private:
  using Values = llvm::SmallVector<Value>;

  void findLastUses(mlir::Block &block);
  void findLastUse(mlir::Value value, mlir::Block &block);
  llvm::LogicalResult checkInputs(llvm::ArrayRef<Value> inputs);
  /// Leaves the operands of the terminator in `yielded`.
  llvm::LogicalResult runBlock(mlir::Block &block, Values &yielded);
  llvm::LogicalResult runOp(mlir::Operation &op);
  llvm::LogicalResult compute(mlir::Operation &op, Values &operands,
                              Values &results);
  llvm::LogicalResult runLoop(mlir::Operation &op, Values &operands,
                              Values &results);
  Values takeOperands(mlir::Operation &op);

  mlir::func::FuncOp function;
  Observer observer;
  llvm::DenseMap<mlir::Value, Value> environment;
  /// For each operation, the values that nobody needs after it. Only values of
  /// the same block, so that they are there again in the next iteration.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value, 2>> dead;
  /// The operands through which a value is used for the last time.
  llvm::DenseSet<mlir::OpOperand *> lastUses;
};

/// Runs the function called `main` of a module once, on one value per argument,
/// or on one per argument that does not persist: the others then have their
/// initial values.
llvm::FailureOr<llvm::SmallVector<Value>>
runMain(mlir::ModuleOp module, llvm::ArrayRef<Value> inputs,
        Interpreter::Observer observer = {});

} // namespace photonic::interp

#endif // PHOTONIC_INTERPRETER_INTERPRETER_H
