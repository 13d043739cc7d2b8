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

/// flush(RNE(acc + term * 2^exponent)).
inline float addRounded(float acc, __int128 term, int exponent) {
  if (std::isinf(acc))
    return acc;
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
  float rounded = roundToFloat(sum, low);
  if (sum == 0 && std::signbit(acc) && acc == 0 && term == 0)
    rounded = 0.0f;
  if (std::fabs(rounded) < 0x1p-126f)
    rounded = std::copysign(0.0f, sum < 0 ? -1.0f : 1.0f);
  return rounded;
}

/// Number of values the moduli tell apart; 0 for formats without.
inline __int128 moduliProduct(const NumberFormat &format) {
  __int128 product = 1;
  for (uint32_t modulus : format.moduli)
    product *= modulus;
  return product;
}

struct Mantissas {
  std::vector<int64_t> m;
  int exponent = 0;
};

inline Mantissas convertGroup(const std::vector<float> &values,
                              const NumberFormat &format) {
  Mantissas result;
  bool any = false;
  for (float x : values)
    if (std::fabs(x) >= 0x1p-126f) {
      result.exponent =
          any ? std::max(result.exponent, std::ilogb(x)) : std::ilogb(x);
      any = true;
    }
  int64_t most = (int64_t(1) << format.mantissaBits) - 1;
  for (float x : values) {
    long double scaled = 0;
    if (std::fabs(x) >= 0x1p-126f)
      scaled = std::ldexp((long double)std::fabs(x),
                          format.mantissaBits - 1 - result.exponent);
    scaled = format.rounding == Rounding::Nearest ? std::nearbyint(scaled)
                                                  : std::trunc(scaled);
    int64_t m = std::min(int64_t(scaled), most);
    result.m.push_back(x < 0 ? -m : m);
  }
  return result;
}

/// Sum over groups of the products of two vectors, from +0.
inline float contract(const std::vector<float> &a, const std::vector<float> &b,
                      const NumberFormat &format) {
  float acc = 0;
  for (size_t begin = 0; begin < a.size(); begin += format.group) {
    size_t end = std::min(a.size(), begin + format.group);
    if (format.kind == FormatKind::Fp32) {
      float sum = 0;
      for (size_t j = begin; j < end; ++j)
        sum += a[j] * b[j];
      acc += sum;
      continue;
    }
    Mantissas x = convertGroup({a.begin() + begin, a.begin() + end}, format);
    Mantissas y = convertGroup({b.begin() + begin, b.begin() + end}, format);
    __int128 sum = 0;
    for (size_t j = 0; j < end - begin; ++j)
      sum += x.m[j] * y.m[j];
    __int128 all = moduliProduct(format), range = (all - 1) / 2;
    sum = ((sum % all) + all) % all;
    sum = sum > range ? sum - all : sum;
    acc = addRounded(acc, sum,
                     x.exponent + y.exponent - 2 * (format.mantissaBits - 1));
  }
  return acc;
}

/// The whole convolution; `overflow` if an element is infinite.
inline std::vector<float> convolve(const ConvSpec &s,
                                   const std::vector<float> &in,
                                   const std::vector<float> &weights,
                                   const NumberFormat &format, bool &overflow) {
  std::vector<float> out;
  int64_t c = s.inChannels / s.groups;
  overflow = false;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.outChannels; ++o)
      for (int64_t y = 0; y < s.outH(); ++y)
        for (int64_t x = 0; x < s.outW(); ++x) {
          std::vector<float> a, b;
          for (int64_t kh = 0; kh < s.kernelH; ++kh)
            for (int64_t kw = 0; kw < s.kernelW; ++kw)
              for (int64_t ci = 0; ci < c; ++ci) {
                int64_t h = y * s.strideH + kh * s.dilationH - s.padTop;
                int64_t w = x * s.strideW + kw * s.dilationW - s.padLeft;
                bool inside = h >= 0 && h < s.height && w >= 0 && w < s.width;
                int64_t channel = o / s.m() * c + ci;
                a.push_back(
                    weights[((o * c + ci) * s.kernelH + kh) * s.kernelW + kw]);
                b.push_back(
                    inside ? in[((n * s.inChannels + channel) * s.height + h) *
                                    s.width +
                                w]
                           : 0.0f);
              }
          out.push_back(contract(a, b, format));
          overflow |= format.kind == FormatKind::Bfp && std::isinf(out.back());
        }
  return out;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_EXEC_SCALARORACLE_H
