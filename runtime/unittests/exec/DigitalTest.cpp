//===- DigitalTest.cpp - Vector unit and data movement --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "ExecHelpers.h"

#include "phx/support/Math.h"

#include <cmath>
#include <random>

using namespace phx;
using namespace phx::testing;

namespace {

const EngineId vec{EngineKind::Vec, 0};
const EngineId dma{EngineKind::Dma, 0};

Shape4 makeShape(int64_t a, int64_t b, int64_t c, int64_t d) {
  return {Count{a, {}}, Count{b, {}}, Count{c, {}}, Count{d, {}}};
}

std::vector<float> randomValues(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> values(count);
  for (float &x : values)
    x = normal(random);
  return values;
}

uint32_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }

/// y = fn(x[, z]) over 2 x 3 x 5 x 7 elements.
std::vector<float> runMap(VecFn fn, const std::vector<float> &x,
                          const std::vector<float> &z, float s0 = 0,
                          float s1 = 0) {
  ProgramBuilder builder;
  std::vector<int64_t> dims{2, 3, 5, 7};
  uint32_t in = builder.addRegion("x", Role::Input, dims, mem::act);
  uint32_t other = builder.addRegion("z", Role::Input, dims, mem::wgt);
  uint32_t out = builder.addRegion("y", Role::Output, dims, mem::grad);
  Stride4 dense{420, 140, 28, 4};
  builder.add(vec,
              VecMap{fn, builder.at(out), builder.at(in), builder.at(other),
                     dense, dense, dense, makeShape(2, 3, 5, 7), s0, s1});
  auto result = runProgram(builder.finish(),
                           {{"x", toArray(x, dims)}, {"z", toArray(z, dims)}});
  EXPECT_TRUE(result.ok());
  return result ? toVector(result->at("y")) : std::vector<float>(210);
}

} // namespace

TEST(Digital, ElementwiseFunctions) {
  auto x = randomValues(210, 1), z = randomValues(210, 2);
  x[0] = 0.0f;
  x[1] = -0.0f;
  x[2] = INFINITY;
  x[3] = -INFINITY;
  x[4] = NAN;
  x[5] = z[5];
  x[6] = 0x1p-149f;
  using Fn = float (*)(float, float);
  std::pair<VecFn, Fn> functions[] = {
      {VecFn::Copy, [](float a, float) { return a; }},
      {VecFn::Add, [](float a, float b) { return a + b; }},
      {VecFn::Sub, [](float a, float b) { return a - b; }},
      {VecFn::Mul, [](float a, float b) { return a * b; }},
      {VecFn::Div, [](float a, float b) { return a / b; }},
      {VecFn::Max, [](float a, float b) { return a > b || a != a ? a : b; }},
      {VecFn::Min, [](float a, float b) { return a < b || a != a ? a : b; }},
      {VecFn::Relu, [](float a, float) { return a <= 0 ? 0.0f : a; }},
      {VecFn::LeakyRelu, [](float a, float) { return a < 0 ? 0.25f * a : a; }},
      {VecFn::Clip,
       [](float a, float) {
         float low = a <= 0.25f ? 0.25f : a;
         return low >= 1.5f ? 1.5f : low;
       }},
      {VecFn::Neg, [](float a, float) { return -a; }},
      {VecFn::Abs, [](float a, float) { return std::fabs(a); }},
      {VecFn::Sqrt, [](float a, float) { return std::sqrt(a); }},
      {VecFn::Exp, [](float a, float) { return expF32(a); }},
      {VecFn::Log, [](float a, float) { return logF32(a); }},
      {VecFn::Tanh, [](float a, float) { return tanhF32(a); }},
      {VecFn::Sigmoid, [](float a, float) { return sigmoidF32(a); }},
      {VecFn::Fill, [](float, float) { return 0.25f; }},
      {VecFn::Scale, [](float a, float) { return a * 0.25f; }},
      {VecFn::Equal, [](float a, float b) { return a == b ? 1.0f : 0.0f; }},
      {VecFn::Gate, [](float a, float b) { return a > 0 ? b : 0.25f * b; }},
      {VecFn::GateRange,
       [](float a, float b) { return 0.25f < a && a < 1.5f ? b : 0.0f; }},
      {VecFn::Drop, [](float a, float b) { return a >= 0.25f ? b * 1.5f : 0; }},
      {VecFn::Offset, [](float a, float) { return a + 0.25f; }},
  };
  for (auto &[fn, reference] : functions) {
    auto y = runMap(fn, x, z, 0.25f, 1.5f);
    for (size_t i = 0; i < y.size(); ++i) {
      float expected = reference(x[i], z[i]);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(y[i])) << int(fn) << " " << i;
      else
        EXPECT_EQ(bitsOf(y[i]), bitsOf(expected)) << int(fn) << " " << i;
    }
  }
}

