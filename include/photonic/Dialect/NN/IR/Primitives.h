//===- Primitives.h - Builds sequences of primitive operations  -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What gradients, decompositions, optimisers and the importer build formulas
// with.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_PRIMITIVES_H
#define PHOTONIC_DIALECT_NN_IR_PRIMITIVES_H

#include "photonic/Dialect/NN/IR/NN.h"

namespace photonic::nn {

inline mlir::RankedTensorType getTensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// A builder of operations at one location. Shapes follow from the operands,
/// which have to fit.
class Primitives {
public:
  using Value = mlir::Value;
  using Axes = llvm::ArrayRef<int64_t>;

  Primitives(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getLoc() const { return loc; }

  /// One number, of shape [1], which broadcasts to everything but scalars.
  Value constant(float value) { return constant({1}, value); }
  Value constant(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);
  /// One number of rank 0, which broadcasts to everything.
  Value scalar(float value) {
    return constant(llvm::ArrayRef<int64_t>(), value);
  }

  Value add(Value a, Value b) { return AddOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) { return SubOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return MulOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) { return DivOp::create(builder, loc, a, b); }
  Value neg(Value x) { return NegOp::create(builder, loc, x); }
  Value exp(Value x) { return ExpOp::create(builder, loc, x); }
  Value log(Value x) { return LogOp::create(builder, loc, x); }
  Value abs(Value x) { return AbsOp::create(builder, loc, x); }
  Value sqrt(Value x) { return SqrtOp::create(builder, loc, x); }

  Value equal(Value a, Value b) { return EqualOp::create(builder, loc, a, b); }
  Value gate(Value condition, Value x, float slope = 0) {
    return GateOp::create(builder, loc, condition, x, llvm::APFloat(slope));
  }

  /// The operand itself if it has the shape already.
  Value reshape(Value x, llvm::ArrayRef<int64_t> shape);
  Value broadcastTo(Value x, llvm::ArrayRef<int64_t> shape);
  Value slice(Value x, Axes offsets, Axes sizes, Axes strides);

  Value reduceSum(Value x, Axes axes, bool keepdims);
  Value reduceMean(Value x, Axes axes, bool keepdims);
  /// Sum of all elements in row-major order, of shape [1]; their mean.
  Value sumAll(Value x);
  Value meanAll(Value x);

  /// The adjoint of broadcasting from `type` to the shape of `gradient`: sums
  /// over what was repeated.
  Value sumTo(Value gradient, mlir::RankedTensorType type);

  /// One number per channel [C] as [C, 1, ...], to broadcast along the
  /// dimensions behind the channels of a tensor of rank `rank`.
  Value alongChannels(Value vector, int64_t rank);
  /// Sum over all dimensions but 1, of shape [C].
  Value sumOverChannels(Value x);
  Value meanOverChannels(Value x);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace photonic::nn

#endif // PHOTONIC_DIALECT_NN_IR_PRIMITIVES_H
