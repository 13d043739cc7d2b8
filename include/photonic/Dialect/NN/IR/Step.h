//===- Step.h - Arguments and results of a step --------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An entry function whose arguments may be regions that persist from run to
// run: finding them by name, adding them, and adding the results that replace
// them at the end of a run.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_STEP_H
#define PHOTONIC_DIALECT_NN_IR_STEP_H

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include <optional>
#include <string>
#include <vector>

namespace photonic::nn {

/// Name of the state [seed, trial, step], tensor<3xf32>, that keys random
/// numbers. What it is stands in its `nn.knob`, not in its name.
inline constexpr llvm::StringLiteral randomKeyName = "photonic.rng";
/// Name of the state of shape [1] that optimisers multiply their steps by.
inline constexpr llvm::StringLiteral learningRateName = "optimizer.lr";
/// Other states of shape [1]: Adam's `1 - beta^t`, and what SGD multiplies
/// gradients by because of a dampening.
inline constexpr llvm::StringLiteral correction1Name = "optimizer.correction1";
inline constexpr llvm::StringLiteral correction2Name = "optimizer.correction2";
inline constexpr llvm::StringLiteral gradientFactorName =
    "optimizer.gradient_factor";
/// What the names of a parameter's states end in: SGD's buffer, and Adam's
/// averages of gradients and of their squares.
inline constexpr llvm::StringLiteral momentumSuffix = ".momentum";
inline constexpr llvm::StringLiteral meanSuffix = ".exp_avg";
inline constexpr llvm::StringLiteral squareSuffix = ".exp_avg_sq";
/// The input that losses compare the network's output with.
inline constexpr llvm::StringLiteral labelsName = "labels";

/// `nn.name` of an argument or a result; empty if it has none.
llvm::StringRef getArgumentName(mlir::FunctionOpInterface function, unsigned i);
llvm::StringRef getResultName(mlir::FunctionOpInterface function, unsigned i);

/// The names by which a program knows an input or output: `nn.name`, or
/// `input0`, `output0`, … by position.
std::string getInputName(mlir::FunctionOpInterface function, unsigned argument);
std::string getOutputName(mlir::FunctionOpInterface function, unsigned result);

/// True if the argument persists from run to run.
bool hasRole(mlir::FunctionOpInterface function, unsigned argument);

/// The argument called `name`; null if there is none.
mlir::BlockArgument findArgument(mlir::FunctionOpInterface function,
                                 llvm::StringRef name);

/// The argument with `nn.knob` = `knob`; null if there is none.
mlir::BlockArgument findKnob(mlir::FunctionOpInterface function,
                             llvm::StringRef knob);

/// Number of the result with string attribute `attribute` equal to `name`, such
/// as the one that updates an argument.
std::optional<unsigned> findResult(mlir::FunctionOpInterface function,
                                   llvm::StringRef attribute,
                                   llvm::StringRef name);

/// Fails with a message unless the body is one block, as a step's is.
llvm::LogicalResult verifyOneBlock(mlir::FunctionOpInterface function);

/// Appends an argument that persists, with the type of its initial value.
/// `role` is `parameterRole` or `stateRole`; no argument is called `name`.
/// `knob`: its `nn.knob`, if the host sets it between runs.
mlir::BlockArgument addPersistent(mlir::FunctionOpInterface function,
                                  llvm::StringRef name, llvm::StringRef role,
                                  mlir::ElementsAttr init, mlir::Location loc,
                                  llvm::StringRef knob = {});

/// Appends a result, or inserts it as number `index`.
void addResult(mlir::FunctionOpInterface function, mlir::Value value,
               llvm::ArrayRef<mlir::NamedAttribute> attributes,
               std::optional<unsigned> index = std::nullopt);

/// Appends the result that replaces the argument called `name`.
void addUpdate(mlir::FunctionOpInterface function, llvm::StringRef name,
               mlir::Value value);

/// The random key, [0, 0, 0] before the first run; added as `photonic.rng`
/// together with the result that adds 1 to its step, unless the function has
/// one. The body has to have its terminator. Null after an error if something
/// else has that name.
mlir::BlockArgument getRandomKey(mlir::FunctionOpInterface function);

/// What a training step does with the parameters of the network.
struct TrainingSummary {
  struct Group {
    std::vector<std::string> names; ///< in the order of arguments
    int64_t numbers = 0;            ///< elements of all together
  };
  Group trained;    ///< replaced by an optimiser, or given a gradient
  Group statistics; ///< replaced by averages over batches
  Group kept;       ///< frozen, or without a gradient

  /// "training 2 parameters (1,030 numbers), 0 running statistics (0 numbers),
  /// 1 not trained (10 numbers)"
  std::string describe() const;
};

/// Of a function with gradients or an optimiser.
TrainingSummary summarizeTraining(mlir::FunctionOpInterface function);

} // namespace photonic::nn

#endif // PHOTONIC_DIALECT_NN_IR_STEP_H
