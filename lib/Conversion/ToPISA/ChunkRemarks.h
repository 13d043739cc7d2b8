//===- ChunkRemarks.h - What is fused, cut and kept, and why ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKREMARKS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKREMARKS_H

#include "ChunkSearch.h"
#include "DigitalChunks.h"

namespace photonic {

/// A remark `Fuse`: the operations that are computed on the chunks of a product
/// while they are on chip, and what keeps the next one out.
void reportFusion(phot::FusedOp op);

/// A remark `Chunks`: into how many pieces an operation is cut, along what, and
/// whether it had to be.
void reportChunks(const FusedProduct &product, const ChunkChoice &choice);
void reportChunks(const DigitalChunks &chunks);

/// A remark `Buffers`: how many chunks of what are on chip at once, in bytes.
void reportBuffers(const FusedProduct &product, const ProductChunks &chunks,
                   const ProductBuffers &buffers);
void reportBuffers(const DigitalChunks &chunks);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKREMARKS_H
