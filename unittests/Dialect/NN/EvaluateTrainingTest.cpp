//===- EvaluateTrainingTest.cpp - Masks, normalisation, losses, chance ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluateUtils.h"
#include "photonic/Interpreter/Arithmetic.h"
#include "photonic/Interpreter/Philox.h"
#include "phx/support/Math.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using interp::Tensor;

static constexpr float inf = std::numeric_limits<float>::infinity();
static const float notANumber = std::numeric_limits<float>::quiet_NaN();

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

TEST(EvaluateTraining, Equal) {
  Tensor a({2, 3}, {1, 2, notANumber, -0.0f, 2, inf}), b({3}, {0, 2, inf});
  expectBits(evaluateOp("nn.equal %a, %b", {a, b}, {getType({2, 3})})[0],
             {0, 1, 0, 1, 1, 1});
}

TEST(EvaluateTraining, Gate) {
  Tensor c({5}, {-1, -0.0f, 0, 1e-40f, notANumber});
  Tensor x({5}, {-2, -2, -2, -2, -2});
  expectBits(evaluateOp("nn.gate %a, %b", {c, x}, {getType({5})})[0],
             {0, 0, 0, -2, -2});
  expectBits(
      evaluateOp("nn.gate %a, %b slope = -0.25", {c, x}, {getType({5})})[0],
      {0.5, 0.5, 0.5, -2, 0.5});
}

TEST(EvaluateTraining, GateOfZeroSlopeMultipliesNothing) {
  // 0 * inf would be NaN, and 0 * -1 would be -0.
  Tensor c({2}, {-1, -1}), x({2}, {inf, -1});
  expectBits(evaluateOp("nn.gate %a, %b", {c, x}, {getType({2})})[0], {0, 0});
}

TEST(EvaluateTraining, GateBroadcasts) {
  Tensor c({2, 1}, {1, -1}), x({3}, {4, 5, 6});
  expectBits(evaluateOp("nn.gate %a, %b", {c, x}, {getType({2, 3})})[0],
             {4, 5, 6, 0, 0, 0});
}

TEST(EvaluateTraining, GateRangeExcludesItsBounds) {
  Tensor c({5}, {0, 1e-40f, 5.9999995f, 6, notANumber}), x({1}, {3});
  expectBits(evaluateOp("nn.gate_range %a, %b min = 0.0 max = 6.0", {c, x},
                        {getType({5})})[0],
             {0, 3, 3, 0, 0});
}

