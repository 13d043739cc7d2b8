//===- EvaluateUtils.h - Evaluates single operations ---------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_EVALUATEUTILS_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_EVALUATEUTILS_H

#include "Interpreter/TestUtils.h"
#include <random>

namespace photonic {

/// `tensor<2x3xf32>`, or with another type of elements.
inline std::string getType(llvm::ArrayRef<int64_t> shape,
                           llvm::StringRef element = "f32") {
  std::string type = "tensor<";
  for (int64_t extent : shape)
    type += std::to_string(extent) + "x";
  return type + element.str() + ">";
}

/// Runs one operation on %a, %b, ... The signature, `(types) -> (types)`, is
/// appended; a type may be given where it is not f32 of the input's shape.
inline llvm::SmallVector<interp::Tensor>
evaluateOp(llvm::StringRef op, llvm::ArrayRef<interp::Tensor> inputs,
           llvm::ArrayRef<std::string> resultTypes,
           llvm::ArrayRef<std::string> inputTypes = {}) {
  std::string arguments, operands, results, names;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    std::string type =
        i < inputTypes.size() ? inputTypes[i] : getType(input.getShape());
    std::string separator = i ? ", " : "";
    arguments += separator + "%" + char('a' + i) + ": " + type;
    operands += separator + type;
  }
  for (auto [i, type] : llvm::enumerate(resultTypes)) {
    std::string separator = i ? ", " : "";
    results += separator + type;
    names += separator + "%r#" + std::to_string(i);
  }
  std::string text = "func.func @main(" + arguments + ") -> (" + results +
                     ") {\n %r:" + std::to_string(resultTypes.size()) + " = " +
                     op.str() + " : (" + operands + ") -> (" + results +
                     ")\n return " + names + " : " + results + "\n}";
  Program program(text);
  llvm::SmallVector<interp::Value> values(inputs.begin(), inputs.end());
  llvm::SmallVector<interp::Tensor> tensors;
  for (interp::Value &value : program.run(values))
    tensors.push_back(value.getTensor());
  EXPECT_EQ(tensors.size(), resultTypes.size()) << program.messages << text;
  tensors.resize(resultTypes.size());
  return tensors;
}

inline interp::Tensor makeRandom(std::mt19937 &random,
                                 llvm::ArrayRef<int64_t> shape) {
  interp::Tensor tensor = interp::Tensor::zeros(shape);
  std::normal_distribution<float> normal;
  for (float &x : tensor.getMutableData())
    x = normal(random);
  return tensor;
}

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_EVALUATEUTILS_H