TEST(Digital, ClosedGatesGivePositiveZero) {
  // Not 0 * b, which would be -0 or NaN.
  std::vector<float> x(210, -1.0f), z(210, -2.0f);
  z[1] = INFINITY;
  z[2] = NAN;
  x[3] = 0.0f; // the bound itself is closed
  for (VecFn fn : {VecFn::Gate, VecFn::GateRange})
    for (float y : runMap(fn, x, z, 0.0f, 5.0f))
      EXPECT_EQ(bitsOf(y), 0u) << int(fn);
  // A drop threshold is open; only what is finite can be dropped.
  auto kept = runMap(VecFn::Drop, x, z, 0.0f, 5.0f);
  EXPECT_EQ(kept[3], -10.0f);
  EXPECT_EQ(bitsOf(kept[4]), 0u);
  EXPECT_TRUE(std::isnan(kept[1]) && std::isnan(kept[2]));
  // With a slope, the other side is scaled.
  EXPECT_EQ(runMap(VecFn::Gate, x, z, 0.5f)[0], -1.0f);
}

TEST(Digital, BroadcastInPlaceAndTransposed) {
  // y = x + bias[channel] in place, then z = transpose(y).
  ProgramBuilder builder;
  auto x = randomValues(3 * 8, 3), bias = randomValues(3, 4);
  uint32_t y = builder.addRegion("x", Role::Input, {3, 8}, mem::grad);
  uint32_t b = builder.addRegion("b", Role::Input, {3}, mem::wgt);
  uint32_t z = builder.addRegion("z", Role::Output, {8, 3}, mem::act);
  builder.add(vec, VecMap{VecFn::Add,
                          builder.at(y),
                          builder.at(y),
                          builder.at(b),
                          {0, 0, 32, 4},
                          {0, 0, 32, 4},
                          {0, 0, 4, 0},
                          makeShape(1, 1, 3, 8),
                          0,
                          0});
  builder.add(vec, VecMap{VecFn::Copy,
                          builder.at(z),
                          builder.at(y),
                          {},
                          {0, 0, 12, 4},
                          {0, 0, 4, 32},
                          {},
                          makeShape(1, 1, 8, 3),
                          0,
                          0});
  auto result = runProgram(
      builder.finish(), {{"x", toArray(x, {3, 8})}, {"b", toArray(bias, {3})}});
  ASSERT_TRUE(result.ok());
  auto got = toVector(result->at("z"));
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 8; ++i)
      EXPECT_EQ(got[i * 3 + c], x[c * 8 + i] + bias[c]);
}

TEST(Digital, LongRowsOnSeveralThreads) {
  ProgramBuilder builder;
  auto x = randomValues(200 * 1000, 5);
  uint32_t in =
      builder.addRegion("x", Role::Input, {200, 1000}, mem::act);
  uint32_t out =
      builder.addRegion("y", Role::Output, {200, 1000}, mem::grad);
  builder.add(vec, VecMap{VecFn::Tanh,
                          builder.at(out),
                          builder.at(in),
                          {},
                          {0, 0, 4000, 4},
                          {0, 0, 4000, 4},
                          {},
                          makeShape(1, 1, 200, 1000),
                          0,
                          0});
  Program program = builder.finish();
  auto one = runProgram(program, {{"x", toArray(x, {200, 1000})}}, threads(1));
  auto four = runProgram(program, {{"x", toArray(x, {200, 1000})}}, threads(4));
  ASSERT_TRUE(one.ok() && four.ok());
  EXPECT_EQ(one->at("y").bytes, four->at("y").bytes);
  EXPECT_EQ(toVector(one->at("y"))[199999], tanhF32(x[199999]));
}

