//===- Math.h - Elementary functions of the vector unit ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// exp, log, tanh and sigmoid as fixed sequences of IEEE binary32 operations.
// Whoever follows the sequences below, in any language, gets the same bits.
//
// Every step is one binary32 addition, subtraction, multiplication or division,
// rounded to nearest even, with subnormal results kept; nothing is contracted
// (compile with -ffp-contract=off) and nothing is evaluated in a wider format.
// Steps are applied in the order written, `fl(...)` around each is implied.
// Comparisons, selections and moves of bit fields are exact. The only NaN that
// is ever returned is 0x7fc00000.
//
//   exp(x):  NaN -> NaN; x > 89 -> +inf; x < -104 -> +0; otherwise
//     t = x * 0x1.715476p+0 (log2 e);  t = t + 12582912;  k = t - 12582912
//     r = k * 0.693359375;       r = x - r
//     u = k * -0x1.bd0106p-13;   r = r - u
//     p = E4
//     p = p * r;  p = p + E3;    and so on with E2, E1, E0
//     q = r * r;  y = q * p;  y = y + r;  y = y + 1
//     h = floor(k / 2) as an integer
//     y = y * 2^h;  y = y * 2^(k - h)
//     k is an integer in [-150, 128]. The first scaling is exact, the second
//     rounds once where the result is subnormal and overflows to +inf.
//
//   log(x):  NaN -> NaN; +-0 -> -inf; x < 0 -> NaN; +inf -> +inf; otherwise
//     e = 0; where x < 2^-126:  x = x * 2^23, e = -23
//     b = bits of x minus 0x3f3504f3, as int32; e = e + (b >> 23) (arithmetic)
//     m = the float with bits (b & 0x7fffff) + 0x3f3504f3, in [0.7071, 1.4143)
//     f = m - 1;  d = 2 + f;  s = f / d;  z = s * s
//     R = L2 * z;  R = R + L1;  R = R * z;  R = R + L0;  R = z * R
//     h = f * f;  h = 0.5 * h
//     a = h + R;  a = s * a
//     u = e * -0x1.bd0106p-13;  a = a + u;  a = a - h;  a = a + f
//     v = e * 0.693359375;      y = a + v
//
//   tanh(x): NaN -> NaN; a = |x|
//     where a < 0.625:
//       z = a * a;  p = T4;  p = p * z;  p = p + T3;  ... with T2, T1, T0
//       p = z * p;  p = a * p;  y = a + p
//     elsewhere:
//       w = a + a;  w = exp(w) as above;  w = w + 1;  w = 2 / w;  y = 1 - w
//     the sign of x is copied to y (so -0 -> -0, +-inf -> +-1)
//
//   sigmoid(x): NaN -> NaN
//     z = exp(-|x|) as above;  d = 1 + z;  y = (x < 0 ? z : 1) / d
//
// Polynomials: our own, minimax (Remez exchange, 120-bit arithmetic), rounded
// to binary32 afterwards. Weighted for the relative error of the result:
//   E: (e^r - 1 - r) / r^2 for |r| <= ln2 / 2, degree 4, error 3.1e-9
//   L: (2 atanh(s) / s - 2) / s^2 in z = s^2, m as above, degree 2,
//   error 8.1e-10 T: (tanh(a) / a - 1) / a^2 in z = a^2, a <= 0.625, degree 4,
//   error 4.4e-9
// 0.693359375 - 0x1.bd0106p-13 is ln 2 to 35 bits; k times the first is exact.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_MATH_H
#define PHX_SUPPORT_MATH_H

#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>

