//===- GradientTest.cpp - Products of the backward pass, random rounding --===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "ProductHelpers.h"

using namespace phx;
using namespace phx::testing;

namespace {
const ProductKind allKinds[] = {ProductKind::Forward,
                                ProductKind::InputGradient,
                                ProductKind::WeightGradient};
const ProductKind gradients[] = {ProductKind::InputGradient,
                                 ProductKind::WeightGradient};

ProductFormat stochastic(ProductFormat format = mirageFormat()) {
  format.setRounding(Rounding::Stochastic);
  return format;
}
} // namespace

TEST(Gradient, PlainValues) {
  for (ProductKind kind : gradients)
    for (uint64_t seed = 0; seed < 40; ++seed)
      checkRandom(seed, mirageFormat(), Values::Plain, {8, 32, 16}, kind);
}
TEST(Gradient, MixedMagnitudesOnAnyMachine) {
  for (ProductKind kind : gradients)
    for (uint64_t seed = 100; seed < 140; ++seed)
      checkRandom(seed, mirageFormat(), Values::Mixed, {0, 0, 0}, kind);
}
TEST(Gradient, UnderflowAndSparsity) {
  for (ProductKind kind : gradients)
    for (uint64_t seed = 200; seed < 230; ++seed)
      checkRandom(seed, mirageFormat(),
                  seed % 2 ? Values::Tiny : Values::Sparse, {}, kind);
}
TEST(Gradient, NearOverflow) {
  for (ProductKind kind : gradients) {
    int finite = 0;
    for (uint64_t seed = 300; seed < 330; ++seed)
      finite += checkRandom(seed, mirageFormat(), Values::Huge, {}, kind);
    EXPECT_GT(finite, 0);
    EXPECT_LT(finite, 30);
  }
}
TEST(Gradient, OtherFormats) {
  for (ProductKind kind : gradients)
    for (uint64_t seed = 400; seed < 410; ++seed) {
      checkRandom(seed, makeFormat(1, 16, {5, 7}), Values::Plain, {}, kind);
      checkRandom(seed, makeFormat(7, 16, {127, 128, 129}, Rounding::Nearest),
                  Values::Plain, {}, kind);
      checkRandom(seed, makeFormat(10, 8, {1021, 1023, 1024}), Values::Mixed,
                  {}, kind);
      checkRandom(seed, fp32Format, Values::Plain, {3, 32, 16}, kind);
    }
}
TEST(Gradient, GroupsLongerThanTheArray) {
  for (ProductKind kind : gradients)
    for (uint64_t seed = 500; seed < 510; ++seed)
      for (unsigned group : {24u, 32u, 100u})
        checkRandom(seed, makeFormat(4, group, {127, 128, 129}), Values::Mixed,
                    {3, 32, 16}, kind);
}

TEST(Gradient, WhatNoPositionReachesIsZero) {
  // Kernel 1, stride 2: three of four input elements have no gradient.
  ProductCase c;
  c.kind = ProductKind::InputGradient;
  c.format = mirageFormat();
  c.spec.height = c.spec.width = 4;
  c.spec.strideH = c.spec.strideW = 2;
  c.first.assign(4, -1.0f);
  c.second.assign(1, 2.0f);
  for (const char *executor : {"reference", "fast"}) {
    Outcome got = execute(c, Stationary::First, {}, 1, executor);
    for (size_t i = 0; i < 16; ++i) {
      float expected = i % 2 == 0 && i / 4 % 2 == 0 ? -2.0f : 0.0f;
      EXPECT_EQ(got.values[i], expected) << i;
      EXPECT_EQ(std::signbit(got.values[i]), expected < 0) << i;
    }
  }
}

TEST(Gradient, AccumulatorsContinueFromMemory) {
  // The same product twice: the second adds to the first.
  ProductCase c{ProductKind::Forward, linearSpec(3, 20, 5), mirageFormat()};
  Generator generate(1);
  fill(c, generate, Values::Plain, Values::Plain);
  Program program = buildProduct(c, Stationary::First, {});
  for (Instruction &instruction : program.code)
    if (auto *stream = getIf<CoreStream>(instruction.body))
      stream->start = {1, {}};
  std::vector<Instruction> code = program.code;
  program.code.insert(program.code.begin(), code.begin(), code.end() - 1);
  program.products[0].nests.clear();
  std::vector<float> once = getExpected(c), twice;
  ConvTensors at{c.spec};
  for (int64_t n = 0; n < 5; ++n)
    for (int64_t o = 0; o < 3; ++o) {
      Line a, b;
      for (int64_t k = 0; k < 20; ++k) {
        a.values.push_back(c.second[at.weight(0, o, k, 0, 0)]);
        b.values.push_back(c.first[at.in(n, 0, k, 0, 0)]);
      }
      twice.push_back(contract(once[at.out(n, 0, o, 0, 0)], a, b, c.format));
    }
  for (const char *executor : {"reference", "fast"}) {
    auto result = runProgram(program,
                             {{"a", toArray(c.first, getShape(c, 0))},
                              {"b", toArray(c.second, getShape(c, 1))}},
                             threads(1), executor);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(firstDifference(toVector(result->at("y")), twice), -1);
  }
}

