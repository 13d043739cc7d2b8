//===- FormatPlan.cpp - Constants of one number format --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/FormatPlan.h"

#include "phx/isa/Limits.h"

#include <algorithm>
#include <bit>
#include <numeric>

using namespace phx;
using namespace phx::exec;

static int64_t power(int64_t base, int64_t exponent, int64_t modulus) {
  int64_t result = 1 % modulus;
  for (base %= modulus; exponent; exponent >>= 1) {
    if (exponent & 1)
      result = int64_t((__int128)result * base % modulus);
    base = int64_t((__int128)base * base % modulus);
  }
  return result;
}

static int64_t totient(int64_t n) {
  int64_t result = n;
  for (int64_t p = 2; p * p <= n; ++p) {
    if (n % p)
      continue;
    result -= result / p;
    while (n % p == 0)
      n /= p;
  }
  return n > 1 ? result - result / n : result;
}

/// a^-1 mod m, for coprime a and m (Euler).
static int64_t inverse(int64_t a, int64_t m) {
  return m == 1 ? 0 : power(a, totient(m) - 1, m);
}

/// Fills `residues` with the representative of least magnitude of each
/// mantissa.
static void tabulate(Plane &plane, int64_t maxMantissa) {
  plane.residues.resize(size_t(2 * maxMantissa + 1));
  plane.identity = true;
  for (int64_t m = -maxMantissa; m <= maxMantissa; ++m) {
    int64_t r = m;
    if (plane.modulus) {
      r = (m % plane.modulus + plane.modulus) % plane.modulus;
      if (r > (plane.modulus - 1) / 2)
        r -= plane.modulus;
    }
    plane.residues[size_t(m + maxMantissa)] = int16_t(r);
    plane.maxResidue = std::max(plane.maxResidue, std::abs(r));
    plane.identity &= r == m;
  }
}

static Status addModuli(FormatPlan &plan, const std::vector<uint32_t> &moduli) {
  plan.moduliProduct = 1;
  for (size_t i = 0; i < moduli.size(); ++i) {
    int64_t modulus = moduli[i];
    for (size_t j = 0; j < i; ++j)
      if (std::gcd(modulus, int64_t(moduli[j])) != 1)
        return Error{"moduli " + std::to_string(moduli[j]) + " and " +
                     std::to_string(modulus) + " are not coprime"};
    if (!limits::modulus.contains(modulus))
      return Error{"modulus " + std::to_string(modulus) + "; " +
                   limits::modulus.toText() + " are possible"};
    if (__builtin_mul_overflow(plan.moduliProduct, modulus,
                               &plan.moduliProduct) ||
        plan.moduliProduct > limits::moduliProduct)
      return Error{"the product of the moduli is more than 2^62"};
  }
  if (moduli.empty())
    return Error{"no moduli"};
  plan.signedRange = (plan.moduliProduct - 1) / 2;
  for (uint32_t m : moduli) {
    int64_t rest = plan.moduliProduct / m;
    plan.planes.push_back({m, rest * inverse(rest, m), {}, 0, false});
  }
  return Status::success();
}

/// Chooses the narrowest kernels that are exact for passes of `length`.
static void chooseWidth(FormatPlan &plan, int64_t length, int64_t bound) {
  int64_t largest = 0, reconstruction = 0;
  for (const Plane &plane : plan.planes) {
    largest = std::max(largest, length * plane.maxResidue * plane.maxResidue);
    __int128 sum =
        (__int128)(plane.modulus - 1) * plane.weight + reconstruction;
    reconstruction = plane.modulus == 0    ? 0
                     : sum > INT64_MAX / 2 ? INT64_MAX / 2
                                           : int64_t(sum);
  }
  int64_t result =
      plan.moduliProduct ? std::min(bound, plan.moduliProduct / 2) : bound;
  plan.sumBits = std::bit_width(uint64_t(result));
  bool narrow = largest < 1 << 24 && reconstruction < int64_t(1) << 31;
  plan.width = !narrow                ? SumWidth::Bits64
               : largest <= INT16_MAX ? SumWidth::Bits16
                                      : SumWidth::Bits32;
  plan.fitsFloat = narrow && plan.sumBits <= 24;
}

Result<FormatPlan> FormatPlan::create(const NumberFormat &format, bool bypass,
                                      bool plainIntegers, int64_t arrayCols) {
  FormatPlan plan;
  plan.group = format.group;
  if (!limits::groupLength.contains(format.group))
    return Error{"a group of " + std::to_string(format.group) + " elements; " +
                 limits::groupLength.toText() + " are possible"};
  plan.bypass = bypass || format.kind == FormatKind::Fp32;
  if (plan.bypass)
    return plan;
  if (!limits::mantissaBits.contains(format.mantissaBits))
    return Error{std::to_string(format.mantissaBits) + " mantissa bits; " +
                 limits::mantissaBits.toText() + " are possible"};
  plan.rounding = format.rounding;
  plan.mantissaBits = format.mantissaBits;
  plan.maxMantissa = limits::getMaxMantissa(format.mantissaBits);
  if (Status status = addModuli(plan, format.moduli); !status)
    return status.error();
  int64_t length = std::min(plan.group, arrayCols);
  int64_t bound = length * plan.maxMantissa * plan.maxMantissa;
  if (plainIntegers && bound <= plan.signedRange) {
    plan.planes.assign(1, Plane{});
    plan.moduliProduct = 0;
  }
  for (Plane &plane : plan.planes)
    tabulate(plane, plan.maxMantissa);
  chooseWidth(plan, length, bound);
  return plan;
}
