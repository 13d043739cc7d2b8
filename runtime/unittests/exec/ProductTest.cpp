//===- ProductTest.cpp - Products against the scalar oracle ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExecHelpers.h"
#include "ScalarOracle.h"

#include <random>

using namespace phx;
using namespace phx::testing;

namespace {

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

struct Machine {
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

struct Outcome {
  bool overflow = false;
  std::vector<float> values;
};

Outcome execute(const ConvSpec &spec, Dataflow dataflow,
                const NumberFormat &format, const Machine &machine,
                const std::vector<float> &x, const std::vector<float> &w,
                unsigned threadCount, const std::string &kind) {
  ProgramBuilder builder(machine.cores, machine.rows, machine.cols);
  builder.addConvWithRegions(spec, dataflow, builder.addFormat(format));
  Program program = builder.finish();
  Arrays inputs{{"x", toArray(x, spec.inShape())},
                {"w", toArray(w, spec.weightShape())}};
  auto result = runProgram(program, inputs, threads(threadCount), kind);
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

/// Runs one product every way there is and compares with the oracle. True if it
/// has finite results.
bool check(const ConvSpec &spec, const NumberFormat &format,
           const Machine &machine, const std::vector<float> &x,
           const std::vector<float> &w) {
  bool overflow = false;
  std::vector<float> expected = convolve(spec, x, w, format, overflow);
  for (Dataflow dataflow : {Dataflow::Df1, Dataflow::Df2})
    for (const char *kind : {"reference", "fast"}) {
      unsigned threadCount = kind[0] == 'f' ? 3 : 1;
      Outcome got =
          execute(spec, dataflow, format, machine, x, w, threadCount, kind);
      EXPECT_EQ(got.overflow, overflow) << kind;
      if (overflow || got.overflow)
        continue;
      int64_t at = firstDifference(got.values, expected);
      EXPECT_EQ(at, -1) << kind << " df" << int(dataflow) + 1 << ": element "
                        << at << " is " << got.values[at] << ", expected "
                        << expected[at];
    }
  return !overflow;
}

NumberFormat makeFormat(unsigned bits, unsigned group,
                        std::vector<uint32_t> moduli,
                        Rounding rounding = Rounding::Truncate) {
  NumberFormat format;
  format.mantissaBits = uint8_t(bits);
  format.group = group;
  format.moduli = std::move(moduli);
  format.rounding = rounding;
  return format;
}

const NumberFormat fp32Format = [] {
  NumberFormat format;
  format.kind = FormatKind::Fp32;
  return format;
}();

bool checkRandom(uint64_t seed, const NumberFormat &format, Values kind,
                 Machine machine = {}) {
  Generator generate(seed);
  ConvSpec spec = generate.conv();
  if (machine.cores == 0)
    machine = {unsigned(generate.pick(1, 5)), unsigned(generate.pick(1, 70)),
               unsigned(generate.pick(1, 40))};
  Values first = kind, second = kind;
  if (kind == Values::AllExponents)
    (seed % 2 ? first : second) = Values::LowExponents;
  auto x = generate.values(
      spec.batch * spec.inChannels * spec.height * spec.width, first);
  auto w = generate.values(spec.outChannels * spec.k(), second);
  return check(spec, format, machine, x, w);
}

} // namespace

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
  NumberFormat format = mirageFormat();
  format.rounding = Rounding::Nearest;
  for (uint64_t seed = 600; seed < 640; ++seed)
    checkRandom(seed, format, seed % 2 ? Values::Plain : Values::Mixed);
}

TEST(Product, WidthsOfSums) {
  // 16-bit, 32-bit and 64-bit kernels.
  for (uint64_t seed = 700; seed < 715; ++seed) {
    checkRandom(seed, makeFormat(1, 16, {5, 7}), Values::Plain);
    checkRandom(seed, makeFormat(7, 16, {127, 128, 129}), Values::Plain);
    checkRandom(seed, makeFormat(10, 16, {1021, 1023, 1024}), Values::Mixed);
    checkRandom(seed, makeFormat(10, 16, {33554393}, Rounding::Nearest),
                Values::Tiny);
    checkRandom(seed, makeFormat(15, 4, {2147483647u, 1073741824u}),
                Values::AllExponents);
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
  NumberFormat format = fp32Format;
  for (unsigned group : {5u, 24u, 40u}) {
    format.group = group;
    for (uint64_t seed = 1200; seed < 1210; ++seed)
      checkRandom(seed, format, Values::Plain, {2, 16, 16});
  }
}

TEST(Product, BypassOptionIgnoresTheFormat) {
  Generator generate(7);
  ConvSpec spec = linearSpec(37, 41, 5);
  auto x = generate.values(41 * 5, Values::Plain);
  auto w = generate.values(37 * 41, Values::Plain);
  ProgramBuilder builder;
  builder.addConvWithRegions(spec, Dataflow::Df1,
                             builder.addFormat(mirageFormat()));
  Program program = builder.finish();
  ExecutionOptions options = threads(1);
  options.bypassFormats = true;
  auto result = runProgram(program,
                           {{"x", toArray(x, spec.inShape())},
                            {"w", toArray(w, spec.weightShape())}},
                           options);
  ASSERT_TRUE(result.ok());
  bool overflow;
  EXPECT_EQ(firstDifference(toVector(result->at("y")),
                            convolve(spec, x, w, fp32Format, overflow)),
            -1);
}

TEST(Product, ManyVectorsAndThreads) {
  // Many blocks of 64 vectors, the last one short.
  Generator generate(11);
  ConvSpec spec;
  spec.batch = 3;
  spec.inChannels = 5;
  spec.outChannels = 33;
  spec.height = spec.width = 30;
  spec.kernelH = spec.kernelW = 3;
  spec.padTop = spec.padRight = 1;
  auto x = generate.values(3 * 5 * 30 * 30, Values::Plain);
  auto w = generate.values(33 * spec.k(), Values::Plain);
  bool overflow;
  auto expected = convolve(spec, x, w, mirageFormat(), overflow);
  for (unsigned threadCount : {1u, 2u, 4u, 7u})
    for (Dataflow dataflow : {Dataflow::Df1, Dataflow::Df2}) {
      Outcome got = execute(spec, dataflow, mirageFormat(), {8, 32, 16}, x, w,
                            threadCount, "reference");
      EXPECT_EQ(firstDifference(got.values, expected), -1) << threadCount;
    }
}

TEST(Product, ExactCases) {
  // One element each: value, truncation toward zero, flush, single rounding.
  auto product = [](std::vector<float> x, std::vector<float> w) {
    ConvSpec spec = linearSpec(1, int64_t(x.size()), 1);
    return execute(spec, Dataflow::Df1, mirageFormat(), {}, x, w, 1,
                   "reference");
  };
  EXPECT_EQ(product({1.0f}, {1.0f}).values[0], 1.0f);
  EXPECT_EQ(product({1.9999f}, {-1.0f}).values[0], -1.875f);
  EXPECT_EQ(product({0x1p-126f}, {1.0f}).values[0], 0x1p-126f);
  EXPECT_EQ(product({0x1.fffffcp-127f}, {1.0f}).values[0], 0.0f); // subnormal
  // Beside a normal element a subnormal one would have bits to give.
  EXPECT_EQ(product({0x1p-126f, 0x1.8p-127f}, {0.0f, 8.0f}).values[0], 0.0f);
  float flushed = product({0x1p-64f}, {-0x1p-63f}).values[0];
  EXPECT_EQ(std::bit_cast<uint32_t>(flushed), 0x80000000u); // -2^-127
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
