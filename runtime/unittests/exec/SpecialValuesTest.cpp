//===- SpecialValuesTest.cpp - NaN, infinities and zeros ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each function of the vector unit on all pairs of special values, to the last
// bit, against the table of the specification. Expected values are written with
// comparisons by cases, not with the functions under test.
//
//===----------------------------------------------------------------------===//

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "ExecHelpers.h"

#include "phx/support/Math.h"

#include <cmath>

using namespace phx;
using namespace phx::testing;

namespace {

const EngineId vec{EngineKind::Vec, 0};
constexpr float inf = INFINITY;
constexpr uint32_t nanBits = 0x7fc00000u;

float fromBits(uint32_t bits) { return std::bit_cast<float>(bits); }
uint32_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }

/// NaNs of both signs, quiet and signalling, with and without payload.
const float nans[] = {fromBits(nanBits), fromBits(0xffc00000u),
                      fromBits(0x7fc12345u), fromBits(0xffffffffu),
                      fromBits(0x7f800001u)};

std::vector<float> getSpecials() {
  std::vector<float> values(std::begin(nans), std::end(nans));
  for (float x : {0.0f, 0x1p-149f, 0x1p-127f, 0x1p-126f, 0.25f, 1.0f, 1.5f,
                  2.0f, 88.0f, 0x1.fffffep+127f, inf}) {
    values.push_back(x);
    values.push_back(-x);
  }
  return values;
}

/// All pairs, twice, so that vector loops have whole vectors and a rest.
struct Pairs {
  std::vector<float> a, b;
  Pairs() {
    for (float x : getSpecials())
      for (float y : getSpecials()) {
        a.push_back(x);
        b.push_back(y);
      }
  }
  int64_t size() const { return int64_t(a.size()); }
};

/// y = fn(a, b): densely, or every second element of everything, or with one b.
enum class Layout { Dense, Sparse, OneB };

std::vector<float> runMap(VecFn fn, const Pairs &p, float s0, float s1,
                          Layout layout, const char *executor) {
  int64_t n = p.size(), step = layout == Layout::Sparse ? 2 : 1;
  std::vector<float> a(size_t(n * step)), b(a.size());
  for (size_t i = 0; i < size_t(n); ++i) {
    a[i * size_t(step)] = p.a[i];
    b[i * size_t(step)] = p.b[i];
  }
  ProgramBuilder builder;
  uint32_t x =
      builder.addRegion("a", Role::Input, {n * step}, mem::act);
  uint32_t z = builder.addRegion("b", Role::Input, {n * step}, mem::wgt);
  uint32_t y =
      builder.addRegion("y", Role::Output, {n * step}, mem::grad);
  Stride4 run{0, 0, 0, 4 * step};
  Shape4 shape{Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{n, {}}};
  builder.add(vec, VecMap{fn, builder.at(y), builder.at(x), builder.at(z), run,
                          run, layout == Layout::OneB ? Stride4{} : run, shape,
                          s0, s1});
  auto result = runProgram(
      builder.finish(),
      {{"a", toArray(a, {n * step})}, {"b", toArray(b, {n * step})}},
      threads(1), executor);
  EXPECT_TRUE(result.ok()) << result.error().message;
  if (!result)
    return {};
  std::vector<float> all = toVector(result->at("y")), values;
  for (size_t i = 0; i < size_t(n); ++i)
    values.push_back(all[i * size_t(step)]);
  return values;
}

using Reference = float (*)(float a, float b, float s0, float s1);

float largest(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return a > b ? a : b;
}
float smallest(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return a < b ? a : b;
}

struct Function {
  VecFn fn;
  const char *name;
  Reference reference;
};

