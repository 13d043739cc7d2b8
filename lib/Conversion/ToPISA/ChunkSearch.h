//===- ChunkSearch.h - Which chunks of a product are the fastest -*- C++ -*-==//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKSEARCH_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKSEARCH_H

#include "ProductChunks.h"

#include <variant>

namespace photonic {

/// Chunks, and why they are those.
struct ChunkChoice {
  ProductChunks chunks;
  /// Of the product in one piece; none if that would fit.
  std::optional<ChunkingFailure> overflow;
  double estimate = 0; ///< nanoseconds
};

/// The chunks with the least estimated time (transfers overlap with array
/// passes), among those whose usual buffers fit into the on-chip memories of
/// `target`; or what is closest to fitting, if nothing does.
std::variant<ChunkChoice, ChunkingFailure>
chooseChunks(const FusedProduct &product, const phx::Target &target);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKSEARCH_H
