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
// that order, tiles, threads and restarts never change it. Words, from the
// lowest bit on:
//
//   key      word 0: seed 24, source 4, modulus 4
//            word 1: trial 24, attempt 8
//   counter  word 0: block 32, the low bits of element / 4
//            word 1: block 16, the high bits; pass 16, the low bits
//            word 2: stream 32
//            word 3: step 24; pass 8, the high bits
//   number   (word element mod 4 of the result >> 8) * 2^-24, in [0, 1)
//
// Fields do not overlap, so that no two uses share a number, and switching one
// source off moves no other. docs/isa.md, section 6.5, is the specification.
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

/// What all random numbers of a run depend on; each is below 2^24.
struct RandomKey {
  uint32_t seed = 0, trial = 0, step = 0;
};

/// Who draws.
enum class RandomSource : uint8_t {
  Program = 0, ///< what programs number: operands of products, `vec_random`
  /// Noise of arrays, as machine classes number it, from here to 15.
  Noise = 1,
};

/// What a random number is for, beside its element. Fields that a source does
/// not need are 0.
struct RandomUse {
  uint32_t stream = 0; ///< of an operand of a product, or of an operation
  RandomSource source = RandomSource::Program;
  uint32_t modulus = 0; ///< number of the modulus, below 2^4
  uint32_t pass = 0;    ///< of the array along the contraction, below 2^24
  uint32_t attempt = 0; ///< repeated after a detected error, below 2^8
};

/// Elements of a stream are numbered below this.
inline constexpr int64_t randomElements = int64_t(1) << 50;

/// The words that all blocks of one use have in common.
struct RandomSequence {
  philox::Key key;
  uint32_t high; ///< of counter word 1, beside the block
  uint32_t stream, last;
};

inline constexpr RandomSequence getSequence(const RandomKey &key,
                                            const RandomUse &use) {
  return {{key.seed | uint32_t(use.source) << 24 | use.modulus << 28,
           key.trial | use.attempt << 24},
          use.pass << 16,
          use.stream,
          key.step | use.pass >> 16 << 24};
}

/// The four words for elements 4 * block to 4 * block + 3.
inline constexpr philox::Block getRandomBlock(const RandomSequence &sequence,
                                              uint64_t block) {
  return philox::encrypt({uint32_t(block),
                          uint32_t(block >> 32) | sequence.high,
                          sequence.stream, sequence.last},
                         sequence.key);
}
inline constexpr philox::Block getRandomBlock(const RandomKey &key,
                                              const RandomUse &use,
                                              uint64_t block) {
  return getRandomBlock(getSequence(key, use), block);
}

/// A word as a number in [0, 1), a multiple of 2^-24.
inline constexpr float toUniform(uint32_t word) {
  return float(word >> 8) * 0x1p-24f;
}

} // namespace phx

#endif // PHX_SUPPORT_PHILOX_H