// Whether a NaN comes out is said by cases; its bits are checked apart.
const Function functions[] = {
    {VecFn::Add, "add", [](float a, float b, float, float) { return a + b; }},
    {VecFn::Sub, "sub", [](float a, float b, float, float) { return a - b; }},
    {VecFn::Mul, "mul", [](float a, float b, float, float) { return a * b; }},
    {VecFn::Div, "div", [](float a, float b, float, float) { return a / b; }},
    {VecFn::Max, "max",
     [](float a, float b, float, float) { return largest(a, b); }},
    {VecFn::Min, "min",
     [](float a, float b, float, float) { return smallest(a, b); }},
    {VecFn::Relu, "relu",
     [](float a, float, float, float) {
       return std::isnan(a) || a > 0 ? a : 0.0f;
     }},
    {VecFn::LeakyRelu, "leaky_relu",
     [](float a, float, float s0, float) {
       return std::isnan(a) || a >= 0 ? a : s0 * a;
     }},
    {VecFn::Clip, "clip",
     [](float a, float, float s0, float s1) {
       return smallest(largest(a, s0), s1);
     }},
    {VecFn::Neg, "neg", [](float a, float, float, float) { return -a; }},
    {VecFn::Abs, "abs",
     [](float a, float, float, float) { return std::fabs(a); }},
    {VecFn::Sqrt, "sqrt",
     [](float a, float, float, float) {
       return a < 0 ? NAN : a == 0 ? a : std::sqrt(a);
     }},
    {VecFn::Exp, "exp",
     [](float a, float, float, float) {
       return a == inf ? inf : a == -inf ? 0.0f : expF32(a);
     }},
    {VecFn::Log, "log",
     [](float a, float, float, float) {
       return a == 0 ? -inf : a < 0 ? NAN : a == inf ? inf : logF32(a);
     }},
    {VecFn::Tanh, "tanh",
     [](float a, float, float, float) {
       return std::isinf(a) ? std::copysign(1.0f, a) : tanhF32(a);
     }},
    {VecFn::Sigmoid, "sigmoid",
     [](float a, float, float, float) {
       return a == inf ? 1.0f : a == -inf ? 0.0f : sigmoidF32(a);
     }},
    {VecFn::Scale, "scale",
     [](float a, float, float s0, float) { return a * s0; }},
    {VecFn::Offset, "offset",
     [](float a, float, float s0, float) { return a + s0; }},
    {VecFn::Equal, "equal",
     [](float a, float b, float, float) {
       bool either = std::isnan(a) || std::isnan(b);
       return !either && a == b ? 1.0f : 0.0f;
     }},
    {VecFn::Gate, "gate",
     [](float a, float b, float s0, float) {
       bool open = a > 0 || (std::isnan(a) && s0 == 0);
       return open ? b : s0 == 0 ? 0.0f : s0 * b;
     }},
    {VecFn::GateRange, "gate_range",
     [](float a, float b, float s0, float s1) {
       return !std::isnan(a) && a > s0 && a < s1 ? b : 0.0f;
     }},
    {VecFn::Drop, "drop",
     [](float a, float b, float s0, float s1) {
       if (!std::isnan(a) && a >= s0)
         return b * s1;
       return std::isfinite(b) ? 0.0f : NAN;
     }},
};

void expectSame(float found, float expected, const std::string &what) {
  uint32_t bits = std::isnan(expected) ? nanBits : bitsOf(expected);
  EXPECT_EQ(bitsOf(found), bits)
      << what << ": found " << found << ", expected " << expected;
}

} // namespace

TEST(SpecialValues, ElementwiseFunctions) {
  Pairs pairs;
  const std::pair<float, float> immediates[] = {
      {0.25f, 1.5f}, {0.0f, 6.0f}, {-inf, 1.0f}, {0.0f, inf},
      {2.0f, 1.0f},  {NAN, 1.0f},  {0.0f, NAN}};
  for (const Function &f : functions)
    for (auto [s0, s1] : immediates)
      for (Layout layout : {Layout::Dense, Layout::Sparse, Layout::OneB})
        for (const char *executor : {"reference", "fast"}) {
          // A slope is finite.
          if (f.fn == VecFn::LeakyRelu && !std::isfinite(s0))
            continue;
          if (f.fn == VecFn::Gate && !std::isfinite(s0))
            continue;
          auto y = runMap(f.fn, pairs, s0, s1, layout, executor);
          ASSERT_EQ(int64_t(y.size()), pairs.size());
          for (size_t i = 0; i < y.size(); ++i) {
            float b = layout == Layout::OneB ? pairs.b[0] : pairs.b[i];
            expectSame(y[i], f.reference(pairs.a[i], b, s0, s1),
                       std::string(f.name) + "(" + std::to_string(pairs.a[i]) +
                           ", " + std::to_string(b) + ") " +
                           std::to_string(s0) + " " + std::to_string(s1));
          }
        }
}

TEST(SpecialValues, CopiesKeepBits) {
  Pairs pairs;
  auto y = runMap(VecFn::Copy, pairs, 0, 0, Layout::Dense, "fast");
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(bitsOf(y[i]), bitsOf(pairs.a[i]));
  for (float s0 : {fromBits(0xffc12345u), -0.0f})
    for (float x : runMap(VecFn::Fill, pairs, s0, 0, Layout::Dense, "fast"))
      EXPECT_EQ(bitsOf(x), bitsOf(s0));
}

