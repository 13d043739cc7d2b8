//===- EvaluateGradientTest.cpp - Gradients against their definition ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The definitions are written per element of the result, looking for what
// contributes to it; the evaluators go through contributions and look for the
// element. Bits have to agree, so the order of additions does as well.
//
//===----------------------------------------------------------------------===//

#include "EvaluateUtils.h"

using namespace mlir;
using namespace photonic;
using interp::Tensor;

namespace {
/// Sizes of one convolution or pool.
struct Sizes {
  int64_t n, c, h, w, m, groups;
  std::array<int64_t, 2> kernel, stride, dilation;
  std::array<int64_t, 4> pads;

  int64_t getIn(int d) const { return d ? w : h; }
  int64_t getOut(int d) const {
    return (getIn(d) + pads[d] + pads[d + 2] - dilation[d] * (kernel[d] - 1) -
            1) /
               stride[d] +
           1;
  }
  /// Position in the image of a tap of a window; outside of it, padding.
  int64_t getPosition(int d, int64_t out, int64_t tap) const {
    return out * stride[d] - pads[d] + tap * dilation[d];
  }
  /// The window whose tap `tap` lies at `position`, or -1.
  int64_t findWindow(int d, int64_t position, int64_t tap) const {
    int64_t start = position + pads[d] - tap * dilation[d];
    if (start < 0 || start % stride[d] || start / stride[d] >= getOut(d))
      return -1;
    return start / stride[d];
  }
  std::string spell() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << " strides = [" << stride[0] << ", " << stride[1] << "] pads = ["
       << pads[0] << ", " << pads[1] << ", " << pads[2] << ", " << pads[3]
       << "] dilations = [" << dilation[0] << ", " << dilation[1] << "]";
    return text;
  }
  std::string spellKernel() const {
    return " kernel = [" + std::to_string(kernel[0]) + ", " +
           std::to_string(kernel[1]) + "]";
  }
};

class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  int64_t draw(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }
  Tensor make(ArrayRef<int64_t> shape) { return makeRandom(engine, shape); }
  Sizes drawSizes() {
    Sizes s;
    s.groups = draw(1, 3);
    s.n = draw(1, 3);
    s.c = s.groups * draw(1, 3);
    s.m = s.groups * draw(1, 3);
    for (int d : {0, 1}) {
      s.kernel[d] = draw(1, 4);
      s.stride[d] = draw(1, 3);
      s.dilation[d] = draw(1, 2);
      s.pads[d] = draw(0, 2);
      s.pads[d + 2] = draw(0, 2);
      (d ? s.w : s.h) = s.dilation[d] * (s.kernel[d] - 1) + draw(1, 7);
    }
    return s;
  }

private:
  std::mt19937 engine;
};
} // namespace

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// One element of the input gradient.
static float getInputGradient(const Sizes &s, const Tensor &dy, const Tensor &w,
                              int64_t n, int64_t c, int64_t h, int64_t v) {
  int64_t depth = s.c / s.groups, filters = s.m / s.groups;
  int64_t group = c / depth, oh = s.getOut(0), ow = s.getOut(1);
  float sum = 0;
  for (int64_t kh = s.kernel[0] - 1; kh >= 0; --kh)
    for (int64_t kw = s.kernel[1] - 1; kw >= 0; --kw) {
      int64_t i = s.findWindow(0, h, kh), j = s.findWindow(1, v, kw);
      if (i < 0 || j < 0)
        continue;
      for (int64_t m = group * filters; m < (group + 1) * filters; ++m)
        sum +=
            w[((m * depth + c % depth) * s.kernel[0] + kh) * s.kernel[1] + kw] *
            dy[((n * s.m + m) * oh + i) * ow + j];
    }
  return sum;
}

/// One element of the weight gradient.
static float getWeightGradient(const Sizes &s, const Tensor &dy,
                               const Tensor &x, int64_t m, int64_t ci,
                               int64_t kh, int64_t kw) {
  int64_t c = m / (s.m / s.groups) * (s.c / s.groups) + ci;
  float sum = 0;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t i = 0; i < s.getOut(0); ++i)
      for (int64_t j = 0; j < s.getOut(1); ++j) {
        int64_t h = s.getPosition(0, i, kh), v = s.getPosition(1, j, kw);
        bool inside = h >= 0 && h < s.h && v >= 0 && v < s.w;
        float element = inside ? x[((n * s.c + c) * s.h + h) * s.w + v] : 0.0f;
        sum +=
            dy[((n * s.m + m) * s.getOut(0) + i) * s.getOut(1) + j] * element;
      }
  return sum;
}

