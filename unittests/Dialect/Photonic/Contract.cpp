//===- Contract.cpp - The arithmetic contract of one element --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contract.h"

#include "llvm/ADT/APInt.h"
#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace photonic::oracle;

std::string Format::print() const {
  std::string length = "group = " + std::to_string(group);
  if (!isInteger())
    return "#photonic.fp32<" + length + ">";
  static const char *const names[] = {"trunc", "nearest", "stochastic"};
  return "#photonic.bfp<mantissa = " + std::to_string(bits) + ", " + length +
         ", rounding = " + names[unsigned(rounding)] + ">";
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

/// Philox4x32-10 by the description in the paper: S-P network of multiplication
/// and key schedule, on a counter (c0, c1, c2, c3).
static float drawUniform(const Format &f, int operand, uint64_t element) {
  uint64_t block = element / 4;
  uint32_t c[4] = {uint32_t(block & 0xffffffff), uint32_t(block >> 32),
                   f.stream * 2 + uint32_t(operand), f.step};
  for (uint32_t round = 0; round < 10; ++round) {
    uint32_t k0 = f.seed + round * 2654435769u;  // golden ratio
    uint32_t k1 = f.trial + round * 3144134277u; // sqrt(3) - 1
    uint64_t p0 = uint64_t(3528531795u) * c[0];
    uint64_t p1 = uint64_t(3449720151u) * c[2];
    uint32_t next[4] = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1),
                        uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)};
    std::copy(next, next + 4, c);
  }
  return float(c[element % 4] / 256) / 16777216.0f;
}

//===----------------------------------------------------------------------===//
// Exact arithmetic
//===----------------------------------------------------------------------===//

/// Numbers are integers times 2^-fraction: enough for the smallest product of
/// two scales and the largest binary32 at once.
static constexpr int fraction = 400;
static constexpr unsigned width = 1024;

static llvm::APInt scaled(int64_t integer, int exponent) {
  return llvm::APInt(width, uint64_t(integer), /*isSigned=*/true)
      .shl(unsigned(exponent + fraction));
}

static llvm::APInt scaled(float value) {
  int exponent;
  double mantissa = std::frexp(double(value), &exponent);
  return scaled(int64_t(std::ldexp(mantissa, 24)), exponent - 24);
}

/// Nearest binary32, ties to even, and magnitudes below 2^-126 to +0.
static float roundAndFlush(const llvm::APInt &value) {
  llvm::APInt magnitude = value.abs();
  if (magnitude.isZero())
    return 0.0f;
  int drop = std::max(int(magnitude.getActiveBits()) - 24, fraction - 149);
  llvm::APInt kept = magnitude.lshr(unsigned(drop));
  llvm::APInt rest = magnitude - kept.shl(unsigned(drop));
  llvm::APInt half = llvm::APInt(width, 1).shl(unsigned(drop - 1));
  if (rest.ugt(half) || (rest == half && kept[0]))
    ++kept;
  float result =
      float(std::ldexp(double(kept.getZExtValue()), drop - fraction));
  if (result < FLT_MIN)
    return 0.0f;
  return value.isNegative() ? -result : result;
}

namespace {
struct Group {
  std::vector<int64_t> mantissas;
  int scale = 0;
};
} // namespace

static double roundWhole(const Format &f, double magnitude, int operand,
                         uint64_t number) {
  double whole = std::floor(magnitude), rest = magnitude - whole;
  switch (f.rounding) {
  case Rounding::Trunc:
    return whole;
  case Rounding::Nearest:
    return rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) == 1) ? whole + 1
                                                                   : whole;
  case Rounding::Stochastic:
    // rest + u >= 1, without rounding: both sides of rest >= 1 - u are exact.
    return rest >= 1.0 - double(drawUniform(f, operand, number)) ? whole + 1
                                                                 : whole;
  }
  llvm_unreachable("covered switch");
}

/// The contract's conversion.
static Group convert(const Format &f, const std::vector<Input> &inputs,
                     int operand) {
  float largest = 0;
  for (const Input &input : inputs)
    largest = std::max(largest, std::fabs(input.value));
  Group group{std::vector<int64_t>(inputs.size(), 0), 0};
  if (largest < FLT_MIN)
    return group;
  group.scale = std::ilogb(largest) - (f.bits - 1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    float x = inputs[i].value;
    if (std::fabs(x) < FLT_MIN)
      continue;
    double whole = roundWhole(f, std::ldexp(std::fabs(double(x)), -group.scale),
                              operand, inputs[i].number);
    whole = std::min(whole, double((1 << f.bits) - 1));
    group.mantissas[i] = int64_t(x < 0 ? -whole : whole);
  }
  return group;
}

//===----------------------------------------------------------------------===//
// Terms
//===----------------------------------------------------------------------===//

/// All groups of an operand.
static std::vector<Group>
convertAll(const Format &f, const std::vector<Input> &inputs, int operand) {
  std::vector<Group> groups;
  for (size_t begin = 0; begin < inputs.size(); begin += size_t(f.group)) {
    size_t end = std::min(begin + size_t(f.group), inputs.size());
    groups.push_back(convert(
        f, {inputs.begin() + ptrdiff_t(begin), inputs.begin() + ptrdiff_t(end)},
        operand));
  }
  return groups;
}

/// Terms of integers: groups of the shorter format, each rounded once.
static float addIntegers(const Format &lhs, const Format &rhs, const Run &run,
                         float acc) {
  std::vector<Group> a = convertAll(lhs, run.lhs, 0);
  std::vector<Group> b = convertAll(rhs, run.rhs, 1);
  size_t term = size_t(std::min(lhs.group, rhs.group));
  for (size_t begin = 0; begin < run.lhs.size(); begin += term) {
    const Group &ga = a[begin / size_t(lhs.group)];
    const Group &gb = b[begin / size_t(rhs.group)];
    int64_t sum = 0;
    for (size_t k = begin; k < std::min(begin + term, run.lhs.size()); ++k)
      sum += ga.mantissas[k % size_t(lhs.group)] *
             gb.mantissas[k % size_t(rhs.group)];
    // What an accumulation continues from is flushed as it is read.
    if (std::fabs(acc) < FLT_MIN)
      acc = 0;
    acc = roundAndFlush(scaled(acc) + scaled(sum, ga.scale + gb.scale));
  }
  return acc;
}

float photonic::oracle::addRun(const Format &lhs, const Format &rhs,
                               const Run &run, float acc) {
  if (lhs.isInteger())
    return addIntegers(lhs, rhs, run, acc);
  size_t length = run.lhs.size();
  if (lhs.group == 0) {
    for (size_t k = 0; k < length; ++k)
      acc += run.lhs[k].value * run.rhs[k].value;
    return acc;
  }
  for (size_t begin = 0; begin < length; begin += size_t(lhs.group)) {
    float sum = 0;
    for (size_t k = begin; k < std::min(begin + size_t(lhs.group), length); ++k)
      sum += run.lhs[k].value * run.rhs[k].value;
    acc += sum;
  }
  return acc;
}
