//===- Kernels.cpp - Inner loops over 64 lanes ----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

using namespace phx;
using namespace phx::rns;

// One function body, compiled for several generations of processors; the
// loader picks. Values do not depend on the choice.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__)
#define PHX_CLONES                                                             \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PHX_CLONES
#endif

// 64 bytes of lanes, as a vector type of the compiler: the accumulators of the
// products must stay in registers.
using Lanes16 = int16_t __attribute__((vector_size(64)));
using Lanes32 = int32_t __attribute__((vector_size(64)));
using LanesFloat = float __attribute__((vector_size(64)));
using Half16 = int16_t __attribute__((vector_size(32)));

PHX_CLONES void rns::groupExponents(const uint32_t *__restrict values,
                                     int64_t cols,
                                     uint32_t *__restrict largest) {
  int32_t best[laneCount] = {};
  for (int64_t c = 0; c < cols; ++c)
    for (int l = 0; l < laneCount; ++l) {
      int32_t field = int32_t(values[c * laneCount + l] & exponentMask);
      best[l] = field > best[l] ? field : best[l];
    }
  std::memcpy(largest, best, sizeof best);
}

PHX_CLONES uint64_t rns::toMantissas(const uint32_t *__restrict values,
                                      const float *__restrict first,
                                      const float *__restrict second,
                                      const uint32_t *__restrict words,
                                      const OperandPlan &plan,
                                      int16_t *__restrict out) {
  float scaled[laneCount];
  for (int l = 0; l < laneCount; ++l) {
    // Subnormals count as zero.
    uint32_t bits = values[l] & exponentMask ? values[l] : 0;
    scaled[l] = std::bit_cast<float>(bits) * first[l] * second[l];
  }
  if (plan.rounding == Rounding::Nearest) {
    float most = float(plan.maxMantissa);
    for (int l = 0; l < laneCount; ++l) {
      // |scaled| < 2^16: adding 1.5 * 2^23 leaves the integer, ties to even.
      float y = (scaled[l] + 12582912.0f) - 12582912.0f;
      y = y > most ? most : y;
      scaled[l] = y < -most ? -most : y;
    }
  } else if (plan.rounding == Rounding::Stochastic) {
    double most = double(plan.maxMantissa);
    for (int l = 0; l < laneCount; ++l) {
      // |scaled| + u is exact wherever it reaches the next integer: then
      // |scaled| is no smaller than the last place of u, 2^-24.
      double y = std::fabs(double(scaled[l])) +
                 double(int32_t(words[l] >> 8)) * 0x1p-24;
      y = y > most ? most : y;
      float whole = float(int32_t(y));
      scaled[l] = scaled[l] < 0 ? -whole : whole;
    }
  }
  int32_t lost = 0;
  for (int l = 0; l < laneCount; ++l) {
    int32_t m = int32_t(scaled[l]);
    out[l] = int16_t(m);
    lost += int32_t(m == 0) & int32_t((values[l] & 0x7fffffffu) != 0);
  }
  return uint64_t(lost);
}

PHX_CLONES static void encryptLanes(const RandomSequence &sequence,
                                    const uint64_t *__restrict blocks,
                                    uint32_t *__restrict out) {
  uint32_t x[4][laneCount];
  for (int l = 0; l < laneCount; ++l) {
    x[0][l] = uint32_t(blocks[l]);
    x[1][l] = uint32_t(blocks[l] >> 32) | sequence.high;
    x[2][l] = sequence.stream;
    x[3][l] = sequence.last;
  }
  uint32_t k0 = sequence.key[0], k1 = sequence.key[1];
  for (int round = 0; round < philox::rounds; ++round) {
    for (int l = 0; l < laneCount; ++l) {
      uint64_t a = uint64_t(philox::multiplier0) * x[0][l];
      uint64_t b = uint64_t(philox::multiplier1) * x[2][l];
      x[0][l] = uint32_t(b >> 32) ^ x[1][l] ^ k0;
      x[2][l] = uint32_t(a >> 32) ^ x[3][l] ^ k1;
      x[1][l] = uint32_t(b);
      x[3][l] = uint32_t(a);
    }
    k0 += philox::weyl0;
    k1 += philox::weyl1;
  }
  std::memcpy(out, x, sizeof x);
}

