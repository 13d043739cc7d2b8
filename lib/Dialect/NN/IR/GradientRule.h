//===- GradientRule.h - One application of a gradient rule ---- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_IR_GRADIENTRULE_H
#define PHOTONIC_LIB_DIALECT_NN_IR_GRADIENTRULE_H

#include "photonic/Dialect/NN/IR/Primitives.h"

namespace photonic::nn {

/// The arguments of `buildGradient`, with the operations to build from.
class GradientRule : public Primitives {
public:
  GradientRule(mlir::Operation *op, mlir::OpBuilder &builder,
               llvm::ArrayRef<Value> resultGradients,
               llvm::ArrayRef<bool> wanted,
               llvm::SmallVectorImpl<Value> &operandGradients)
      : Primitives(builder, op->getLoc()), dy(resultGradients.front()), op(op),
        wanted(wanted), gradients(operandGradients) {
    gradients.assign(op->getNumOperands(), Value());
  }

  bool wants(unsigned operand) const {
    return operand < wanted.size() && wanted[operand];
  }

  /// Sets the gradient of an operand.
  void set(unsigned operand, Value gradient) { gradients[operand] = gradient; }

  /// Sets the gradient of an operand that was broadcast.
  void setBroadcast(unsigned operand, Value gradient) {
    set(operand, sumTo(gradient, getTensorType(op->getOperand(operand))));
  }

  /// The gradient of the first result; null if there is none.
  Value dy;

private:
  mlir::Operation *op;
  llvm::ArrayRef<bool> wanted;
  llvm::SmallVectorImpl<Value> &gradients;
};

/// Defines `buildGradient` of an operation by a function `apply(op, rule)`.
#define PHOTONIC_NN_GRADIENT(OP, APPLY)                                        \
  LogicalResult OP::buildGradient(                                             \
      OpBuilder &builder, ArrayRef<Value> resultGradients,                     \
      ArrayRef<bool> wanted, SmallVectorImpl<Value> &operandGradients) {       \
    GradientRule rule(*this, builder, resultGradients, wanted,                 \
                      operandGradients);                                       \
    APPLY(*this, rule);                                                        \
    return success();                                                          \
  }

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_IR_GRADIENTRULE_H
