//===- EvaluateTest.cpp - Values of nn operations, computed by hand -------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter/TestUtils.h"
#include "phx/support/Math.h"
#include <bit>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using interp::Tensor;
using IValue = photonic::interp::Value;

static constexpr float inf = std::numeric_limits<float>::infinity();
static const float notANumber = std::numeric_limits<float>::quiet_NaN();

/// Runs one operation `op` on %a, %b, ...; types as in `a, b, ... -> result`.
static Tensor evaluate(StringRef op, ArrayRef<Tensor> inputs,
                       ArrayRef<int64_t> shape) {
  std::string arguments, result = "tensor<";
  for (auto [i, input] : llvm::enumerate(inputs))
    arguments += (i ? ", %" : "%") + std::string(1, char('a' + i)) +
                 ": tensor<" + input.getTypeString() + ">";
  result += Tensor::uninitialized(shape).getTypeString() + ">";
  Program program("func.func @main(" + arguments + ") -> " + result +
                  " {\n %r = " + op.str() + "\n return %r : " + result + "\n}");
  SmallVector<IValue> values(inputs.begin(), inputs.end());
  SmallVector<IValue> results = program.run(values);
  EXPECT_EQ(results.size(), 1u) << program.messages;
  return results.empty() ? Tensor() : results[0].getTensor();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

TEST(Evaluate, Relu) {
  Tensor x({5}, {-1, -0.0f, 0, 2, notANumber});
  expectBits(evaluate("nn.relu %a : tensor<5xf32>", {x}, {5}),
             {0, 0, 0, 2, notANumber});
}

TEST(Evaluate, LeakyRelu) {
  Tensor x({4}, {-2, -0.0f, 3, -inf});
  expectBits(
      evaluate("nn.leaky_relu %a alpha = 0.25 : tensor<4xf32>", {x}, {4}),
      {-0.5, -0.0f, 3, -inf});
}

TEST(Evaluate, Clip) {
  Tensor x({5}, {-1, 0.5, 7, inf, -0.0f});
  expectBits(
      evaluate("nn.clip %a min = 0.0 max = 6.0 : tensor<5xf32>", {x}, {5}),
      {0, 0.5, 6, 6, 0});
}

TEST(Evaluate, NaNIsNeverSwallowed) {
  // Payload and sign of an operand do not reach the result.
  float odd = std::bit_cast<float>(0xffc12345u);
  Tensor x({3}, {odd, inf, -inf});
  auto unary = [&](StringRef op, ArrayRef<float> expected) {
    SCOPED_TRACE(op.str());
    expectBits(evaluate(("nn." + op + " : tensor<3xf32>").str(), {x}, {3}),
               expected);
  };
  unary("relu %a", {notANumber, inf, 0});
  unary("leaky_relu %a alpha = 0.5", {notANumber, inf, -inf});
  unary("clip %a min = 0.0 max = 6.0", {notANumber, 6, 0});
  unary("sigmoid %a", {notANumber, 1, 0});
  unary("tanh %a", {notANumber, 1, -1});
  unary("exp %a", {notANumber, inf, 0});
  unary("log %a", {notANumber, inf, notANumber});
  unary("sqrt %a", {notANumber, inf, notANumber});
  unary("neg %a", {notANumber, -inf, inf});
  unary("abs %a", {notANumber, inf, inf});
  Tensor a({5}, {odd, 1, odd, inf, -inf}), b({5}, {1, odd, odd, odd, -inf});
  auto binary = [&](StringRef op, ArrayRef<float> expected) {
    SCOPED_TRACE(op.str());
    expectBits(evaluate(("nn." + op +
                         " %a, %b : (tensor<5xf32>, tensor<5xf32>) -> "
                         "tensor<5xf32>")
                            .str(),
                        {a, b}, {5}),
               expected);
  };
  float n = notANumber;
  binary("add", {n, n, n, n, -inf});
  binary("sub", {n, n, n, n, n});
  binary("max", {n, n, n, n, -inf});
  binary("min", {n, n, n, n, -inf});
  binary("equal", {0, 0, 0, 0, 1});
}

TEST(Evaluate, WhatIsMovedKeepsItsBits) {
  float odd = std::bit_cast<float>(0xffc12345u);
  Tensor x({1, 2}, {odd, -0.0f});
  expectBits(evaluate("nn.transpose %a perm = [1, 0] : tensor<1x2xf32> -> "
                      "tensor<2x1xf32>",
                      {x}, {2, 1}),
             {odd, -0.0f});
}

TEST(Evaluate, MaximaOfWindowsAndAxesWithNaN) {
  Tensor x({1, 1, 2, 4}, {1, notANumber, inf, 2, //
                          -inf, -inf, notANumber, 3});
  expectBits(evaluate("nn.max_pool %a kernel = [1, 2] strides = [1, 2] : "
                      "tensor<1x1x2x4xf32> -> tensor<1x1x2x2xf32>",
                      {x}, {1, 1, 2, 2}),
             {notANumber, inf, -inf, notANumber});
  expectBits(evaluate("nn.reduce_max %a axes = [3] keepdims = false : "
                      "tensor<1x1x2x4xf32> -> tensor<1x1x2xf32>",
                      {x}, {1, 1, 2}),
             {notANumber, notANumber});
}

TEST(Evaluate, SoftmaxOfInfinities) {
  Tensor x({4, 2}, {-inf, 1, -inf, -inf, inf, 1, notANumber, 1});
  float n = notANumber;
  expectBits(evaluate("nn.softmax %a axis = 1 : tensor<4x2xf32>", {x}, {4, 2}),
             {0, 1, n, n, n, n, n, n});
  expectBits(
      evaluate("nn.log_softmax %a axis = 1 : tensor<4x2xf32>", {x}, {4, 2}),
      {-inf, 0, n, n, n, n, n, n});
}

TEST(Evaluate, ElementaryFunctions) {
  Tensor x({4}, {-1.5, 0, 0.25, 3});
  auto check = [&](StringRef op, float (*fn)(float)) {
    std::vector<float> expected;
    for (float v : x.getData())
      expected.push_back(fn(v));
    expectBits(evaluate(("nn." + op + " %a : tensor<4xf32>").str(), {x}, {4}),
               expected);
  };
  check("sigmoid", +[](float v) { return phx::sigmoidF32(v); });
  check("tanh", +[](float v) { return phx::tanhF32(v); });
  check("exp", +[](float v) { return phx::expF32(v); });
  check("log", +[](float v) { return phx::logF32(v); });
  check("sqrt", +[](float v) { return v < 0 ? notANumber : std::sqrt(v); });
  check("neg", +[](float v) { return -v; });
  check("abs", +[](float v) { return std::fabs(v); });
}

/// a^b on the machine's sequence, one pair of numbers at a time.
static float power(float a, float b) {
  return evaluate("nn.pow %a, %b : (tensor<1xf32>, tensor<1xf32>) -> "
                  "tensor<1xf32>",
                  {Tensor({1}, {a}), Tensor({1}, {b})}, {1})[0];
}

TEST(Evaluate, Powers) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (auto [a, b] : std::vector<std::pair<float, float>>{
           {2, 3}, {0.3f, 2.5f}, {7, -1.25f}, {-2, 3}, {-2, 4}, {-0.5f, -3},
           {1e-3f, 0.1f}, {-3, 1}, {9, 0.5f}})
    EXPECT_NEAR(power(a, b) / std::pow(double(a), double(b)), 1, 2e-6)
        << a << " ^ " << b;
  // Exact, whatever the sequence rounds.
  for (float a : {0.0f, 1.0f, -1.0f, 3.5f, -2.5f, inf, -inf, NAN})
    EXPECT_EQ(power(a, 0), 1) << a;
  EXPECT_EQ(power(1, 0.3f), 1);
  EXPECT_EQ(power(-1, 7), -1);
  EXPECT_EQ(power(-1, -8), 1);
  EXPECT_EQ(power(0, 0.25f), 0);
  EXPECT_EQ(power(0, 3), 0);
  EXPECT_EQ(power(0, -0.25f), inf);
  EXPECT_EQ(power(-0.0f, 3), 0);
  EXPECT_EQ(power(inf, 2), inf);
  EXPECT_EQ(power(inf, -2), 0);
  EXPECT_EQ(power(-inf, 3), -inf);
  EXPECT_EQ(power(0.5f, inf), 0);
  EXPECT_EQ(power(2, inf), inf);
}

