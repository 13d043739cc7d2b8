//===- ProductHelpers.h - Products of all kinds, every way --- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random convolutions and tensors; one call that runs the product of a
// convolution or of one of its gradients on both executors and with either
// operand stationary, and compares with the scalar oracle.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_EXEC_PRODUCTHELPERS_H
#define PHX_UNITTESTS_EXEC_PRODUCTHELPERS_H

#include "ExecHelpers.h"
#include "ScalarOracle.h"
#include "../support/TestMemories.h"

#include <random>

namespace phx::testing {

/// What the values of a test look like.
/// AllExponents times LowExponents covers the whole range without overflow.
enum class Values {
  Plain,
  Sparse,
  LowExponents,
  Tiny,
  Huge,
  Mixed,
  AllExponents
};

struct TestMachine {
  unsigned cores = 1, rows = 32, cols = 16;
};

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }

  float value(Values kind) {
    float mantissa = float(pick(1 << 23, (1 << 24) - 1)) * 0x1p-23f;
    float sign = pick(0, 1) ? 1.0f : -1.0f;
    switch (kind) {
    case Values::Plain:
      return sign * std::ldexp(mantissa, int(pick(-4, 2)));
    case Values::Sparse:
      return pick(0, 3) ? 0.0f * sign : sign * mantissa;
    case Values::AllExponents:
      return sign * std::ldexp(mantissa, int(pick(-126, 127)));
    case Values::LowExponents:
      return sign * std::ldexp(mantissa, int(pick(-126, -14)));
    case Values::Tiny:
      // Products around 2^-126, subnormal inputs among them.
      return pick(0, 9) ? sign * std::ldexp(mantissa, int(pick(-66, -58)))
                        : sign * std::ldexp(mantissa, int(pick(-150, -127)));
    case Values::Huge:
      return sign * std::ldexp(mantissa, int(pick(55, 63)));
    case Values::Mixed:
      return value(Values(pick(0, 4)));
    }
    return 0;
  }

  std::vector<float> values(int64_t count, Values kind) {
    std::vector<float> result(static_cast<size_t>(count));
    for (float &x : result)
      x = value(kind);
    // Whole groups of zeros.
    for (int64_t hole = pick(0, 2); hole > 0; --hole) {
      int64_t begin = pick(0, count - 1);
      int64_t end = std::min<int64_t>(count, begin + pick(8, 64));
      std::fill(result.begin() + begin, result.begin() + end, 0.0f);
    }
    return result;
  }

  ConvSpec conv() {
    ConvSpec s;
    s.groups = pick(0, 3) ? 1 : pick(2, 3);
    s.batch = pick(1, 3);
    s.inChannels = s.groups * pick(1, 20);
    s.outChannels = s.groups * pick(1, 40);
    s.height = pick(1, 7);
    s.width = pick(1, 7);
    s.kernelH = pick(1, 3);
    s.kernelW = pick(1, 3);
    s.strideH = pick(1, 2);
    s.strideW = pick(1, 3);
    s.dilationH = pick(1, 2);
    s.dilationW = pick(1, 2);
    s.padTop = pick(0, 2);
    s.padLeft = pick(0, 2);
    s.padBottom = pick(0, 2);
    s.padRight = pick(0, 2);
    s.height = std::max(s.height, s.dilationH * (s.kernelH - 1) + 1);
    s.width = std::max(s.width, s.dilationW * (s.kernelW - 1) + 1);
    return s;
  }

private:
  std::mt19937_64 random;
};

enum class ProductKind { Forward, InputGradient, WeightGradient };

/// A product and its two operands: input and weights; gradient of the output
/// and weights; gradient of the output and input.
struct ProductCase {
  ProductKind kind = ProductKind::Forward;
  ConvSpec spec;
  ProductFormat format;
  std::vector<float> first = {}, second = {};
  OracleKey key = {}; ///< for stochastic formats
  /// Whether the first and the second operand are kept in blocks.
  std::array<bool, 2> stored = {};
};

inline std::vector<int64_t> getShape(const ProductCase &c, int operand) {
  if (operand == 0)
    return c.kind == ProductKind::Forward ? c.spec.inShape()
                                          : c.spec.outShape();
  return c.kind == ProductKind::WeightGradient ? c.spec.inShape()
                                               : c.spec.weightShape();
}

inline int64_t countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

inline void fill(ProductCase &c, Generator &generate, Values first,
                 Values second) {
  c.first = generate.values(countElements(getShape(c, 0)), first);
  c.second = generate.values(countElements(getShape(c, 1)), second);
}

