//===- GradientTest.cpp - Every gradient rule against differences ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluateUtils.h"
#include "GradientCheck.h"
#include "RandomGraphUtils.h"
#include "mlir/IR/Verifier.h"
#include "phx/support/Math.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using interp::Tensor;

namespace {
/// An operand: its shape, and the interval of its elements.
struct Operand {
  SmallVector<int64_t> shape;
  float low = -2, high = 2;
};
} // namespace

/// A function in which `op`, a line that computes %y from %a, %b, ..., is
/// weighed element by element and summed.
static std::string makeLoss(StringRef op, ArrayRef<Operand> operands,
                            ArrayRef<int64_t> shape) {
  std::mt19937 random(3);
  std::string text = "func.func @main(";
  for (auto [i, operand] : llvm::enumerate(operands)) {
    std::string name(1, char('a' + i));
    text += (i ? ", %" : "%") + name + ": " + getType(operand.shape) +
            " {nn.name = \"" + name + "\"}";
  }
  int64_t size = interp::getNumElements(shape);
  std::string flat = getType(size), type = getType(shape);
  text += ") -> (tensor<1xf32> {nn.loss}) {\n" + op.str() +
          "\n%flat = nn.reshape %y : " + type + " -> " + flat +
          "\n%weights = nn.constant dense<[";
  for (int64_t i = 0; i < size; ++i)
    text +=
        (i ? ", " : "") + std::to_string(0.25 + double(random() % 1000) / 1000);
  return text + "]> : " + flat + "\n%weighed = nn.mul %flat, %weights : (" +
         flat + ", " + flat + ") -> " + flat +
         "\n%loss = nn.reduce_sum %weighed axes = [0] keepdims = true : " +
         flat + " -> tensor<1xf32>\nreturn %loss : tensor<1xf32>\n}";
}