TEST(Evaluate, PowersThatAreNoNumbers) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (auto [a, b] : std::vector<std::pair<float, float>>{
           {-2, 0.5f}, {-2, 2.5f}, {-1, -0.1f}, {-2, inf}, {NAN, 2}, {2, NAN},
           // Whole, but too large to tell even from odd.
           {-1, 4194304}, {-1, 4194305}, {-1, 8388609}})
    EXPECT_TRUE(std::isnan(power(a, b))) << a << " ^ " << b;
  EXPECT_EQ(power(-1, 4194303), -1);
  EXPECT_EQ(power(-1, 4194302), 1);
}

TEST(Evaluate, BinaryOfEqualShapes) {
  Tensor a({3}, {1, -2, 8}), b({3}, {4, 5, 2});
  auto run = [&](StringRef op) {
    return evaluate(("nn." + op +
                     " %a, %b : (tensor<3xf32>, tensor<3xf32>) -> "
                     "tensor<3xf32>")
                        .str(),
                    {a, b}, {3});
  };
  expectBits(run("add"), {5, 3, 10});
  expectBits(run("sub"), {-3, -7, 6});
  expectBits(run("mul"), {4, -10, 16});
  expectBits(run("div"), {0.25, -0.4f, 4});
  expectBits(run("max"), {4, 5, 8});
  expectBits(run("min"), {1, -2, 2});
}

