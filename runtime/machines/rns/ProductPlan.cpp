//===- ProductPlan.cpp - Constants of products of two formats ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/ProductPlan.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

using namespace phx;
using namespace phx::rns;

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

/// The representative of least magnitude of each mantissa.
static Residues tabulate(int64_t modulus, int64_t maxMantissa) {
  Residues residues;
  residues.values.resize(size_t(2 * maxMantissa + 1));
  residues.identity = true;
  for (int64_t m = -maxMantissa; m <= maxMantissa; ++m) {
    int64_t r = m;
    if (modulus) {
      r = (m % modulus + modulus) % modulus;
      if (r > (modulus - 1) / 2)
        r -= modulus;
    }
    residues.values[size_t(m + maxMantissa)] = int16_t(r);
    residues.largest = std::max(residues.largest, std::abs(r));
    residues.identity &= r == m;
  }
  return residues;
}

static void addModuli(ProductPlan &plan, const std::vector<int64_t> &moduli) {
  plan.moduliProduct = rns::multiplyModuli(moduli);
  plan.signedRange = (plan.moduliProduct - 1) / 2;
  for (int64_t m : moduli) {
    int64_t rest = plan.moduliProduct / m;
    plan.planes.push_back({m, rest * inverse(rest, m)});
  }
}

/// Chooses the narrowest kernels that are exact for passes of `length`.
static void chooseWidth(ProductPlan &plan, int64_t length, int64_t bound) {
  int64_t largest = 0, reconstruction = 0;
  for (size_t p = 0; p < plan.planes.size(); ++p) {
    const Plane &plane = plan.planes[p];
    largest = std::max(largest, length * plan.operands[0].planes[p].largest *
                                    plan.operands[1].planes[p].largest);
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

ProductPlan ProductPlan::create(const rns::Computation &computation,
                                bool bypass, bool plainIntegers,
                                int64_t arrayCols) {
  ProductPlan plan;
  plan.group = computation.group;
  plan.bypass = bypass || !computation.dot;
  for (unsigned o : {0u, 1u}) {
    const Bfp &format = computation.operands[o];
    plan.operands[o].group = format.group;
    if (plan.bypass)
      continue;
    plan.operands[o].rounding = format.rounding;
    plan.operands[o].mantissaBits = int(format.mantissa);
    plan.operands[o].maxMantissa = limits::getMaxMantissa(format.mantissa);
  }
  if (plan.bypass)
    return plan;
  addModuli(plan, computation.dot->moduli);
  int64_t length = std::min(plan.group, arrayCols);
  int64_t bound = length * plan.operands[0].maxMantissa *
                  plan.operands[1].maxMantissa;
  if (plainIntegers && bound <= plan.signedRange) {
    plan.planes.assign(1, Plane{});
    plan.moduliProduct = 0;
  }
  for (OperandPlan &operand : plan.operands)
    for (const Plane &plane : plan.planes)
      operand.planes.push_back(tabulate(plane.modulus, operand.maxMantissa));
  chooseWidth(plan, length, bound);
  return plan;
}
