//===- ProductBlock.h - Parts of the products of a layer --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTBLOCK_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTBLOCK_H

#include "ProductNest.h"

#include "photonic/Dialect/Photonic/IR/LayerShape.h"

namespace photonic {

/// The part of a product that one nest of array passes covers, and how its
/// tensors lie in memory: dense blocks in the order of the ONNX tensors.
///
/// Three index spaces describe the products of a layer, whichever of them is
/// row, column or contraction: output channels, patch elements (kh, kw, ci) and
/// output elements (image, oh, ow). Weights have the first two, images the last
/// two, outputs the first and the last.
struct ProductBlock {
  phot::ProductShape shape; ///< of the whole product
  int64_t groups = 1;       ///< groups covered
  int64_t outChannels = 1;  ///< output channels covered in each group
  int64_t channels = 1;     ///< input channels covered in each group
  int64_t images = 1;       ///< images covered
  int64_t outRows = 1;      ///< output rows covered in each image
  int64_t inRows = 1;       ///< rows of the block of images
  int64_t rowOffset = 0;    ///< row in the block where the window starts

  /// The whole product.
  static ProductBlock whole(const phot::ProductShape &shape);

  int64_t getPixels() const { return outRows * shape.outWidth; }
  int64_t getOutputs() const { return images * getPixels(); }
  int64_t getPatch() const { return channels * shape.getKernelArea(); }

  /// Extents of the block's product, per group; `getRows` per position.
  int64_t getRows() const;
  int64_t getColumns() const;
  int64_t getContraction() const;

  int64_t getWeightBytes() const {
    return 4 * groups * outChannels * getPatch();
  }
  int64_t getImageBytes() const {
    return 4 * images * groups * channels * inRows * shape.width;
  }
  int64_t getOutputBytes() const {
    return 4 * groups * outChannels * getOutputs();
  }

  /// Bytes of the operands and the result.
  int64_t getLhsBytes() const;
  int64_t getRhsBytes() const;
  int64_t getResultBytes() const;

  /// (row, contraction position) in the left operand; for an input gradient
  /// rows are numbered position * shape.m + row.
  phx::AccessMap getLhsMap() const;
  /// (column, contraction position) in the right operand.
  phx::AccessMap getRhsMap() const;
  /// (row, column) in the result.
  phx::AccessMap getResultMap() const;
  /// Bytes from one group to the next in operands and result.
  int64_t getLhsGroupBytes() const;
  int64_t getRhsGroupBytes() const;
  int64_t getResultGroupBytes() const;

  NestBlock getNestBlock() const;
};

/// Number of array passes of `block`.
int64_t countBlockPasses(const ProductBlock &block, phot::Stationary stationary,
                         int64_t rows, int64_t cols, int64_t term);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTBLOCK_H