namespace {

/// Windows of 4 elements in a row of `x`: maxima, positions, the reduction.
struct Maxima {
  std::vector<float> pooled, placed, reduced, average;
  std::vector<uint8_t> positions;
};

Maxima findMaxima(const std::vector<float> &x, const char *executor) {
  int64_t rows = int64_t(x.size()) / 4;
  ProgramBuilder builder;
  auto add = [&](const char *name, Role role, int64_t n, uint32_t space,
                 ElementType type = ElementType::F32) {
    return builder.addRegion(name, role, {n}, space, type);
  };
  uint32_t in = add("x", Role::Input, 4 * rows, mem::act);
  uint32_t pooled = add("pooled", Role::Output, rows, mem::grad);
  uint32_t placed = add("placed", Role::Output, rows, mem::grad);
  uint32_t reduced = add("reduced", Role::Output, rows, mem::grad);
  uint32_t average = add("average", Role::Output, rows, mem::grad);
  uint32_t positions =
      add("positions", Role::Output, rows, mem::grad, ElementType::U8);
  AccessMap inMap, outMap;
  inMap.rows = {{rows, 0, 4}};
  inMap.cols = {{4, 0, 1}};
  inMap.axes = {{4 * rows, 4, 0, 0, 0}};
  outMap.rows = {{rows, 0, 1}};
  outMap.axes = {{rows, 4, 0, 0, 0}};
  uint32_t from = builder.addMap(inMap), to = builder.addMap(outMap);
  Count all{rows, {}};
  builder.add(vec, VecPool{PoolFn::Max, from, to, builder.at(in),
                           builder.at(pooled), {}, all, 4});
  builder.add(vec, VecPool{PoolFn::AverageValid, from, to, builder.at(in),
                           builder.at(average), {}, all, 4});
  builder.add(vec, VecPoolPositions{from, to, builder.at(in),
                                    builder.at(placed), builder.at(positions),
                                    {}, all, 4});
  builder.add(vec, VecReduce{ReduceFn::Max, builder.at(reduced),
                             builder.at(in), {0, 0, 4, 0}, {0, 0, 16, 4},
                             {Count{1, {}}, Count{1, {}}, all, Count{4, {}}}});
  auto result = runProgram(builder.finish(), {{"x", toArray(x, {4 * rows})}},
                           threads(1), executor);
  EXPECT_TRUE(result.ok()) << result.error().message;
  if (!result)
    return {};
  return {toVector(result->at("pooled")), toVector(result->at("placed")),
          toVector(result->at("reduced")), toVector(result->at("average")),
          result->at("positions").bytes};
}

} // namespace

TEST(SpecialValues, MaximaOfWindows) {
  // Every arrangement of these in a window of four.
  const float values[] = {nans[3], nans[0], inf, -inf, 0.0f, -0.0f, 1.0f};
  std::vector<float> x;
  for (float a : values)
    for (float b : values)
      for (float c : values)
        for (float d : values)
          x.insert(x.end(), {a, b, c, d});
  for (const char *executor : {"reference", "fast"}) {
    Maxima found = findMaxima(x, executor);
    ASSERT_EQ(found.pooled.size(), x.size() / 4);
    for (size_t row = 0; row < found.pooled.size(); ++row) {
      const float *w = &x[4 * row];
      size_t best = 0;
      for (size_t p = 1; p < 4; ++p)
        if (!std::isnan(w[best]) && (std::isnan(w[p]) || w[p] > w[best]))
          best = p;
      expectSame(found.pooled[row], w[best], "pool");
      expectSame(found.placed[row], w[best], "pool with positions");
      expectSame(found.reduced[row], w[best], "reduce");
      EXPECT_EQ(size_t(found.positions[row]), best);
      float sum = (w[0] + w[2]) + (w[1] + w[3]);
      if (std::isnan(sum))
        expectSame(found.average[row], NAN, "average");
    }
  }
}

TEST(SpecialValues, MasksOpenForNaN) {
  std::vector<float> x = getSpecials(), g(x.size());
  for (size_t i = 0; i < g.size(); ++i)
    g[i] = i % 3 ? float(i) : nans[i % 5];
  int64_t n = int64_t(x.size());
  ProgramBuilder builder;
  uint32_t in = builder.addRegion("x", Role::Input, {n}, mem::act);
  uint32_t grad = builder.addRegion("g", Role::Input, {n}, mem::grad);
  uint32_t out = builder.addRegion("y", Role::Output, {n}, mem::grad);
  uint32_t mask = builder.addRegion("m", Role::Output, {(n + 31) / 32},
                                    mem::wgt, ElementType::I32);
  builder.add(vec, VecPack{builder.at(mask), builder.at(in), Count{n, {}}});
  builder.add(vec, VecGateMask{builder.at(out), builder.at(grad),
                               builder.at(mask), Count{n, {}}});
  auto result = runProgram(builder.finish(),
                           {{"x", toArray(x, {n})}, {"g", toArray(g, {n})}});
  ASSERT_TRUE(result.ok()) << result.error().message;
  auto y = toVector(result->at("y"));
  for (size_t i = 0; i < y.size(); ++i)
    expectSame(y[i], std::isnan(x[i]) || x[i] > 0 ? g[i] : 0.0f, "mask");
}
