//===- StepDialectInterface.h - What persists from run to run - -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which arguments of a function persist from run to run, with which value they
// begin and which results replace them, is said by attributes of a dialect. The
// interpreter asks the dialect through this interface.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_STEPDIALECTINTERFACE_H
#define PHOTONIC_INTERPRETER_STEPDIALECTINTERFACE_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/DialectInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include <optional>

namespace photonic::interp {

/// Implemented by a dialect whose attributes on arguments and results describe
/// a step.
class StepDialectInterface
    : public mlir::DialectInterface::Base<StepDialectInterface> {
public:
  explicit StepDialectInterface(mlir::Dialect *dialect) : Base(dialect) {}

  /// True if the argument persists from run to run.
  virtual bool persists(mlir::FunctionOpInterface function,
                        unsigned argument) const = 0;
  /// Its name; empty if it has none.
  virtual llvm::StringRef getName(mlir::FunctionOpInterface function,
                                  unsigned argument) const = 0;
  /// Its value before the first run; null if nothing says it.
  virtual mlir::ElementsAttr getInitialValue(mlir::FunctionOpInterface function,
                                             unsigned argument) const = 0;
  /// The attribute that holds initial values, for messages.
  virtual llvm::StringRef getInitialValueName() const = 0;
  /// Number of the result that replaces the argument called `name` at the end
  /// of a run, if there is one.
  virtual std::optional<unsigned> findUpdate(mlir::FunctionOpInterface function,
                                             llvm::StringRef name) const = 0;
  /// Number of the result that people call `name`, if there is one.
  virtual std::optional<unsigned> findResult(mlir::FunctionOpInterface function,
                                             llvm::StringRef name) const = 0;
};

/// The interface of the dialect whose attributes arguments or results of
/// `function` have; null if none of these dialects has it.
const StepDialectInterface *
findStepInterface(mlir::FunctionOpInterface function);

} // namespace photonic::interp

#endif // PHOTONIC_INTERPRETER_STEPDIALECTINTERFACE_H