TEST(EvaluateTraining, Masks) {
  Program program(R"(
    func.func @main(%y: tensor<5xf32>, %x: tensor<5xf32>)
        -> (tensor<5xi1>, tensor<5xf32>) {
      %m = nn.pack_signs %y : tensor<5xf32> -> tensor<5xi1>
      %z = nn.gate_mask %m, %x : (tensor<5xi1>, tensor<5xf32>) -> tensor<5xf32>
      return %m, %z : tensor<5xi1>, tensor<5xf32>
    })");
  Tensor y({5}, {1, 0, -0.0f, notANumber, inf}),
      x({5}, {-2, -2, 3, inf, -0.0f});
  auto results = program.run({y, x});
  ASSERT_EQ(results.size(), 2u) << program.messages;
  expectBits(results[0], {1, 0, 0, 1, 1});
  expectBits(results[1], {-2, 0, 0, inf, -0.0f});
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

TEST(EvaluateTraining, BroadcastTo) {
  Tensor x({2, 1}, {1, 2});
  auto run = [&](StringRef signature, ArrayRef<int64_t> shape) {
    Program program("func.func @main(%x: tensor<2x1xf32>) -> " +
                    getType(shape) + " {\n%r = nn.broadcast_to %x : " +
                    signature.str() + "\nreturn %r : " + getType(shape) + "}");
    auto results = program.run({x});
    EXPECT_EQ(results.size(), 1u) << program.messages;
    return results[0].getTensor();
  };
  expectBits(run("tensor<2x1xf32> -> tensor<2x2x3xf32>", {2, 2, 3}),
             {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
}

TEST(EvaluateTraining, EmbedUndoesSlice) {
  Program program(R"(
    func.func @main(%x: tensor<2x5xf32>) -> (tensor<1x2xf32>, tensor<2x5xf32>) {
      %s = nn.slice %x offsets = [1, 4] sizes = [1, 2] strides = [1, -3] : tensor<2x5xf32> -> tensor<1x2xf32>
      %e = nn.embed %s offsets = [1, 4] strides = [1, -3] : tensor<1x2xf32> -> tensor<2x5xf32>
      return %s, %e : tensor<1x2xf32>, tensor<2x5xf32>
    })");
  auto results = program.run({Tensor({2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})});
  ASSERT_EQ(results.size(), 2u) << program.messages;
  expectBits(results[0], {10, 7});
  expectBits(results[1], {0, 0, 0, 0, 0, 0, 7, 0, 0, 10});
}

//===----------------------------------------------------------------------===//
// Batch normalisation
//===----------------------------------------------------------------------===//

TEST(EvaluateTraining, BatchNormOfNumbersWithoutRounding) {
  // Mean 3, variance 4 (biased) or 16/3 (unbiased).
  Tensor x({2, 1, 2}, {1, 5, 1, 5}), scale({1}, {2.0f}), bias({1}, {10.0f});
  Tensor mean({1}, {1.0f}), var({1}, {2.0f});
  std::vector<std::string> types = {getType({2, 1, 2}), getType({1}),
                                    getType({1}), getType({1}), getType({1})};
  auto results = evaluateOp("nn.batch_norm_train %a, %b, %c, %d, %e epsilon = "
                            "0.0 momentum = 0.5",
                            {x, scale, bias, mean, var}, types);
  expectBits(results[0], {8, 12, 8, 12});
  expectBits(results[1], {2});
  expectBits(results[2], {3});
  expectBits(results[3], {3});
  expectBits(results[4], {0.5});
  auto unbiased = evaluateOp("nn.batch_norm_train %a, %b, %c, %d, %e epsilon = "
                             "0.0 momentum = 0.25 unbiased_running",
                             {x, scale, bias, mean, var}, types);
  expectBits(unbiased[0], {8, 12, 8, 12});
  // 0.25 * 2 + (0.75 * 4 / 3 = 1) * 4
  expectBits(unbiased[2], {4.5});
}

TEST(EvaluateTraining, BatchNormIsItsSequence) {
  std::mt19937 random(5);
  Tensor x = makeRandom(random, {3, 2, 5, 7}), scale = makeRandom(random, {2});
  Tensor bias = makeRandom(random, {2}), mean = makeRandom(random, {2});
  Tensor var({2}, {0.7f, 1.9f});
  std::vector<std::string> types(5, getType({2}));
  types[0] = getType(x.getShape());
  auto results =
      evaluateOp("nn.batch_norm_train %a, %b, %c, %d, %e epsilon = 1.0e-5 "
                 "momentum = 0.9",
                 {x, scale, bias, mean, var}, types);
  std::vector<float> y(x.getNumElements()), vectors[4];
  for (int c = 0; c < 2; ++c) {
    auto at = [&](int i) { return (i / 35 * 2 + c) * 35 + i % 35; };
    interp::LaneSum sum, squares;
    for (int i = 0; i < 105; ++i)
      sum.add(i, x[at(i)]);
    float batchMean = sum.get() / 105.0f;
    for (int i = 0; i < 105; ++i) {
      float centred = x[at(i)] - batchMean;
      squares.add(i, centred * centred);
    }
    float batchVar = squares.get() / 105.0f;
    float invStd = 1.0f / std::sqrt(batchVar + 1e-5f);
    float factor = scale[c] * invStd;
    for (int i = 0; i < 105; ++i)
      y[at(i)] = (x[at(i)] - batchMean) * factor + bias[c];
    float rest = float(1.0 - double(0.9f));
    vectors[0].push_back(0.9f * mean[c] + batchMean * rest);
    vectors[1].push_back(0.9f * var[c] + batchVar * rest);
    vectors[2].push_back(batchMean);
    vectors[3].push_back(invStd);
  }
  expectBits(results[0], y);
  for (int i = 0; i < 4; ++i)
    expectBits(results[1 + i], vectors[i]);
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

TEST(EvaluateTraining, NllLossPicksTheLabelledClass) {
  // [B, C, d] = [2, 3, 2]
  Tensor scores({2, 3, 2}, {-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12});
  Tensor labels({2, 2}, {0, 2, 1, 1});
  auto run = [&](StringRef attributes, ArrayRef<Tensor> inputs,
                 ArrayRef<int64_t> shape) {
    std::string operands = inputs.size() > 2 ? "%a, %b, %c " : "%a, %b ";
    return evaluateOp("nn.nll_loss " + operands + attributes.str(), inputs,
                      {getType(shape)})[0];
  };
  expectBits(run("reduction = none", {scores, labels}, {2, 2}), {1, 6, 9, 10});
  expectBits(run("reduction = sum", {scores, labels}, {1}), {26});
  expectBits(run("reduction = mean", {scores, labels}, {1}), {6.5});
  // Weighted: 1 * 2, 6 * 4, 9 * 0.5, 10 * 0.5 over 7.
  Tensor weights({3}, {2, 0.5, 4});
  expectBits(run("reduction = none", {scores, labels, weights}, {2, 2}),
             {2, 24, 4.5, 5});
  expectBits(run("reduction = mean", {scores, labels, weights}, {1}),
             {35.5f / 7.0f});
}

TEST(EvaluateTraining, NllLossIgnoresAClass) {
  Tensor scores({3, 2}, {-1, -2, -3, -4, -5, -6});
  auto run = [&](StringRef attributes, ArrayRef<float> labels) {
    return evaluateOp("nn.nll_loss %a, %b " + attributes.str(),
                      {scores, Tensor({3}, labels)}, {getType({1})})[0];
  };
  // A class outside of the others, and one of them.
  expectBits(run("reduction = mean ignore_index = -100", {0, -100, 1}), {3.5});
  expectBits(run("reduction = mean ignore_index = 0", {0, 1, 1}), {5});
  expectBits(run("reduction = sum ignore_index = 0", {0, 1, 1}), {10});
  // All ignored: 0 / 0, as in PyTorch.
  Tensor none = run("reduction = mean ignore_index = 7", {7, 7, 7});
  EXPECT_TRUE(std::isnan(none[0]));
}

TEST(EvaluateTraining, NllLossOfImpossibleClasses) {
  // -inf elsewhere does not spoil the sum.
  Tensor scores({1, 3}, {-inf, -0.5, -inf}), labels({1}, {1.0f});
  expectBits(evaluateOp("nn.nll_loss %a, %b reduction = sum", {scores, labels},
                        {getType({1})})[0],
             {0.5});
}

TEST(EvaluateTraining, CrossEntropyIsLogSoftmaxAndNll) {
  std::mt19937 random(6);
  Tensor scores = makeRandom(random, {4, 20, 3});
  Tensor labels({4, 3}, {0, 19, 7, 3, 3, 11, 5, -100, 2, 18, 9, 1});
  Tensor weights = makeRandom(random, {20});
  auto results = evaluateOp("nn.softmax_cross_entropy %a, %b, %c reduction = "
                            "mean ignore_index = -100",
                            {scores, labels, weights},
                            {getType({1}), getType({4, 20, 3})});
  Program program("func.func @main(%a: tensor<4x20x3xf32>) -> "
                  "tensor<4x20x3xf32> {\n%r = nn.log_softmax %a axis = 1 : "
                  "tensor<4x20x3xf32>\nreturn %r : tensor<4x20x3xf32>}");
  Tensor logProb = program.run({scores})[0].getTensor();
  expectBits(results[1], logProb.getData());
  expectBits(results[0],
             evaluateOp("nn.nll_loss %a, %b, %c reduction = mean ignore_index "
                        "= -100",
                        {logProb, labels, weights}, {getType({1})})[0]
                 .getData());
}

TEST(EvaluateTraining, MseLoss) {
  Tensor x({2, 2}, {1, 2, 3, 4}), target({2, 2}, {0, 4, 3, 7});
  auto run = [&](StringRef reduction, ArrayRef<int64_t> shape) {
    return evaluateOp("nn.mse_loss %a, %b reduction = " + reduction.str(),
                      {x, target}, {getType(shape)})[0];
  };
  expectBits(run("none", {2, 2}), {1, 4, 0, 9});
  expectBits(run("sum", {1}), {14});
  expectBits(run("mean", {1}), {3.5});
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

TEST(EvaluateTraining, PhiloxMatchesThePublishedVectors) {
  // kat_vectors of Random123 1.14.0, philox 4x32, 10 rounds.
  using interp::philox;
  using Block = interp::PhiloxBlock;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                   {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                   {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

static Tensor makeUniform(ArrayRef<float> key, int64_t stream, int64_t size) {
  Program program("func.func @main(%k: tensor<3xf32>) -> " + getType(size) +
                  " {\n%r = nn.uniform %k stream = " + std::to_string(stream) +
                  " : tensor<3xf32> -> " + getType(size) +
                  "\nreturn %r : " + getType(size) + "}");
  auto results = program.run({Tensor({3}, key)});
  EXPECT_EQ(results.size(), 1u) << program.messages;
  return results.empty() ? Tensor() : results[0].getTensor();
}

TEST(EvaluateTraining, UniformPutsItsKeyWhereItBelongs) {
  Tensor u = makeUniform({5, 6, 7}, 0xfffffffe, 9);
  for (uint32_t i = 0; i < 9; ++i) {
    uint32_t word = interp::philox({i / 4, 0, 0xfffffffe, 7}, {5, 6})[i % 4];
    EXPECT_EQ(u[i], float(word >> 8) * 0x1p-24f) << i;
  }
  // Far elements have their high word in the counter.
  uint64_t far = (uint64_t(3) << 34) + 6;
  EXPECT_EQ(interp::getUniform({5, 6, 7}, 2, far),
            float(interp::philox({1, 3, 2, 7}, {5, 6})[2] >> 8) * 0x1p-24f);
}

TEST(EvaluateTraining, UniformIsUniform) {
  Tensor u = makeUniform({1, 0, 0}, 3, 100000);
  double sum = 0, squares = 0;
  for (float x : u.getData()) {
    ASSERT_TRUE(x >= 0 && x < 1);
    sum += x;
    squares += double(x) * x;
  }
  // Means of 1e5 numbers; standard deviations 0.0009 and 0.0009.
  EXPECT_NEAR(sum / 1e5, 0.5, 0.005);
  EXPECT_NEAR(squares / 1e5, 1.0 / 3, 0.005);
}

TEST(EvaluateTraining, UniformRefusesAKeyThatIsNone) {
  for (float bad : {-1.0f, 0.5f, 16777216.0f, notANumber}) {
    Program program("func.func @main(%k: tensor<3xf32>) -> tensor<1xf32> {\n"
                    "%r = nn.uniform %k stream = 0 : tensor<3xf32> -> "
                    "tensor<1xf32>\nreturn %r : tensor<1xf32>}");
    EXPECT_TRUE(program.run({Tensor({3}, {0, bad, 0})}).empty());
    EXPECT_NE(program.messages.find("expected the trial of the random key to "
                                    "be a whole number in [0, 2^24), got"),
              std::string::npos)
        << program.messages;
  }
}

TEST(EvaluateTraining, Drop) {
  Tensor u({4}, {0, 0.2499f, 0.25f, 0.9f}), x({4}, {1, 2, 3, -6});
  float factor = float(1.0 / 0.75);
  expectBits(
      evaluateOp("nn.drop %a, %b ratio = 0.25", {u, x}, {getType({4})})[0],
      {0, 0, 3 * factor, -6 * factor});
}

TEST(EvaluateTraining, DropoutUsesItsOwnStreams) {
  std::mt19937 random(7);
  Tensor x = makeRandom(random, {50}), key({3}, {3, 1, 4});
  Tensor u = makeUniform({3, 1, 4}, (int64_t(1) << 31) + 12, 50);
  std::vector<float> expected;
  for (int i = 0; i < 50; ++i)
    expected.push_back(u[i] >= 0.3f ? x[i] * float(1.0 / (1.0 - double(0.3f)))
                                    : 0.0f);
  expectBits(evaluateOp("nn.dropout %a, %b ratio = 0.3 stream = 12", {x, key},
                        {getType({50})})[0],
             expected);
}
