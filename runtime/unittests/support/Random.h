//===- Random.h - Random numbers of tests -----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_RANDOM_H
#define PHX_UNITTESTS_SUPPORT_RANDOM_H

#include <cstdint>
#include <vector>

namespace phx::testing {

/// SplitMix64: small, fast, the same everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [low, high].
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % uint64_t(high - low + 1));
  }
  bool oneIn(unsigned n) { return next() % n == 0; }
  template <typename T> const T &pick(const std::vector<T> &from) {
    return from[next() % from.size()];
  }

private:
  uint64_t state;
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_RANDOM_H
