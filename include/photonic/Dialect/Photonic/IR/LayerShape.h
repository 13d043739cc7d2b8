//===- LayerShape.h - Convolutions and their views --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The products of a convolution or a fully connected layer, and the views that
// make them products: made from a layer by `photonic-lower-products`, and found
// again in a product by those who cut images and channels.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_LAYERSHAPE_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_LAYERSHAPE_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <array>
#include <optional>

namespace photonic::phot {

/// Which product of a layer. With weights W, images X and outputs Y, and the
/// gradients of a loss with respect to them:
///
/// * Forward: Y = W * X; m = co, n = (b, oh, ow), k = (kh, kw, ci)
/// * InputGradient: dX = W * dY; m = ci, n = (b, oh, ow), k = co
/// * WeightGradient: dW = dY * X; m = co, n = (kh, kw, ci), k = (b, oh, ow)
///
/// The last of several names is the fastest. An input gradient has a position
/// for each element of the kernel.
enum class ProductKind { Forward, InputGradient, WeightGradient };

/// What a view consists of, before anybody has asked whether views reach so
/// far.
struct ViewParts {
  using Digits = llvm::SmallVector<ViewDigit, 4>;

  Digits groups, positions, rows, columns;
  llvm::SmallVector<int64_t, 4> offsets;

  bool operator==(ViewAttr view) const;
  /// The view; null after an error through `emitError` if it is larger than
  /// views may be.
  ViewAttr get(mlir::MLIRContext *context,
               llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const;
};

/// Extents of a layer. A fully connected one is a convolution of 1 x 1 images
/// with a 1 x 1 kernel, whose tensors have rank 2.
struct LayerShape {
  int64_t groups = 1;
  int64_t batch = 1;
  int64_t channels = 1;    ///< input channels per group
  int64_t outChannels = 1; ///< output channels per group
  int64_t height = 1, width = 1;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t outHeight = 1, outWidth = 1;
  std::array<int64_t, 2> strides{1, 1}, dilations{1, 1};
  std::array<int64_t, 2> pads{0, 0}; ///< top, left
  bool isFlat = false;               ///< tensors of rank 2

  int64_t getKernelArea() const { return kernelHeight * kernelWidth; }
  int64_t getOutputPlane() const { return outHeight * outWidth; }

  /// Views of the tensors in the product of `kind`: of weights
  /// [G * co, ci, KH, KW] or [co, ci], images [B, G * ci, H, W] or [B, ci],
  /// outputs [B, G * co, OH, OW] or [B, co].
  ViewParts getWeightView(ProductKind kind) const;
  ViewParts getImageView(ProductKind kind) const;
  ViewParts getOutputView(ProductKind kind) const;
};

/// A product of a layer: its extents by group, as ProductExtents has them.
struct ProductShape : LayerShape {
  ProductKind kind = ProductKind::Forward;
  int64_t positions = 1, m = 1, n = 1, k = 1;

  ProductShape() = default;
  ProductShape(const LayerShape &layer, ProductKind kind);

  /// The product that has exactly these views of tensors of these shapes;
  /// nothing if that is none of a layer.
  static std::optional<ProductShape> match(ArrayProductOp op);
};

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_LAYERSHAPE_H
