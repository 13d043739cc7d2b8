//===- ImportOptimizer.cpp - Operators that update parameters -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Momentum, Adam and Adagrad of the domain ai.onnx.preview.training, with the
// formulas of ONNX's specification, and the gradient accumulators of ONNX
// Runtime.
//
//===----------------------------------------------------------------------===//

#include "ImportOptimizer.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value ScalarMath::operator()(float number) { return node.emitScalar(number); }
Value ScalarMath::add(Value a, Value b) { return node.emit<nn::AddOp>({a, b}); }
Value ScalarMath::sub(Value a, Value b) { return node.emit<nn::SubOp>({a, b}); }
Value ScalarMath::mul(Value a, Value b) { return node.emit<nn::MulOp>({a, b}); }
Value ScalarMath::div(Value a, Value b) { return node.emit<nn::DivOp>({a, b}); }
Value ScalarMath::mix(Value old, float keep, Value fresh) {
  return add(mul((*this)(keep), old), mul((*this)(1 - keep), fresh));
}
Value ScalarMath::oneMinusPower(float base, Value count) {
  if (base == 0)
    return (*this)(1);
  // 1 - exp(z) loses all digits where z is small; tanh does not:
  // 1 - exp(z) = -tanh(z / 2) * (exp(z) + 1).
  double log = std::log(double(base));
  Value half = node.emit<nn::TanhOp>(mul(count, (*this)(float(-log / 2))));
  Value power = node.emit<nn::ExpOp>(mul(count, (*this)(float(log))));
  return mul(half, add(power, (*this)(1)));
}

//===----------------------------------------------------------------------===//
// Operators of ONNX
//===----------------------------------------------------------------------===//

namespace {
/// What the three operators share: a learning rate, a counter of updates, and
/// then lists of tensors: X, gradients, and one or two kinds of state.
struct OptimizerInputs {
  Value rate, count;
  SmallVector<SmallVector<Value>> tensors; ///< by tensor, then by kind
};
} // namespace

/// The counter T, which may also be a constant.
static Value getCount(NodeImporter &node) {
  if (node.isInteger(1)) {
    FailureOr<int64_t> value = node.getInteger(1, "T");
    return failed(value) ? Value() : node.emitScalar(float(*value));
  }
  if (node.getEntry(1).isValueOf(ValueKind::Counter))
    return node.getEntry(1).value;
  (void)node.fail("expected a counter of INT64 as T, got the " +
                  node.getEntry(1).describe());
  return {};
}

/// Inputs of an operator with `kinds` lists of tensors.
static FailureOr<OptimizerInputs> getInputs(NodeImporter &node,
                                            unsigned kinds) {
  unsigned count = node.getNode().getNumInputs() - 2;
  if (count == 0 || count % kinds != 0)
    return node.fail("expected R, T and " + Twine(kinds) +
                     " tensors for each parameter, got " + Twine(count) +
                     " tensors");
  OptimizerInputs inputs;
  inputs.rate = node.getTensor(0u);
  inputs.count = getCount(node);
  bool complete = inputs.rate && inputs.count;
  unsigned parameters = count / kinds;
  for (unsigned p = 0; p < parameters; ++p) {
    SmallVector<Value> &tensors = inputs.tensors.emplace_back();
    for (unsigned k = 0; k < kinds; ++k) {
      tensors.push_back(node.getTensor(2 + k * parameters + p));
      complete &= bool(tensors.back());
    }
  }
  if (!complete)
    return failure();
  return inputs;
}

/// The gradient with that of the regularisation added.
static Value regularise(NodeImporter &node, Value x, Value gradient) {
  ScalarMath math(node);
  float norm = node.getNode().getFloat("norm_coefficient", 0);
  if (norm == 0)
    return gradient;
  return math.add(math.mul(math(norm), x), gradient);
}

/// `later` if the counter is positive, `first` otherwise; both are finite.
static Value chooseByCount(NodeImporter &node, Value count, Value later,
                           Value first) {
  ScalarMath math(node);
  Value isFirst = math.sub(math(1), count);
  return math.add(node.emit<nn::GateOp>({count, later}),
                  node.emit<nn::GateOp>({isFirst, first}));
}

LogicalResult importer::importMomentum(NodeImporter &node) {
  FailureOr<OptimizerInputs> inputs = getInputs(node, 3);
  if (failed(inputs))
    return failure();
  ScalarMath math(node);
  StringRef mode = node.getNode().getString("mode", "standard");
  if (mode != "standard" && mode != "nesterov")
    return node.unsupported("attribute mode=" + mode +
                            "; expected standard or nesterov");
  Value alpha = math(node.getNode().getFloat("alpha", 0));
  Value beta = chooseByCount(node, inputs->count,
                             math(node.getNode().getFloat("beta", 0)), math(1));
  unsigned parameters = inputs->tensors.size();
  for (auto [p, tensors] : llvm::enumerate(inputs->tensors)) {
    Value x = tensors[0], v = tensors[2];
    Value g = regularise(node, x, tensors[1]);
    Value next = math.add(math.mul(alpha, v), math.mul(beta, g));
    Value step = mode == "standard" ? next : math.add(g, math.mul(alpha, next));
    Value updated = math.sub(x, math.mul(inputs->rate, step));
    if (failed(node.setResult(p, updated)) ||
        failed(node.setResult(parameters + p, next)))
      return failure();
  }
  return success();
}

