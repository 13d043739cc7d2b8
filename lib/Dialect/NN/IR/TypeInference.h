//===- TypeInference.h - Shared rules of result types --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rules that several operations share. Each reports at `loc`, if there is one,
// what was expected and what was found.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_IR_TYPEINFERENCE_H
#define PHOTONIC_LIB_DIALECT_NN_IR_TYPEINFERENCE_H

#include "photonic/Dialect/NN/IR/NN.h"

namespace photonic::nn {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

inline mlir::RankedTensorType makeType(mlir::RankedTensorType like,
                                       llvm::ArrayRef<int64_t> shape) {
  return mlir::RankedTensorType::get(shape, like.getElementType());
}

/// Everything at least `minimum`, of the given length.
llvm::LogicalResult checkNumbers(std::optional<mlir::Location> loc,
                                 llvm::StringRef what,
                                 llvm::ArrayRef<int64_t> numbers, size_t length,
                                 int64_t minimum);

/// One vector of numbers per channel, dimension 1 of `x`, for each operand.
llvm::LogicalResult checkChannelVectors(std::optional<mlir::Location> loc,
                                        mlir::RankedTensorType x,
                                        llvm::ArrayRef<const char *> names,
                                        mlir::ValueRange operands);

llvm::LogicalResult checkEpsilon(std::optional<mlir::Location> loc,
                                 const llvm::APFloat &epsilon);

/// Bounds of a clip: min <= max, neither NaN.
llvm::LogicalResult checkBounds(std::optional<mlir::Location> loc,
                                const llvm::APFloat &min,
                                const llvm::APFloat &max);

/// Type of the common shape after NumPy broadcasting.
llvm::FailureOr<mlir::RankedTensorType>
inferBroadcast(std::optional<mlir::Location> loc, mlir::RankedTensorType a,
               mlir::RankedTensorType b);

/// `step` elements of `small` from `offsets` on lie inside of `large`.
llvm::LogicalResult checkPart(std::optional<mlir::Location> loc,
                              mlir::RankedTensorType large,
                              llvm::ArrayRef<int64_t> offsets,
                              llvm::ArrayRef<int64_t> sizes,
                              llvm::ArrayRef<int64_t> strides);

/// Attributes of a convolution.
struct ConvolutionAttributes {
  template <typename T> static ConvolutionAttributes get(T op) {
    return {op.getStrides(), op.getPads(), op.getDilations(),
            static_cast<int64_t>(op.getGroups())};
  }
  llvm::ArrayRef<int64_t> strides, pads, dilations;
  int64_t groups;
};

/// Type of the convolution of `x` with weights `w`, without a bias.
llvm::FailureOr<mlir::RankedTensorType>
inferConvolution(std::optional<mlir::Location> loc, mlir::RankedTensorType x,
                 mlir::RankedTensorType w,
                 const ConvolutionAttributes &attributes);

/// Attributes of a pool.
struct PoolAttributes {
  template <typename T> static PoolAttributes get(T op) {
    return {op.getKernel(), op.getStrides(), op.getPads(), op.getDilations(),
            op.getCeilMode()};
  }
  llvm::ArrayRef<int64_t> kernel, strides, pads, dilations;
  bool ceilMode;
  /// With `count_include_pad`.
  bool countPadding = false;
};

/// Type of a pool of `x`.
llvm::FailureOr<mlir::RankedTensorType>
inferPool(std::optional<mlir::Location> loc, mlir::RankedTensorType x,
          const PoolAttributes &attributes);

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_IR_TYPEINFERENCE_H
