//===- NNEvaluateRandom.cpp - Reference of random numbers -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Philox.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

/// [seed, trial, step] as integers, or a diagnostic.
static FailureOr<interp::RandomKey> readKey(Operation *op, const Tensor &key) {
  static const char *const names[] = {"seed", "trial", "step"};
  uint32_t words[3];
  for (unsigned i = 0; i < 3; ++i) {
    if (!(key[i] >= 0 && key[i] < 0x1p24f) || key[i] != std::floor(key[i]))
      return op->emitError() << "expected the " << names[i]
                             << " of the random key to be a whole number in "
                                "[0, 2^24), got "
                             << double(key[i]);
    words[i] = uint32_t(key[i]);
  }
  return interp::RandomKey{words[0], words[1], words[2]};
}

LogicalResult UniformOp::evaluate(Operands operands, Results &results) {
  auto key = readKey(*this, operands[0].getTensor());
  if (failed(key))
    return failure();
  Tensor result = Tensor::uninitialized(getType().getShape());
  for (auto [i, element] : llvm::enumerate(result.getMutableData()))
    element = interp::getUniform(*key, uint32_t(getStream()), i);
  results.push_back(std::move(result));
  return success();
}

/// What `nn.drop` and `nn.dropout` multiply kept elements by.
static float getKeepFactor(const APFloat &ratio) {
  return float(1.0 / (1.0 - double(ratio.convertToFloat())));
}

float DropOp::getFactor() { return getKeepFactor(getRatio()); }

LogicalResult DropoutOp::evaluate(Operands operands, Results &results) {
  auto key = readKey(*this, operands[1].getTensor());
  if (failed(key))
    return failure();
  uint32_t stream = uint32_t(firstStream + getStream());
  float ratio = getRatio().convertToFloat(), factor = getKeepFactor(getRatio());
  Tensor x = std::move(operands[0].getTensor());
  for (auto [i, element] : llvm::enumerate(x.getMutableData()))
    element =
        interp::getUniform(*key, stream, i) >= ratio ? element * factor : 0.0f;
  results.push_back(std::move(x));
  return success();
}
