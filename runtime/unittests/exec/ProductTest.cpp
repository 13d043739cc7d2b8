//===- ProductTest.cpp - Products against the scalar oracle ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductHelpers.h"
#include "../support/TestMemories.h"

#include <algorithm>
#include <array>

using namespace phx;
using namespace phx::testing;

TEST(Product, MirageFormatPlainValues) {
  for (uint64_t seed = 0; seed < 60; ++seed)
    checkRandom(seed, mirageFormat(), Values::Plain, {8, 32, 16});
}
TEST(Product, SparseValues) {
  for (uint64_t seed = 100; seed < 130; ++seed)
    checkRandom(seed, mirageFormat(), Values::Sparse);
}
TEST(Product, FullExponentRange) {
  for (uint64_t seed = 200; seed < 260; ++seed)
    checkRandom(seed, mirageFormat(), Values::AllExponents);
}
TEST(Product, Underflow) {
  for (uint64_t seed = 300; seed < 340; ++seed)
    checkRandom(seed, mirageFormat(), Values::Tiny);
}
TEST(Product, NearOverflow) {
  int finite = 0;
  for (uint64_t seed = 400; seed < 440; ++seed)
    finite += checkRandom(seed, mirageFormat(), Values::Huge);
  // Both outcomes are among the cases.
  EXPECT_GT(finite, 5);
  EXPECT_LT(finite, 35);
}
TEST(Product, MixedMagnitudes) {
  for (uint64_t seed = 500; seed < 540; ++seed)
    checkRandom(seed, mirageFormat(), Values::Mixed, {0, 0, 0});
}

TEST(Product, NearestRounding) {
  ProductFormat format = mirageFormat();
  format.setRounding(Rounding::Nearest);
  for (uint64_t seed = 600; seed < 640; ++seed)
    checkRandom(seed, format, seed % 2 ? Values::Plain : Values::Mixed);
}

TEST(Product, WidthsOfSums) {
  // 16-bit, 32-bit and 64-bit kernels.
  for (uint64_t seed = 700; seed < 715; ++seed) {
    checkRandom(seed, makeFormat(1, 16, {5, 7}), Values::Plain);
    checkRandom(seed, makeFormat(7, 16, {127, 128, 129}), Values::Plain);
    checkRandom(seed, makeFormat(10, 16, {1021, 1023, 1024}), Values::Mixed);
    checkRandom(seed, makeFormat(10, 16, {511, 65536}, Rounding::Nearest),
                Values::Tiny);
    checkRandom(seed, makeFormat(15, 4, {65536, 65535, 65533}),
                Values::AllExponents);
    checkRandom(seed, makeFormat(15, 4096, {32749, 65536, 65535, 16381}),
                Values::Plain);
  }
}

TEST(Product, ShortGroups) {
  for (uint64_t seed = 800; seed < 815; ++seed)
    for (unsigned group : {1u, 3u, 4u, 8u})
      checkRandom(seed, makeFormat(4, group, {31, 32, 33}), Values::Mixed,
                  {3, 32, 16});
}

TEST(Product, GroupsLongerThanTheArray) {
  for (uint64_t seed = 900; seed < 915; ++seed)
    for (unsigned group : {24u, 32u, 48u, 100u}) {
      checkRandom(seed, makeFormat(4, group, {127, 128, 129}), Values::Mixed,
                  {3, 32, 16});
      checkRandom(seed, makeFormat(9, group, {1021, 1023, 1024}), Values::Plain,
                  {2, 9, 7});
    }
}

TEST(Product, SumsWrapAsResiduesDo) {
  // 5 * 7 * 8 = 280 values: too few for sums of 16 products of 4 bits. The
  // machine wraps; so does the oracle.
  for (uint64_t seed = 1000; seed < 1015; ++seed)
    checkRandom(seed, makeFormat(4, 16, {5, 7, 8}), Values::Plain, {2, 32, 16});
}

TEST(Product, Bypass) {
  for (uint64_t seed = 1100; seed < 1130; ++seed)
    checkRandom(seed, fp32Format, Values::Plain, {3, 32, 16});
}
TEST(Product, BypassWithLongGroups) {
  ProductFormat format = fp32Format;
  for (unsigned group : {5u, 24u, 40u}) {
    format.setGroup(group);
    for (uint64_t seed = 1200; seed < 1210; ++seed)
      checkRandom(seed, format, Values::Plain, {2, 16, 16});
  }
}

TEST(Product, BypassOptionIgnoresTheFormat) {
  Generator generate(7);
  ProductCase c{ProductKind::Forward, linearSpec(37, 41, 5), mirageFormat()};
  fill(c, generate, Values::Plain, Values::Plain);
  Program program = buildProduct(c, Stationary::First, {});
  ExecutionOptions options = threads(1);
  options.bypassFormats = true;
  auto result = runProgram(program,
                           {{"a", toArray(c.first, getShape(c, 0))},
                            {"b", toArray(c.second, getShape(c, 1))}},
                           options);
  ASSERT_TRUE(result.ok());
  c.format = fp32Format;
  EXPECT_EQ(firstDifference(toVector(result->at("y")), getExpected(c)), -1);
}