/// Checks the gradients of one operation with respect to all operands.
static void check(StringRef op, ArrayRef<Operand> operands,
                  ArrayRef<int64_t> shape) {
  SCOPED_TRACE(op.str());
  Program program(makeLoss(op, operands, shape));
  ASSERT_TRUE(program.module);
  std::mt19937 random(11);
  SmallVector<Tensor> inputs;
  int64_t elements = 0;
  for (const Operand &operand : operands) {
    Tensor tensor = Tensor::zeros(operand.shape);
    std::uniform_real_distribution<float> uniform(operand.low, operand.high);
    for (float &x : tensor.getMutableData())
      x = uniform(random);
    elements += tensor.getNumElements();
    inputs.push_back(std::move(tensor));
  }
  GradientReport report = checkGradients(*program.module, inputs);
  EXPECT_EQ(report.kinks, 0) << program.messages;
  EXPECT_EQ(report.compared, elements) << program.messages;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

static void checkUnary(StringRef op, float low = -2, float high = 2) {
  check("%y = nn." + op.str() + " : tensor<3x5xf32>", {{{3, 5}, low, high}},
        {3, 5});
}

TEST(Gradient, OfUnaryOperations) {
  checkUnary("relu %a");
  checkUnary("leaky_relu %a alpha = 0.3");
  checkUnary("leaky_relu %a alpha = -0.3");
  checkUnary("leaky_relu %a alpha = 0.0");
  checkUnary("clip %a min = -0.5 max = 1.0");
  checkUnary("clip %a min = 0xFF800000 max = 1.0");
  checkUnary("sigmoid %a");
  checkUnary("tanh %a");
  checkUnary("exp %a");
  checkUnary("log %a", 0.5, 3);
  checkUnary("sqrt %a", 0.5, 3);
  checkUnary("neg %a");
  checkUnary("abs %a");
  checkUnary("softmax %a axis = 0");
  checkUnary("softmax %a axis = 1");
  checkUnary("log_softmax %a axis = 0");
  checkUnary("log_softmax %a axis = 1");
}

TEST(Gradient, OfScalars) {
  for (StringRef op : {"sigmoid", "tanh"})
    check("%y = nn." + op.str() + " %a : tensor<f32>", {{{}}}, {});
}

static void checkBinary(StringRef op, const Operand &a, const Operand &b,
                        ArrayRef<int64_t> shape) {
  check("%y = nn." + op.str() + " : (" + getType(a.shape) + ", " +
            getType(b.shape) + ") -> " + getType(shape),
        {a, b}, shape);
}

TEST(Gradient, OfBinaryOperations) {
  for (std::string op : {"add", "sub", "mul", "max", "min"}) {
    op += " %a, %b";
    checkBinary(op, {{2, 3}}, {{2, 3}}, {2, 3});
    checkBinary(op, {{2, 3, 2}}, {{3, 1}}, {2, 3, 2});
    checkBinary(op, {{3, 1}}, {{2, 1, 4}}, {2, 3, 4});
    checkBinary(op, {{}}, {{2, 3}}, {2, 3});
    checkBinary(op, {{2, 1}}, {{1}}, {2, 1});
  }
  checkBinary("div %a, %b", {{2, 3}}, {{2, 3}, 0.5, 2}, {2, 3});
  checkBinary("div %a, %b", {{3, 1}}, {{2, 1, 4}, 0.5, 2}, {2, 3, 4});
  checkBinary("div %a, %b", {{2, 3}}, {{}, 0.5, 2}, {2, 3});
  checkBinary("pow %a, %b", {{2, 3}, 0.5, 2}, {{2, 3}}, {2, 3});
  checkBinary("pow %a, %b", {{2, 3, 2}, 0.5, 2}, {{3, 1}}, {2, 3, 2});
  checkBinary("pow %a, %b", {{2, 3}, 0.5, 2}, {{}}, {2, 3});
  checkBinary("pow %a, %b", {{1}, 0.5, 2}, {{2, 3}}, {2, 3});
  checkBinary("pow %a, %b", {{}, 0.5, 2}, {{}}, {});
}

TEST(Gradient, OfPowersOfNegativeNumbers) {
  // With respect to the base, for whole exponents.
  for (const char *exponent : {"3.0", "2.0", "1.0", "0.0", "-1.0", "-2.0"})
    check(std::string("%e = nn.constant dense<") + exponent +
              "> : tensor<1xf32>\n%y = nn.pow %a, %e : (tensor<4xf32>, "
              "tensor<1xf32>) -> tensor<4xf32>",
          {{{4}, -2, -0.5}}, {4});
}

TEST(Gradient, OfAnOperandUsedTwice) {
  check("%y = nn.mul %a, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>",
        {{{4}}}, {4});
  check("%q = nn.mul %a, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>\n"
        "%r = nn.relu %a : tensor<4xf32>\n"
        "%s = nn.add %q, %r : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>\n"
        "%y = nn.sub %s, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>",
        {{{4}}}, {4});
}

TEST(Gradient, OfSelections) {
  // The conditions are constants, because their gradient is zero everywhere.
  std::string c = "%c = nn.constant dense<[[-1.0], [0.5], [2.0]]> : "
                  "tensor<3x1xf32>\n";
  std::string types =
      " : (tensor<3x1xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>";
  check(c + "%y = nn.gate %c, %a" + types, {{{3, 4}}}, {3, 4});
  check(c + "%y = nn.gate %c, %a slope = -0.5" + types, {{{3, 4}}}, {3, 4});
  check(c + "%y = nn.gate_range %c, %a min = 0.0 max = 1.0" + types, {{{3, 4}}},
        {3, 4});
  check(c + "%y = nn.drop %c, %a ratio = 0.25" + types, {{{3, 4}}}, {3, 4});
  check(c + "%m = nn.pack_signs %c : tensor<3x1xf32> -> tensor<3x1xi1>\n"
            "%y = nn.gate_mask %m, %a : (tensor<3x1xi1>, tensor<3x1xf32>) -> "
            "tensor<3x1xf32>",
        {{{3, 1}}}, {3, 1});
  // Broadcast the other way, the gradient is summed.
  check("%c = nn.constant dense<[[-1.0, 1.0], [1.0, 1.0]]> : tensor<2x2xf32>\n"
        "%y = nn.gate %c, %a : (tensor<2x2xf32>, tensor<1x2xf32>) -> "
        "tensor<2x2xf32>",
        {{{1, 2}}}, {2, 2});
}

//===----------------------------------------------------------------------===//
// Products and normalisation
//===----------------------------------------------------------------------===//

TEST(Gradient, OfConvolutions) {
  check("%y = nn.conv2d %a, %b, %c : (tensor<2x2x4x4xf32>, tensor<3x2x3x3xf32>,"
        " tensor<3xf32>) -> tensor<2x3x2x2xf32>",
        {{{2, 2, 4, 4}}, {{3, 2, 3, 3}}, {{3}}}, {2, 3, 2, 2});
  // Grouped, strided, dilated, padded on some sides only.
  check("%y = nn.conv2d %a, %b strides = [2, 1] pads = [0, 1, 2, 3] dilations ="
        " [1, 2] groups = 2 : (tensor<1x4x5x4xf32>, tensor<6x2x3x2xf32>) -> "
        "tensor<1x6x3x6xf32>",
        {{{1, 4, 5, 4}}, {{6, 2, 3, 2}}}, {1, 6, 3, 6});
  // Depthwise; a stride that leaves pixels unused.
  check("%y = nn.conv2d %a, %b strides = [2, 3] groups = 3 : "
        "(tensor<2x3x4x5xf32>, tensor<3x1x1x1xf32>) -> tensor<2x3x2x2xf32>",
        {{{2, 3, 4, 5}}, {{3, 1, 1, 1}}}, {2, 3, 2, 2});
}

TEST(Gradient, OfLinearLayers) {
  check("%y = nn.linear %a, %b, %c : (tensor<3x4xf32>, tensor<2x4xf32>, "
        "tensor<2xf32>) -> tensor<3x2xf32>",
        {{{3, 4}}, {{2, 4}}, {{2}}}, {3, 2});
}

TEST(Gradient, OfBatchNormalisation) {
  check("%y = nn.batch_norm %a, %b, %c, %d, %e epsilon = 0.01 : "
        "(tensor<2x3x2x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, "
        "tensor<3xf32>) -> tensor<2x3x2x2xf32>",
        {{{2, 3, 2, 2}}, {{3}}, {{3}}, {{3}}, {{3}, 0.5, 2}}, {2, 3, 2, 2});
  for (std::string shape : {"4x3", "2x3x2x2"}) {
    SmallVector<int64_t> extents = shape == "4x3"
                                       ? SmallVector<int64_t>{4, 3}
                                       : SmallVector<int64_t>{2, 3, 2, 2};
    check("%m = nn.constant dense<0.5> : tensor<3xf32>\n"
          "%y, %1, %2, %3, %4 = nn.batch_norm_train %a, %b, %c, %m, %m epsilon "
          "= 0.01 momentum = 0.9 : (tensor<" +
              shape +
              "xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, "
              "tensor<3xf32>) -> (tensor<" +
              shape +
              "xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, "
              "tensor<3xf32>)",
          {{extents}, {{3}}, {{3}}}, extents);
  }
}

//===----------------------------------------------------------------------===//
// Pools, layout, reductions
//===----------------------------------------------------------------------===//

TEST(Gradient, OfPools) {
  for (std::string op : {"max_pool", "avg_pool"}) {
    op = "%y = nn." + op + " %a ";
    check(op + "kernel = [2, 2] strides = [2, 2] : tensor<2x2x4x4xf32> -> "
               "tensor<2x2x2x2xf32>",
          {{{2, 2, 4, 4}}}, {2, 2, 2, 2});
    // Windows overlap.
    check(op + "kernel = [3, 2] strides = [1, 1] pads = [1, 0, 2, 1] : "
               "tensor<1x2x3x3xf32> -> tensor<1x2x4x3xf32>",
          {{{1, 2, 3, 3}}}, {1, 2, 4, 3});
    check(op + "kernel = [1, 3] strides = [1, 2] ceil_mode = true : "
               "tensor<1x1x2x6xf32> -> tensor<1x1x2x3xf32>",
          {{{1, 1, 2, 6}}}, {1, 1, 2, 3});
    check(op + "kernel = [2, 2] dilations = [2, 1] : tensor<1x1x4x3xf32> -> "
               "tensor<1x1x2x2xf32>",
          {{{1, 1, 4, 3}}}, {1, 1, 2, 2});
  }
  check("%y = nn.avg_pool %a kernel = [3, 3] strides = [2, 2] pads = [1, 1, 0, "
        "2] ceil_mode = true count_include_pad = true : tensor<1x1x4x4xf32> -> "
        "tensor<1x1x2x3xf32>",
        {{{1, 1, 4, 4}}}, {1, 1, 2, 3});
}

TEST(Gradient, OfLayoutOperations) {
  check("%y = nn.pad %a low = [1, 0] high = [0, 2] value = 3.0 : "
        "tensor<2x2xf32> -> tensor<3x4xf32>",
        {{{2, 2}}}, {3, 4});
  check("%y = nn.reshape %a : tensor<2x3xf32> -> tensor<3x2xf32>", {{{2, 3}}},
        {3, 2});
  check("%y = nn.transpose %a perm = [2, 0, 1] : tensor<2x3x4xf32> -> "
        "tensor<4x2x3xf32>",
        {{{2, 3, 4}}}, {4, 2, 3});
  check("%y = nn.concat %a, %b, %a axis = 1 : (tensor<2x1xf32>, "
        "tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>",
        {{{2, 1}}, {{2, 2}}}, {2, 4});
  check("%y = nn.slice %a offsets = [1, 4] sizes = [1, 2] strides = [1, -3] : "
        "tensor<2x5xf32> -> tensor<1x2xf32>",
        {{{2, 5}}}, {1, 2});
  check("%y = nn.embed %a offsets = [1, 4] strides = [1, -3] : "
        "tensor<1x2xf32> -> tensor<2x5xf32>",
        {{{1, 2}}}, {2, 5});
  check("%y = nn.broadcast_to %a : tensor<3x1xf32> -> tensor<2x3x2xf32>",
        {{{3, 1}}}, {2, 3, 2});
  check("%y = nn.broadcast_to %a : tensor<f32> -> tensor<2x1xf32>", {{{}}},
        {2, 1});
}

TEST(Gradient, OfReductions) {
  for (std::string op : {"reduce_sum", "reduce_mean", "reduce_max"}) {
    op = "%y = nn." + op + " %a axes = ";
    check(op + "[1] keepdims = true : tensor<2x3x2xf32> -> tensor<2x1x2xf32>",
          {{{2, 3, 2}}}, {2, 1, 2});
    check(op + "[0, 2] keepdims = false : tensor<2x3x2xf32> -> tensor<3xf32>",
          {{{2, 3, 2}}}, {3});
    check(op + "[0, 1] keepdims = false : tensor<2x3xf32> -> tensor<f32>",
          {{{2, 3}}}, {});
  }
}

//===----------------------------------------------------------------------===//
// Losses and dropout
//===----------------------------------------------------------------------===//

TEST(Gradient, OfClassLosses) {
  std::string labels = "%l = nn.constant dense<[[0.0, 2.0], [1.0, 2.0]]> : "
                       "tensor<2x2xf32>\n"
                       "%w = nn.constant dense<[0.5, 2.0, 1.25]> : "
                       "tensor<3xf32>\n";
  std::string x = "tensor<2x3x2xf32>, tensor<2x2xf32>";
  for (std::string weights : {"", ", %w"})
    for (std::string ignore : {"", " ignore_index = -7", " ignore_index = 2"})
      for (std::string reduction : {"none", "sum", "mean"}) {
        SmallVector<int64_t> shape{1};
        if (reduction == "none")
          shape = {2, 2};
        std::string types =
            " : (" + x + (weights.empty() ? "" : ", tensor<3xf32>") + ") -> ";
        std::string attributes =
            weights + " reduction = " + reduction + ignore + types;
        check(labels + "%y = nn.nll_loss %a, %l" + attributes + getType(shape),
              {{{2, 3, 2}}}, shape);
        check(labels + "%y, %p = nn.softmax_cross_entropy %a, %l" + attributes +
                  "(" + getType(shape) + ", tensor<2x3x2xf32>)",
              {{{2, 3, 2}}}, shape);
      }
}

TEST(Gradient, OfTheLogProbabilities) {
  // Through the second result alone, and through both.
  std::string loss = "%l = nn.constant dense<[0.0, 2.0]> : tensor<2xf32>\n"
                     "%s, %p = nn.softmax_cross_entropy %a, %l reduction = "
                     "mean : (tensor<2x3xf32>, tensor<2xf32>) -> "
                     "(tensor<1xf32>, tensor<2x3xf32>)\n";
  check(loss + "%y = nn.exp %p : tensor<2x3xf32>", {{{2, 3}}}, {2, 3});
  check(loss + "%y = nn.mul %p, %s : (tensor<2x3xf32>, tensor<1xf32>) -> "
               "tensor<2x3xf32>",
        {{{2, 3}}}, {2, 3});
}

TEST(Gradient, OfTheMeanSquaredError) {
  for (std::string reduction : {"none", "sum", "mean"}) {
    SmallVector<int64_t> shape{1};
    if (reduction == "none")
      shape = {2, 3};
    check("%y = nn.mse_loss %a, %b reduction = " + reduction +
              " : (tensor<2x3xf32>, tensor<2x3xf32>) -> " + getType(shape),
          {{{2, 3}}, {{2, 3}}}, shape);
  }
  check("%y = nn.mse_loss %a, %b reduction = none : (tensor<f32>, tensor<f32>) "
        "-> tensor<f32>",
        {{{}}, {{}}}, {});
}

TEST(Gradient, OfDropout) {
  check("%k = nn.constant dense<[3.0, 0.0, 5.0]> : tensor<3xf32>\n"
        "%y = nn.dropout %a, %k ratio = 0.5 stream = 2 : (tensor<40xf32>, "
        "tensor<3xf32>) -> tensor<40xf32>",
        {{{40}}}, {40});
}

//===----------------------------------------------------------------------===//
// Where there is no derivative
//===----------------------------------------------------------------------===//

/// Gradients of the sum of one operation, at a point of our choice.
static SmallVector<Tensor> getGradients(StringRef op, ArrayRef<Tensor> inputs,
                                        ArrayRef<int64_t> shape) {
  SmallVector<Operand> operands;
  for (const Tensor &input : inputs)
    operands.push_back({SmallVector<int64_t>(input.getShape())});
  std::string text = makeLoss(op, operands, shape);
  // All weights 1.
  size_t from = text.find("dense<["), to = text.find("]>", from);
  text.replace(from, to + 2 - from, "dense<1.0>");
  Program program(text);
  runPasses(*program.module, [](OpPassManager &passes) {
    nn::GenerateBackwardOptions options;
    options.inputGradients = true;
    passes.addPass(nn::createGenerateBackward(options));
  });
  SmallVector<interp::Value> values(inputs.begin(), inputs.end());
  SmallVector<Tensor> gradients;
  for (interp::Value &value : program.run(values))
    gradients.push_back(value.getTensor());
  EXPECT_EQ(gradients.size(), inputs.size() + 1) << program.messages;
  gradients.erase(gradients.begin());
  return gradients;
}

TEST(Gradient, ConventionsOfUnaryOperations) {
  Tensor x({5}, {-1, -0.0f, 0, 1, 6});
  auto check = [&](StringRef op, ArrayRef<float> expected) {
    SCOPED_TRACE(op.str());
    expectBits(
        getGradients("%y = nn." + op.str() + " : tensor<5xf32>", {x}, {5})[0],
        expected);
  };
  check("relu %a", {0, 0, 0, 1, 1});
  check("leaky_relu %a alpha = 0.5", {0.5, 0.5, 0.5, 1, 1});
  check("leaky_relu %a alpha = -0.5", {-0.5, -0.5, -0.5, 1, 1});
  check("clip %a min = 0.0 max = 6.0", {0, 0, 0, 1, 0});
  check("abs %a", {-1, 0, 0, 1, 1});
}

// PyTorch's rules: what a function lets pass has the gradient, also NaN; what a
// bound cut off has none.
TEST(Gradient, OfNaN) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor x({2}, {nan, 1});
  auto check = [&](StringRef op, ArrayRef<float> expected) {
    SCOPED_TRACE(op.str());
    expectBits(
        getGradients("%y = nn." + op.str() + " : tensor<2xf32>", {x}, {2})[0],
        expected);
  };
  check("relu %a", {1, 1});
  check("leaky_relu %a alpha = 0.5", {0.5, 1});
  check("clip %a min = 0.0 max = 6.0", {0, 1});
  check("abs %a", {0, 1});
  float y = phx::tanhF32(1);
  check("tanh %a", {nan, 1 - y * y});
  for (StringRef op : {"max", "min"}) {
    Tensor a({4}, {nan, 1, nan, 2}), b({4}, {1, nan, nan, 2});
    auto both = getGradients("%y = nn." + op.str() +
                                 " %a, %b : (tensor<4xf32>, tensor<4xf32>) -> "
                                 "tensor<4xf32>",
                             {a, b}, {4});
    expectBits(both[0], {1, 1, 1, 0});
    expectBits(both[1], {1, 1, 1, 1});
  }
}

