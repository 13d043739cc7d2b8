//===- TrainingStepTest.cpp - Passes behind the gradients keep bits -------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientCheck.h"
#include "RandomGraphUtils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Transforms/Passes.h"
#include <cmath>

using namespace mlir;
using namespace photonic;

static void addBackward(OpPassManager &passes,
                        std::vector<std::string> recompute = {}) {
  nn::GenerateBackwardOptions options;
  options.emitGradients = true;
  options.inputGradients = true;
  options.recompute.assign(recompute.begin(), recompute.end());
  passes.addPass(nn::createGenerateBackward(options));
}

static bool has(ModuleOp module, StringRef name) {
  return module
      .walk([&](Operation *op) {
        return op->getName().getStringRef() == name ? WalkResult::interrupt()
                                                    : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Runs random networks with gradients before and after passes, and expects the
/// same bits. Counts the networks in which `changed`, an operation that the
/// passes create, occurs afterwards.
static unsigned
expectSameBits(unsigned networks, StringRef changed,
               function_ref<void(OpPassManager &, RandomModule &)> add) {
  unsigned count = 0;
  for (unsigned seed = 0; seed < networks; ++seed) {
    RandomModule plain(seed), treated(seed);
    runPasses(*plain.module,
              [](OpPassManager &passes) { addBackward(passes); });
    runPasses(*treated.module,
              [&](OpPassManager &passes) { add(passes, treated); });
    EXPECT_TRUE(succeeded(verify(*treated.module))) << treated.print();
    auto expected = plain.run(), actual = treated.run();
    EXPECT_EQ(expected.size(), actual.size());
    for (auto [a, e] : llvm::zip(actual, expected))
      EXPECT_EQ(getBits(a.getTensor().getData()),
                getBits(e.getTensor().getData()));
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << treated.print();
      break;
    }
    count += has(*treated.module, changed);
  }
  return count;
}

TEST(TrainingStep, CompressionKeepsBits) {
  unsigned masked =
      expectSameBits(300, "nn.gate_mask", [](OpPassManager &passes, auto &) {
        addBackward(passes);
        passes.addPass(nn::createCompressStash());
        passes.addPass(createCanonicalizerPass());
        passes.addPass(createCSEPass());
      });
  EXPECT_GT(masked, 10u);
}

TEST(TrainingStep, RecomputationKeepsBits) {
  unsigned networks = expectSameBits(
      200, "nn.max_pool_grad",
      [](OpPassManager &passes, RandomModule &network) {
        // Every other layer, and in every third network all of them.
        std::vector<std::string> layers;
        for (auto [i, layer] : llvm::enumerate(network.graph.getLayers()))
          if (i % 2 || network.graph.getLayers().size() % 3 == 0)
            if (layer != "loss")
              layers.push_back(layer);
        addBackward(passes, layers);
        passes.addPass(nn::createCompressStash());
        passes.addPass(createCSEPass());
      });
  EXPECT_GT(networks, 10u);
}

TEST(TrainingStep, DecompositionKeepsBits) {
  unsigned compared = 0, composite = 0;
  for (unsigned seed = 0; seed < 250; ++seed) {
    RandomModule network(seed);
    // This one rounds otherwise when it is decomposed.
    if (has(*network.module, "nn.batch_norm"))
      continue;
    runPasses(*network.module,
              [](OpPassManager &passes) { addBackward(passes); });
    auto expected = network.run();
    composite += has(*network.module, "nn.batch_norm_train");
    runPasses(*network.module, [](OpPassManager &passes) {
      passes.addPass(nn::createDecompose());
    });
    ASSERT_TRUE(succeeded(verify(*network.module))) << network.print();
    for (StringRef name : {"nn.batch_norm_train", "nn.softmax_cross_entropy",
                           "nn.nll_loss", "nn.mse_loss", "nn.dropout"})
      EXPECT_FALSE(has(*network.module, name)) << name.str();
    auto actual = network.run();
    ASSERT_EQ(expected.size(), actual.size());
    for (auto [a, e] : llvm::zip(actual, expected))
      ASSERT_EQ(getBits(a.getTensor().getData()),
                getBits(e.getTensor().getData()))
          << "seed " << seed << "\n"
          << network.print();
    ++compared;
  }
  EXPECT_GT(compared, 100u);
  EXPECT_GT(composite, 20u);
}

TEST(TrainingStep, NormalisationWithParametersThatAreNotConstant) {
  Program program(R"(
    func.func @main(%x: tensor<2x3x2xf32>, %p: tensor<3xf32>, %v: tensor<3xf32>)
        -> (tensor<2x3x2xf32>, tensor<2x3x2xf32>) {
      %c = nn.constant dense<2.0> : tensor<3xf32>
      %y = nn.batch_norm %x, %p, %p, %p, %v epsilon = 0.5 : (tensor<2x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x2xf32>
      %z = nn.batch_norm %x, %c, %c, %c, %c epsilon = 0.5 : (tensor<2x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x2xf32>
      return %y, %z : tensor<2x3x2xf32>, tensor<2x3x2xf32>
    })");
  using interp::Tensor;
  SmallVector<interp::Value> inputs = {
      Tensor({2, 3, 2}, {1, -2, 3, 4, -5, 6, 7, 8, -9, 10, 11, 12}),
      Tensor({3}, {0.3f, -1.7f, 2.2f}), Tensor({3}, {0.1f, 1.9f, 3.3f})};
  auto before = program.run(inputs);
  runPasses(*program.module, [](OpPassManager &passes) {
    passes.addPass(nn::createDecompose());
  });
  auto after = program.run(inputs);
  ASSERT_EQ(after.size(), 2u) << program.messages;
  for (int i = 0; i < 12; ++i)
    EXPECT_NEAR(after[0].getTensor()[i], before[0].getTensor()[i], 2e-6);
  // The other one stays, for canonicalisation to fold.
  EXPECT_TRUE(has(*program.module, "nn.batch_norm"));
  expectBits(after[1], before[1].getTensor().getData());
}
