//===- HierarchyRemarks.h - What is cut and fused, and why ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYREMARKS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYREMARKS_H

#include "Chunking.h"
#include "HierarchyScheduler.h"

namespace photonic {

/// One dimension that a product is cut along.
struct ChunkedDim {
  int64_t chunks = 1;
  llvm::StringRef name; ///< of its elements
  int64_t extent = 1;   ///< of one chunk, the last one may be smaller
};

/// A remark `Chunks`: into how many pieces a product is cut, along what, and
/// whether it had to be.
void reportChunks(phot::ArrayProductOp op, const ChunkChoice &choice,
                  llvm::ArrayRef<ChunkedDim> dims);

/// A remark `Fuse`: the operations that are computed on the chunks of a product
/// while they are on chip, and what keeps the next one out.
void reportFusion(const FusedProduct &group);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYREMARKS_H
