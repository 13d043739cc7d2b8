//===- SpaceAllocator.cpp - Addresses by liveness -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SpaceAllocator.h"

#include <algorithm>
#include <cassert>

using namespace photonic;

int64_t SpaceAllocator::allocate(int64_t bytes) {
  int64_t size = std::max(align(bytes), alignment);
  int64_t candidate = 0;
  for (auto [address, liveSize] : live) {
    if (address - candidate >= size)
      break;
    candidate = address + liveSize;
  }
  live.emplace(candidate, size);
  peak = std::max(peak, candidate + size);
  return candidate;
}

int64_t SpaceAllocator::allocateFresh(int64_t bytes) {
  int64_t address = peak;
  peak += std::max(align(bytes), alignment);
  live.emplace(address, peak - address);
  return address;
}

void SpaceAllocator::release(int64_t address) {
  [[maybe_unused]] size_t erased = live.erase(address);
  assert(erased == 1 && "released a piece that is not live");
}
