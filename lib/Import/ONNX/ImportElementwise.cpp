//===- ImportElementwise.cpp - Elementwise operators ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

using EmitFn = Value (*)(NodeImporter &, ValueRange);

template <typename OpT>
static Value emitPlain(NodeImporter &node, ValueRange operands) {
  return node.emit<OpT>(operands);
}

LogicalResult importer::importUnary(NodeImporter &node) {
  EmitFn emit = llvm::StringSwitch<EmitFn>(node.getNode().getOpType())
                    .Case("Abs", emitPlain<nn::AbsOp>)
                    .Case("Exp", emitPlain<nn::ExpOp>)
                    .Case("Log", emitPlain<nn::LogOp>)
                    .Case("Neg", emitPlain<nn::NegOp>)
                    .Case("Relu", emitPlain<nn::ReluOp>)
                    .Case("Sigmoid", emitPlain<nn::SigmoidOp>)
                    .Case("Sqrt", emitPlain<nn::SqrtOp>)
                    .Case("Tanh", emitPlain<nn::TanhOp>);
  return node.setResult(emit(node, node.getTensor(0)));
}

/// a op b of two constants of one element, or nothing. Exponents and bounds
/// that a graph computes from constants are then known to those who need them.
static std::optional<float> foldScalars(NodeImporter &node) {
  if (node.getNode().getNumInputs() != 2)
    return std::nullopt;
  std::optional<float> a = node.getConstantFloat(0),
                       b = node.getConstantFloat(1);
  if (!a || !b)
    return std::nullopt;
  float result = llvm::StringSwitch<float>(node.getNode().getOpType())
                     .Case("Add", *a + *b)
                     .Case("Sub", *a - *b)
                     .Case("Mul", *a * *b)
                     .Case("Div", *a / *b)
                     .Default(std::numeric_limits<float>::quiet_NaN());
  return std::isfinite(result) ? std::optional(result) : std::nullopt;
}

LogicalResult importer::importArithmetic(NodeImporter &node) {
  if (node.isInteger(0) && node.getNode().getOpType() != "Sum")
    return foldArithmetic(node);
  if (std::optional<float> scalar = foldScalars(node))
    return node.setResult(Constant::getFloats(
        *broadcastShapes(node.getShape(0), node.getShape(1)), {*scalar}));
  EmitFn emit = llvm::StringSwitch<EmitFn>(node.getNode().getOpType())
                    .Cases({"Add", "Sum"}, emitPlain<nn::AddOp>)
                    .Case("Sub", emitPlain<nn::SubOp>)
                    .Case("Mul", emitPlain<nn::MulOp>)
                    .Case("Div", emitPlain<nn::DivOp>)
                    .Case("Max", emitPlain<nn::MaxOp>)
                    .Case("Min", emitPlain<nn::MinOp>);
  Value result = node.getTensor(0);
  for (unsigned i = 1; i < node.getNode().getNumInputs(); ++i)
    result = emit(node, {result, node.getTensor(i)});
  return node.setResult(result);
}

/// x^0.5 and small whole powers, by multiplication.
static Value emitPower(NodeImporter &node, Value x, float exponent) {
  if (exponent == 0.5f)
    return node.emit<nn::SqrtOp>(x);
  Value power = x;
  for (float e = 2; e <= std::fabs(exponent); ++e)
    power = node.emit<nn::MulOp>({power, x});
  if (exponent > 0)
    return power;
  return node.emit<nn::DivOp>({node.emitScalar(1), power});
}