TEST(Digital, ReduceSumUsesSixteenLanes) {
  for (int64_t length : {1, 5, 16, 17, 49, 100}) {
    auto x = randomValues(size_t(6 * length), unsigned(length));
    ProgramBuilder builder;
    uint32_t in =
        builder.addRegion("x", Role::Input, {6, length}, mem::grad);
    uint32_t sum = builder.addRegion("s", Role::Output, {6}, mem::act);
    uint32_t top = builder.addRegion("m", Role::Output, {6}, mem::act);
    Stride4 strides{0, 0, 4 * length, 4};
    builder.add(vec, VecReduce{ReduceFn::Sum,
                               builder.at(sum),
                               builder.at(in),
                               {0, 0, 4, 0},
                               strides,
                               makeShape(1, 1, 6, length)});
    builder.add(vec, VecReduce{ReduceFn::Max,
                               builder.at(top),
                               builder.at(in),
                               {0, 0, 4, 0},
                               strides,
                               makeShape(1, 1, 6, length)});
    auto result =
        runProgram(builder.finish(), {{"x", toArray(x, {6, length})}});
    ASSERT_TRUE(result.ok());
    for (int64_t r = 0; r < 6; ++r) {
      const float *row = &x[size_t(r * length)];
      float lanes[16] = {}, most = row[0];
      for (int64_t i = 0; i < length; ++i) {
        lanes[i % 16] += row[i];
        most = std::max(most, row[i]);
      }
      for (int x8 = 0; x8 < 8; ++x8)
        lanes[x8] += lanes[x8 + 8];
      for (int x4 = 0; x4 < 4; ++x4)
        lanes[x4] += lanes[x4 + 4];
      float expected = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
      EXPECT_EQ(toVector(result->at("s"))[size_t(r)], expected);
      EXPECT_EQ(toVector(result->at("m"))[size_t(r)], most);
    }
  }
}

namespace {

struct PoolSpec {
  int64_t n = 2, c = 3, h = 7, w = 6, kernelH = 3, kernelW = 2;
  int64_t stride = 2, padTop = 1, padLeft = 0, padBottom = 0, padRight = 1;
  int64_t outH() const {
    return (h + padTop + padBottom - kernelH) / stride + 1;
  }
  int64_t outW() const {
    return (w + padLeft + padRight - kernelW) / stride + 1;
  }
};

Result<Arrays> runPool(const PoolSpec &s, PoolFn fn,
                       const std::vector<float> &x) {
  ProgramBuilder builder;
  std::vector<int64_t> inShape{s.n, s.c, s.h, s.w};
  std::vector<int64_t> outShape{s.n, s.c, s.outH(), s.outW()};
  uint32_t in = builder.addRegion("x", Role::Input, inShape, mem::act);
  uint32_t out =
      builder.addRegion("y", Role::Output, outShape, mem::grad);
  AccessMap inMap, outMap;
  inMap.rows = {
      {s.outW(), 2, s.stride}, {s.outH(), 1, s.stride}, {s.n * s.c, 0, 1}};
  inMap.cols = {{s.kernelW, 2, 1}, {s.kernelH, 1, 1}};
  inMap.axes = {{s.n * s.c, s.h * s.w * 4, 0, 0, 0},
                {s.h, s.w * 4, -s.padTop, s.padTop, s.padBottom},
                {s.w, 4, -s.padLeft, s.padLeft, s.padRight}};
  int64_t rows = s.n * s.c * s.outH() * s.outW();
  outMap.rows = {{rows, 0, 1}};
  outMap.axes = {{rows, 4, 0, 0, 0}};
  VecPool pool{fn,
               builder.addMap(inMap),
               builder.addMap(outMap),
               builder.at(in),
               builder.at(out),
               {},
               Count{rows, {}},
               s.kernelH * s.kernelW};
  builder.add(vec, pool);
  return runProgram(builder.finish(), {{"x", toArray(x, inShape)}});
}

} // namespace

TEST(Digital, Pooling) {
  PoolSpec s;
  auto x = randomValues(size_t(s.n * s.c * s.h * s.w), 9);
  for (PoolFn fn : {PoolFn::Max, PoolFn::AverageValid, PoolFn::AverageAll}) {
    auto result = runPool(s, fn, x);
    ASSERT_TRUE(result.ok()) << result.error().message;
    auto got = toVector(result->at("y"));
    size_t at = 0;
    for (int64_t p = 0; p < s.n * s.c; ++p)
      for (int64_t oy = 0; oy < s.outH(); ++oy)
        for (int64_t ox = 0; ox < s.outW(); ++ox, ++at) {
          float lanes[16] = {}, best = -INFINITY;
          int64_t valid = 0, number = 0;
          for (int64_t ky = 0; ky < s.kernelH; ++ky)
            for (int64_t kx = 0; kx < s.kernelW; ++kx, ++number) {
              int64_t y = oy * s.stride + ky - s.padTop;
              int64_t xx = ox * s.stride + kx - s.padLeft;
              if (y < 0 || y >= s.h || xx < 0 || xx >= s.w)
                continue;
              float v = x[size_t((p * s.h + y) * s.w + xx)];
              lanes[number % 16] += v;
              best = std::max(best, v);
              ++valid;
            }
          for (int step = 8; step; step /= 2)
            for (int l = 0; l < step; ++l)
              lanes[l] += lanes[l + step];
          // Every window lies within the margins.
          float all = float(s.kernelH * s.kernelW);
          float expected = fn == PoolFn::Max ? best
                           : fn == PoolFn::AverageValid
                               ? lanes[0] / float(valid)
                               : lanes[0] / all;
          EXPECT_EQ(bitsOf(got[at]), bitsOf(expected)) << at;
        }
  }
}