static void compareConvolution(const Sizes &s, Random &random) {
  int64_t depth = s.c / s.groups;
  Tensor dy = random.make({s.n, s.m, s.getOut(0), s.getOut(1)});
  Tensor x = random.make({s.n, s.c, s.h, s.w});
  Tensor w = random.make({s.m, depth, s.kernel[0], s.kernel[1]});
  std::string attributes = s.spell() + " groups = " + std::to_string(s.groups);
  std::vector<float> dx, dw;
  for (int64_t i = 0; i < x.getNumElements(); ++i)
    dx.push_back(getInputGradient(s, dy, w, i / (s.c * s.h * s.w),
                                  i / (s.h * s.w) % s.c, i / s.w % s.h,
                                  i % s.w));
  int64_t kh = s.kernel[0], kw = s.kernel[1];
  for (int64_t i = 0; i < w.getNumElements(); ++i)
    dw.push_back(getWeightGradient(s, dy, x, i / (depth * kh * kw),
                                   i / (kh * kw) % depth, i / kw % kh, i % kw));
  expectBits(evaluateOp("nn.conv2d_input_grad %a, %b" + attributes, {dy, w},
                        {getType(x.getShape())})[0],
             dx);
  expectBits(evaluateOp("nn.conv2d_weight_grad %a, %b" + attributes, {dy, x},
                        {getType(w.getShape())})[0],
             dw);
}

TEST(EvaluateGradient, OfConvolutions) {
  Random random(1);
  // LeNet's first layer, a strided 1x1 that leaves gaps, depthwise.
  compareConvolution({2, 1, 12, 12, 6, 1, {5, 5}, {1, 1}, {1, 1}, {}}, random);
  compareConvolution({1, 4, 7, 7, 8, 1, {1, 1}, {2, 2}, {1, 1}, {}}, random);
  compareConvolution({2, 6, 9, 8, 6, 6, {3, 3}, {2, 1}, {1, 1}, {1, 1, 1, 1}},
                     random);
}

TEST(EvaluateGradient, OfConvolutionsOfRandomShapes) {
  Random random(2);
  for (int trial = 0; trial < 80; ++trial)
    compareConvolution(random.drawSizes(), random);
}

TEST(EvaluateGradient, OfLinearLayers) {
  Random random(3);
  Tensor dy = random.make({5, 37}), x = random.make({5, 50});
  Tensor w = random.make({37, 50});
  std::vector<float> dx, dw;
  for (int i = 0; i < 5 * 50; ++i) {
    float sum = 0;
    for (int m = 0; m < 37; ++m)
      sum += dy[i / 50 * 37 + m] * w[m * 50 + i % 50];
    dx.push_back(sum);
  }
  for (int i = 0; i < 37 * 50; ++i) {
    float sum = 0;
    for (int b = 0; b < 5; ++b)
      sum += dy[b * 37 + i / 50] * x[b * 50 + i % 50];
    dw.push_back(sum);
  }
  expectBits(
      evaluateOp("nn.linear_input_grad %a, %b", {dy, w}, {getType({5, 50})})[0],
      dx);
  expectBits(evaluateOp("nn.linear_weight_grad %a, %b", {dy, x},
                        {getType({37, 50})})[0],
             dw);
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

TEST(EvaluateGradient, OfMaxPools) {
  // Windows 0 and 1 share element 1, which is the maximum of both.
  Tensor x({1, 1, 1, 4}, {1, 5, 2, 2}), dy({1, 1, 1, 3}, {10, 20, 40});
  Program program(R"(
    func.func @main(%x: tensor<1x1x1x4xf32>, %dy: tensor<1x1x1x3xf32>)
        -> (tensor<1x1x1x3xf32>, tensor<1x1x1x3xui8>, tensor<1x1x1x4xf32>) {
      %y, %p = nn.max_pool_positions %x kernel = [1, 2] : tensor<1x1x1x4xf32> -> tensor<1x1x1x3xf32>, tensor<1x1x1x3xui8>
      %dx = nn.max_pool_grad %dy, %p kernel = [1, 2] : (tensor<1x1x1x3xf32>, tensor<1x1x1x3xui8>) -> tensor<1x1x1x4xf32>
      return %y, %p, %dx : tensor<1x1x1x3xf32>, tensor<1x1x1x3xui8>, tensor<1x1x1x4xf32>
    })");
  auto results = program.run({x, dy});
  ASSERT_EQ(results.size(), 3u) << program.messages;
  expectBits(results[0], {5, 5, 2});
  // The first of equal maxima.
  expectBits(results[1], {1, 0, 0});
  expectBits(results[2], {0, 30, 40, 0});
}

TEST(EvaluateGradient, MaxPoolPositionsCountTheWholeWindow) {
  // The first row and column of the window lie in the padding.
  Tensor x({1, 1, 2, 2}, {-4, -3, -2, -1});
  auto results = evaluateOp(
      "\"nn.max_pool_positions\"(%a) <{kernel = array<i64: 2, 2>, pads = "
      "array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>}>",
      {x}, {getType({1, 1, 1, 1}), getType({1, 1, 1, 1}, "ui8")});
  expectBits(results[0], {-4});
  expectBits(results[1], {3});
}

TEST(EvaluateGradient, MaxPoolRefusesAPositionInThePadding) {
  Program program(R"(
    func.func @main(%dy: tensor<1x1x1x1xf32>, %p: tensor<1x1x1x1xui8>)
        -> tensor<1x1x1x1xf32> {
      %dx = nn.max_pool_grad %dy, %p kernel = [2, 2] pads = [1, 1, 0, 0] : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xui8>) -> tensor<1x1x1x1xf32>
      return %dx : tensor<1x1x1x1xf32>
    })");
  EXPECT_TRUE(
      program.run({Tensor({1, 1, 1, 1}, {1.0f}), Tensor({1, 1, 1, 1}, {2.0f})})
          .empty());
  EXPECT_NE(program.messages.find("of window 0 names no element of the window "
                                  "inside of the image"),
            std::string::npos)
      << program.messages;
}

