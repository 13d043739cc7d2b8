//===- NNEvaluateElementwise.cpp - Reference of elementwise operations ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Arithmetic.h"
#include "phx/support/Math.h"
#include "phx/support/Selection.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

LogicalResult ConstantOp::evaluate(Operands, Results &results) {
  FailureOr<Tensor> tensor = Tensor::get(getValue());
  if (failed(tensor))
    return emitOpError() << "has no elements: the resource behind " << getType()
                         << " is absent";
  results.push_back(std::move(*tensor));
  return success();
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

template <typename Fn>
static LogicalResult mapUnary(Operands operands, Results &results, Fn fn) {
  Tensor tensor = std::move(operands[0].getTensor());
  for (float &x : tensor.getMutableData())
    x = fn(x);
  results.push_back(std::move(tensor));
  return success();
}

LogicalResult ReluOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, phx::reluF32);
}

LogicalResult LeakyReluOp::evaluate(Operands operands, Results &results) {
  float alpha = getAlpha().convertToFloat();
  return mapUnary(operands, results,
                  [alpha](float x) { return x < 0 ? alpha * x : x; });
}

LogicalResult ClipOp::evaluate(Operands operands, Results &results) {
  float min = getMin().convertToFloat(), max = getMax().convertToFloat();
  return mapUnary(operands, results, [min, max](float x) {
    return phx::clipF32(x, min, max);
  });
}

LogicalResult SigmoidOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, phx::sigmoidF32);
}

LogicalResult TanhOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, phx::tanhF32);
}

LogicalResult ExpOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, phx::expF32);
}

LogicalResult LogOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, phx::logF32);
}

LogicalResult SqrtOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, [](float x) { return std::sqrt(x); });
}

LogicalResult NegOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, [](float x) { return -x; });
}

LogicalResult AbsOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results, [](float x) { return std::fabs(x); });
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

/// Strides with which `tensor` is read as if it had shape `shape`: 0 where it
/// repeats.
static SmallVector<int64_t> getBroadcastStrides(const Tensor &tensor,
                                                ArrayRef<int64_t> shape) {
  SmallVector<int64_t> own = interp::getStrides(tensor.getShape());
  SmallVector<int64_t> strides(shape.size(), 0);
  size_t missing = shape.size() - own.size();
  for (size_t d = 0; d < own.size(); ++d)
    if (tensor.getDim(d) != 1)
      strides[missing + d] = own[d];
  return strides;
}

/// Calls fn(offset of a, offset of b) for each element of `shape`, row major.
template <typename Fn>
static void forEachPair(ArrayRef<int64_t> shape, ArrayRef<int64_t> aStrides,
                        ArrayRef<int64_t> bStrides, int64_t a, int64_t b,
                        Fn &fn) {
  if (shape.empty())
    return fn(a, b);
  for (int64_t i = 0; i < shape[0]; ++i)
    forEachPair(shape.drop_front(), aStrides.drop_front(),
                bStrides.drop_front(), a + i * aStrides[0], b + i * bStrides[0],
                fn);
}

template <typename Fn>
static LogicalResult mapBinary(RankedTensorType type, Operands operands,
                               Results &results, Fn fn) {
  Tensor lhs = std::move(operands[0].getTensor());
  Tensor rhs = std::move(operands[1].getTensor());
  if (lhs.getShape() == rhs.getShape()) {
    MutableArrayRef<float> out = lhs.getMutableData();
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = fn(out[i], rhs[i]);
    results.push_back(std::move(lhs));
    return success();
  }
  Tensor result = Tensor::uninitialized(type.getShape());
  float *out = result.getMutableData().data();
  auto step = [&](int64_t a, int64_t b) { *out++ = fn(lhs[a], rhs[b]); };
  forEachPair(type.getShape(), getBroadcastStrides(lhs, type.getShape()),
              getBroadcastStrides(rhs, type.getShape()), 0, 0, step);
  results.push_back(std::move(result));
  return success();
}

