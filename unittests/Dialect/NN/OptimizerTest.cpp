//===- OptimizerTest.cpp - Optimisers against PyTorch ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sixty steps of each optimiser on gradients that are given. The expected
// parameters are those of torch.optim (PyTorch 2.13) in float64.
//
//===----------------------------------------------------------------------===//

#include "GradientCheck.h"
#include "Interpreter/TestUtils.h"
#include "photonic/Interpreter/Stepper.h"

using namespace mlir;
using namespace photonic;
using interp::Stepper;
using interp::Tensor;

/// The gradient with respect to %w is %x.
static const char *const network = R"(
  func.func @main(
      %x: tensor<4xf32> {nn.name = "x"},
      %w: tensor<4xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
          nn.init = dense<[0.5, -1.0, 2.0, 0.25]> : tensor<4xf32>})
      -> (tensor<1xf32> {nn.name = "loss", nn.loss}) {
    %p = nn.mul %w, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %s = nn.reduce_sum %p axes = [0] keepdims = true : tensor<4xf32> -> tensor<1xf32>
    return %s : tensor<1xf32>
  })";

namespace {
/// A training step of `network`.
struct Training {
  explicit Training(StringRef optimizer, StringRef text = network)
      : program(text) {
    runPasses(*program.module, [&](OpPassManager &passes) {
      passes.addPass(nn::createGenerateBackward());
      nn::AttachOptimizerOptions options;
      options.optimizer = optimizer.str();
      passes.addPass(nn::createAttachOptimizer(options));
    });
    auto created =
        Stepper::create(program.module->lookupSymbol<func::FuncOp>("main"));
    EXPECT_TRUE(succeeded(created)) << program.messages;
    stepper.emplace(std::move(*created));
  }

  /// Steps number `from` to `to`, the latter excluded.
  void run(int from, int to) {
    static const float gradients[6][4] = {
        {0.5f, -1, 0.25f, 2},        {1.5f, 0.5f, -0.75f, 0.125f},
        {-0.5f, -2, 0, 1},           {0.25f, 0.75f, -1.25f, 0.5f},
        {1, -0.125f, 0.375f, -1.5f}, {0.0625f, 0.5f, -0.5f, 0.25f}};
    for (int step = from; step < to; ++step) {
      Tensor gradient({4}, gradients[step % 6]);
      for (float &g : gradient.getMutableData())
        g *= float(1 + step % 5);
      ASSERT_TRUE(succeeded(stepper->run({gradient}))) << program.messages;
    }
  }

  void expect(ArrayRef<double> expected, double tolerance) {
    const Tensor &w = *stepper->getState("w");
    for (int i = 0; i < 4; ++i)
      EXPECT_NEAR(w[i], expected[i],
                  tolerance * std::max(1.0, std::fabs(expected[i])))
          << "element " << i;
  }

  Program program;
  std::optional<Stepper> stepper;
};
} // namespace

/// Parameters after 1, 6 and 60 steps.
static void compare(StringRef optimizer, ArrayRef<double> first,
                    ArrayRef<double> sixth, ArrayRef<double> last) {
  SCOPED_TRACE(optimizer.str());
  Training training(optimizer);
  training.run(0, 1);
  training.expect(first, 1e-7);
  training.run(1, 6);
  training.expect(sixth, 5e-7);
  training.run(6, 60);
  training.expect(last, 2e-6);
}

TEST(Optimizer, Sgd) {
  compare("sgd:lr=0.1", {0.45, -0.9, 1.975, 0.05},
          {-0.30625, -0.6875, 2.4875, 0.25}, {-7.9375, 3.125, 7.625, -6.875});
  compare("sgd:lr=0.05,momentum=0.9", {0.475, -0.95, 1.9875, 0.15},
          {-0.58710475, -0.3109005, 2.77293762, -0.35659775},
          {-35.2659651, 18.0185993, 25.9888929, -31.1440953});
  compare("sgd", {0.4995, -0.999, 1.99975, 0.248},
          {0.4919375, -0.996875, 2.004875, 0.25},
          {0.415625, -0.95875, 2.05625, 0.17875});
}

TEST(Optimizer, SgdStartsItsBufferWithoutDampening) {
  compare("sgd:lr=0.05,momentum=0.9,dampening=0.5",
          {0.475, -0.95, 1.9875, 0.15},
          {-0.10212225, -0.5383105, 2.35718388, -0.287578375},
          {-17.5077579, 8.75885037, 13.9320588, -15.9461492});
  compare("sgd:lr=0.05,momentum=0.9,dampening=0.5,weight_decay=0.1",
          {0.4725, -0.945, 1.9775, 0.14875},
          {-0.125295245, -0.487769434, 2.24392105, -0.292428411},
          {-11.3310692, 5.76555878, 7.8697573, -10.1722461});
}

TEST(Optimizer, SgdOfNesterov) {
  compare("sgd:lr=0.05,momentum=0.9,nesterov=true,weight_decay=0.1",
          {0.44775, -0.8955, 1.95725, 0.057625},
          {-0.903942788, -0.143858682, 2.70424427, -0.281587005},
          {-14.663783, 7.24666354, 9.41331702, -12.9786856});
}

