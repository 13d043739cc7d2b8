//===- ProductInfo.h - Extents and addressing of products -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution or a fully connected layer seen as G products (M x K)(K x N).
// The one place that knows how m, k and n become elements of tensors.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <array>

namespace photonic::phot {

/// Extents of a product. A fully connected layer is a convolution of 1 x 1
/// images with a 1 x 1 kernel.
struct ProductShape {
  bool hasWindow = false;

  int64_t groups = 1; ///< groups of the convolution
  int64_t m = 1;      ///< output channels per group
  int64_t k = 1;      ///< contraction length per group: KH * KW * channels
  int64_t n = 1;      ///< output positions: batch * outHeight * outWidth

  int64_t batch = 1;
  int64_t channels = 1; ///< input channels per group
  int64_t height = 1, width = 1;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t outHeight = 1, outWidth = 1;
  std::array<int64_t, 2> strides{1, 1}, dilations{1, 1};
  std::array<int64_t, 4> pads{0, 0, 0, 0}; ///< top, left, bottom, right

  /// Computes the extents, or reports through `emitError` which constraint of
  /// `photonic.product` (C1 to C4) does not hold, with both shapes. `window`
  /// may be null.
  static mlir::FailureOr<ProductShape>
  get(mlir::RankedTensorType lhs, mlir::RankedTensorType rhs, WindowAttr window,
      llvm::function_ref<mlir::InFlightDiagnostic()> emitError);
  /// Extents of a verified operation.
  static ProductShape get(ProductOp op);
  static ProductShape get(ArrayProductOp op);

  /// [B, G * M, OH, OW], or [B, M] without window.
  mlir::SmallVector<int64_t> getResultShape() const;

  /// Multiply-accumulate operations: G * M * N * K.
  int64_t getMacs() const { return groups * m * n * k; }

  /// Element number in the result of output channel `row` of `group` at output
  /// position `column`.
  int64_t getResultOffset(int64_t group, int64_t row, int64_t column) const {
    int64_t plane = outHeight * outWidth;
    return ((column / plane) * groups * m + group * m + row) * plane +
           column % plane;
  }
  /// Element number in `lhs` of contraction position `position` of a row.
  int64_t getLhsOffset(int64_t group, int64_t row, int64_t position) const;
  /// Element number in `rhs`, or -1 in the padding.
  int64_t getRhsOffset(int64_t group, int64_t column, int64_t position) const;
};

/// Number of array passes of a product and of vectors per pass.
struct TileCount {
  int64_t tiles = 0;  ///< groups * output blocks * contraction blocks
  int64_t stream = 0; ///< vectors streamed past each tile
};
TileCount countTiles(const ProductShape &shape, Dataflow dataflow, int64_t rows,
                     int64_t columns);

/// Largest magnitude of a sum of products over one group, or 0 if the formats
/// are not integers.
int64_t getSumBound(NumberFormatAttrInterface lhs,
                    NumberFormatAttrInterface rhs);

/// floor((product of moduli - 1) / 2).
int64_t getSignedRange(llvm::ArrayRef<int64_t> moduli);

/// Moduli of the reverse conversion in the region of a product; empty if there
/// is none.
mlir::SmallVector<int64_t> getModuli(mlir::Region &body);

/// Name of the ONNX node in a location: the first `NameLoc` in it, or empty.
llvm::StringRef getNodeName(mlir::Location loc);

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H
