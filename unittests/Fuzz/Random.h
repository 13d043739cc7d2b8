//===- Random.h - Choices of a case -----------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_FUZZ_RANDOM_H
#define PHOTONIC_UNITTESTS_FUZZ_RANDOM_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <random>

namespace photonic::fuzz {

/// Makes the choices of one case. The same case makes the same ones on every
/// platform, whatever was drawn before it.
class Random {
public:
  Random(uint64_t seed, uint64_t number)
      : engine(seed * 0x9E3779B97F4A7C15u ^ number * 0xBF58476D1CE4E5B9u) {
    engine.discard(2);
  }

  /// Both included; distributions of the standard library differ.
  int64_t pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % uint64_t(high - low + 1));
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  /// An index of a range of `size` elements, at least one.
  size_t index(size_t size) { return engine() % size; }
  template <typename Range> auto &choose(Range &&range) {
    return range[index(range.size())];
  }
  uint64_t bits() { return engine(); }

private:
  std::mt19937_64 engine;
};

/// A number that code may not have thought of, often close to `old`.
int64_t pickInteger(Random &random, int64_t old);

} // namespace photonic::fuzz

#endif // PHOTONIC_UNITTESTS_FUZZ_RANDOM_H