TEST(Product, ManyVectorsAndThreads) {
  // Many blocks of 64 vectors, the last one short.
  Generator generate(11);
  ProductCase c;
  c.format = mirageFormat();
  c.spec.batch = 3;
  c.spec.inChannels = 5;
  c.spec.outChannels = 33;
  c.spec.height = c.spec.width = 30;
  c.spec.kernelH = c.spec.kernelW = 3;
  c.spec.padTop = c.spec.padRight = 1;
  for (ProductKind kind : {ProductKind::Forward, ProductKind::InputGradient,
                           ProductKind::WeightGradient}) {
    c.kind = kind;
    fill(c, generate, Values::Plain, Values::Plain);
    auto expected = getExpected(c);
    for (unsigned threadCount : {1u, 2u, 4u, 7u})
      for (Stationary stationary : {Stationary::First, Stationary::Second})
        for (const char *executor : {"reference", "fast"}) {
          Outcome got =
              execute(c, stationary, {8, 32, 16}, threadCount, executor);
          EXPECT_EQ(firstDifference(got.values, expected), -1)
              << executor << " " << threadCount << " threads, kind "
              << int(kind);
        }
  }
}

TEST(Product, ExactCases) {
  // One element each: value, truncation toward zero, flush, single rounding.
  auto product = [](std::vector<float> x, std::vector<float> w) {
    ProductCase c{ProductKind::Forward, linearSpec(1, int64_t(x.size()), 1),
                  mirageFormat(), x, w};
    return execute(c, Stationary::First, {}, 1, "reference");
  };
  EXPECT_EQ(product({1.0f}, {1.0f}).values[0], 1.0f);
  EXPECT_EQ(product({1.9999f}, {-1.0f}).values[0], -1.875f);
  EXPECT_EQ(product({0x1p-126f}, {1.0f}).values[0], 0x1p-126f);
  EXPECT_EQ(product({0x1.fffffcp-127f}, {1.0f}).values[0], 0.0f); // subnormal
  // Beside a normal element a subnormal one would have bits to give.
  EXPECT_EQ(product({0x1p-126f, 0x1.8p-127f}, {0.0f, 8.0f}).values[0], 0.0f);
  float flushed = product({0x1p-64f}, {-0x1p-63f}).values[0];
  EXPECT_EQ(std::bit_cast<uint32_t>(flushed), 0u); // -2^-127
  // The same by cancellation, after an exact addition: 1.5 * 2^-126 - 2^-126.
  std::vector<float> x(19, 0.0f), w(19, 0.0f);
  x[0] = 1.5f;
  w[0] = 0x1p-126f;
  x[16] = 1.0f;
  x[17] = -0x1p-3f;
  w[17] = 0x1p-123f;
  w[18] = 0x1p-120f;
  EXPECT_EQ(std::bit_cast<uint32_t>(product(x, w).values[0]), 0u);
  x[17] = 0x1p-3f;
  EXPECT_EQ(product(x, w).values[0], 0x1.4p-125f);
  EXPECT_EQ(product({0x1p64f}, {0x1p63f}).values[0], 0x1p127f);
  EXPECT_TRUE(product({0x1p64f}, {0x1p64f}).overflow);
  // The first group alone would be 2^128; so it stops even though the second
  // would bring it back.
  x.assign(17, 0.0f);
  w.assign(17, 0.0f);
  x[0] = x[16] = 0x1p64f;
  w[0] = 0x1p64f;
  w[16] = -0x1p64f;
  EXPECT_TRUE(product(x, w).overflow);
  // 2^128 - 2^127: the term is no binary32, the sum is.
  w[0] = -0x1p63f;
  w[16] = 0x1p64f;
  EXPECT_EQ(product(x, w).values[0], 0x1p127f);
}

//===----------------------------------------------------------------------===//
// Terms of zero
//===----------------------------------------------------------------------===//

/// `values`, rows of 16 * groups.size() elements, with 16 more behind each
/// group that `groups` says, made by `make`.
template <typename Make>
static std::vector<float> insertGroups(const std::vector<float> &values,
                                       const std::vector<bool> &groups,
                                       Make make) {
  std::vector<float> result;
  for (size_t at = 0; at < values.size(); at += 16) {
    result.insert(result.end(), values.begin() + at, values.begin() + at + 16);
    if (groups[at / 16 % groups.size()])
      for (int j = 0; j < 16; ++j)
        result.push_back(make());
  }
  return result;
}