TEST(Gradient, OfEqualInfinities) {
  float inf = std::numeric_limits<float>::infinity();
  Tensor a({3}, {-inf, inf, -inf}), b({3}, {-inf, inf, 1});
  auto both = getGradients("%y = nn.max %a, %b : (tensor<3xf32>, "
                           "tensor<3xf32>) -> tensor<3xf32>",
                           {a, b}, {3});
  expectBits(both[0], {0, 0, 0});
  expectBits(both[1], {1, 1, 1});
}

TEST(Gradient, OfMaximaWithNaN) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor x({1, 1, 1, 4}, {5, nan, 7, nan});
  // The first NaN is the position of the maximum.
  expectBits(getGradients("%y = nn.max_pool %a kernel = [1, 4] : "
                          "tensor<1x1x1x4xf32> -> tensor<1x1x1x1xf32>",
                          {x}, {1, 1, 1, 1})[0],
             {0, 1, 0, 0});
  expectBits(getGradients("%y = nn.reduce_max %a axes = [3] keepdims = true : "
                          "tensor<1x1x1x4xf32> -> tensor<1x1x1x1xf32>",
                          {x}, {1, 1, 1, 1})[0],
             {nan, nan, nan, nan});
}

TEST(Gradient, TiesOfMaximumAndMinimumGoToTheSecond) {
  Tensor a({3}, {1, 2, 3}), b({3}, {2, 2, 2});
  auto maximum = getGradients("%y = nn.max %a, %b : (tensor<3xf32>, "
                              "tensor<3xf32>) -> tensor<3xf32>",
                              {a, b}, {3});
  expectBits(maximum[0], {0, 0, 1});
  expectBits(maximum[1], {1, 1, 0});
  auto minimum = getGradients("%y = nn.min %a, %b : (tensor<3xf32>, "
                              "tensor<3xf32>) -> tensor<3xf32>",
                              {a, b}, {3});
  expectBits(minimum[0], {1, 0, 0});
  expectBits(minimum[1], {0, 1, 1});
}