TEST(Optimizer, Adam) {
  compare("adam:lr=0.1", {0.400000002, -0.900000001, 1.9, 0.150000001},
          {0.125129249, -0.788136813, 2.14732717, -0.0813857717},
          {-2.7399628, 0.380158377, 4.41981484, -1.95815742});
  compare("adam:lr=0.1,beta1=0.5,beta2=0.75,eps=0.1,weight_decay=0.5",
          {0.411764706, -0.90625, 1.90740741, 0.154494382},
          {0.124396735, -0.768229208, 1.87816046, 0.00545558223},
          {-1.75514548, 0.253204765, 1.7433328, -1.3048643});
  // Interpolated from the far end.
  compare("adam:lr=0.1,beta1=0.25",
          {0.400000002, -0.900000001, 1.9, 0.150000001},
          {0.0932888869, -0.875509894, 2.17797784, 0.0539079239},
          {-2.7512985, 0.19106271, 4.39991161, -1.91191056});
  compare("adam", {0.499, -0.999, 1.999, 0.249},
          {0.496251292, -0.997881368, 2.00147327, 0.246686142},
          {0.467600372, -0.986198416, 2.02419815, 0.227918426});
}

TEST(Optimizer, AdamW) {
  compare("adamw:lr=0.1", {0.399500002, -0.899000001, 1.898, 0.14975},
          {0.123208086, -0.782874154, 2.13529335, -0.0816561878},
          {-2.6742302, 0.395279241, 4.23622103, -1.90531393});
  compare("adamw:lr=0.1,weight_decay=0.5",
          {0.375000002, -0.850000001, 1.8, 0.1375},
          {0.0423981297, -0.556602668, 1.61339285, -0.0905630284},
          {-1.00312744, 0.360721275, 0.884462638, -0.663535129});
  compare("adamw", {0.498995, -0.99899, 1.99898, 0.2489975},
          {0.496221401, -0.997821442, 2.00135327, 0.246671265},
          {0.467310133, -0.985602996, 2.02299167, 0.227775348});
}

TEST(Optimizer, BiasCorrectionsFollowTheirPowers) {
  Training training("adam");
  auto expect = [&](int steps) {
    for (auto [name, beta] : {std::pair("optimizer.correction1", 0.9),
                              std::pair("optimizer.correction2", 0.999)}) {
      double exact = 1 - std::pow(beta, steps);
      // In the end the increments are less than the last digit.
      double tolerance = steps > 5000 ? 3e-5 : 2e-6;
      EXPECT_NEAR((*training.stepper->getState(name))[0], exact,
                  tolerance * exact)
          << name << " after " << steps << " steps";
    }
  };
  int done = 0;
  for (int steps : {1, 2, 10, 100, 1000, 20000}) {
    training.run(done, steps);
    done = steps;
    expect(steps);
  }
}

/// A parameter without dimensions is updated as one of shape [1] is.
TEST(Optimizer, ParametersOfRankZero) {
  std::string text = R"(
  func.func @main(%x: tensor<SHAPEf32> {nn.name = "x"},
      %w: tensor<SHAPEf32> {nn.name = "w", nn.role = "parameter",
          nn.trainable, nn.init = dense<0.5> : tensor<SHAPEf32>})
      -> (tensor<1xf32> {nn.name = "loss", nn.loss}) {
    %p = nn.mul %w, %x
        : (tensor<SHAPEf32>, tensor<SHAPEf32>) -> tensor<SHAPEf32>
    %s = nn.reshape %p : tensor<SHAPEf32> -> tensor<1xf32>
    return %s : tensor<1xf32>
  })";
  for (StringRef optimizer :
       {"sgd:lr=0.1", "sgd:lr=0.1,momentum=0.9,weight_decay=0.1",
        "sgd:momentum=0.9,dampening=0.5", "adam", "adamw:weight_decay=0.1"}) {
    SCOPED_TRACE(optimizer.str());
    std::vector<float> values;
    for (StringRef shape : {"", "1x"}) {
      std::string network = text;
      for (size_t at; (at = network.find("SHAPE")) != std::string::npos;)
        network.replace(at, 5, shape.str());
      Training training(optimizer, network);
      std::vector<int64_t> extents(shape.empty() ? 0 : 1, 1);
      for (float x : {1.0f, -0.5f, 2.0f}) {
        float gradient[] = {x};
        ASSERT_TRUE(
            succeeded(training.stepper->run({Tensor(extents, gradient)})));
      }
      values.push_back((*training.stepper->getState("w"))[0]);
    }
    EXPECT_EQ(values[0], values[1]);
    EXPECT_NE(values[0], 0.5f);
  }
}

TEST(Optimizer, TheLearningRateIsState) {
  Training training("sgd:lr=0.1");
  ASSERT_TRUE(succeeded(
      training.stepper->setState("optimizer.lr", Tensor({1}, {0.0f}))));
  training.run(0, 3);
  training.expect({0.5, -1, 2, 0.25}, 0);
  ASSERT_TRUE(succeeded(
      training.stepper->setState("optimizer.lr", Tensor({1}, {1.0f}))));
  training.run(0, 1);
  training.expect({0, 0, 1.75, -1.75}, 0);
}
