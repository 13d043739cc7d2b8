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

static Value emitReciprocal(NodeImporter &node, ValueRange operands) {
  return node.emit<nn::DivOp>({node.emitScalar(1), operands.front()});
}

LogicalResult importer::importUnary(NodeImporter &node) {
  EmitFn emit = llvm::StringSwitch<EmitFn>(node.getNode().getOpType())
                    .Case("Abs", emitPlain<nn::AbsOp>)
                    .Case("Exp", emitPlain<nn::ExpOp>)
                    .Case("Log", emitPlain<nn::LogOp>)
                    .Case("Neg", emitPlain<nn::NegOp>)
                    .Case("Reciprocal", emitReciprocal)
                    .Case("Relu", emitPlain<nn::ReluOp>)
                    .Case("Sigmoid", emitPlain<nn::SigmoidOp>)
                    .Case("Sqrt", emitPlain<nn::SqrtOp>)
                    .Case("Tanh", emitPlain<nn::TanhOp>);
  return node.setResult(emit(node, node.getTensor(0)));
}

LogicalResult importer::importArithmetic(NodeImporter &node) {
  StringRef op = node.getNode().getOpType();
  EmitFn emit = llvm::StringSwitch<EmitFn>(op)
                    .Cases({"Add", "Mean", "Sum"}, emitPlain<nn::AddOp>)
                    .Case("Sub", emitPlain<nn::SubOp>)
                    .Case("Mul", emitPlain<nn::MulOp>)
                    .Case("Div", emitPlain<nn::DivOp>)
                    .Case("Max", emitPlain<nn::MaxOp>)
                    .Case("Min", emitPlain<nn::MinOp>);
  // From left to right, as ONNX Runtime adds.
  unsigned count = node.getNode().getNumInputs();
  Value result = node.getTensor(0);
  for (unsigned i = 1; i < count; ++i)
    result = emit(node, {result, node.getTensor(i)});
  if (op == "Mean" && count > 1 && result)
    result = node.emit<nn::MulOp>({result, node.emitScalar(1 / float(count))});
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

/// The exponents as a tensor; null after an error.
static Value getExponents(NodeImporter &node) {
  if (!node.isInteger(1))
    return node.getTensor(1);
  return node.emitConstant(node.getShape(1),
                           node.getConstant(1)->getFloats().floats.vec());
}

LogicalResult importer::importPow(NodeImporter &node) {
  std::optional<float> exponent = node.getConstantFloat(1);
  if (node.isInteger(1) && node.getConstant(1)->getNumElements() == 1)
    exponent = node.getConstant(1)->getFloat();
  Value base = node.getTensor(0);
  // Exact where few multiplications do, and one root.
  bool isPlain = exponent && (*exponent == 0.5f ||
                              (*exponent == std::rint(*exponent) &&
                               *exponent != 0 && std::fabs(*exponent) <= 4));
  if (base && isPlain && node.getShape(1).size() <= getShape(base).size())
    return node.setResult(emitPower(node, base, *exponent));
  return node.setResult(node.emit<nn::PowOp>({base, getExponents(node)}));
}

LogicalResult importer::importLeakyRelu(NodeImporter &node) {
  nn::LeakyReluOp::Properties properties;
  properties.alpha = node.getBuilder().getF32FloatAttr(
      node.getNode().getFloat("alpha", 0.01f));
  return node.setResult(
      node.emit<nn::LeakyReluOp>(node.getTensor(0), properties));
}

/// One bound that is computed or learned. Where the operand equals it, the
/// gradient is the operand's, as in PyTorch.
static Value emitComputedBound(NodeImporter &node, Value value, unsigned i) {
  Value bound = node.getTensor(i);
  if (!value || !bound)
    return {};
  if (countElements(getShape(bound)) != 1) {
    (void)node.fail("expected a scalar as bound, got " +
                    node.getEntry(i).describe());
    return {};
  }
  bound = node.emitReshape(bound, {});
  return i == 1 ? node.emit<nn::MaxOp>({bound, value})
                : node.emit<nn::MinOp>({bound, value});
}

/// The lower bound, then the upper one, each known or computed.
static LogicalResult importComputedClip(NodeImporter &node) {
  float infinity = std::numeric_limits<float>::infinity();
  Value result = node.getTensor(0);
  for (unsigned i : {1, 2}) {
    if (!node.hasInput(i))
      continue;
    std::optional<float> known = node.getConstantFloat(i);
    if (!result)
      return failure();
    result = !known   ? emitComputedBound(node, result, i)
             : i == 1 ? node.emitClip(result, *known, infinity)
                      : node.emitClip(result, -infinity, *known);
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

/// A parameter with the elements of another one.
static LogicalResult importCopy(NodeImporter &node, const Constant &constant) {
  auto copy = std::make_shared<Constant>(constant);
  copy->name = node.getNode().getOutput(0).str();
  copy->value = {};
  return node.setResult(Entry(copy));
}

LogicalResult importer::importIdentity(NodeImporter &node) {
  const Entry &entry = node.getEntry(0);
  if (entry.constant && entry.constant->isLearnable &&
      node.getContext().isOwnParameter(node.getNode(), *entry.constant))
    return importCopy(node, *entry.constant);
  return node.setResult(entry);
}