TEST(Evaluate, MaximumAndMinimumOfEqualsIsTheSecond) {
  Tensor a({2}, {0.0f, -0.0f}), b({2}, {-0.0f, 0.0f});
  for (StringRef op : {"max", "min"})
    expectBits(evaluate(("nn." + op +
                         " %a, %b : (tensor<2xf32>, tensor<2xf32>)"
                         " -> tensor<2xf32>")
                            .str(),
                        {a, b}, {2}),
               {-0.0f, 0.0f});
}

TEST(Evaluate, Broadcasting) {
  Tensor a({2, 1, 2}, {1, 2, 3, 4}), b({3, 1}, {10, 20, 30});
  expectBits(evaluate("nn.sub %b, %a : (tensor<3x1xf32>, tensor<2x1x2xf32>) -> "
                      "tensor<2x3x2xf32>",
                      {a, b}, {2, 3, 2}),
             {9, 8, 19, 18, 29, 28, 7, 6, 17, 16, 27, 26});
  Tensor scalar({}, {3});
  expectBits(evaluate("nn.mul %a, %b : (tensor<2x1x2xf32>, tensor<f32>) -> "
                      "tensor<2x1x2xf32>",
                      {a, scalar}, {2, 1, 2}),
             {3, 6, 9, 12});
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

TEST(Evaluate, MaxPoolIgnoresPadding) {
  Tensor x({1, 1, 2, 3}, {-5, -1, -2, -4, -3, -6});
  expectBits(evaluate("nn.max_pool %a kernel = [2, 2] strides = [2, 2] pads = "
                      "[1, 1, 1, 0] : tensor<1x1x2x3xf32> -> "
                      "tensor<1x1x2x2xf32>",
                      {x}, {1, 1, 2, 2}),
             {-5, -1, -4, -3});
}

TEST(Evaluate, MaxPoolKeepsTheFirstMaximum) {
  Tensor x({1, 1, 1, 4}, {-0.0f, 0.0f, 0.0f, -0.0f});
  expectBits(evaluate("nn.max_pool %a kernel = [1, 2] strides = [1, 2] : "
                      "tensor<1x1x1x4xf32> -> tensor<1x1x1x2xf32>",
                      {x}, {1, 1, 1, 2}),
             {-0.0f, 0.0f});
}

TEST(Evaluate, MaxPoolWithDilation) {
  Tensor x({1, 1, 1, 5}, {1, 9, 2, 8, 3});
  expectBits(evaluate("nn.max_pool %a kernel = [1, 2] dilations = [1, 2] : "
                      "tensor<1x1x1x5xf32> -> tensor<1x1x1x3xf32>",
                      {x}, {1, 1, 1, 3}),
             {2, 9, 3});
}

TEST(Evaluate, MaxPoolRoundingUp) {
  Tensor x({1, 1, 1, 4}, {1, 2, 3, 4});
  expectBits(evaluate("nn.max_pool %a kernel = [1, 3] strides = [1, 2] "
                      "ceil_mode = true : tensor<1x1x1x4xf32> -> "
                      "tensor<1x1x1x2xf32>",
                      {x}, {1, 1, 1, 2}),
             {3, 4});
}

TEST(Evaluate, AvgPoolCountsWhatItIsTold) {
  Tensor x({1, 1, 2, 2}, {1, 2, 3, 6});
  StringRef types = " : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>";
  std::string op = "nn.avg_pool %a kernel = [2, 2] strides = [2, 2] pads = "
                   "[1, 1, 1, 1]";
  expectBits(evaluate(op + types.str(), {x}, {1, 1, 2, 2}), {1, 2, 3, 6});
  expectBits(evaluate(op + " count_include_pad = true" + types.str(), {x},
                      {1, 1, 2, 2}),
             {0.25, 0.5, 0.75, 1.5});
}

TEST(Evaluate, AvgPoolRoundingUpDoesNotCountBehindThePadding) {
  // The last window covers one element, one of padding, one of nothing.
  Tensor x({1, 1, 1, 5}, {1, 2, 3, 4, 6});
  expectBits(evaluate("nn.avg_pool %a kernel = [1, 3] strides = [1, 4] pads = "
                      "[0, 0, 0, 1] ceil_mode = true count_include_pad = true "
                      ": tensor<1x1x1x5xf32> -> tensor<1x1x1x2xf32>",
                      {x}, {1, 1, 1, 2}),
             {2, 3});
}

/// The sum that the arithmetic contract states, spelled out once more.
static float sumInLanes(ArrayRef<float> values) {
  float lanes[16] = {};
  for (size_t i = 0; i < values.size(); ++i)
    lanes[i % 16] += values[i];
  for (int step : {8, 4, 2, 1})
    for (int x = 0; x < step; ++x)
      lanes[x] += lanes[x + step];
  return lanes[0];
}

/// Values whose sum depends on the order of additions.
static std::vector<float> makeAwkward(size_t count) {
  std::vector<float> values;
  uint32_t state = 12345;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    int exponent = int(state >> 28) - 8;
    values.push_back(std::ldexp(float(int(state << 4) >> 8), exponent - 20));
  }
  return values;
}

