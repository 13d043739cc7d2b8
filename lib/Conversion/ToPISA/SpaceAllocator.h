//===- SpaceAllocator.h - Addresses by liveness -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_SPACEALLOCATOR_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_SPACEALLOCATOR_H

#include <cstdint>
#include <map>

namespace photonic {

/// Hands out pieces of one memory space, first fit, in the order in which
/// values come to life; pieces are released when their value dies. Addresses
/// are multiples of 64 bytes.
class SpaceAllocator {
public:
  /// The lowest address at which `bytes` fit.
  int64_t allocate(int64_t bytes);
  /// An address that nothing had before: for what is filled before the program
  /// starts, and so may not lie where an earlier value was.
  int64_t allocateFresh(int64_t bytes);
  /// Returns the piece at `address`; it must have been allocated.
  void release(int64_t address);
  /// Highest end of any piece so far.
  int64_t getPeak() const { return peak; }

  static constexpr int64_t alignment = 64;
  static int64_t align(int64_t bytes) {
    return (bytes + alignment - 1) / alignment * alignment;
  }

private:
  std::map<int64_t, int64_t> live; ///< address to aligned size
  int64_t peak = 0;
};

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_SPACEALLOCATOR_H