LogicalResult importer::importPow(NodeImporter &node) {
  std::optional<float> exponent = node.getConstantFloat(1);
  if (node.isInteger(1) && node.getEntry(1).constant->ints.size() == 1)
    exponent = float(node.getEntry(1).constant->ints.front());
  bool known = exponent && (*exponent == 0.5f ||
                            (*exponent == std::rint(*exponent) &&
                             *exponent != 0 && std::fabs(*exponent) <= 4));
  if (!known && node.getEntry(1).constant && !node.isFoldable(1))
    return node.unsupported(
        "its exponent '" + node.getNode().getInput(1) +
        "' is a parameter that training may change; expected a constant: make "
        "it the value of a Constant node");
  if (!known)
    return node.unsupported(
        "its exponent is " +
        (exponent ? spellNumber(*exponent) : std::string("not one constant")) +
        "; expected 0.5 or a whole number from -4 to 4 other than 0");
  return node.setResult(emitPower(node, node.getTensor(0), *exponent));
}

LogicalResult importer::importLeakyRelu(NodeImporter &node) {
  nn::LeakyReluOp::Properties properties;
  properties.alpha = node.getBuilder().getF32FloatAttr(
      node.getNode().getFloat("alpha", 0.01f));
  return node.setResult(
      node.emit<nn::LeakyReluOp>(node.getTensor(0), properties));
}

/// Bounds that are computed, or not scalars: ONNX allows only the first.
static LogicalResult importComputedClip(NodeImporter &node) {
  Value result = node.getTensor(0);
  for (unsigned i : {1, 2}) {
    if (!node.hasInput(i))
      continue;
    Value bound = node.getTensor(i);
    if (!result || !bound)
      return failure();
    if (countElements(getShape(bound)) != 1)
      return node.fail("expected a scalar as bound, got " +
                       node.getEntry(i).describe());
    bound = node.emitReshape(bound, {});
    result = i == 1 ? node.emit<nn::MaxOp>({result, bound})
                    : node.emit<nn::MinOp>({result, bound});
  }
  return node.setResult(result);
}

LogicalResult importer::importClip(NodeImporter &node) {
  float infinity = std::numeric_limits<float>::infinity();
  std::optional<float> bounds[] = {-infinity, infinity};
  if (node.getOpset() < 11) {
    bounds[0] = node.getNode().getFloat("min", -infinity);
    bounds[1] = node.getNode().getFloat("max", infinity);
  }
  for (unsigned i : {1, 2})
    if (node.hasInput(i))
      bounds[i - 1] = node.getConstantFloat(i);
  if (!bounds[0] || !bounds[1])
    return importComputedClip(node);
  return node.setResult(
      node.emitClip(node.getTensor(0), *bounds[0], *bounds[1]));
}

/// min(1, max(0, alpha * x + beta))
static Value emitHardSigmoid(NodeImporter &node, Value x, float alpha,
                             float beta) {
  if (!x)
    return {};
  Value line = node.emit<nn::MulOp>({x, node.emitScalar(alpha)});
  line = node.emit<nn::AddOp>({line, node.emitScalar(beta)});
  return node.emitClip(line, 0, 1);
}

LogicalResult importer::importHardSigmoid(NodeImporter &node) {
  return node.setResult(emitHardSigmoid(node, node.getTensor(0),
                                        node.getNode().getFloat("alpha", 0.2f),
                                        node.getNode().getFloat("beta", 0.5f)));
}

LogicalResult importer::importHardSwish(NodeImporter &node) {
  Value x = node.getTensor(0);
  Value gate = emitHardSigmoid(node, x, 1.0f / 6, 0.5f);
  return node.setResult(node.emit<nn::MulOp>({x, gate}));
}

/// PyTorch's exporter writes a parameter once where several are equal, and
/// copies of it; each of them is learned on its own.
static LogicalResult importCopy(NodeImporter &node, const Constant &constant) {
  auto copy = std::make_shared<Constant>(constant);
  copy->name = node.getNode().getOutput(0).str();
  copy->value = {};
  return node.setResult(Entry(copy));
}

LogicalResult importer::importIdentity(NodeImporter &node) {
  const Entry &entry = node.getEntry(0);
  if (node.getGraph().getMode() != ImportMode::Inference && entry.constant &&
      entry.constant->isParameter && entry.constant->isFloat())
    return importCopy(node, *entry.constant);
  return node.setResult(node.getEntry(0));
}
