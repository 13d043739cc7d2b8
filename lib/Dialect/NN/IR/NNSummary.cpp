//===- NNSummary.cpp - What a training step trains ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Step.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

TrainingSummary nn::summarizeTraining(FunctionOpInterface function) {
  TrainingSummary summary;
  for (BlockArgument argument : function.getArguments()) {
    unsigned i = argument.getArgNumber();
    auto role = function.getArgAttrOfType<StringAttr>(i, roleAttrName);
    if (!role || role.getValue() != parameterRole)
      continue;
    StringRef name = getArgumentName(function, i);
    bool changes = findResult(function, gradientOfAttrName, name) ||
                   findResult(function, updatesAttrName, name);
    TrainingSummary::Group &group =
        !changes                                      ? summary.kept
        : function.getArgAttr(i, trainableAttrName) ? summary.trained
                                                      : summary.statistics;
    group.names.push_back(name.str());
    group.numbers += cast<ShapedType>(argument.getType()).getNumElements();
  }
  return summary;
}

/// 61706 as 61,706.
static std::string group(int64_t number) {
  std::string digits = std::to_string(number);
  for (int64_t at = int64_t(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, ",");
  return digits;
}

static std::string describe(const TrainingSummary::Group &part, StringRef one,
                            StringRef many) {
  return group(part.names.size()) + " " +
         (part.names.size() == 1 ? one : many).str() + " (" +
         group(part.numbers) + (part.numbers == 1 ? " number)" : " numbers)");
}

std::string TrainingSummary::describe() const {
  return "training " + ::describe(trained, "parameter", "parameters") + ", " +
         ::describe(statistics, "running statistic", "running statistics") +
         ", " + ::describe(kept, "not trained", "not trained");
}
