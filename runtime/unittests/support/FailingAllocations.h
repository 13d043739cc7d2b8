//===- FailingAllocations.h - Memory that runs out -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For tests that are programs of their own: FailingAllocations.cpp replaces the
// allocator of the whole program, so that any one allocation may fail.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_FAILINGALLOCATIONS_H
#define PHX_UNITTESTS_SUPPORT_FAILINGALLOCATIONS_H

#include <atomic>
#include <cstdint>

namespace phx::testing {

/// Allocations until one fails; none does at 0.
extern std::atomic<int64_t> countdown;
/// Only those of threads that do not say that they are no helpers.
extern std::atomic<bool> countsHelpersOnly;
extern thread_local bool isHelper;

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_FAILINGALLOCATIONS_H
