//===- NNInterfaces.td - What passes ask of operations --- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// DifferentiableOpInterface and LearningOpInterface are what the passes that
// make a training step ask: the gradient of an operation, and which of its
// operands are learned.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNINTERFACES
#define PHOTONIC_DIALECT_NN_IR_NNINTERFACES

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::photonic::nn";
  let description = [{
    An operation that can build its vector-Jacobian product: from the gradients
    of a loss with respect to its results, those with respect to its operands.
    `nn-generate-backward` refuses an operation between a trainable parameter
    and the loss that does not implement it.

    A gradient has the type of the value it belongs to. What a rule reads of the
    forward pass (operands, results) stays alive until the backward pass: it is
    stashed. Each operation documents what that is.
  }];
  let methods = [
    InterfaceMethod<[{
      Builds operations that compute the gradients of the operands.

      `resultGradients` has one entry per result; null means that the loss does
      not depend on it. At least one is not null. `wanted` has one entry per
      operand; at least one is true. Appends one entry per operand to
      `operandGradients`, a value of the operand's type where it is wanted; null
      where it is not, or where the derivative is zero everywhere.

      `builder` inserts behind everything that the gradients need. New
      operations take the location of this one. An implementation that needs
      more from the forward pass may insert an operation before this one and let
      it replace this one's results; it erases nothing and does not change the
      operands of others. On failure it has emitted a diagnostic.
    }],
    "::llvm::LogicalResult", "buildGradient",
    (ins "::mlir::OpBuilder &":$builder,
         "::llvm::ArrayRef<::mlir::Value>":$resultGradients,
         "::llvm::ArrayRef<bool>":$wanted,
         "::llvm::SmallVectorImpl<::mlir::Value> &":$operandGradients)>,
    InterfaceMethod<[{
      False for an operand whose gradient is zero or does not exist, whatever
      the values are: conditions, labels, random numbers.
    }],
    "bool", "hasDerivative", (ins "unsigned":$operand), "", "return true;">
  ];
}

def LearningOpInterface : OpInterface<"LearningOpInterface"> {
  let cppNamespace = "::photonic::nn";
  let description = [{
    An operation with operands that training determines. `nn-expose-parameters`
    turns constants behind them into arguments of the function.
  }];
  let methods = [
    InterfaceMethod<[{
      The operands that an optimiser changes: weights, biases, scales.
    }],
    "::llvm::SmallVector<::mlir::OpOperand *>", "getParameters">,
    InterfaceMethod<[{
      The operands that follow the data and have no gradient: running
      statistics. Each with the result that replaces it at the end of a step, or
      null if the operation only reads it.
    }],
    "::llvm::SmallVector<std::pair<::mlir::OpOperand *, ::mlir::Value>>",
    "getStatistics", (ins), "", "return {};">
  ];
}

def BatchAxisOpInterface : OpInterface<"BatchAxisOpInterface"> {
  let cppNamespace = "::photonic::nn";
  let description = [{
    An operation that can tell where the samples of a batch are in its results.

    Samples lie *along* a dimension if they are the outermost index of it: with
    B samples its extent is a multiple of B, and sample s has the s-th part of
    it. (A reshape merges the batch with dimensions behind it.) What an
    operation that does not implement this interface makes of samples is not
    known; the outputs that depend on it then have no batch dimension, which is
    safe: several runs are not joined.
  }];
  let methods = [
    InterfaceMethod<[{
      The dimensions of result `result` along which samples lie if those of
      operand `operand` lie along its dimension `axis`: there each sample of the
      result depends on the same sample of the operand only. The extents of both
      dimensions are equal, or differ because the batch is split from what lies
      behind it, or merged. Several dimensions if extents of 1 leave it open
      which it is; none if samples are mixed, dropped or repeated.

      By default the operation computes elements from elements, and shapes are
      aligned at the last dimension.
    }],
    "::llvm::SmallVector<int64_t>", "mapBatchAxis",
    (ins "unsigned":$operand, "int64_t":$axis, "unsigned":$result,
         "int64_t":$batch), "", [{
      return ::photonic::nn::mapElementwiseAxis($_op, operand, axis, result);
    }]>
  ];
}

def CompositeOpInterface : OpInterface<"CompositeOpInterface"> {
  let cppNamespace = "::photonic::nn";
  let description = [{
    An operation that stands for a sequence of primitive operations, which
    `nn-decompose` writes out. Nothing behind `nn` has to know it.
  }];
  let methods = [
    InterfaceMethod<[{
      True if nothing behind `nn` implements the operation as it is.
    }],
    "bool", "isComposite", (ins), "", "return true;">,
    InterfaceMethod<[{
      Builds the sequence at the insertion point of `builder`, at this
      operation's location, and returns one value per result.
    }],
    "::llvm::SmallVector<::mlir::Value>", "decompose",
    (ins "::mlir::OpBuilder &":$builder)>
  ];
}

#endif // PHOTONIC_DIALECT_NN_IR_NNINTERFACES
