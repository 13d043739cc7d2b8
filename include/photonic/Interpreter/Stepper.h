//===- Stepper.h - Runs a function whose arguments persist ---- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference for a machine that runs a program again and again: what
// persists starts from an initial value and is replaced at the end of each run
// by results. Which arguments and results these are, a dialect says by its
// StepDialectInterface: nn by nn.role, nn.init and nn.updates.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_STEPPER_H
#define PHOTONIC_INTERPRETER_STEPPER_H

#include "photonic/Interpreter/Interpreter.h"
#include <string>

namespace photonic::interp {

class StepDialectInterface;

/// Initial values of the persistent arguments of `function` in their order;
/// reports which one is absent.
llvm::FailureOr<llvm::SmallVector<Value>>
getInitialValues(mlir::func::FuncOp function);

/// One value per argument: `persistent` for those that persist, `inputs` for
/// the others. Reports a wrong number of inputs.
llvm::FailureOr<llvm::SmallVector<Value>>
completeInputs(mlir::func::FuncOp function, llvm::ArrayRef<Value> inputs,
               llvm::ArrayRef<Value> persistent);

/// Runs a function step by step. The function must outlive it and not change.
class Stepper {
public:
  /// Gives every persistent argument its initial value.
  static llvm::FailureOr<Stepper> create(mlir::func::FuncOp function);

  /// Runs one step on one value per argument that does not persist, in their
  /// order.
  /// If the step fails, what persists is as before.
  llvm::LogicalResult run(llvm::ArrayRef<Value> inputs,
                          Interpreter::Observer observer = {});

  /// Names of persistent arguments in their order.
  llvm::ArrayRef<std::string> getNames() const { return names; }

  /// What the argument called `name` holds now; null if there is none.
  const Tensor *getState(llvm::StringRef name) const;

  /// Replaces it; fails, and changes nothing, if there is none or its shape is
  /// another.
  llvm::LogicalResult setState(llvm::StringRef name, const Tensor &value);

  /// Results of the last step in the order of the signature; empty before.
  llvm::ArrayRef<Value> getResults() const { return results; }

  /// The result of the last step that the dialect finds by this name; null if
  /// there is none.
  const Tensor *getResult(llvm::StringRef name) const;

private:
  explicit Stepper(mlir::func::FuncOp function) : function(function) {}

  mlir::func::FuncOp function;
  /// Null if nothing persists.
  const StepDialectInterface *step = nullptr;
  llvm::SmallVector<std::string> names;
  llvm::SmallVector<Value> state, results;
};

} // namespace photonic::interp

#endif // PHOTONIC_INTERPRETER_STEPPER_H
