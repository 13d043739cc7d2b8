//===- Operations.cpp - What residue arrays compute -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Operations.h"

#include "phx/isa/DescribeOperation.h"

#include <algorithm>
#include <numeric>

using namespace phx;
using namespace phx::rns;

//===----------------------------------------------------------------------===//
// Descriptions
//===----------------------------------------------------------------------===//

static std::vector<BrokenRule> checkModuli(const ModularDot &dot) {
  __extension__ using Int = __int128;
  Int product = 1;
  for (size_t i = 0; i < dot.moduli.size(); ++i) {
    for (size_t j = 0; j < i; ++j)
      if (int64_t common = std::gcd(dot.moduli[i], dot.moduli[j]); common != 1)
        return {{"moduli", "pairwise coprime",
                 std::to_string(dot.moduli[j]) + " and " +
                     std::to_string(dot.moduli[i]) +
                     " with the common divisor " + std::to_string(common)}};
    product *= dot.moduli[i];
    if (product > maxModuliProduct)
      return {{"moduli", "a product of at most 2^62",
               "more with " + std::to_string(dot.moduli[i])}};
  }
  return {};
}

template <> const OperationDescription &phx::describeOperation<ModularDot>() {
  static const OperationDescription description =
      DescribeOperation<ModularDot>(OperationTable::Pass)
          .ofClass("rns")
          .summary("sum of products of mantissas, modulo each modulus")
          .semantics("Moduli are pairwise coprime; even ones are legal. Their "
                     "product is at most 2^62.")
          .parameter(&ModularDot::moduli, "moduli", "",
                     "one sub-array each, all in lockstep")
          .within(modulusRange.low, modulusRange.high)
          .counted(moduliCount.low, moduliCount.high)
          .checks<checkModuli>()
          .build();
  return description;
}

template <>
const OperationDescription &phx::describeOperation<ReverseConvert>() {
  static const OperationDescription description =
      DescribeOperation<ReverseConvert>(OperationTable::Pass)
          .ofClass("rns")
          .summary("the signed integer of least magnitude with the residues of "
                   "the operation before it")
          .build();
  return description;
}

void rns::registerOperations() {
  OperationSet::get().add<ModularDot, ReverseConvert>();
}

OperationList rns::makePass(std::vector<int64_t> moduli) {
  return {ModularDot{std::move(moduli)}, ReverseConvert{}};
}

int64_t rns::multiplyModuli(const std::vector<int64_t> &moduli) {
  return std::accumulate(moduli.begin(), moduli.end(), int64_t(1),
                         std::multiplies<>());
}

//===----------------------------------------------------------------------===//
// What belongs together
//===----------------------------------------------------------------------===//

static std::string describePair(const Program &program,
                                const Product &product) {
  return spell(program.conversions[product.conversions[0]]) + " and " +
         spell(program.conversions[product.conversions[1]]);
}

/// A bypass of both operands, or block floating point of both.
static std::optional<BrokenRule> readOperands(const Program &program,
                                              const Product &product,
                                              bool &bypass,
                                              Computation &computation) {
  unsigned blocks = 0, floats = 0;
  for (unsigned operand : {0u, 1u}) {
    const TableOperation &c = program.conversions[product.conversions[operand]];
    if (const Bfp *bfp = getIf<Bfp>(c)) {
      ++blocks;
      computation.operands[operand] = *bfp;
    } else if (const Fp32 *fp32 = getIf<Fp32>(c)) {
      ++floats;
      computation.operands[operand] = Bfp{1, fp32->group};
    }
  }
  bypass = floats == 2;
  if (blocks != 2 && !bypass)
    return BrokenRule{"conversion", "bfp of both operands or fp32 of both",
                      describePair(program, product)};
  int64_t a = computation.operands[0].group, b = computation.operands[1].group;
  computation.group = std::min(a, b);
  if (std::max(a, b) % computation.group != 0)
    return BrokenRule{"conversion",
                      "groups of which the longer is a multiple of the shorter",
                      std::to_string(a) + " and " + std::to_string(b)};
  return std::nullopt;
}

std::variant<Computation, BrokenRule>
rns::getComputation(const Program &program, const Product &product) {
  if (!getStationaryOperand(product))
    return BrokenRule{"product",
                      "'stationary first' or 'stationary second' (residue "
                      "arrays keep an operand)",
                      "'stationary result'"};
  Computation computation;
  bool bypass = false;
  if (auto broken = readOperands(program, product, bypass, computation))
    return *broken;
  const OperationList &pass = program.passes[product.pass];
  const OperationList &combine = program.combines[product.combine];
  if (bypass) {
    if (pass.size() != 1 || !getIf<FloatDot>(pass[0]))
      return BrokenRule{"pass", "[float_dot] (its operands are fp32)",
                        toAssembly(pass)};
    if (combine.size() != 1 || !getIf<FloatAdd>(combine[0]))
      return BrokenRule{"combine", "[float_add] (its operands are fp32)",
                        toAssembly(combine)};
    return computation;
  }
  computation.dot = pass.size() == 2 ? getIf<ModularDot>(pass[0]) : nullptr;
  if (!computation.dot || !getIf<ReverseConvert>(pass[1]))
    return BrokenRule{"pass",
                      "[rns.modular_dot moduli [...], rns.reverse_convert] "
                      "(its operands are bfp)",
                      toAssembly(pass)};
  if (combine.size() != 1 || !getIf<ScaledAdd>(combine[0]))
    return BrokenRule{"combine", "[scaled_add] (its operands are bfp)",
                      toAssembly(combine)};
  return computation;
}

std::optional<BrokenRule> rns::findOverflow(const Computation &computation,
                                            int64_t columns) {
  if (!computation.dot)
    return std::nullopt;
  int64_t first = limits::getMaxMantissa(computation.operands[0].mantissa);
  int64_t second = limits::getMaxMantissa(computation.operands[1].mantissa);
  int64_t length = std::min(computation.group, columns);
  int64_t bound = length * first * second;
  int64_t product = multiplyModuli(computation.dot->moduli);
  if (bound <= (product - 1) / 2)
    return std::nullopt;
  std::string largest = std::to_string(first);
  if (second != first)
    largest += " and " + std::to_string(second);
  return BrokenRule{"pass",
                    "moduli with a signed range of at least " +
                        std::to_string(bound) + " (" + std::to_string(length) +
                        " products of mantissas up to " + largest + ")",
                    std::to_string((product - 1) / 2) + " (product " +
                        std::to_string(product) + ")"};
}

int64_t rns::getTermGroup(const Program &program, const Product &product) {
  int64_t group = 0;
  for (uint32_t conversion : product.conversions)
    if (auto length = getGroupLength(program.conversions[conversion]))
      group = group ? std::min(group, *length) : *length;
  return std::max<int64_t>(group, 1);
}

int64_t rns::getLongestGroup(const Program &program, const Product &product) {
  int64_t group = 1;
  for (uint32_t conversion : product.conversions)
    group = std::max(
        group, getGroupLength(program.conversions[conversion]).value_or(1));
  return group;
}

int64_t rns::countGroupPasses(int64_t length, int64_t group, int64_t columns) {
  auto getPasses = [&](int64_t part) { return (part + columns - 1) / columns; };
  return length / group * getPasses(group) + getPasses(length % group);
}
