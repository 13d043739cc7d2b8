//===- RuntimeGraphTest.cpp - Training graphs of ONNX Runtime -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Executes training graphs that ONNX Runtime generated, and compares losses,
// gradients, statistics and updated parameters with what ONNX Runtime computed
// (values.npz, written by make_ort_models.py), and with our own backward pass
// on the same forward graph.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/NN/Transforms/Passes.h"
#include "photonic/Import/ONNX/ImportONNX.h"
#include "photonic/Interpreter/Interpreter.h"

#include "phx/npy/Npy.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;

namespace {

using Arrays = std::map<std::string, interp::Tensor>;

/// Class numbers become floats.
interp::Tensor toTensor(const phx::HostArray &array) {
  std::vector<float> values(array.getNumElements());
  for (size_t i = 0; i < values.size(); ++i) {
    if (array.type == phx::ElementType::I64) {
      int64_t number = 0;
      std::memcpy(&number, &array.bytes[8 * i], 8);
      values[i] = float(number);
    } else {
      std::memcpy(&values[i], &array.bytes[4 * i], 4);
    }
  }
  return interp::Tensor(ArrayRef<int64_t>(array.shape), values);
}

double getNorm(ArrayRef<float> values) {
  double sum = 0;
  for (float value : values)
    sum += double(value) * value;
  return std::sqrt(sum);
}

/// The distance of two tensors, beside the norm of the first.
void expectClose(const std::string &name, const interp::Tensor &expected,
                 const interp::Tensor &actual, double scale) {
  ASSERT_EQ(expected.getNumElements(), actual.getNumElements()) << name;
  double square = 0;
  for (int64_t i = 0; i < expected.getNumElements(); ++i) {
    double error = double(expected[i]) - actual[i];
    square += error * error;
  }
  // What is zero in theory is rounding, beside the other gradients.
  double limit = 2e-6 * getNorm(expected.getData()) + 1e-7 * scale;
  EXPECT_LE(std::sqrt(square), limit) << name;
}

class RuntimeGraphTest : public ::testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    folder = std::string(PHOTONIC_TEST_INPUTS) + "/ort/" + GetParam() + "/";
    auto archive = phx::readNpz(folder + "values.npz");
    ASSERT_TRUE(archive) << archive.error().message;
    for (const auto &[name, array] : *archive)
      values.emplace(name, toTensor(array));
    // The accumulators are to forget what they hold.
    values.emplace("lazy_reset_grad", interp::Tensor({1}, {1.0f}));
    for (const auto &[name, value] : values)
      if (StringRef(name).ends_with(".grad"))
        scale = std::max(scale, getNorm(value.getData()));
  }

  OwningOpRef<ModuleOp> import(const std::string &file,
                               const ImportOptions &options) {
    return importONNXFile(folder + file, options, context);
  }

  /// Runs one step; results by their name, or by `update NAME`.
  Arrays run(ModuleOp module) {
    Arrays results;
    auto function = module.lookupSymbol<func::FuncOp>("main");
    SmallVector<interp::Value> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      std::string name = nn::getArgumentName(function, i).str();
      if (nn::hasRole(function, i)) {
        auto init =
            function.getArgAttrOfType<ElementsAttr>(i, nn::initAttrName);
        arguments.push_back(*interp::Tensor::get(init));
        continue;
      }
      EXPECT_TRUE(values.count(name)) << name;
      arguments.push_back(values[name]);
    }
    auto computed = interp::runMain(module, arguments);
    EXPECT_TRUE(succeeded(computed));
    if (failed(computed))
      return results;
    for (auto [i, value] : llvm::enumerate(*computed)) {
      auto updates =
          function.getResultAttrOfType<StringAttr>(i, nn::updatesAttrName);
      std::string name = updates ? "update " + updates.str()
                                 : nn::getResultName(function, i).str();
      results.emplace(name, value.getTensor());
    }
    return results;
  }

  /// Gradients of the forward graph by our own backward pass.
  Arrays runOwnBackward() {
    ImportOptions options;
    options.mode = ImportMode::Training;
    bool isMSE = values.count("target");
    if (StringRef(GetParam()) != "residual")
      options.batch = 4;
    OwningOpRef<ModuleOp> module = import("forward.onnx", options);
    EXPECT_TRUE(module);
    if (!module)
      return {};
    if (isMSE)
      values.emplace("labels", values["target"]);
    PassManager pm(&context);
    pm.addNestedPass<func::FuncOp>(nn::createExposeParameters());
    nn::AttachLossOptions loss;
    loss.loss = isMSE ? "mse" : "cross_entropy";
    pm.addNestedPass<func::FuncOp>(nn::createAttachLoss(loss));
    nn::GenerateBackwardOptions backward;
    backward.emitGradients = true;
    pm.addNestedPass<func::FuncOp>(nn::createGenerateBackward(backward));
    EXPECT_TRUE(succeeded(pm.run(*module)));
    return run(*module);
  }

  MLIRContext context;
  std::string folder;
  Arrays values;
  double scale = 0;
};

TEST_P(RuntimeGraphTest, agreesWithTheRuntimeAndWithOurOwnBackwardPass) {
  ImportOptions options;
  options.optimizerModel = folder + "optimizer.onnx";
  options.learningRate = 0.01f;
  if (StringRef(GetParam()) != "residual")
    options.batch = 4;
  OwningOpRef<ModuleOp> module = import("training.onnx", options);
  ASSERT_TRUE(module);
  Arrays theirs = run(*module), ours = runOwnBackward();
  size_t gradients = 0, parameters = 0;
  for (const auto &[name, expected] : values) {
    StringRef parameter = name;
    if (parameter.consume_back(".grad")) {
      ++gradients;
      std::string buffer =
          "update " + parameter.str() + "_grad.accumulation.buffer";
      ASSERT_TRUE(theirs.count(buffer)) << name;
      ASSERT_TRUE(ours.count(name)) << name;
      expectClose(name, expected, theirs[buffer], scale);
      expectClose("our own " + name, expected, ours[name], scale);
    } else if (parameter.consume_back(".next")) {
      ++parameters;
      // AdamW makes steps of full length out of rounding.
      auto gradient = values.find(parameter.str() + ".grad");
      if (gradient != values.end() &&
          getNorm(gradient->second.getData()) < 1e-6 * scale)
        continue;
      ASSERT_TRUE(theirs.count("update " + parameter.str())) << name;
      expectClose(name, expected, theirs["update " + parameter.str()],
                  /*scale=*/10);
    }
  }
  EXPECT_GE(gradients, 8u);
  EXPECT_GE(parameters, gradients);
  expectClose("our own loss", values["loss"], ours["loss"], 0);
  // The first output is the loss, whose name was made up.
  for (const auto &[name, value] : theirs)
    if (!StringRef(name).starts_with("update "))
      expectClose(name, values["loss"], value, 0);
}

INSTANTIATE_TEST_SUITE_P(Networks, RuntimeGraphTest,
                         ::testing::Values("plain", "residual", "branches"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

} // namespace
