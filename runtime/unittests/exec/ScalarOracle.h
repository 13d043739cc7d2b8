//===- ScalarOracle.h - An independent account of the arithmetic  -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The arithmetic contract once more, as directly as it can be written: one
// output element at a time, no residues, rounding on 128-bit integers. Shares
// nothing with the executor.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_EXEC_SCALARORACLE_H
#define PHX_UNITTESTS_EXEC_SCALARORACLE_H

#include "../support/ProgramBuilder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

namespace phx::testing {

/// Rounds value * 2^exponent to binary32, ties to even.
inline float roundToFloat(__int128 value, int exponent) {
  if (value == 0)
    return 0.0f;
  bool negative = value < 0;
  unsigned __int128 magnitude = negative ? -value : value;
  int bits = 0;
  for (unsigned __int128 rest = magnitude; rest; rest >>= 1)
    ++bits;
  int unit = std::max(exponent + bits - 24, -149);
  int drop = unit - exponent;
  unsigned __int128 kept = magnitude;
  if (drop > 127) {
    kept = 0;
  } else if (drop > 0) {
    unsigned __int128 one = 1;
    unsigned __int128 rest = magnitude & ((one << drop) - 1);
    unsigned __int128 half = one << (drop - 1);
    kept = magnitude >> drop;
    if (rest > half || (rest == half && (kept & 1)))
      ++kept;
  } else {
    unit = exponent;
  }
  double result = std::ldexp(double(kept), unit);
  float rounded = result >= std::ldexp(1.0, 128) ? INFINITY : float(result);
  return negative ? -rounded : rounded;
}

/// +0 in place of what is smaller than every normal number.
inline float flushed(float x) { return std::fabs(x) < 0x1p-126f ? 0.0f : x; }

/// flush(RNE(flush(acc) + term * 2^exponent)).
inline float addRounded(float acc, __int128 term, int exponent) {
  if (std::isinf(acc))
    return acc;
  acc = flushed(acc);
  int accExponent = 0;
  __int128 a = __int128(std::ldexp(std::frexp(acc, &accExponent), 24));
  accExponent -= 24;
  if (a == 0)
    accExponent = exponent;
  if (term == 0)
    exponent = accExponent;
  // Align to the lower exponent; what is further than 60 bits below only says
  // on which side of the other it lies.
  int low = std::min(accExponent, exponent);
  int high = std::max(accExponent, exponent);
  __int128 &upper = accExponent > exponent ? a : term;
  __int128 &lower = accExponent > exponent ? term : a;
  int distance = high - low;
  if (distance > 60) {
    distance = 60;
    low = high - 60;
    // |lower| < 2^60 units of the old scale, under one unit of the new one.
    lower = lower > 0 ? 1 : -1;
    if (upper == 0)
      std::abort();
  }
  __int128 sum = (upper << distance) + lower;
  return flushed(roundToFloat(sum, low));
}

/// Number of values the moduli tell apart.
inline __int128 moduliProduct(const ProductFormat &format) {
  __int128 product = 1;
  for (int64_t modulus : format.moduli)
    product *= modulus;
  return product;
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

/// Word `element` mod 4 of Philox4x32-10, from the paper's description.
inline uint32_t randomWord(const std::array<uint32_t, 3> &seedTrialStep,
                           uint32_t stream, uint64_t element) {
  uint32_t c0 = uint32_t(element >> 2), c1 = uint32_t(element >> 34);
  uint32_t c2 = stream, c3 = seedTrialStep[2];
  uint32_t k0 = seedTrialStep[0], k1 = seedTrialStep[1];
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
    c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
    c1 = uint32_t(p1);
    c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c3 = uint32_t(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const uint32_t words[] = {c0, c1, c2, c3};
  return words[element & 3];
}

/// What stochastic rounding of one product depends on.
struct OracleKey {
  std::array<uint32_t, 3> seedTrialStep{};
  uint32_t stream = 0; ///< of the product
};

/// One vector along the contraction axis, and the number of its first element.
struct Line {
  std::vector<float> values;
  uint64_t number = 0;
};

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

struct Mantissas {
  std::vector<int64_t> m;
  int exponent = 0;
};

/// Elements [begin, end) of a line, which is operand 0 or 1 of its product. They
/// belong to one group of `format`.
inline Mantissas convertGroup(const Line &line, size_t begin, size_t end,
                              const Bfp &format,
                              const OracleKey &key = {}, unsigned operand = 0) {
  Mantissas result;
  bool any = false;
  size_t group = size_t(format.group), first = begin / group * group;
  size_t last = std::min(line.values.size(), first + group);
  for (size_t j = first; j < last; ++j) {
    float x = line.values[j];
    if (std::fabs(x) < 0x1p-126f)
      continue;
    result.exponent =
        any ? std::max(result.exponent, std::ilogb(x)) : std::ilogb(x);
    any = true;
  }
  int64_t most = (int64_t(1) << format.mantissa) - 1;
  for (size_t j = begin; j < end; ++j) {
    float x = line.values[j];
    long double scaled = 0;
    if (std::fabs(x) >= 0x1p-126f)
      scaled = std::ldexp((long double)std::fabs(x),
                          int(format.mantissa) - 1 - result.exponent);
    if (format.rounding == Rounding::Nearest)
      scaled = std::nearbyint(scaled);
    if (format.rounding == Rounding::Stochastic)
      scaled += std::ldexp(
          (long double)(randomWord(key.seedTrialStep, 2 * key.stream + operand,
                                   line.number + j) >>
                        8),
          -24);
    int64_t m = std::min(int64_t(std::trunc(scaled)), most);
    result.m.push_back(x < 0 ? -m : m);
  }
  return result;
}

/// acc, and the sum over groups of the products of two vectors: one term for
/// each group of the shorter format.
inline float contract(float acc, const Line &a, const Line &b,
                      const ProductFormat &format, const OracleKey &key = {}) {
  size_t size = a.values.size();
  size_t group = size_t(format.getGroup());
  for (size_t begin = 0; begin < size; begin += group) {
    size_t end = std::min(size, begin + group);
    if (format.isFp32) {
      float sum = 0;
      for (size_t j = begin; j < end; ++j)
        sum += a.values[j] * b.values[j];
      acc += sum;
      continue;
    }
    Mantissas x = convertGroup(a, begin, end, format.first, key, 0);
    Mantissas y = convertGroup(b, begin, end, format.second, key, 1);
    __int128 sum = 0;
    for (size_t j = 0; j < end - begin; ++j)
      sum += x.m[j] * y.m[j];
    __int128 all = moduliProduct(format), range = (all - 1) / 2;
    sum = ((sum % all) + all) % all;
    sum = sum > range ? sum - all : sum;
    int down = int(format.first.mantissa - 1 + format.second.mantissa - 1);
    acc = addRounded(acc, sum, x.exponent + y.exponent - down);
  }
  return acc;
}

/// Where a convolution's position (kh, kw) of output (y, x) reads; false if in
/// the padding.
inline bool getInputPlace(const ConvSpec &s, int64_t y, int64_t x, int64_t kh,
                          int64_t kw, int64_t &h, int64_t &w) {
  h = y * s.strideH + kh * s.dilationH - s.padTop;
  w = x * s.strideW + kw * s.dilationW - s.padLeft;
  return h >= 0 && h < s.height && w >= 0 && w < s.width;
}

/// Tensors of a convolution, ONNX layouts.
struct ConvTensors {
  const ConvSpec &s;
  int64_t inPerGroup() const { return s.inChannels / s.groups; }
  /// Channels are counted within `group`.
  size_t in(int64_t n, int64_t group, int64_t c, int64_t h, int64_t w) const {
    int64_t channel = group * inPerGroup() + c;
    return size_t(((n * s.inChannels + channel) * s.height + h) * s.width + w);
  }
  size_t weight(int64_t group, int64_t o, int64_t c, int64_t kh,
                int64_t kw) const {
    int64_t channel = group * s.m() + o;
    return size_t(((channel * inPerGroup() + c) * s.kernelH + kh) * s.kernelW +
                  kw);
  }
  size_t out(int64_t n, int64_t group, int64_t o, int64_t y, int64_t x) const {
    int64_t channel = group * s.m() + o;
    return size_t(((n * s.outChannels + channel) * s.outH() + y) * s.outW() +
                  x);
  }
};

inline bool hasOverflow(const std::vector<float> &values,
                        const ProductFormat &format) {
  bool overflow = false;
  for (float x : values)
    overflow |= !format.isFp32 && !std::isfinite(x);
  return overflow;
}

/// The whole convolution.
inline std::vector<float> convolve(const ConvSpec &s,
                                   const std::vector<float> &in,
                                   const std::vector<float> &weights,
                                   const ProductFormat &format,
                                   const OracleKey &key = {}) {
  ConvTensors at{s};
  std::vector<float> out(size_t(s.batch * s.outChannels * s.outH() * s.outW()));
  for (int64_t g = 0; g < s.groups; ++g)
    for (int64_t o = 0; o < s.m(); ++o)
      for (int64_t v = 0; v < s.n(); ++v) {
        int64_t x = v % s.outW(), y = v / s.outW() % s.outH();
        int64_t n = v / s.outW() / s.outH();
        Line a{{}, uint64_t((g * s.m() + o) * s.k())};
        Line b{{}, uint64_t((g * s.n() + v) * s.k())};
        for (int64_t kh = 0; kh < s.kernelH; ++kh)
          for (int64_t kw = 0; kw < s.kernelW; ++kw)
            for (int64_t c = 0; c < at.inPerGroup(); ++c) {
              int64_t h, w;
              bool inside = getInputPlace(s, y, x, kh, kw, h, w);
              a.values.push_back(weights[at.weight(g, o, c, kh, kw)]);
              b.values.push_back(inside ? in[at.in(n, g, c, h, w)] : 0.0f);
            }
        out[at.out(n, g, o, y, x)] = contract(0, a, b, format, key);
      }
  return out;
}

/// The gradient of its input: kernel positions descending, each contracted over
/// the output channels of the group; what no position reaches is +0.
inline std::vector<float> getInputGradient(const ConvSpec &s,
                                           const std::vector<float> &gradient,
                                           const std::vector<float> &weights,
                                           const ProductFormat &format,
                                           const OracleKey &key = {}) {
  ConvTensors at{s};
  std::vector<float> result(
      size_t(s.batch * s.inChannels * s.height * s.width));
  int64_t positions = s.kernelH * s.kernelW, k = s.m();
  for (int64_t g = 0; g < s.groups; ++g)
    for (int64_t c = 0; c < at.inPerGroup(); ++c)
      for (int64_t p = positions - 1; p >= 0; --p)
        for (int64_t v = 0; v < s.n(); ++v) {
          int64_t x = v % s.outW(), y = v / s.outW() % s.outH();
          int64_t n = v / s.outW() / s.outH(), h, w;
          int64_t kh = p / s.kernelW, kw = p % s.kernelW;
          if (!getInputPlace(s, y, x, kh, kw, h, w))
            continue;
          int64_t row = p * at.inPerGroup() + c;
          Line a{{}, uint64_t((g * positions * at.inPerGroup() + row) * k)};
          Line b{{}, uint64_t((g * s.n() + v) * k)};
          for (int64_t o = 0; o < k; ++o) {
            a.values.push_back(weights[at.weight(g, o, c, kh, kw)]);
            b.values.push_back(gradient[at.out(n, g, o, y, x)]);
          }
          float &acc = result[at.in(n, g, c, h, w)];
          acc = contract(acc, a, b, format, key);
        }
  return result;
}

/// The gradient of its weights, contracted over (n, oh, ow).
inline std::vector<float> getWeightGradient(const ConvSpec &s,
                                            const std::vector<float> &gradient,
                                            const std::vector<float> &in,
                                            const ProductFormat &format,
                                            const OracleKey &key = {}) {
  ConvTensors at{s};
  std::vector<float> result(size_t(s.outChannels * s.k()));
  for (int64_t g = 0; g < s.groups; ++g)
    for (int64_t o = 0; o < s.m(); ++o)
      for (int64_t column = 0; column < s.k(); ++column) {
        int64_t c = column % at.inPerGroup();
        int64_t kw = column / at.inPerGroup() % s.kernelW;
        int64_t kh = column / at.inPerGroup() / s.kernelW;
        Line a{{}, uint64_t((g * s.m() + o) * s.n())};
        Line b{{}, uint64_t((g * s.k() + column) * s.n())};
        for (int64_t v = 0; v < s.n(); ++v) {
          int64_t x = v % s.outW(), y = v / s.outW() % s.outH();
          int64_t n = v / s.outW() / s.outH(), h, w;
          bool inside = getInputPlace(s, y, x, kh, kw, h, w);
          a.values.push_back(gradient[at.out(n, g, o, y, x)]);
          b.values.push_back(inside ? in[at.in(n, g, c, h, w)] : 0.0f);
        }
        result[at.weight(g, o, c, kh, kw)] = contract(0, a, b, format, key);
      }
  return result;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_EXEC_SCALARORACLE_H