namespace phx {

static_assert(std::numeric_limits<float>::is_iec559 && FLT_EVAL_METHOD == 0,
              "binary32 arithmetic must be evaluated in binary32");

/// Binary32 additions, subtractions, multiplications and divisions that one
/// evaluation takes on the vector unit. Lanes take both sides of a selection.
inline constexpr unsigned expOps = 21;
inline constexpr unsigned logOps = 20;
inline constexpr unsigned tanhOps = 12 + 4 + expOps;
inline constexpr unsigned sigmoidOps = expOps + 2;

namespace math {

inline constexpr float expE[5] = {0x1.fffffcp-2f, 0x1.555492p-3f,
                                  0x1.5558f2p-5f, 0x1.123a20p-7f,
                                  0x1.6a23d0p-10f};
inline constexpr float logL[3] = {0x1.55557ap-1f, 0x1.995eb0p-2f,
                                  0x1.31e464p-2f};
inline constexpr float tanhT[5] = {-0x1.555532p-2f, 0x1.110726p-3f,
                                   -0x1.b83c5ap-5f, 0x1.52269cp-6f,
                                   -0x1.75e1ccp-8f};
inline constexpr float log2e = 0x1.715476p+0f;
inline constexpr float ln2High = 0.693359375f;
inline constexpr float ln2Low = -0x1.bd0106p-13f;
/// Adding and subtracting it rounds |x| < 2^22 to an integer, ties to even.
inline constexpr float roundingShift = 12582912.0f;

inline constexpr float infinity = std::numeric_limits<float>::infinity();

inline constexpr float quietNaN() {
  return std::bit_cast<float>(uint32_t(0x7fc00000));
}

/// 2^exponent, exponent in [-126, 127].
inline constexpr float powerOfTwo(int exponent) {
  return std::bit_cast<float>(uint32_t(exponent + 127) << 23);
}

inline constexpr float withSignOf(float magnitude, float sign) {
  return std::bit_cast<float>(
      (std::bit_cast<uint32_t>(magnitude) & 0x7fffffffu) |
      (std::bit_cast<uint32_t>(sign) & 0x80000000u));
}

} // namespace math

/// e^x, within 1 ulp; subnormal results are kept.
inline constexpr float expF32(float x) {
  using namespace math;
  if (x != x)
    return quietNaN();
  if (x > 89.0f)
    return infinity;
  if (x < -104.0f)
    return 0.0f;
  float t = x * log2e;
  t = t + roundingShift;
  float k = t - roundingShift;
  float r = k * ln2High;
  r = x - r;
  float u = k * ln2Low;
  r = r - u;
  float p = expE[4];
  for (int i = 3; i >= 0; --i) {
    p = p * r;
    p = p + expE[i];
  }
  float q = r * r;
  float y = q * p;
  y = y + r;
  y = y + 1.0f;
  int power = int(k);
  int half = power >> 1;
  y = y * powerOfTwo(half);
  return y * powerOfTwo(power - half);
}

/// Natural logarithm, within 1 ulp; subnormal arguments are exact.
inline constexpr float logF32(float x) {
  using namespace math;
  if (x != x || x < 0.0f)
    return quietNaN();
  if (x == 0.0f)
    return -infinity;
  if (x == infinity)
    return x;
  int32_t exponent = 0;
  if (x < 0x1p-126f) {
    x = x * 0x1p23f;
    exponent = -23;
  }
  int32_t b = std::bit_cast<int32_t>(x) - 0x3f3504f3;
  exponent += b >> 23;
  float e = float(exponent);
  float f = std::bit_cast<float>((b & 0x7fffff) + 0x3f3504f3) - 1.0f;
  float d = 2.0f + f;
  float s = f / d;
  float z = s * s;
  float r = logL[2] * z;
  r = r + logL[1];
  r = r * z;
  r = r + logL[0];
  r = z * r;
  float h = f * f;
  h = 0.5f * h;
  float a = h + r;
  a = s * a;
  float u = e * ln2Low;
  a = a + u;
  a = a - h;
  a = a + f;
  float v = e * ln2High;
  return a + v;
}

/// Hyperbolic tangent, within 2 ulp.
inline constexpr float tanhF32(float x) {
  using namespace math;
  if (x != x)
    return quietNaN();
  float a = withSignOf(x, 1.0f);
  if (a < 0.625f) {
    float z = a * a;
    float p = tanhT[4];
    for (int i = 3; i >= 0; --i) {
      p = p * z;
      p = p + tanhT[i];
    }
    p = z * p;
    p = a * p;
    return withSignOf(a + p, x);
  }
  float w = a + a;
  w = expF32(w);
  w = w + 1.0f;
  w = 2.0f / w;
  return withSignOf(1.0f - w, x);
}

/// 1 / (1 + e^-x), within 2.5 ulp.
inline constexpr float sigmoidF32(float x) {
  using namespace math;
  if (x != x)
    return quietNaN();
  float z = expF32(withSignOf(x, -1.0f));
  float d = 1.0f + z;
  return (x < 0.0f ? z : 1.0f) / d;
}

} // namespace phx

#endif // PHX_SUPPORT_MATH_H