TEST(Gradient, EqualMaximaShareInAReductionAndNotInAPool) {
  Tensor x({1, 1, 1, 4}, {5, 1, 5, 2});
  expectBits(getGradients("%y = nn.reduce_max %a axes = [3] keepdims = true : "
                          "tensor<1x1x1x4xf32> -> tensor<1x1x1x1xf32>",
                          {x}, {1, 1, 1, 1})[0],
             {0.5, 0, 0.5, 0});
  expectBits(getGradients("%y = nn.max_pool %a kernel = [1, 4] : "
                          "tensor<1x1x1x4xf32> -> tensor<1x1x1x1xf32>",
                          {x}, {1, 1, 1, 1})[0],
             {1, 0, 0, 0});
}

//===----------------------------------------------------------------------===//
// Random networks
//===----------------------------------------------------------------------===//

TEST(Gradient, OfRandomNetworks) {
  GradientReport total;
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomModule network(seed);
    ASSERT_TRUE(succeeded(verify(*network.module))) << network.print();
    std::string text = network.print();
    GradientReport report =
        checkGradients(*network.module, network.graph.getInputs(), 6);
    if (HasFailure())
      FAIL() << "seed " << seed << "\n" << text;
    total.compared += report.compared;
    total.kinks += report.kinks;
  }
  EXPECT_GT(total.compared, 5000);
  // Kinks hide nothing.
  EXPECT_LT(total.kinks, total.compared / 50);
}
