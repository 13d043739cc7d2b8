//===- RandomShare.h - How many random programs a test takes ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_RANDOMSHARE_H
#define PHX_UNITTESTS_SUPPORT_RANDOMSHARE_H

#include <cstdint>
#include <cstdlib>

namespace phx::testing {

/// Random programs that a test takes: `share`, what fits into a run of all
/// tests, or as many as the environment variable PHX_RANDOM_PROGRAMS says.
/// Program `i` is the same however many there are.
inline uint64_t getRandomShare(uint64_t share) {
  const char *wanted = std::getenv("PHX_RANDOM_PROGRAMS");
  return wanted ? std::strtoull(wanted, nullptr, 10) : share;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_RANDOMSHARE_H