void rns::randomWords(const RandomSequence &sequence,
                       const uint64_t *elements, int64_t count,
                       uint32_t *words) {
  uint64_t blocks[laneCount];
  int shift[laneCount]; // column of word 0 of the lane's first block, negated
  for (int l = 0; l < laneCount; ++l) {
    blocks[l] = elements[l] / 4;
    shift[l] = int(elements[l] % 4);
  }
  uint32_t out[4][laneCount];
  for (int64_t c = 0; c < count + 3; c += 4) {
    encryptLanes(sequence, blocks, out[0]);
    for (int l = 0; l < laneCount; ++l) {
      ++blocks[l];
      for (int w = 0; w < 4; ++w)
        if (int64_t at = c + w - shift[l]; at >= 0 && at < count)
          words[at * laneCount + l] = out[w][l];
    }
  }
}

PHX_CLONES void rns::dot16(const int16_t *x, const int16_t *w, int64_t cols,
                            int lanes, int32_t *sums) {
  for (int first = 0; first < lanes; first += 32) {
    Lanes16 a0 = {}, a1 = {}, a2 = {}, a3 = {};
    for (int64_t c = 0; c < cols; ++c) {
      Lanes16 v;
      std::memcpy(&v, x + c * laneCount + first, sizeof v);
      const int16_t *row = w + c * laneCount;
      a0 += v * row[0];
      a1 += v * row[1];
      a2 += v * row[2];
      a3 += v * row[3];
    }
    int16_t narrow[rowStep][32];
    std::memcpy(narrow[0], &a0, sizeof a0);
    std::memcpy(narrow[1], &a1, sizeof a1);
    std::memcpy(narrow[2], &a2, sizeof a2);
    std::memcpy(narrow[3], &a3, sizeof a3);
    for (int r = 0; r < rowStep; ++r)
      for (int l = 0; l < 32; ++l)
        sums[r * laneCount + first + l] = narrow[r][l];
  }
}

PHX_CLONES void rns::dot32(const int16_t *x, const int16_t *w, int64_t cols,
                            int lanes, int32_t *sums) {
  for (int first = 0; first < lanes; first += 16) {
    Lanes32 a0 = {}, a1 = {}, a2 = {}, a3 = {};
    for (int64_t c = 0; c < cols; ++c) {
      Half16 narrow;
      std::memcpy(&narrow, x + c * laneCount + first, sizeof narrow);
      Lanes32 v = __builtin_convertvector(narrow, Lanes32);
      const int16_t *row = w + c * laneCount;
      a0 += v * int32_t(row[0]);
      a1 += v * int32_t(row[1]);
      a2 += v * int32_t(row[2]);
      a3 += v * int32_t(row[3]);
    }
    std::memcpy(sums + first, &a0, sizeof a0);
    std::memcpy(sums + laneCount + first, &a1, sizeof a1);
    std::memcpy(sums + 2 * laneCount + first, &a2, sizeof a2);
    std::memcpy(sums + 3 * laneCount + first, &a3, sizeof a3);
  }
}

void rns::dot64(const int16_t *x, const int16_t *w, int64_t cols, int lanes,
                 int64_t *sums) {
  for (int l = 0; l < lanes; ++l) {
    int64_t sum = 0;
    for (int64_t c = 0; c < cols; ++c)
      sum += int64_t(x[c * laneCount + l]) * w[c * laneCount];
    sums[l] = sum;
  }
}

