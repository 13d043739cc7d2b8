//===- FailingAllocations.cpp - Memory that runs out -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FailingAllocations.h"

#include <cstdlib>
#include <new>

using namespace phx::testing;

std::atomic<int64_t> phx::testing::countdown{0};
std::atomic<bool> phx::testing::countsHelpersOnly{false};
thread_local bool phx::testing::isHelper = true;

void *operator new(std::size_t size) {
  if (countdown.load() > 0 && (isHelper || !countsHelpersOnly) &&
      countdown.fetch_sub(1) == 1)
    throw std::bad_alloc();
  if (void *bytes = std::malloc(size ? size : 1))
    return bytes;
  throw std::bad_alloc();
}
void operator delete(void *bytes) noexcept { std::free(bytes); }
void operator delete(void *bytes, std::size_t) noexcept { std::free(bytes); }