TEST(Evaluate, AvgPoolSumsInLanesByWindowPosition) {
  std::vector<float> values = makeAwkward(49);
  Tensor x({1, 1, 7, 7}, values);
  expectBits(evaluate("nn.avg_pool %a kernel = [7, 7] : tensor<1x1x7x7xf32> -> "
                      "tensor<1x1x1x1xf32>",
                      {x}, {1, 1, 1, 1}),
             {sumInLanes(values) / 49});
  // With padding the valid elements keep their positions in the window.
  std::vector<float> placed(81, 0.0f), valid;
  for (int h = 0; h < 7; ++h)
    for (int w = 0; w < 7; ++w)
      placed[(h + 1) * 9 + w + 1] = values[h * 7 + w];
  expectBits(evaluate("nn.avg_pool %a kernel = [9, 9] pads = [1, 1, 1, 1] : "
                      "tensor<1x1x7x7xf32> -> tensor<1x1x1x1xf32>",
                      {x}, {1, 1, 1, 1}),
             {sumInLanes(placed) / 49});
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

TEST(Evaluate, Pad) {
  Tensor x({1, 2}, {1, 2});
  expectBits(evaluate("nn.pad %a low = [1, 0] high = [0, 2] value = 9.0 : "
                      "tensor<1x2xf32> -> tensor<2x4xf32>",
                      {x}, {2, 4}),
             {9, 9, 9, 9, 1, 2, 9, 9});
}

TEST(Evaluate, Reshape) {
  Tensor x({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor y = evaluate("nn.reshape %a : tensor<2x3xf32> -> tensor<3x2xf32>", {x},
                      {3, 2});
  EXPECT_EQ(y.getShape(), ArrayRef<int64_t>({3, 2}));
  expectBits(y, {1, 2, 3, 4, 5, 6});
}

TEST(Evaluate, Transpose) {
  Tensor x({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  expectBits(evaluate("nn.transpose %a perm = [2, 0, 1] : tensor<1x2x3xf32> -> "
                      "tensor<3x1x2xf32>",
                      {x}, {3, 1, 2}),
             {1, 4, 2, 5, 3, 6});
}

TEST(Evaluate, Concat) {
  Tensor a({2, 1}, {1, 2}), b({2, 2}, {3, 4, 5, 6});
  expectBits(evaluate("nn.concat %a, %b, %a axis = 1 : (tensor<2x1xf32>, "
                      "tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>",
                      {a, b}, {2, 4}),
             {1, 3, 4, 1, 2, 5, 6, 2});
}

TEST(Evaluate, Slice) {
  Tensor x({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7});
  expectBits(evaluate("nn.slice %a offsets = [1, 3] sizes = [1, 2] strides = "
                      "[1, -2] : tensor<2x4xf32> -> tensor<1x2xf32>",
                      {x}, {1, 2}),
             {7, 5});
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

TEST(Evaluate, Reductions) {
  Tensor x({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 9});
  auto run = [&](StringRef op, StringRef axes, StringRef result,
                 ArrayRef<int64_t> shape) {
    return evaluate(("nn." + op + " %a axes = " + axes +
                     " keepdims = " + (shape.size() == 3 ? "true" : "false") +
                     " : tensor<2x2x2xf32> -> tensor<" + result + "f32>")
                        .str(),
                    {x}, shape);
  };
  expectBits(run("reduce_sum", "[0, 2]", "2x", {2}), {14, 23});
  expectBits(run("reduce_mean", "[1]", "2x1x2x", {2, 1, 2}), {2, 3, 6, 7.5});
  expectBits(run("reduce_max", "[0, 1, 2]", "", {}), {9});
}

TEST(Evaluate, ReductionsSumInLanes) {
  std::vector<float> values = makeAwkward(3 * 41);
  Tensor x({3, 41}, values);
  float sum = sumInLanes(values);
  expectBits(evaluate("nn.reduce_sum %a axes = [0, 1] keepdims = false : "
                      "tensor<3x41xf32> -> tensor<f32>",
                      {x}, {}),
             {sum});
  expectBits(evaluate("nn.reduce_mean %a axes = [0, 1] keepdims = false : "
                      "tensor<3x41xf32> -> tensor<f32>",
                      {x}, {}),
             {sum / 123});
}

TEST(Evaluate, ReduceMaxKeepsTheFirst) {
  Tensor x({2}, {-0.0f, 0.0f});
  expectBits(evaluate("nn.reduce_max %a axes = [0] keepdims = false : "
                      "tensor<2xf32> -> tensor<f32>",
                      {x}, {}),
             {-0.0f});
}

TEST(Evaluate, SoftmaxAlongAnInnerAxis) {
  std::vector<float> values = makeAwkward(2 * 20 * 3);
  for (float &v : values)
    v = std::fmod(v, 5.0f);
  Tensor x({2, 20, 3}, values);
  std::vector<float> soft(values.size()), logs(values.size());
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c) {
      auto at = [&](int i) { return (n * 20 + i) * 3 + c; };
      float maximum = -inf;
      for (int i = 0; i < 20; ++i)
        maximum = std::max(maximum, values[at(i)]);
      std::vector<float> e;
      for (int i = 0; i < 20; ++i)
        e.push_back(phx::expF32(values[at(i)] - maximum));
      float sum = sumInLanes(e);
      for (int i = 0; i < 20; ++i) {
        soft[at(i)] = e[i] / sum;
        logs[at(i)] = (values[at(i)] - maximum) - phx::logF32(sum);
      }
    }
  expectBits(
      evaluate("nn.softmax %a axis = 1 : tensor<2x20x3xf32>", {x}, {2, 20, 3}),
      soft);
  expectBits(evaluate("nn.log_softmax %a axis = 1 : tensor<2x20x3xf32>", {x},
                      {2, 20, 3}),
             logs);
}

TEST(Evaluate, BatchNorm) {
  // s = 3 / sqrt(4 + 5) = 1 and 1 / sqrt(11 + 5) = 0.25.
  Tensor x({1, 2, 2}, {1, 2, 4, 8}), scale({2}, {3, 1}), bias({2}, {10, 20});
  Tensor mean({2}, {2, 4}), var({2}, {4, 11});
  expectBits(evaluate("nn.batch_norm %a, %b, %c, %d, %e epsilon = 5.0 : "
                      "(tensor<1x2x2xf32>, tensor<2xf32>, tensor<2xf32>, "
                      "tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2xf32>",
                      {x, scale, bias, mean, var}, {1, 2, 2}),
             {9, 10, 20, 21});
}

TEST(Evaluate, BatchNormRoundsScaleAndShiftOnce) {
  float x = 1.7f, gamma = 0.3f, beta = -0.7f, mean = 1.1f, var = 0.013f;
  double s = double(gamma) / std::sqrt(double(var) + double(1.0e-5f));
  float scale = float(s), shift = float(double(beta) - double(mean) * s);
  expectBits(evaluate("nn.batch_norm %a, %b, %c, %d, %e epsilon = 1.0e-5 : "
                      "(tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>, "
                      "tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>",
                      {Tensor({1, 1}, x), Tensor({1}, gamma), Tensor({1}, beta),
                       Tensor({1}, mean), Tensor({1}, var)},
                      {1, 1}),
             {x * scale + shift});
}
