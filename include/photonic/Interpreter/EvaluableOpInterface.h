//===- EvaluableOpInterface.h - Executable operations --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What dialects implement in order to be executed. The dialects include this;
// nothing in the interpreter includes a dialect of ours.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_EVALUABLEOPINTERFACE_H
#define PHOTONIC_INTERPRETER_EVALUABLEOPINTERFACE_H

#include "mlir/IR/OpDefinition.h"
#include "photonic/Interpreter/Tensor.h"

namespace photonic::interp {

/// Trait of operations whose results are tensors of numbers that digital
/// arithmetic computes: every NaN that they compute is the canonical one. Not
/// those that they move (`MovesElements`) or hold (`ConstantLike`).
template <typename ConcreteType>
class DigitalArithmetic
    : public mlir::OpTrait::TraitBase<ConcreteType, DigitalArithmetic> {};

/// Trait of operations whose results consist of elements of the operands and of
/// attributes, moved as bits.
template <typename ConcreteType>
class MovesElements
    : public mlir::OpTrait::TraitBase<ConcreteType, MovesElements> {};

/// Trait of operations with one region of one block without arguments, which
/// runs once: results are what its terminator yields.
template <typename ConcreteType>
class RunsRegion : public mlir::OpTrait::TraitBase<ConcreteType, RunsRegion> {};

} // namespace photonic::interp

#include "photonic/Interpreter/EvaluableOpInterface.h.inc"

#endif // PHOTONIC_INTERPRETER_EVALUABLEOPINTERFACE_H