LogicalResult importer::importAdagrad(NodeImporter &node) {
  FailureOr<OptimizerInputs> inputs = getInputs(node, 3);
  if (failed(inputs))
    return failure();
  ScalarMath math(node);
  Value decay = math(node.getNode().getFloat("decay_factor", 0));
  Value epsilon = math(node.getNode().getFloat("epsilon", 1e-6f));
  Value rate =
      math.div(inputs->rate, math.add(math(1), math.mul(inputs->count, decay)));
  unsigned parameters = inputs->tensors.size();
  for (auto [p, tensors] : llvm::enumerate(inputs->tensors)) {
    Value x = tensors[0];
    Value g = regularise(node, x, tensors[1]);
    Value next = math.add(tensors[2], math.mul(g, g));
    Value scale = math.add(node.emit<nn::SqrtOp>(next), epsilon);
    Value updated = math.sub(x, math.div(math.mul(rate, g), scale));
    if (failed(node.setResult(p, updated)) ||
        failed(node.setResult(parameters + p, next)))
      return failure();
  }
  return success();
}

/// The learning rate of Adam with the bias of the first steps taken out.
static Value correctRate(NodeImporter &node, const OptimizerInputs &inputs,
                         float alpha, float beta) {
  ScalarMath math(node);
  // The formula is not defined for a counter of 0, which is not chosen.
  Value count = node.emit<nn::MaxOp>({inputs.count, math(1)});
  Value second = node.emit<nn::SqrtOp>(math.oneMinusPower(beta, count));
  Value later =
      math.div(math.mul(inputs.rate, second), math.oneMinusPower(alpha, count));
  return chooseByCount(node, inputs.count, later, inputs.rate);
}

LogicalResult importer::importAdam(NodeImporter &node) {
  FailureOr<OptimizerInputs> inputs = getInputs(node, 4);
  if (failed(inputs))
    return failure();
  ScalarMath math(node);
  float alpha = node.getNode().getFloat("alpha", 0.9f);
  float beta = node.getNode().getFloat("beta", 0.999f);
  float post = node.getNode().getFloat("norm_coefficient_post", 0);
  for (float decay : {alpha, beta})
    if (!(decay >= 0 && decay < 1))
      return node.fail("expected alpha and beta in [0, 1), got " +
                       spellNumber(alpha) + " and " + spellNumber(beta));
  Value epsilon = math(node.getNode().getFloat("epsilon", 1e-6f));
  Value rate = correctRate(node, *inputs, alpha, beta);
  unsigned parameters = inputs->tensors.size();
  for (auto [p, tensors] : llvm::enumerate(inputs->tensors)) {
    Value x = tensors[0];
    Value g = regularise(node, x, tensors[1]);
    Value first = math.mix(tensors[2], alpha, g);
    Value second = math.mix(tensors[3], beta, math.mul(g, g));
    Value scale = math.add(node.emit<nn::SqrtOp>(second), epsilon);
    Value updated = math.sub(x, math.div(math.mul(rate, first), scale));
    if (post != 0)
      updated = math.mul(math(1 - post), updated);
    if (failed(node.setResult(p, updated)) ||
        failed(node.setResult(parameters + p, first)) ||
        failed(node.setResult(2 * parameters + p, second)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Accumulators of ONNX Runtime
//===----------------------------------------------------------------------===//

StringRef importer::getAccumulatedParameter(StringRef buffer) {
  return buffer.consume_back("_grad.accumulation.buffer") ? buffer
                                                          : StringRef();
}

LogicalResult importer::importInPlaceAccumulator(NodeImporter &node) {
  Value buffer = node.getTensor(0u), gradient = node.getTensor(1);
  if (!buffer || !gradient)
    return failure();
  if (getShape(buffer) != getShape(gradient))
    return node.fail("expected a buffer and a gradient of the same shape");
  node.setPhase(nn::Phase::Update);
  node.setLoc(gradient.getLoc());
  ScalarMath math(node);
  // A set flag forgets what the buffer holds.
  Value old = buffer;
  if (node.hasInput(2))
    old =
        node.emit<nn::GateOp>({math.sub(math(1), node.getBooleans(2)), buffer});
  Value sum = math.add(old, gradient);
  if (!sum)
    return failure();
  if (auto argument = dyn_cast<BlockArgument>(buffer))
    if (failed(node.getFunction().addUpdate(argument, sum)))
      return node.fail("its buffer '" + node.getNode().getInput(0) +
                       "' is updated twice");
  StringRef parameter = getAccumulatedParameter(node.getNode().getInput(0));
  if (!parameter.empty())
    node.getFunction().addGradient(parameter, sum);
  if (failed(node.setResult(1, sum)))
    return failure();
  // The first output says that the buffer was updated, which always is so.
  node.getFunction().leaveOut(node.getNode().getOutput(0));
  return node.setResult(0,
                        Constant::getSplat<bool>({1}, true));
}
