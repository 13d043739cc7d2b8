//===- ConvolutionTest.cpp - Products against their definition ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter/TestUtils.h"
#include <random>

using namespace mlir;
using namespace photonic;
using interp::Tensor;

namespace {
/// Sizes of one convolution.
struct Sizes {
  int64_t n, c, h, w, m, kh, kw, groups;
  std::array<int64_t, 2> stride, dilation;
  std::array<int64_t, 4> pads;

  int64_t getOut(int d) const {
    int64_t extent = d ? w : h, kernel = d ? kw : kh;
    return (extent + pads[d] + pads[d + 2] - dilation[d] * (kernel - 1) - 1) /
               stride[d] +
           1;
  }
};
} // namespace

static Tensor makeRandom(std::mt19937 &random, ArrayRef<int64_t> shape) {
  Tensor tensor = Tensor::zeros(shape);
  std::normal_distribution<float> normal;
  for (float &x : tensor.getMutableData())
    x = normal(random);
  return tensor;
}

/// The definition, one element at a time, in the order that the op states.
static float convolve(const Sizes &s, const Tensor &x, const Tensor &w,
                      int64_t n, int64_t m, int64_t oh, int64_t ow) {
  int64_t depth = s.c / s.groups, group = m / (s.m / s.groups);
  float sum = 0;
  for (int64_t kh = 0; kh < s.kh; ++kh)
    for (int64_t kw = 0; kw < s.kw; ++kw)
      for (int64_t ci = 0; ci < depth; ++ci) {
        int64_t h = oh * s.stride[0] - s.pads[0] + kh * s.dilation[0];
        int64_t v = ow * s.stride[1] - s.pads[1] + kw * s.dilation[1];
        bool inside = h >= 0 && h < s.h && v >= 0 && v < s.w;
        float element =
            inside ? x[((n * s.c + group * depth + ci) * s.h + h) * s.w + v]
                   : 0.0f;
        sum += w[((m * depth + ci) * s.kh + kh) * s.kw + kw] * element;
      }
  return sum;
}

static void compare(const Sizes &s, std::mt19937 &random) {
  int64_t depth = s.c / s.groups, oh = s.getOut(0), ow = s.getOut(1);
  Tensor x = makeRandom(random, {s.n, s.c, s.h, s.w});
  Tensor w = makeRandom(random, {s.m, depth, s.kh, s.kw});
  Tensor b = makeRandom(random, {s.m});
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string result =
      "tensor<" + Tensor::uninitialized({s.n, s.m, oh, ow}).getTypeString() +
      ">";
  std::string types = "tensor<" + x.getTypeString() + ">, tensor<" +
                      w.getTypeString() + ">, tensor<" + b.getTypeString() +
                      ">";
  os << "func.func @main(%x: tensor<" << x.getTypeString() << ">, %w: tensor<"
     << w.getTypeString() << ">, %b: tensor<" << b.getTypeString() << ">) -> "
     << result << " {\n%y = nn.conv2d %x, %w, %b strides = [" << s.stride[0]
     << ", " << s.stride[1] << "] pads = [" << s.pads[0] << ", " << s.pads[1]
     << ", " << s.pads[2] << ", " << s.pads[3] << "] dilations = ["
     << s.dilation[0] << ", " << s.dilation[1] << "] groups = " << s.groups
     << " : (" << types << ") -> " << result << "\nreturn %y : " << result
     << "\n}";
  Program program(text);
  auto results = program.run({x, w, b});
  ASSERT_EQ(results.size(), 1u) << program.messages << text;
  std::vector<float> expected;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t m = 0; m < s.m; ++m)
      for (int64_t i = 0; i < oh * ow; ++i)
        expected.push_back(convolve(s, x, w, n, m, i / ow, i % ow) + b[m]);
  expectBits(results[0], expected);
}

TEST(Convolution, MatchesItsDefinition) {
  std::mt19937 random(1);
  compare({1, 1, 3, 3, 1, 3, 3, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}}, random);
  compare({2, 3, 8, 9, 5, 3, 3, 1, {2, 1}, {1, 1}, {1, 1, 1, 1}}, random);
  compare({1, 4, 9, 7, 6, 3, 2, 2, {1, 2}, {2, 1}, {0, 3, 2, 1}}, random);
  compare({3, 8, 5, 5, 8, 1, 7, 8, {1, 1}, {1, 1}, {0, 3, 0, 3}}, random);
  compare({1, 5, 1, 1, 70, 1, 1, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}}, random);
}

TEST(Convolution, MatchesItsDefinitionOnRandomShapes) {
  std::mt19937 random(2);
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int trial = 0; trial < 60; ++trial) {
    Sizes s;
    s.groups = draw(1, 3);
    s.n = draw(1, 3);
    s.c = s.groups * draw(1, 4);
    s.m = s.groups * draw(1, 4);
    s.kh = draw(1, 4);
    s.kw = draw(1, 4);
    s.stride = {draw(1, 3), draw(1, 3)};
    s.dilation = {draw(1, 2), draw(1, 2)};
    s.pads = {draw(0, 2), draw(0, 2), draw(0, 2), draw(0, 2)};
    s.h = s.dilation[0] * (s.kh - 1) + draw(1, 8);
    s.w = s.dilation[1] * (s.kw - 1) + draw(1, 8);
    compare(s, random);
  }
}

TEST(Linear, MatchesItsDefinition) {
  std::mt19937 random(3);
  Tensor x = makeRandom(random, {3, 50}), w = makeRandom(random, {37, 50});
  Tensor b = makeRandom(random, {37});
  Program program(R"(
    func.func @main(%x: tensor<3x50xf32>, %w: tensor<37x50xf32>, %b: tensor<37xf32>)
        -> (tensor<3x37xf32>, tensor<3x37xf32>) {
      %y = nn.linear %x, %w, %b : (tensor<3x50xf32>, tensor<37x50xf32>, tensor<37xf32>) -> tensor<3x37xf32>
      %z = nn.linear %x, %w : (tensor<3x50xf32>, tensor<37x50xf32>) -> tensor<3x37xf32>
      return %y, %z : tensor<3x37xf32>, tensor<3x37xf32>
    })");
  auto results = program.run({x, w, b});
  ASSERT_EQ(results.size(), 2u) << program.messages;
  std::vector<float> biased, plain;
  for (int n = 0; n < 3; ++n)
    for (int m = 0; m < 37; ++m) {
      float sum = 0;
      for (int k = 0; k < 50; ++k)
        sum += x[n * 50 + k] * w[m * 50 + k];
      plain.push_back(sum);
      biased.push_back(sum + b[m]);
    }
  expectBits(results[0], biased);
  expectBits(results[1], plain);
}
