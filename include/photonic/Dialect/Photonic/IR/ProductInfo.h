//===- ProductInfo.h - Extents and addressing of products -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution, a fully connected layer or one of their gradients seen as G
// products (M x K)(K x N). The one place that knows how m, k, n and kernel
// positions become elements of tensors.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <array>

namespace photonic::phot {

/// Extents of a product. A fully connected layer is a convolution of 1 x 1
/// images with a 1 x 1 kernel.
///
/// Rows are those of the left operand within one group and one position,
/// columns those of the right operand within one group. Only an input gradient
/// has more than one position; its rows of the left operand are numbered
/// position * m + row in memory and in random streams.
struct ProductShape {
  ProductKind kind = ProductKind::Forward;
  bool hasWindow = false;

  int64_t groups = 1;    ///< groups of the convolution
  int64_t positions = 1; ///< kernel positions with products of their own
  int64_t m = 1;         ///< rows per group and position
  int64_t k = 1;         ///< contraction length per group
  int64_t n = 1;         ///< columns per group

  int64_t batch = 1;
  int64_t channels = 1;    ///< input channels per group
  int64_t outChannels = 1; ///< output channels per group
  int64_t height = 1, width = 1;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t outHeight = 1, outWidth = 1;
  std::array<int64_t, 2> strides{1, 1}, dilations{1, 1};
  std::array<int64_t, 4> pads{0, 0, 0, 0}; ///< top, left, bottom, right

  /// Computes the extents, or reports through `emitError` which constraint of
  /// `photonic.product` (C1 to C4) does not hold, with the shapes. `window` may
  /// be null, and so may `result` of a forward product, which follows from the
  /// operands.
  static mlir::FailureOr<ProductShape>
  get(ProductKind kind, mlir::RankedTensorType lhs, mlir::RankedTensorType rhs,
      mlir::RankedTensorType result, WindowAttr window,
      llvm::function_ref<mlir::InFlightDiagnostic()> emitError);
  /// Extents of a verified operation.
  static ProductShape get(ProductOp op);
  static ProductShape get(ArrayProductOp op);

  /// Shapes of the tensors of the layer: weights [G * co, ci, KH, KW] or
  /// [co, ci], images [B, G * ci, H, W] or [B, ci], outputs
  /// [B, G * co, OH, OW] or [B, co].
  mlir::SmallVector<int64_t> getWeightShape() const;
  mlir::SmallVector<int64_t> getImageShape() const;
  mlir::SmallVector<int64_t> getOutputShape() const;
  mlir::SmallVector<int64_t> getResultShape() const;

  /// Multiply-accumulate operations.
  int64_t getMacs() const { return groups * positions * m * n * k; }
  int64_t getKernelArea() const { return kernelHeight * kernelWidth; }
  int64_t getOutputPlane() const { return outHeight * outWidth; }

  /// True if every contribution is added to what is in memory, which has to be
  /// +0 first: some elements of the result meet several positions, or none.
  bool accumulates() const;

  /// Element number in `lhs`; `row` is position * m + row.
  int64_t getLhsOffset(int64_t group, int64_t row, int64_t k) const;
  /// Element number in `rhs`, or -1 in the padding.
  int64_t getRhsOffset(int64_t group, int64_t column, int64_t k) const;
  /// Element number in the result of row 0 of `position`, or -1 if nothing
  /// there is inside of the result. Row r is r * getResultRowStride() behind.
  int64_t getResultOffset(int64_t group, int64_t position,
                          int64_t column) const;
  int64_t getResultRowStride() const;

private:
  /// Number of the element of the image under kernel position `position` of
  /// output element `column` = (b, oh, ow), first channel of `group`, or -1 in
  /// the padding.
  int64_t getImageOffset(int64_t group, int64_t column, int64_t position) const;
  /// The same for the output element itself.
  int64_t getOutputOffset(int64_t group, int64_t column) const;
};

/// Dimensions of a nest of tiles; the numbers index lists of them.
enum class TileDim : unsigned {
  Group = 0,       ///< of the convolution
  Block = 1,       ///< rows of the stationary operand
  Contraction = 2, ///< groups of the formats
  Turn = 3,        ///< kernel positions, from the last to the first
};
/// The loops of a nest, outermost first.
mlir::SmallVector<TileDim> getTileDims(ProductKind kind, Dataflow dataflow);
/// Extent of a dimension in rows, elements, groups or positions.
int64_t getTileExtent(const ProductShape &shape, Dataflow dataflow,
                      TileDim dim);

/// Passes along a contraction of `k` elements in groups of `group` on an array
/// of `columns` columns: a longer group takes several, a shorter one takes one
/// of its own.
int64_t countPasses(int64_t k, int64_t group, int64_t columns);

/// Number of array passes of a product and of vectors per pass.
struct TileCount {
  int64_t tiles = 0;  ///< groups * positions * output blocks * passes
  int64_t stream = 0; ///< vectors streamed past each tile
};
/// `rows` and `columns` of the array, `group` elements per group.
TileCount countTiles(const ProductShape &shape, Dataflow dataflow, int64_t rows,
                     int64_t columns, int64_t group);

/// Largest magnitude of a sum of `length` products, or 0 if the formats are not
/// integers.
int64_t getSumBound(NumberFormatAttrInterface lhs,
                    NumberFormatAttrInterface rhs, int64_t length);

/// Type of a sum of products over one group of two formats of the same kind and
/// group length: f32, or the narrower of i32 and i64 that holds it.
mlir::Type getSumType(NumberFormatAttrInterface lhs,
                      NumberFormatAttrInterface rhs);

/// Elements per operand that the region of a product takes; 0 if it is empty.
int64_t getPassLength(mlir::Region &body);

/// floor((product of moduli - 1) / 2).
int64_t getSignedRange(llvm::ArrayRef<int64_t> moduli);

/// Moduli of the reverse conversion in the region of a product; empty if there
/// is none.
mlir::SmallVector<int64_t> getModuli(mlir::Region &body);

/// True for the layers of nn, and their gradients, that are products:
/// `photonic-lower-products` replaces them.
bool isLayer(mlir::Operation *op);

/// Name of the ONNX node in a location: the first `NameLoc` in it, or empty.
llvm::StringRef getNodeName(mlir::Location loc);

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H
