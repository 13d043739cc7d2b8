//===- ProductNest.h - The loop nest of an analog product -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTNEST_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTNEST_H

#include "ProgramEmitter.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

namespace photonic {

/// The part of a product that one nest of array passes covers, and how its
/// operands lie in memory: dense blocks in the order of the ONNX tensors.
struct ProductBlock {
  phot::ProductShape shape; ///< of the whole product
  int64_t groups = 1;       ///< groups covered
  int64_t m = 1;            ///< output channels covered in each group
  int64_t images = 1;       ///< images covered
  int64_t outRows = 1;      ///< output rows covered in each image
  int64_t inRows = 1;       ///< rows of the activation block
  int64_t rowOffset = 0;    ///< row in the block where the window starts

  /// The whole product.
  static ProductBlock whole(const phot::ProductShape &shape);

  int64_t getPixels() const { return outRows * shape.outWidth; }
  int64_t getVectors() const { return images * getPixels(); }
  int64_t getWeightBytes() const { return 4 * groups * m * shape.k; }
  int64_t getInputBytes() const {
    return 4 * images * groups * shape.channels * inRows * shape.width;
  }
  int64_t getResultBytes() const { return 4 * groups * m * getVectors(); }

  /// (row = output channel, column = contraction position) in the weights.
  phx::AccessMap getWeightMap() const;
  /// (row = output position, column = contraction position).
  phx::AccessMap getInputMap() const;
  /// (row = output channel, column = output position), or the other way round.
  phx::AccessMap getResultMap(bool channelsAreRows) const;
};

/// Everything that a nest needs beside its block.
struct NestOptions {
  phot::Dataflow dataflow = phot::Dataflow::DF1;
  int64_t rows = 0, cols = 0; ///< of the array
  int64_t cores = 0;
  uint32_t format = 0, product = 0;
  phx::Address weights, input, result;
  /// Output channels and positions that are left; constants unless an
  /// enclosing loop cuts the product into chunks with a smaller last one.
  phx::Affine mRemaining, nRemaining;
};

/// Number of array passes of `block`.
int64_t countPasses(const ProductBlock &block, phot::Dataflow dataflow,
                    int64_t rows, int64_t cols);

/// Emits the loop: tile t runs on core t mod n in round t / n; tiles are
/// numbered (group, output block, contraction block), the last fastest.
/// Returns the instruction indices of the loop and of its end.
std::pair<size_t, size_t> emitNest(ProgramEmitter &emitter,
                                   const ProductBlock &block,
                                   const NestOptions &options);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_PRODUCTNEST_H