PHX_CLONES void rns::dotFloat(const uint32_t *x, const uint32_t *w,
                               int64_t cols, int lanes, float *sums) {
  for (int first = 0; first < lanes; first += 16) {
    LanesFloat a0, a1, a2, a3;
    std::memcpy(&a0, sums + first, sizeof a0);
    std::memcpy(&a1, sums + laneCount + first, sizeof a1);
    std::memcpy(&a2, sums + 2 * laneCount + first, sizeof a2);
    std::memcpy(&a3, sums + 3 * laneCount + first, sizeof a3);
    for (int64_t c = 0; c < cols; ++c) {
      LanesFloat v;
      float row[rowStep];
      std::memcpy(&v, x + c * laneCount + first, sizeof v);
      std::memcpy(row, w + c * laneCount, sizeof row);
      a0 += v * row[0];
      a1 += v * row[1];
      a2 += v * row[2];
      a3 += v * row[3];
    }
    std::memcpy(sums + first, &a0, sizeof a0);
    std::memcpy(sums + laneCount + first, &a1, sizeof a1);
    std::memcpy(sums + 2 * laneCount + first, &a2, sizeof a2);
    std::memcpy(sums + 3 * laneCount + first, &a3, sizeof a3);
  }
}

// x mod m for |x| < 2^31 and |x| / m < 2^22: a quotient that is off by at most
// one, corrected.
static inline __attribute__((always_inline)) int32_t reduce(int32_t x,
                                                            int32_t modulus,
                                                            float reciprocal) {
  int32_t quotient = int32_t(float(x) * reciprocal);
  int32_t r = x - quotient * modulus;
  r += r < 0 ? modulus : 0;
  r += r < 0 ? modulus : 0;
  r -= r >= modulus ? modulus : 0;
  return r;
}

PHX_CLONES void rns::reconstruct32(const ProductPlan &plan,
                                    int32_t *__restrict sums, int lanes) {
  constexpr int size = rowStep * laneCount;
  int32_t product = int32_t(plan.moduliProduct);
  int32_t most = int32_t(plan.signedRange);
  float reciprocal = 1.0f / float(product);
  int32_t total[laneCount];
  for (int r = 0; r < rowStep; ++r) {
    int32_t *out = sums + r * laneCount;
    for (int l = 0; l < lanes; ++l)
      total[l] = 0;
    for (size_t p = 0; p < plan.planes.size(); ++p) {
      const int32_t *in = out + p * size;
      int32_t modulus = int32_t(plan.planes[p].modulus);
      int32_t weight = int32_t(plan.planes[p].weight);
      float inverse = 1.0f / float(modulus);
      for (int l = 0; l < lanes; ++l)
        total[l] += reduce(in[l], modulus, inverse) * weight;
    }
    for (int l = 0; l < lanes; ++l) {
      int32_t value = reduce(total[l], product, reciprocal);
      out[l] = value > most ? value - product : value;
    }
  }
}

void rns::reconstruct64(const ProductPlan &plan, int64_t *sums, int lanes) {
  int64_t product = plan.moduliProduct;
  for (int l = 0; l < lanes; ++l) {
    __int128 total = 0;
    for (size_t p = 0; p < plan.planes.size(); ++p) {
      int64_t modulus = plan.planes[p].modulus;
      int64_t residue = sums[p * laneCount + size_t(l)] % modulus;
      if (residue < 0)
        residue += modulus;
      total = (total + (__int128)residue * plan.planes[p].weight) % product;
    }
    int64_t value = int64_t(total);
    sums[l] = value > plan.signedRange ? value - product : value;
  }
}

PHX_CLONES void rns::accumulate(float *__restrict acc,
                                 const int32_t *__restrict terms,
                                 const float *__restrict laneScales,
                                 float rowScale, int lanes) {
  for (int l = 0; l < lanes; ++l) {
    float sum = acc[l] + float(terms[l]) * (laneScales[l] * rowScale);
    acc[l] = flush(sum);
  }
}

float rns::addExact(float acc, int64_t term, int exponent) {
  if (!std::isfinite(acc))
    return acc;
  double a = acc, b = std::ldexp(double(term), exponent);
  double sum = a + b;
  // TwoSum: `error` is what the rounding of `sum` lost, exactly.
  double back = sum - a;
  double error = (a - (sum - back)) + (b - back);
  if (error != 0) {
    // Rounding to odd keeps what a second rounding, to binary32, must know.
    uint64_t bits = std::bit_cast<uint64_t>(sum);
    if (!(bits & 1))
      bits += (error > 0) == (sum > 0) ? 1 : -1;
    sum = std::bit_cast<double>(bits);
  }
  return flush(float(sum));
}
