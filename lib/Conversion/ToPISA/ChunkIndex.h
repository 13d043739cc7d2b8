//===- ChunkIndex.h - Chunk numbers in address arithmetic -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKINDEX_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKINDEX_H

#include "ProgramEmitter.h"

#include <algorithm>

namespace photonic {

/// The number of a chunk: a constant, or a loop counter plus an offset.
struct ChunkIndex {
  bool isLoop = false;
  uint8_t loop = 0;
  int64_t value = 0; ///< the constant, or the offset

  static ChunkIndex get(int64_t value) { return {false, 0, value}; }
  static ChunkIndex counter(uint8_t loop, int64_t offset = 0) {
    return {true, loop, offset};
  }

  /// affine + weight * ((index / divisor) mod modulus); modulus 0: no wrap.
  phx::Affine addTo(phx::Affine affine, int64_t weight, int64_t divisor = 1,
                    int64_t modulus = 0) const {
    if (isLoop)
      return plusTerm(std::move(affine),
                      {loop, 1, value, divisor, modulus, weight});
    int64_t digit = value / divisor;
    affine.base += weight * (modulus ? digit % modulus : digit);
    return affine;
  }
  phx::Address addTo(phx::Address address, int64_t weight, int64_t divisor = 1,
                     int64_t modulus = 0) const {
    address.offset = addTo(std::move(address.offset), weight, divisor, modulus);
    return address;
  }
  /// At most `cap`, of what is left of `extent` in front of this chunk.
  phx::Count clip(int64_t cap, int64_t extent, int64_t divisor = 1,
                  int64_t modulus = 0) const {
    if (extent % cap == 0)
      return count(cap);
    phx::Affine left = addTo(constant(extent), -cap, divisor, modulus);
    if (!isLoop)
      return count(std::min(cap, left.base));
    return {cap, std::move(left)};
  }
};

/// `buffers` equal pieces of a scratchpad used in turn.
struct ChunkBuffer {
  uint32_t memory = 0;
  int64_t address = 0, bytes = 0, buffers = 1;

  phx::Address at(const ChunkIndex &index) const {
    phx::Address first{memory, constant(address)};
    return buffers == 1 ? first : index.addTo(first, bytes, 1, buffers);
  }
};

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKINDEX_H