//===----------------------------------------------------------------------===//
// Stochastic rounding
//===----------------------------------------------------------------------===//

TEST(StochasticRounding, AllKindsOfProducts) {
  for (ProductKind kind : allKinds)
    for (uint64_t seed = 600; seed < 620; ++seed) {
      checkRandom(seed, stochastic(), seed % 2 ? Values::Plain : Values::Mixed,
                  {0, 0, 0}, kind);
      checkRandom(seed, stochastic(makeFormat(10, 24, {1021, 1023, 1024})),
                  Values::Plain, {2, 16, 16}, kind);
    }
}

TEST(StochasticRounding, KeyDecides) {
  ProductCase c{ProductKind::Forward, linearSpec(8, 64, 8), stochastic()};
  Generator generate(2);
  fill(c, generate, Values::Plain, Values::Plain);
  auto run = [&](std::array<uint32_t, 3> key, uint32_t stream) {
    c.key = {key, stream};
    return execute(c, Stationary::First, {}, 1, "fast").values;
  };
  std::vector<float> base = run({1, 2, 3}, 4);
  EXPECT_EQ(firstDifference(base, run({1, 2, 3}, 4)), -1);
  EXPECT_NE(firstDifference(base, run({0, 2, 3}, 4)), -1);
  EXPECT_NE(firstDifference(base, run({1, 0, 3}, 4)), -1);
  EXPECT_NE(firstDifference(base, run({1, 2, 0}, 4)), -1);
  EXPECT_NE(firstDifference(base, run({1, 2, 3}, 0)), -1);
}

TEST(StochasticRounding, MeansAreUnbiased) {
  // x * 1 with one element per group: m is x * 8 rounded up or down, beside a
  // value that sets the exponent. Over the elements of a row the mean is x.
  constexpr int64_t rows = 20000;
  for (float x : {0.3f, -0.71f, 0.9999f, 0.01f}) {
    ProductCase c{ProductKind::Forward, linearSpec(rows, 2, 1), stochastic()};
    c.first = {1.0f, 0.0f};
    for (int64_t r = 0; r < rows; ++r)
      c.second.insert(c.second.end(), {x, 1.5f});
    Outcome got = execute(c, Stationary::First, {8, 32, 16}, 2, "fast");
    double sum = 0, low = 0;
    for (float y : got.values) {
      sum += double(y);
      low += y == std::trunc(x * 8) / 8;
      EXPECT_LT(std::fabs(y - x), 0.125f);
    }
    double up = std::fabs(double(x) * 8) - std::trunc(std::fabs(double(x) * 8));
    // Six standard deviations of a binomial mean.
    double deviation = std::sqrt(up * (1 - up) / rows);
    EXPECT_NEAR(sum / rows, double(x), 6 * deviation / 8) << x;
    EXPECT_NEAR(low / rows, 1 - up, 6 * deviation) << x;
  }
}

TEST(StochasticRounding, NeedsAKey) {
  ProductCase c{
      ProductKind::Forward, linearSpec(1, 1, 1), stochastic(), {1.0f}, {1.0f}};
  Program program = buildProduct(c, Stationary::First, {});
  Arrays inputs{{"a", toArray(c.first, getShape(c, 0))},
                {"b", toArray(c.second, getShape(c, 1))}};
  std::vector<float> bad{1.0f, 2.5f, 3.0f};
  program.data[0].bytes = reinterpret_cast<const uint8_t *>(bad.data());
  EXPECT_ERROR(runProgram(program, inputs),
               "rng region 'photonic.rng': the trial of random numbers is "
               "expected to be a whole number in [0, 16777216), found 2.5");
  bad[1] = 0x1p24f;
  EXPECT_ERROR(runProgram(program, inputs), "found 16777216");
  program.rng.reset();
  EXPECT_ERROR(runProgram(program, inputs), "the program has no rng region");
}