TEST(EvaluateGradient, MaxPoolRefusesAPositionBehindTheWindow) {
  // It would be inside of the image, where the machine does not go either.
  for (float position : {1.0f, -1.0f, NAN}) {
    Program program(R"(
      func.func @main(%dy: tensor<1x1x2x2xf32>, %p: tensor<1x1x2x2xui8>)
          -> tensor<1x1x2x2xf32> {
        %dx = nn.max_pool_grad %dy, %p kernel = [1, 1] : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xui8>) -> tensor<1x1x2x2xf32>
        return %dx : tensor<1x1x2x2xf32>
      })");
    EXPECT_TRUE(program
                    .run({Tensor({1, 1, 2, 2}, {1, 2, 3, 4}),
                          Tensor({1, 1, 2, 2}, {position, 0, 0, 0})})
                    .empty());
    EXPECT_NE(program.messages.find("of window 0 names no element of the "
                                    "window"),
              std::string::npos)
        << program.messages;
  }
}

/// Number of positions that a window's average divides by.
static int64_t countPositions(const Sizes &s, int64_t i, int64_t j,
                              bool padding) {
  int64_t counts[2] = {0, 0};
  for (int d : {0, 1})
    for (int64_t tap = 0; tap < s.kernel[d]; ++tap) {
      int64_t at = s.getPosition(d, d ? j : i, tap);
      int64_t low = padding ? -s.pads[d] : 0;
      int64_t high = s.getIn(d) + (padding ? s.pads[d + 2] : 0);
      counts[d] += at >= low && at < high;
    }
  return counts[0] * counts[1];
}

/// One element of the gradient of an average pool: windows ascending.
static float getAverageGradient(const Sizes &s, const Tensor &dy, int64_t nc,
                                int64_t h, int64_t v, bool padding) {
  float sum = 0;
  for (int64_t i = 0; i < s.getOut(0); ++i)
    for (int64_t j = 0; j < s.getOut(1); ++j)
      for (int64_t kh = 0; kh < s.kernel[0]; ++kh)
        for (int64_t kw = 0; kw < s.kernel[1]; ++kw)
          if (s.getPosition(0, i, kh) == h && s.getPosition(1, j, kw) == v)
            sum += dy[(nc * s.getOut(0) + i) * s.getOut(1) + j] /
                   float(countPositions(s, i, j, padding));
  return sum;
}

TEST(EvaluateGradient, OfAveragePoolsOfRandomShapes) {
  Random random(4);
  for (int trial = 0; trial < 60; ++trial) {
    Sizes s = random.drawSizes();
    // A pad smaller than the kernel leaves no window empty.
    for (int d : {0, 1, 2, 3})
      s.pads[d] =
          s.dilation[d % 2] == 1 ? std::min(s.pads[d], s.kernel[d % 2] - 1) : 0;
    bool padding = trial % 2;
    Tensor dy = random.make({s.n, s.c, s.getOut(0), s.getOut(1)});
    std::vector<float> expected;
    for (int64_t i = 0; i < s.n * s.c * s.h * s.w; ++i)
      expected.push_back(getAverageGradient(s, dy, i / (s.h * s.w),
                                            i / s.w % s.h, i % s.w, padding));
    Program program(
        "func.func @main(%a: " + getType(dy.getShape()) + ") -> " +
        getType({s.n, s.c, s.h, s.w}) + " {\n%r = nn.avg_pool_grad %a" +
        s.spellKernel() + s.spell() +
        (padding ? " count_include_pad = true : " : " : ") +
        getType(dy.getShape()) + " -> " + getType({s.n, s.c, s.h, s.w}) +
        "\nreturn %r : " + getType({s.n, s.c, s.h, s.w}) + "\n}");
    auto results = program.run({dy});
    ASSERT_EQ(results.size(), 1u) << program.messages;
    expectBits(results[0], expected);
  }
}
