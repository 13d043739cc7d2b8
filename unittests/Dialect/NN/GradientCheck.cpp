//===- GradientCheck.cpp - Gradients against differences ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientCheck.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Interpreter/Stepper.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;

void photonic::runPasses(ModuleOp module,
                         llvm::function_ref<void(OpPassManager &)> add) {
  PassManager manager(module.getContext());
  add(manager.nest<func::FuncOp>());
  std::string text;
  if (failed(manager.run(module))) {
    llvm::raw_string_ostream os(text);
    module.print(os);
    ADD_FAILURE() << "a pass failed on\n" << text;
  }
}

namespace {
/// One function with its gradients, and where to evaluate it.
class Check {
public:
  Check(func::FuncOp function, ArrayRef<interp::Tensor> inputs)
      : function(function) {
    auto initial = interp::getInitialValues(function);
    EXPECT_TRUE(succeeded(initial));
    SmallVector<interp::Value> given(inputs.begin(), inputs.end());
    auto completed = interp::completeInputs(function, given, *initial);
    EXPECT_TRUE(succeeded(completed));
    values = std::move(*completed);
    for (const interp::Value &value : values)
      arguments.emplace_back(value.getTensor());
  }

  GradientReport compare(int64_t perTensor);

private:
  double getLoss();
  void compareElement(unsigned argument, int64_t element, double gradient);
  void compareBinary32(const std::vector<Array> &exact);

  func::FuncOp function;
  SmallVector<interp::Value> values;
  std::vector<Array> arguments;
  GradientReport report;
};
} // namespace

/// Sum of all losses.
double Check::getLoss() {
  std::vector<Array> results = evaluateInDouble(function, arguments);
  double loss = 0;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (function.getResultAttr(i, nn::lossAttrName))
      loss += results[i].data[0];
  return loss;
}

void Check::compareElement(unsigned argument, int64_t element,
                           double gradient) {
  double &x = arguments[argument].data[element];
  // A power of two, so that x + h - x is h.
  const double origin = x, h = 0x1p-18;
  auto at = [&](double offset) {
    x = origin + offset;
    double loss = getLoss();
    x = origin;
    return loss;
  };
  // Two step widths: an error of order h^2 cancels, and a kink shows.
  double wide = (at(h) - at(-h)) / (2 * h);
  double narrow = (at(h / 2) - at(-h / 2)) / h;
  double right = (at(h) - at(0)) / h;
  double scale = 1e-6 * std::max({1.0, std::fabs(narrow), std::fabs(gradient)});
  if (std::fabs(wide - narrow) > scale ||
      std::fabs(right - wide) > 1e3 * scale) {
    ++report.kinks;
    return;
  }
  ++report.compared;
  double difference = (4 * narrow - wide) / 3;
  EXPECT_NEAR(gradient, difference, scale)
      << "gradient of '" << nn::getArgumentName(function, argument).str()
      << "', element " << element;
}

/// Distance of two tensors over the norm of the exact one.
static double getDistance(ArrayRef<float> actual, ArrayRef<double> exact) {
  double error = 0, norm = 0;
  for (auto [a, e] : llvm::zip_equal(actual, exact)) {
    error += (a - e) * (a - e);
    norm += e * e;
  }
  // What is zero in theory is compared absolutely.
  return std::sqrt(error) / std::max(std::sqrt(norm), 0.1);
}

void Check::compareBinary32(const std::vector<Array> &exact) {
  interp::Interpreter interpreter(function);
  auto results = interpreter.run(values);
  ASSERT_TRUE(succeeded(results));
  for (auto [i, result] : llvm::enumerate(*results))
    EXPECT_LT(getDistance(result.getTensor().getData(), exact[i].data), 2e-4)
        << "result " << i << " in binary32";
}

GradientReport Check::compare(int64_t perTensor) {
  std::vector<Array> exact = evaluateInDouble(function, arguments);
  if (exact.empty())
    return report;
  compareBinary32(exact);
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    StringRef name = nn::getResultName(function, i);
    if (!name.consume_back(".grad"))
      continue;
    unsigned argument = nn::findArgument(function, name).getArgNumber();
    int64_t size = exact[i].size(),
            step = std::max<int64_t>(1, size / perTensor);
    for (int64_t element = 0; element < size; element += step)
      compareElement(argument, element, exact[i].data[element]);
  }
  return report;
}

GradientReport photonic::checkGradients(ModuleOp module,
                                        ArrayRef<interp::Tensor> inputs,
                                        int64_t perTensor) {
  runPasses(module, [](OpPassManager &passes) {
    nn::GenerateBackwardOptions options;
    options.emitGradients = true;
    options.inputGradients = true;
    passes.addPass(nn::createGenerateBackward(options));
  });
  auto function = module.lookupSymbol<func::FuncOp>("main");
  return Check(function, inputs).compare(perTensor);
}