TEST(ZeroTerms, ChangeNoBitOfAResult) {
  // Sums of either sign are flushed; groups of zeros follow them.
  int64_t flushed = 0;
  for (uint64_t seed = 1300; seed < 1340; ++seed) {
    Generator generate(seed);
    int64_t m = generate.pick(1, 40), n = generate.pick(1, 70), inserted = 0;
    std::vector<bool> groups(size_t(generate.pick(1, 6)));
    for (size_t g = 0; g < groups.size(); ++g) {
      groups[g] = generate.pick(0, 1);
      inserted += groups[g];
    }
    int64_t k = 16 * int64_t(groups.size());
    ProductCase with, without;
    with.format = without.format = mirageFormat();
    without.spec = linearSpec(m, k, n);
    with.spec = linearSpec(m, k + 16 * inserted, n);
    // Few products to a sum, about 2^-127 each.
    auto small = [&] {
      float value = generate.value(Values::Sparse);
      return generate.pick(0, 2) ? 0.0f : std::ldexp(value, -64);
    };
    without.first.resize(size_t(n * k));
    std::generate(without.first.begin(), without.first.end(), small);
    without.second.resize(size_t(m * k));
    std::generate(without.second.begin(), without.second.end(), small);
    // A group of zeros, of either sign, meets anything.
    bool first = generate.pick(0, 1);
    auto zero = [&] { return generate.pick(0, 1) ? 0.0f : -0.0f; };
    auto any = [&] { return generate.value(Values::Plain); };
    with.first = first ? insertGroups(without.first, groups, zero)
                       : insertGroups(without.first, groups, any);
    with.second = first ? insertGroups(without.second, groups, any)
                        : insertGroups(without.second, groups, zero);
    for (const char *executor : {"reference", "fast"}) {
      std::vector<float> expected =
          execute(without, Stationary::First, {2, 32, 16}, 1, executor).values;
      for (Stationary stationary : {Stationary::First, Stationary::Second})
        EXPECT_EQ(firstDifference(
                      execute(with, stationary, {2, 32, 16}, 1, executor).values,
                      expected),
                  -1)
            << executor << ", seed " << seed;
      flushed += std::count(expected.begin(), expected.end(), 0.0f);
    }
  }
  EXPECT_GT(flushed, 1000);
}

/// The product of `c`, accumulated to what the input "s" holds.
static Program buildContinued(const ProductCase &c, Stationary stationary) {
  ProgramBuilder b(2, 32, 16);
  Entries format = b.addFormat(c.format);
  uint32_t x = b.addRegion("a", Role::Input, getShape(c, 0), mem::act);
  uint32_t w = b.addRegion("b", Role::Input, getShape(c, 1), mem::wgt);
  uint32_t s =
      b.addRegion("s", Role::Input, c.spec.outShape(), mem::act);
  uint32_t y =
      b.addRegion("y", Role::Output, c.spec.outShape(), mem::grad);
  VecMap copy;
  copy.fn = VecFn::Copy;
  copy.dst = b.at(y);
  copy.a = b.at(s);
  copy.dstStride = copy.aStride = {0, 0, 0, 4};
  copy.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}},
                Count{countElements(c.spec.outShape()), {}}};
  b.add({EngineKind::Vec, 0}, copy);
  b.addConv(c.spec, stationary, format, x, w, y, "conv");
  for (Instruction &instruction : b.program.code)
    if (auto *stream = getIf<CoreStream>(instruction.body))
      stream->start = {1, {}};
  return b.finish();
}

TEST(ZeroTerms, AccumulatorsAreFlushedWhereTheyContinue) {
  // What stands in memory may be anything: zeros of both signs, subnormals.
  for (bool zeros : {true, false})
    for (unsigned group : {16u, 48u})
      for (uint64_t seed = 1400; seed < 1410; ++seed) {
        Generator generate(seed);
        ProductCase c;
        c.format = makeFormat(4, group, {31, 32, 33});
        c.spec = linearSpec(7, 96, 37);
        fill(c, generate, Values::Tiny, zeros ? Values::Plain : Values::Tiny);
        if (zeros)
          c.first.assign(c.first.size(), 0.0f);
        std::vector<float> start, expected;
        for (int64_t i = 0; i < countElements(c.spec.outShape()); ++i)
          start.push_back(
              std::array{0.0f, -0.0f, 0x1.8p-127f, -0x1p-149f,
                         generate.value(Values::Tiny),
                         generate.value(Values::Plain)}[size_t(i) % 6]);
        ConvTensors at{c.spec};
        for (int64_t n = 0; n < 37; ++n)
          for (int64_t o = 0; o < 7; ++o) {
            Line a, b;
            for (int64_t k = 0; k < 96; ++k) {
              a.values.push_back(c.second[at.weight(0, o, k, 0, 0)]);
              b.values.push_back(c.first[at.in(n, 0, k, 0, 0)]);
            }
            float acc = start[at.out(n, 0, o, 0, 0)];
            expected.push_back(zeros ? flushed(acc)
                                     : contract(acc, a, b, c.format));
          }
        for (Stationary stationary : {Stationary::First, Stationary::Second})
          for (const char *executor : {"reference", "fast"}) {
            auto result = runProgram(buildContinued(c, stationary),
                                     {{"a", toArray(c.first, getShape(c, 0))},
                                      {"b", toArray(c.second, getShape(c, 1))},
                                      {"s", toArray(start, c.spec.outShape())}},
                                     threads(1), executor);
            ASSERT_TRUE(result.ok()) << result.error().message;
            EXPECT_EQ(firstDifference(toVector(result->at("y")), expected), -1)
                << executor << ", seed " << seed;
          }
      }
}