TEST(Digital, PoolFirstMaximumWins) {
  PoolSpec s{1, 1, 1, 2, 1, 2, 1, 0, 0, 0, 0};
  auto result = runPool(s, PoolFn::Max, {-0.0f, 0.0f});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(bitsOf(toVector(result->at("y"))[0]), 0x80000000u);
}

TEST(Digital, PoolCeilModeWindowBeyondTheMargin) {
  // Width 3, kernel 2, stride 2, rounded up: the second window sticks out by
  // one without padding there. AverageAll divides by what is inside margins.
  ProgramBuilder builder;
  uint32_t in = builder.addRegion("x", Role::Input, {3}, mem::act);
  uint32_t out = builder.addRegion("y", Role::Output, {2}, mem::grad);
  AccessMap inMap, outMap;
  inMap.rows = {{2, 0, 2}};
  inMap.cols = {{2, 0, 1}};
  inMap.axes = {{3, 4, 0, 0, 0}};
  outMap.rows = {{2, 0, 1}};
  outMap.axes = {{2, 4, 0, 0, 0}};
  builder.add(vec, VecPool{PoolFn::AverageAll,
                           builder.addMap(inMap),
                           builder.addMap(outMap),
                           builder.at(in),
                           builder.at(out),
                           {},
                           Count{2, {}},
                           2});
  auto result = runProgram(builder.finish(), {{"x", toArray({1, 2, 5}, {3})}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(toVector(result->at("y")), (std::vector<float>{1.5f, 5.0f}));
}

TEST(Digital, PoolEmptyWindowIsAnError) {
  PoolSpec s{1, 1, 2, 2, 1, 1, 1, 1, 0, 0, 0};
  EXPECT_ERROR(runPool(s, PoolFn::Max, {1, 2, 3, 4}),
               "a window has no element inside the extents");
}

TEST(Digital, DmaZeroFill) {
  // Every start of a window of 5 rows over 4 rows of 3, in each dimension.
  auto x = randomValues(12, 12);
  for (uint8_t dim : {2, 3})
    for (int64_t start = -6; start <= 6; ++start) {
      ProgramBuilder builder;
      uint32_t in = builder.addRegion("x", Role::Input, {4, 3}, mem::dram);
      uint32_t out =
          builder.addRegion("y", Role::Output, {5, 5}, mem::act);
      // Dirty destination: what is filled must be overwritten.
      builder.add(vec, VecMap{VecFn::Fill,
                              builder.at(out),
                              {},
                              {},
                              {0, 0, 20, 4},
                              {},
                              {},
                              makeShape(1, 1, 5, 5),
                              9,
                              0});
      int64_t rows = dim == 2 ? 5 : 4, cols = dim == 2 ? 3 : 5;
      builder.add(dma, DmaCopy{builder.at(out),
                               builder.at(in),
                               {0, 0, 20, 4},
                               {0, 0, 12, 4},
                               makeShape(1, 1, rows, cols),
                               ZeroFill{dim, {start, {}}, dim == 2 ? 4 : 3}});
      auto result = runProgram(builder.finish(), {{"x", toArray(x, {4, 3})}});
      ASSERT_TRUE(result.ok()) << result.error().message;
      auto got = toVector(result->at("y"));
      for (int64_t r = 0; r < 5; ++r)
        for (int64_t c = 0; c < 5; ++c) {
          int64_t sr = r + (dim == 2 ? start : 0),
                  sc = c + (dim == 3 ? start : 0);
          bool copied = r < rows && c < cols;
          bool inside = sr >= 0 && sr < 4 && sc >= 0 && sc < 3;
          float expected = !copied  ? 9.0f
                           : inside ? x[size_t(sr * 3 + sc)]
                                    : 0.0f;
          EXPECT_EQ(bitsOf(got[size_t(r * 5 + c)]), bitsOf(expected))
              << int(dim) << " " << start << " " << r << " " << c;
        }
    }
}

TEST(Digital, DmaInLoopWithDigits) {
  // Copies a 6 x 4 array in blocks of 4 rows; the last block is short.
  ProgramBuilder builder;
  auto x = randomValues(24, 13);
  uint32_t in = builder.addRegion("x", Role::Input, {6, 4}, mem::dram);
  uint32_t out =
      builder.addRegion("y", Role::Output, {6, 4}, mem::act);
  builder.loop(2);
  Address from = builder.at(in), to = builder.at(out);
  DigitTerm step{0, 1, 0, 1, 0, 64};
  from.offset.terms = to.offset.terms = {step};
  Shape4 shape = makeShape(1, 1, 4, 4);
  shape[2].remaining = Affine{6, {DigitTerm{0, 1, 0, 1, 0, -4}}};
  builder.add(dma, DmaCopy{to, from, {0, 0, 16, 4}, {0, 0, 16, 4}, shape, {}});
  builder.end();
  auto result = runProgram(builder.finish(), {{"x", toArray(x, {6, 4})}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(toVector(result->at("y")), x);
}

/// Copies of every width, transposed and slid over the end, with the host's
/// arrays of every type on both sides.
TEST(Digital, DmaMovesElementsOfEveryType) {
  struct Case {
    ElementType type;
    int64_t width;
  };
  const Case cases[] = {{ElementType::U8, 1},   {ElementType::I8, 1},
                        {ElementType::Bool, 1}, {ElementType::I16, 2},
                        {ElementType::F32, 4},  {ElementType::I32, 4},
                        {ElementType::I64, 8}};
  for (auto [type, width] : cases) {
    ProgramBuilder builder;
    for (ProgramMemory &memory : builder.program.memories)
      memory.types.insert(memory.types.end(),
                          {ElementType::BF16, ElementType::I8, ElementType::I16});
    uint32_t in = builder.addRegion("x", Role::Input, {4, 3}, mem::dram, type);
    uint32_t out = builder.addRegion("y", Role::Output, {3, 5}, mem::act, type);
    DmaCopy copy{builder.at(out),
                 builder.at(in),
                 {0, 0, 5 * width, width},
                 {0, 0, width, 3 * width},
                 makeShape(1, 1, 3, 5),
                 ZeroFill{3, {}, 4},
                 width};
    builder.add(dma, copy);
    HostArray x{type, {4, 3}, {}};
    for (int64_t i = 0; i < 12 * width; ++i)
      x.bytes.push_back(uint8_t(type == ElementType::Bool ? i % 2 : 37 * i + 1));
    auto result = runProgram(builder.finish(), {{"x", x}});
    ASSERT_TRUE(result.ok()) << result.error().message;
    const HostArray &y = result->at("y");
    EXPECT_EQ(y.type, type);
    ASSERT_EQ(y.bytes.size(), size_t(15 * width));
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t c = 0; c < 5; ++c)
        for (int64_t b = 0; b < width; ++b)
          EXPECT_EQ(y.bytes[size_t((5 * r + c) * width + b)],
                    c < 4 ? x.bytes[size_t((3 * c + r) * width + b)] : 0)
              << getTypeName(type) << " " << r << " " << c;
  }
}

TEST(Digital, BFloat16IsWhatMemoryHolds) {
  ProgramBuilder builder;
  for (ProgramMemory &memory : builder.program.memories)
    memory.types.push_back(ElementType::BF16);
  uint32_t in = builder.addRegion("x", Role::Input, {5}, mem::dram,
                                  ElementType::BF16);
  uint32_t out = builder.addRegion("y", Role::Output, {5}, mem::act,
                                   ElementType::BF16);
  DmaCopy copy{builder.at(out), builder.at(in), {0, 0, 0, 2}, {0, 0, 0, 2},
               makeShape(1, 1, 1, 5)};
  copy.width = 2;
  builder.add(dma, copy);
  Program program = builder.finish();
  std::vector<float> x = {1.0f, 1.00390625f, 1.01171875f, -3.14159265f, 0.0f};
  auto result = runProgram(program, {{"x", toArray(x, {5})}});
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->at("y").type, ElementType::F32);
  EXPECT_EQ(toVector(result->at("y")),
            (std::vector<float>{1.0f, 1.0f, 1.015625f, -3.140625f, 0.0f}));
  HostArray half{ElementType::BF16, {5}, std::vector<uint8_t>(10)};
  result = runProgram(program, {{"x", half}});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("expected float32[5], found "
                                        "bfloat16[5]"),
            std::string::npos)
      << result.error().message;
}
