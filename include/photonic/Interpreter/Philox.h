//===- Philox.h - Counter-based random numbers ---------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011, figure 4 and table 2. A pure function of counter
// and key: any element of any stream can be made alone.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_PHILOX_H
#define PHOTONIC_INTERPRETER_PHILOX_H

#include <array>
#include <cstdint>

namespace photonic::interp {

using PhiloxKey = std::array<uint32_t, 2>;
using PhiloxBlock = std::array<uint32_t, 4>;

/// Four random words for one counter.
inline PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53u) * counter[0];
    uint64_t b = uint64_t(0xCD9E8D57u) * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b),
               uint32_t(a >> 32) ^ counter[3] ^ key[1], uint32_t(a)};
    key[0] += 0x9E3779B9u; // golden ratio
    key[1] += 0xBB67AE85u; // sqrt(3) - 1
  }
  return counter;
}

/// What keys the random numbers of a step: the contents of `photonic.rng`.
struct RandomKey {
  uint32_t seed = 0, trial = 0, step = 0;
};

/// Element `element` of stream `stream`, a multiple of 2^-24 in [0, 1).
inline float getUniform(const RandomKey &key, uint32_t stream,
                        uint64_t element) {
  uint64_t block = element / 4;
  PhiloxBlock words =
      philox({uint32_t(block), uint32_t(block >> 32), stream, key.step},
             {key.seed, key.trial});
  return float(words[element % 4] >> 8) * 0x1p-24f;
}

} // namespace photonic::interp

#endif // PHOTONIC_INTERPRETER_PHILOX_H
