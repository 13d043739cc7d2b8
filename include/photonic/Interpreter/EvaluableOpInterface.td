//===- EvaluableOpInterface.td - Executable operations --- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operation that implements EvaluableOpInterface can be executed by the
// reference interpreter. The nn dialect implements it for every operation; so
// may any other dialect whose stage is to be compared with nn. What the
// interpreter knows of operations of other dialects is stated here, and it
// knows none of these dialects.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_EVALUABLEOPINTERFACE
#define PHOTONIC_INTERPRETER_EVALUABLEOPINTERFACE

include "mlir/IR/OpBase.td"

def EvaluableOpInterface : OpInterface<"EvaluableOpInterface"> {
  let cppNamespace = "::photonic::interp";
  let description = [{
    An operation that can compute its results from the values of its operands.
    Regions that it has are its own matter: the interpreter does not enter them.
    The implementation is the definition of what the operation
    means, down to the bit where the arithmetic contract says so; it is written
    to be read.
  }];
  let methods = [
    InterfaceMethod<[{
      Computes the results of this operation.

      `operands` holds one value per SSA operand. They belong to the callee: it
      may move from them, and an operand that nobody else needs is then updated
      in place by `Tensor::getMutableData`. Appends one value per SSA result to
      `results`. Tensors have the static shapes of the SSA types. A failure has
      been reported at the location of the operation.
    }],
    "::llvm::LogicalResult", "evaluate",
    (ins "::llvm::MutableArrayRef<::photonic::interp::Value>":$operands,
         "::llvm::SmallVectorImpl<::photonic::interp::Value> &":$results)>
  ];
}

/// Results are tensors of numbers that digital arithmetic computes: the
/// interpreter makes every NaN among them the canonical one.
def DigitalArithmetic : NativeOpTrait<"DigitalArithmetic"> {
  let cppNamespace = "::photonic::interp";
}

/// Results consist of elements of the operands and attributes, as bits: also a
/// NaN keeps its sign and payload, which arithmetic makes canonical.
def MovesElements : NativeOpTrait<"MovesElements"> {
  let cppNamespace = "::photonic::interp";
}

/// Has one region of one block without arguments, which runs once; results are
/// what its terminator yields. The interpreter enters it.
def RunsRegion : NativeOpTrait<"RunsRegion"> {
  let cppNamespace = "::photonic::interp";
}

#endif // PHOTONIC_INTERPRETER_EVALUABLEOPINTERFACE
