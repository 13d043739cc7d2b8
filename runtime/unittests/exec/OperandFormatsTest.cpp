//===- OperandFormatsTest.cpp - Operands with formats of their own --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductHelpers.h"

using namespace phx;
using namespace phx::testing;

namespace {
const ProductKind kinds[] = {ProductKind::Forward, ProductKind::InputGradient,
                             ProductKind::WeightGradient};

/// Both ways round.
void checkBoth(uint64_t seed, ProductFormat format, Values values,
               TestMachine machine = {}) {
  ProductKind kind = kinds[seed % 3];
  checkRandom(seed, format, values, machine, kind);
  std::swap(format.first, format.second);
  checkRandom(seed, format, values, machine, kind);
}
} // namespace

TEST(OperandFormats, MantissasDiffer) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    checkBoth(seed, {{2, 16}, {7, 16}, {31, 32, 33}}, Values::Plain);
    checkBoth(seed, {{1, 16}, {8, 16}, {31, 32, 33}}, Values::AllExponents);
    checkBoth(seed, {{4, 16}, {15, 16}, {1021, 1023, 1024}}, Values::Mixed,
              {0, 0, 0});
    checkBoth(seed, {{15, 16}, {3, 16}, {65536, 65535}}, Values::Tiny);
  }
}

TEST(OperandFormats, RoundingsDiffer) {
  for (uint64_t seed = 100; seed < 112; ++seed)
    for (Rounding rounding : {Rounding::Nearest, Rounding::Stochastic}) {
      checkBoth(seed, {{4, 16}, {4, 16, rounding}, {31, 32, 33}},
                Values::Plain);
      checkBoth(seed,
                {{6, 16, Rounding::Stochastic}, {4, 16, rounding},
                 {127, 128, 129}},
                Values::Mixed, {0, 0, 0});
    }
}

TEST(OperandFormats, GroupsDiffer) {
  // Exponents of the longer group, terms of the shorter one, whether the array
  // is longer than both, between them or shorter than both.
  for (uint64_t seed = 200; seed < 212; ++seed)
    for (auto [shorter, longer] :
         {std::pair(4, 16), {8, 24}, {16, 64}, {24, 48}, {1, 5}, {32, 4096}}) {
      Rounding rounding = seed % 2 ? Rounding::Nearest : Rounding::Truncate;
      ProductFormat format{{4, shorter}, {5, longer, rounding}, {63, 64, 65}};
      checkBoth(seed, format, Values::Mixed, {2, 32, 16});
      checkBoth(seed, format, Values::Plain, {0, 0, 0});
    }
}

TEST(OperandFormats, GroupsDifferUnderTheBypass) {
  for (uint64_t seed = 300; seed < 312; ++seed)
    for (auto [shorter, longer] : {std::pair(4, 16), {16, 64}, {24, 48}})
      checkBoth(seed, {{1, shorter}, {1, longer}, {}, true}, Values::Plain,
                {2, 32, 16});
}

TEST(OperandFormats, EachCounts) {
  // The same operands, one number of a format changed: other results.
  Generator generate(7);
  ProductCase c{ProductKind::Forward, linearSpec(9, 64, 5), mirageFormat()};
  c.format.moduli = {127, 128, 129};
  fill(c, generate, Values::Mixed, Values::Mixed);
  TestMachine machine{1, 32, 16};
  auto run = [&](auto change) {
    ProductCase changed = c;
    change(changed.format);
    return execute(changed, Stationary::First, machine, 1, "reference").values;
  };
  std::vector<float> before = run([](ProductFormat &) {});
  for (bool second : {false, true}) {
    auto operand = [=](ProductFormat &f) -> Bfp & {
      return second ? f.second : f.first;
    };
    EXPECT_NE(run([&](ProductFormat &f) { operand(f).mantissa = 5; }), before);
    EXPECT_NE(run([&](ProductFormat &f) { operand(f).group = 32; }), before);
    EXPECT_NE(
        run([&](ProductFormat &f) { operand(f).rounding = Rounding::Nearest; }),
        before);
  }
}

TEST(OperandFormats, AMapThatEndsEarlierCutsNoGroupOfTheOtherOperand) {
  // Two passes of one group. What is outside of the map of the weights is zero
  // there as well; the vectors keep the exponent of their whole group.
  ProductCase c{ProductKind::Forward, linearSpec(5, 32, 3), mirageFormat()};
  c.format.first.group = c.format.second.group = 32;
  c.format.moduli = {127, 128, 129};
  Program whole = buildProduct(c, Stationary::First, {1, 32, 16});
  Program cut = whole;
  for (const Instruction &instruction : whole.code)
    if (const auto *load = getIf<CoreProgram>(instruction.body))
      for (MapDigit &digit : cut.maps[load->map].cols)
        if (digit.radix == 32)
          digit.radix = 20;
  ASSERT_NE(cut.maps, whole.maps);
  std::vector<float> weights(5 * 32), vectors(3 * 32);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = i % 32 < 20 ? float(i % 7) - 3 : 0;
  for (size_t i = 0; i < vectors.size(); ++i)
    vectors[i] = i % 32 < 20 ? float(i % 5) + 1 : 1000;
  Arrays inputs{{"a", toArray(vectors, {3, 32, 1, 1})},
                {"b", toArray(weights, {5, 32, 1, 1})}};
  for (const char *name : {"reference", "fast"}) {
    auto run = [&](const Program &program) {
      auto executor = createExecutor(name, program);
      auto outputs = (*executor)->run(inputs, threads(1));
      EXPECT_TRUE(outputs.ok()) << outputs.error().message;
      return outputs->begin()->second.bytes;
    };
    EXPECT_EQ(run(cut), run(whole)) << name;
  }
}
