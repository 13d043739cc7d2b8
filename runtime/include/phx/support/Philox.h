//===- Philox.h - Counter-based random numbers ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011): a bijection of 128 counter bits that a key of 64 bits
// selects. Every random number of a program is a function of what it is for, so
// that order, tiles, threads and restarts never change it:
//
//   key      word 0: seed        word 1: trial
//   counter  words 0, 1: low and high half of element / 4
//            word 2: stream      word 3: step
//   number   (word element mod 4 of the result >> 8) * 2^-24, in [0, 1)
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_PHILOX_H
#define PHX_SUPPORT_PHILOX_H

#include <array>
#include <cstdint>

namespace phx {

/// Operations of the vector unit per number: of the ten rounds for four
/// numbers, two multiplications (both halves) and four exclusive ors each; then
/// shift, conversion to binary32 and scaling. The keys of the rounds are the
/// same for all lanes and computed once.
inline constexpr unsigned randomOps = 10 * (2 + 4) / 4 + 3;

namespace philox {

inline constexpr uint32_t multiplier0 = 0xd2511f53u, multiplier1 = 0xcd9e8d57u;
inline constexpr uint32_t weyl0 = 0x9e3779b9u, weyl1 = 0xbb67ae85u;
inline constexpr int rounds = 10;

using Block = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

/// The four words of `counter` under `key`.
inline constexpr Block encrypt(Block counter, Key key) {
  for (int round = 0; round < rounds; ++round) {
    uint64_t a = uint64_t(multiplier0) * counter[0];
    uint64_t b = uint64_t(multiplier1) * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b),
               uint32_t(a >> 32) ^ counter[3] ^ key[1], uint32_t(a)};
    key[0] += weyl0;
    key[1] += weyl1;
  }
  return counter;
}

} // namespace philox

/// What a program's random numbers depend on besides stream and element.
struct RandomKey {
  uint32_t seed = 0, trial = 0, step = 0;
};

/// The four words for elements 4 * block to 4 * block + 3 of `stream`.
inline constexpr philox::Block getRandomBlock(const RandomKey &key,
                                              uint32_t stream, uint64_t block) {
  return philox::encrypt(
      {uint32_t(block), uint32_t(block >> 32), stream, key.step},
      {key.seed, key.trial});
}

/// A word as a number in [0, 1), a multiple of 2^-24.
inline constexpr float toUniform(uint32_t word) {
  return float(word >> 8) * 0x1p-24f;
}

} // namespace phx

#endif // PHX_SUPPORT_PHILOX_H