LogicalResult AddOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results, std::plus<float>());
}

LogicalResult SubOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results, std::minus<float>());
}

LogicalResult MulOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results, std::multiplies<float>());
}

LogicalResult DivOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results, std::divides<float>());
}

LogicalResult MaxOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results,
                   phx::maximumF32);
}

LogicalResult MinOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results,
                   phx::minimumF32);
}

/// +1 for even exponents, -1 for odd ones, NaN for those that are not whole.
static float getSignOfPower(float exponent) {
  auto isWhole = [](float x) {
    float rounded = x + PowOp::roundingShift;
    rounded = rounded - PowOp::roundingShift;
    return rounded == x ? 1.0f : 0.0f;
  };
  float below = PowOp::wholeLimit - std::fabs(exponent);
  float whole = below > 0 ? isWhole(exponent) : 0.0f;
  float even = isWhole(exponent * 0.5f);
  float sign = even + even;
  sign = sign - 1.0f;
  return sign + std::sqrt(whole - 1.0f);
}

LogicalResult PowOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results, [](float x, float exponent) {
    float zero = exponent == 0 ? 1.0f : 0.0f;
    float power = phx::expF32(exponent * phx::logF32(std::fabs(x)));
    power = (1.0f - zero > 0 ? power : 0.0f) + zero;
    float factor = -x > 0 ? getSignOfPower(exponent) - 1.0f : 0.0f;
    return power * (factor + 1.0f);
  });
}

LogicalResult EqualOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results,
                   [](float a, float b) { return a == b ? 1.0f : 0.0f; });
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

LogicalResult GateOp::evaluate(Operands operands, Results &results) {
  float slope = getSlope().convertToFloat();
  return mapBinary(getType(), operands, results, [slope](float c, float x) {
    return phx::gateF32(c, x, slope);
  });
}

LogicalResult GateRangeOp::evaluate(Operands operands, Results &results) {
  float min = getMin().convertToFloat(), max = getMax().convertToFloat();
  return mapBinary(getType(), operands, results, [min, max](float c, float x) {
    return phx::gateRangeF32(c, x, min, max);
  });
}

LogicalResult DropOp::evaluate(Operands operands, Results &results) {
  float ratio = getRatio().convertToFloat(), factor = getFactor();
  return mapBinary(getType(), operands, results,
                   [ratio, factor](float u, float x) {
                     return phx::dropF32(u, x, ratio, factor);
                   });
}

LogicalResult PackSignsOp::evaluate(Operands operands, Results &results) {
  return mapUnary(operands, results,
                  [](float x) { return phx::isOpen(x) ? 1.0f : 0.0f; });
}

LogicalResult GateMaskOp::evaluate(Operands operands, Results &results) {
  return mapBinary(getType(), operands, results,
                   [](float m, float x) { return m != 0 ? x : 0.0f; });
}

//===----------------------------------------------------------------------===//
// Batch normalisation
//===----------------------------------------------------------------------===//

LogicalResult BatchNormOp::evaluate(Operands operands, Results &results) {
  Tensor x = std::move(operands[0].getTensor());
  const Tensor &scale = operands[1].getTensor();
  const Tensor &bias = operands[2].getTensor();
  const Tensor &mean = operands[3].getTensor();
  const Tensor &var = operands[4].getTensor();
  int64_t images = x.getDim(0), channels = x.getDim(1);
  int64_t inner = x.getNumElements() / (images * channels);
  float *element = x.getMutableData().data();
  for (int64_t n = 0; n < images; ++n)
    for (int64_t c = 0; c < channels; ++c) {
      interp::ChannelAffine affine = interp::getBatchNormAffine(
          scale[c], bias[c], mean[c], var[c], getEpsilon().convertToFloat());
      for (int64_t i = 0; i < inner; ++i, ++element)
        *element = *element * affine.scale + affine.shift;
    }
  results.push_back(std::move(x));
  return success();
}
