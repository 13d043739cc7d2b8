//===- TrainingTest.cpp - Vector instructions of training steps -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "ExecHelpers.h"
#include "ScalarOracle.h"

#include <cmath>
#include <random>

using namespace phx;
using namespace phx::testing;

namespace {

const EngineId vec{EngineKind::Vec, 0};
Count fixed(int64_t count) { return {count, std::nullopt}; }

std::vector<float> randomValues(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> values(count);
  for (float &x : values)
    x = normal(random);
  return values;
}

uint32_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }

/// The sum of section 6.3, element by element.
float sumInLanes(const std::vector<float> &values) {
  float lanes[16] = {};
  for (size_t i = 0; i < values.size(); ++i)
    lanes[i % 16] += values[i];
  for (int step = 8; step; step /= 2)
    for (int l = 0; l < step; ++l)
      lanes[l] += lanes[l + step];
  return lanes[0];
}

} // namespace

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

TEST(Training, ReductionsOverSeveralDimensions) {
  // The two leading dimensions stay, or one, or none; the array is read
  // transposed: dimension d of the loop is dimension order[d] in memory.
  const int64_t size[4] = {3, 4, 5, 7};
  auto x = randomValues(3 * 4 * 5 * 7, 1);
  const int order[4] = {1, 3, 0, 2};
  const Stride4 dense{140 * 4, 35 * 4, 28, 4};
  for (int64_t dims : {1, 2, 3})
    for (ReduceFn fn : {ReduceFn::Sum, ReduceFn::Max}) {
      Stride4 strides{}, written{};
      Shape4 shape;
      int64_t counts[4], rows = 1;
      for (int d = 0; d < 4; ++d) {
        counts[d] = size[order[d]];
        shape[d] = fixed(counts[d]);
        strides[d] = dense[order[d]];
      }
      for (int d = 3 - int(dims); d >= 0; --d) {
        written[d] = 4 * rows;
        rows *= counts[d];
      }
      ProgramBuilder builder;
      uint32_t in =
          builder.addRegion("x", Role::Input, {420}, mem::act);
      uint32_t out =
          builder.addRegion("y", Role::Output, {rows}, mem::grad);
      builder.add(vec, VecReduce{fn, builder.at(out), builder.at(in), written,
                                 strides, shape, dims});
      auto result = runProgram(builder.finish(), {{"x", toArray(x, {420})}});
      ASSERT_TRUE(result.ok()) << result.error().message;
      auto got = toVector(result->at("y"));
      int64_t inner = 420 / rows;
      for (int64_t r = 0; r < rows; ++r) {
        std::vector<float> values;
        for (int64_t e = r * inner; e < (r + 1) * inner; ++e) {
          int64_t rest = e, at = 0;
          for (int d = 3; d >= 0; --d) {
            at += rest % counts[d] * strides[d] / 4;
            rest /= counts[d];
          }
          values.push_back(x[size_t(at)]);
        }
        float expected = fn == ReduceFn::Sum
                             ? sumInLanes(values)
                             : *std::max_element(values.begin(), values.end());
        EXPECT_EQ(bitsOf(got[size_t(r)]), bitsOf(expected)) << dims << " " << r;
      }
    }
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

TEST(Training, MasksOfSigns) {
  for (int64_t count : {1, 31, 32, 33, 100, 4096, 4097, 20000}) {
    auto x = randomValues(size_t(count), unsigned(count));
    auto g = randomValues(size_t(count), unsigned(count) + 1);
    x[0] = -0.0f;
    if (count > 5) {
      x[1] = 0.0f;
      x[2] = NAN;
      x[3] = INFINITY;
      x[4] = 0x1p-149f;
    }
    int64_t words = (count + 31) / 32;
    ProgramBuilder builder;
    uint32_t in =
        builder.addRegion("x", Role::Input, {count}, mem::act);
    uint32_t dy = builder.addRegion("g", Role::Input, {count}, mem::grad);
    uint32_t mask = builder.addRegion("m", Role::Output, {words},
                                      mem::act, ElementType::I32);
    uint32_t dx =
        builder.addRegion("y", Role::Output, {count}, mem::grad);
    uint32_t same =
        builder.addRegion("z", Role::Output, {count}, mem::grad);
    builder.add(vec, VecPack{builder.at(mask), builder.at(in), fixed(count)});
    builder.add(vec, VecGateMask{builder.at(dx), builder.at(dy),
                                 builder.at(mask), fixed(count)});
    // In place, on a copy.
    Shape4 shape{fixed(1), fixed(1), fixed(1), fixed(count)};
    Stride4 run{0, 0, 0, 4};
    builder.add(vec, VecMap{VecFn::Copy,
                            builder.at(same),
                            builder.at(dy),
                            {},
                            run,
                            run,
                            {},
                            shape,
                            0,
                            0});
    builder.add(vec, VecGateMask{builder.at(same), builder.at(same),
                                 builder.at(mask), fixed(count)});
    Program program = builder.finish();
    for (unsigned threadCount : {1u, 3u}) {
      auto result = runProgram(
          program, {{"x", toArray(x, {count})}, {"g", toArray(g, {count})}},
          threads(threadCount));
      ASSERT_TRUE(result.ok()) << result.error().message;
      std::vector<uint32_t> bits(static_cast<size_t>(words));
      for (size_t e = 0; e < x.size(); ++e)
        bits[e / 32] |= uint32_t(!(x[e] <= 0)) << (e % 32);
      std::vector<uint32_t> got(static_cast<size_t>(words));
      std::memcpy(got.data(), result->at("m").bytes.data(), got.size() * 4);
      EXPECT_EQ(got, bits) << count;
      std::vector<float> expected(g.size());
      for (size_t e = 0; e < x.size(); ++e)
        expected[e] = x[e] <= 0 ? 0.0f : g[e];
      EXPECT_EQ(firstDifference(toVector(result->at("y")), expected), -1);
      EXPECT_EQ(firstDifference(toVector(result->at("z")), expected), -1);
    }
  }
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

namespace {

struct PoolSpec {
  int64_t n = 2, c = 3, h = 7, w = 6, kernelH = 3, kernelW = 2;
  int64_t strideH = 2, strideW = 1, padTop = 1, padLeft = 0, padBottom = 0,
          padRight = 1;
  int64_t outH() const {
    return (h + padTop + padBottom - kernelH) / strideH + 1;
  }
  int64_t outW() const {
    return (w + padLeft + padRight - kernelW) / strideW + 1;
  }
  int64_t rows() const { return n * c * outH() * outW(); }
  int64_t window() const { return kernelH * kernelW; }
  std::vector<int64_t> inShape() const { return {n, c, h, w}; }
  std::vector<int64_t> outShape() const { return {n, c, outH(), outW()}; }

  AccessMap inMap() const {
    AccessMap map;
    map.rows = {{outW(), 2, strideW}, {outH(), 1, strideH}, {n * c, 0, 1}};
    map.cols = {{kernelW, 2, 1}, {kernelH, 1, 1}};
    map.axes = {{n * c, h * w * 4, 0, 0, 0},
                {h, w * 4, -padTop, padTop, padBottom},
                {w, 4, -padLeft, padLeft, padRight}};
    return map;
  }
  AccessMap outMap() const {
    AccessMap map;
    map.rows = {{rows(), 0, 1}};
    map.axes = {{rows(), 4, 0, 0, 0}};
    return map;
  }
  /// Element of the input at a row's window position; nothing in the padding.
  std::optional<size_t> locate(int64_t row, int64_t position) const {
    int64_t x = row % outW() * strideW + position % kernelW - padLeft;
    int64_t y = row / outW() % outH() * strideH + position / kernelW - padTop;
    if (x < 0 || x >= w || y < 0 || y >= h)
      return std::nullopt;
    return size_t((row / outW() / outH() * h + y) * w + x);
  }
};

/// Maxima "y" and positions "p" of "x"; then the gradient "dx" of "dy" on top
/// of "start". The pool runs in chunks of `chunk` rows.
Program makePools(const PoolSpec &s, PoolFn fn, int64_t chunk) {
  ProgramBuilder builder;
  uint32_t x =
      builder.addRegion("x", Role::Input, s.inShape(), mem::act);
  uint32_t dy =
      builder.addRegion("dy", Role::Input, s.outShape(), mem::grad);
  uint32_t dx =
      builder.addRegion("start", Role::Input, s.inShape(), mem::grad);
  builder.addRegion("dx", Role::Output, s.inShape(), mem::grad);
  builder.program.regions.back().address =
      builder.program.regions[dx].address; // the same place
  uint32_t y =
      builder.addRegion("y", Role::Output, s.outShape(), mem::grad);
  uint32_t p = builder.addRegion("p", Role::Output, s.outShape(), mem::wgt,
                                 ElementType::U8);
  uint32_t inMap = builder.addMap(s.inMap());
  uint32_t outMap = builder.addMap(s.outMap());
  builder.loop((s.rows() + chunk - 1) / chunk);
  Affine first{0, {{0, 1, 0, 1, 0, chunk}}};
  Count rows{chunk, Affine{s.rows(), {{0, 1, 0, 1, 0, -chunk}}}};
  builder.add(vec, VecPoolPositions{inMap, outMap, builder.at(x), builder.at(y),
                                    builder.at(p), first, rows, s.window()});
  builder.add(vec, VecUnpool{fn, inMap, outMap, builder.at(dx), builder.at(dy),
                             fn == PoolFn::Max ? builder.at(p) : Address{},
                             first, rows, s.window()});
  builder.end();
  return builder.finish();
}

void checkPools(const PoolSpec &s, PoolFn fn, int64_t chunk, unsigned seed) {
  auto x = randomValues(size_t(s.n * s.c * s.h * s.w), seed);
  auto start = randomValues(x.size(), seed + 1);
  auto dy = randomValues(size_t(s.rows()), seed + 2);
  for (size_t i = 0; i < x.size(); i += 3)
    x[i] = 1.0f; // ties
  std::vector<float> y, dx = start;
  std::vector<uint8_t> positions;
  for (int64_t r = 0; r < s.rows(); ++r) {
    std::vector<std::pair<int64_t, size_t>> inside;
    for (int64_t p = 0; p < s.window(); ++p)
      if (auto at = s.locate(r, p))
        inside.push_back({p, *at});
    auto best = inside.front();
    for (auto entry : inside)
      best = x[entry.second] > x[best.second] ? entry : best;
    y.push_back(x[best.second]);
    positions.push_back(uint8_t(best.first));
    if (fn == PoolFn::Max)
      dx[best.second] += dy[size_t(r)];
    // Every window lies within the margins.
    float share =
        dy[size_t(r)] /
        float(fn == PoolFn::AverageAll ? s.window() : int64_t(inside.size()));
    if (fn != PoolFn::Max)
      for (auto entry : inside)
        dx[entry.second] += share;
  }
  Program program = makePools(s, fn, chunk);
  for (unsigned threadCount : {1u, 4u}) {
    auto result = runProgram(program,
                             {{"x", toArray(x, s.inShape())},
                              {"dy", toArray(dy, s.outShape())},
                              {"start", toArray(start, s.inShape())}},
                             threads(threadCount));
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(firstDifference(toVector(result->at("y")), y), -1);
    EXPECT_EQ(result->at("p").bytes, positions);
    EXPECT_EQ(firstDifference(toVector(result->at("dx")), dx), -1)
        << int(fn) << " chunk " << chunk << " threads " << threadCount;
  }
}

} // namespace

TEST(Training, PoolsAndTheirGradients) {
  PoolSpec overlapping, apart, wide, large;
  apart.kernelH = apart.kernelW = apart.strideH = apart.strideW = 2;
  apart.padTop = apart.padRight = 0;
  wide.kernelH = 1;
  wide.kernelW = 5;
  wide.strideW = 3;
  wide.padLeft = wide.padRight = 2;
  wide.padTop = 0;
  large.n = 8;
  large.c = 16;
  large.h = large.w = 20;
  large.strideH = 1;
  for (PoolFn fn : {PoolFn::Max, PoolFn::AverageValid, PoolFn::AverageAll}) {
    unsigned seed = 1;
    for (const PoolSpec &s : {overlapping, apart, wide})
      for (int64_t chunk : {s.rows(), int64_t(7), int64_t(64)})
        checkPools(s, fn, chunk, seed += 3);
    checkPools(large, fn, large.rows(), 100);
    checkPools(large, fn, 1000, 101);
  }
}

TEST(Training, LargestWindow) {
  PoolSpec s;
  s.n = s.c = 1;
  s.h = s.w = s.kernelH = s.kernelW = 16;
  s.strideH = s.strideW = 1;
  s.padTop = s.padRight = 0;
  Program program = makePools(s, PoolFn::Max, 1);
  std::vector<float> x(256, 0.0f);
  x[255] = 1.0f; // position 255
  auto result = runProgram(program, {{"x", toArray(x, s.inShape())},
                                     {"dy", toArray({3}, s.outShape())},
                                     {"start", toArray(x, s.inShape())}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->at("p").bytes, std::vector<uint8_t>{255});
  EXPECT_EQ(toVector(result->at("dx"))[255], 4.0f);
}

TEST(Training, RowsWithoutOutput) {
  // The out map has two of three rows: the third has position 0 and no
  // gradient.
  ProgramBuilder builder;
  uint32_t x = builder.addRegion("x", Role::Input, {6}, mem::act);
  uint32_t y = builder.addRegion("y", Role::Output, {2}, mem::grad);
  uint32_t p =
      builder.addRegion("p", Role::Output, {3}, mem::wgt, ElementType::U8);
  uint32_t dx = builder.addRegion("dx", Role::Output, {6}, mem::grad);
  AccessMap in, out;
  in.rows = {{3, 0, 2}};
  in.cols = {{2, 0, 1}};
  in.axes = {{6, 4, 0, 0, 0}};
  out.rows = {{3, 0, 1}};
  out.axes = {{2, 4, 0, 0, 0}};
  uint32_t inMap = builder.addMap(in), outMap = builder.addMap(out);
  builder.add(vec, VecPoolPositions{inMap,
                                    outMap,
                                    builder.at(x),
                                    builder.at(y),
                                    builder.at(p),
                                    {},
                                    fixed(3),
                                    2});
  builder.add(vec, VecUnpool{PoolFn::Max,
                             inMap,
                             outMap,
                             builder.at(dx),
                             builder.at(y),
                             builder.at(p),
                             {},
                             fixed(3),
                             2});
  auto result =
      runProgram(builder.finish(), {{"x", toArray({1, 2, 4, 3, 5, 6}, {6})}});
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->at("p").bytes, (std::vector<uint8_t>{1, 0, 0}));
  EXPECT_EQ(toVector(result->at("dx")), (std::vector<float>{0, 2, 4, 0, 0, 0}));
}

TEST(Training, PositionsThatNameNothing) {
  PoolSpec s{1, 1, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0};
  auto run = [&](uint8_t position) {
    ProgramBuilder builder;
    uint32_t dx =
        builder.addRegion("dx", Role::Output, s.inShape(), mem::grad);
    uint32_t dy =
        builder.addRegion("dy", Role::Input, s.outShape(), mem::grad);
    uint32_t p = builder.addRegion("p", Role::Constant, {2}, mem::wgt,
                                   ElementType::U8);
    uint8_t bytes[] = {3, position};
    builder.setData(p, bytes, 2);
    builder.add(vec, VecUnpool{PoolFn::Max,
                               builder.addMap(s.inMap()),
                               builder.addMap(s.outMap()),
                               builder.at(dx),
                               builder.at(dy),
                               builder.at(p),
                               {},
                               fixed(2),
                               4});
    return runProgram(builder.finish(),
                      {{"dy", toArray({1, 2}, s.outShape())}});
  };
  ASSERT_EQ(s.rows(), 2);
  EXPECT_TRUE(run(0).ok());
  EXPECT_ERROR(run(4), "row 1 has position 4, which names no element of its "
                       "window");
  // The first row's upper half is padding.
  s.padTop = 0;
  s.padBottom = 1;
  EXPECT_TRUE(run(1).ok());
  EXPECT_ERROR(run(2), "row 1 has position 2");
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

TEST(Training, RandomNumbers) {
  // Pieces of a stream, beginning anywhere.
  std::array<uint32_t, 3> key{12345, 7, (1 << 24) - 1};
  std::vector<float> stored(key.begin(), key.end());
  for (int64_t first : {int64_t(0), int64_t(3), int64_t(1) << 35})
    for (int64_t count : {1, 2, 5, 4096, 9001}) {
      ProgramBuilder builder;
      uint32_t k = builder.addRegion("k", Role::Input, {3}, mem::wgt);
      uint32_t y =
          builder.addRegion("y", Role::Output, {count}, mem::grad);
      builder.add(vec, VecRandom{builder.at(y), builder.at(k),
                                 Affine{first, {}}, fixed(count), 99});
      auto result = runProgram(builder.finish(), {{"k", toArray(stored, {3})}},
                               threads(2));
      ASSERT_TRUE(result.ok()) << result.error().message;
      auto got = toVector(result->at("y"));
      for (int64_t i = 0; i < count; ++i) {
        uint32_t word = randomWord(key, 99, uint64_t(first + i));
        ASSERT_EQ(got[size_t(i)], float(std::ldexp(double(word >> 8), -24)))
            << first << " " << i;
      }
    }
}

TEST(Training, KeysOfRandomNumbers) {
  auto run = [](std::vector<float> key) {
    ProgramBuilder builder;
    uint32_t k = builder.addRegion("key", Role::Input, {3}, mem::wgt);
    uint32_t y = builder.addRegion("y", Role::Output, {4}, mem::grad);
    builder.add(vec, VecRandom{builder.at(y), builder.at(k), {}, fixed(4), 0});
    return runProgram(builder.finish(), {{"key", toArray(key, {3})}});
  };
  EXPECT_TRUE(run({0, 0, 0}).ok());
  EXPECT_ERROR(run({0, 0, -1}),
               "tensor 'key' element [0]: the step of random numbers is "
               "expected to be a whole number in [0, 16777216), found -1");
  EXPECT_ERROR(run({0.5f, 0, 0}), "the seed of random numbers");
  EXPECT_ERROR(run({0, NAN, 0}), "found nan");
}