inline std::vector<float> getExpected(const ProductCase &c) {
  switch (c.kind) {
  case ProductKind::Forward:
    return convolve(c.spec, c.first, c.second, c.format, c.key);
  case ProductKind::InputGradient:
    return getInputGradient(c.spec, c.first, c.second, c.format, c.key);
  case ProductKind::WeightGradient:
    return getWeightGradient(c.spec, c.first, c.second, c.format, c.key);
  }
  return {};
}

/// Inputs "a" and "b", output "y".
inline Program buildProduct(const ProductCase &c, Stationary stationary,
                            const TestMachine &machine) {
  ProgramBuilder builder(machine.cores, machine.rows, machine.cols);
  Entries format = builder.addFormat(c.format);
  uint32_t a =
      builder.addRegion("a", Role::Input, getShape(c, 0), mem::act);
  uint32_t b =
      builder.addRegion("b", Role::Input, getShape(c, 1), mem::wgt);
  builder.stored = c.stored;
  bool forward = c.kind == ProductKind::Forward;
  bool toWeights = c.kind == ProductKind::WeightGradient;
  uint32_t y = builder.addRegion("y", Role::Output,
                                 forward     ? c.spec.outShape()
                                 : toWeights ? c.spec.weightShape()
                                             : c.spec.inShape(),
                                 mem::grad);
  if (c.format.isStochastic()) {
    builder.program.rng =
        builder.addRegion("photonic.rng", Role::State, {3}, mem::wgt);
    std::vector<float> key(c.key.seedTrialStep.begin(),
                           c.key.seedTrialStep.end());
    builder.setData(*builder.program.rng, key);
  }
  if (forward)
    builder.addConv(c.spec, stationary, format, a, b, y, "conv");
  else if (toWeights)
    builder.addWeightGradient(c.spec, stationary, format, a, b, y, "conv");
  else
    builder.addInputGradient(c.spec, stationary, format, a, b, y, "conv");
  builder.program.products.back().stream = c.key.stream;
  return builder.finish();
}

struct Outcome {
  bool overflow = false;
  std::vector<float> values;
};

inline Outcome execute(const ProductCase &c, Stationary stationary,
                       const TestMachine &machine, unsigned threadCount,
                       const std::string &executor) {
  Program program = buildProduct(c, stationary, machine);
  Arrays inputs{{"a", toArray(c.first, getShape(c, 0))},
                {"b", toArray(c.second, getShape(c, 1))}};
  auto result = runProgram(program, inputs, threads(threadCount), executor);
  Outcome outcome;
  outcome.overflow = !result;
  outcome.values.assign(1, NAN);
  if (result)
    outcome.values = toVector(result->at("y"));
  else
    EXPECT_NE(result.error().message.find("left the range of binary32"),
              std::string::npos)
        << result.error().message;
  return outcome;
}

/// Runs a product every way there is and compares with the oracle. True if it
/// has finite results.
inline bool check(const ProductCase &c, const TestMachine &machine) {
  std::vector<float> expected = getExpected(c);
  bool overflow = hasOverflow(expected, c.format);
  for (Stationary stationary : {Stationary::First, Stationary::Second})
    for (const char *executor : {"reference", "fast"}) {
      unsigned threadCount = executor[0] == 'f' ? 3 : 1;
      Outcome got = execute(c, stationary, machine, threadCount, executor);
      EXPECT_EQ(got.overflow, overflow) << executor;
      if (overflow || got.overflow)
        continue;
      int64_t at = firstDifference(got.values, expected);
      EXPECT_EQ(at, -1) << executor << " stationary "
                        << getStationaryName(stationary) << ": element " << at
                        << " is " << got.values[at] << ", expected "
                        << expected[at];
    }
  return !overflow;
}

/// A random product. Machine: cores 0 stands for a random one, which takes its
/// place.
inline ProductCase makeRandomCase(uint64_t seed, const ProductFormat &format,
                                  Values kind, TestMachine &machine,
                                  ProductKind product) {
  Generator generate(seed);
  ProductCase c;
  c.kind = product;
  c.format = format;
  c.spec = generate.conv();
  c.key = {{uint32_t(seed), 3, 8}, uint32_t(seed % 5)};
  if (machine.cores == 0)
    machine = {unsigned(generate.pick(1, 5)), unsigned(generate.pick(1, 70)),
               unsigned(generate.pick(1, 40))};
  Values first = kind, second = kind;
  if (kind == Values::AllExponents)
    (seed % 2 ? first : second) = Values::LowExponents;
  fill(c, generate, first, second);
  return c;
}

/// Runs it every way there is.
inline bool checkRandom(uint64_t seed, const ProductFormat &format, Values kind,
                        TestMachine machine = {},
                        ProductKind product = ProductKind::Forward) {
  ProductCase c = makeRandomCase(seed, format, kind, machine, product);
  return check(c, machine);
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_EXEC_PRODUCTHELPERS_H
