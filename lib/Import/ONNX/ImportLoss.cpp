//===- ImportLoss.cpp - Losses --------------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

/// The operands of a loss: scores or their logarithms, labels, and perhaps
/// weights of the classes. Empty after an error.
static SmallVector<Value> getOperands(NodeImporter &node,
                                      std::optional<int64_t> ignoreIndex) {
  Value scores = node.getTensor(0);
  if (!scores)
    return {};
  if (getShape(scores).size() < 2) {
    (void)node.fail("expected scores [batch, classes, ...], got " +
                    node.getEntry(0).describe());
    return {};
  }
  SmallVector<Value> operands = {
      scores, node.getLabels(1, getShape(scores)[1], ignoreIndex)};
  if (node.hasInput(2))
    operands.push_back(node.getTensor(2));
  return llvm::is_contained(operands, Value()) ? SmallVector<Value>()
                                               : operands;
}

/// The class to leave out: an attribute, or in ONNX Runtime's internal variants
/// input `input`.
static FailureOr<std::optional<int64_t>> getIgnoreIndex(NodeImporter &node,
                                                        unsigned input) {
  if (node.getNode().findAttr("ignore_index"))
    return std::optional(node.getNode().getInt("ignore_index", 0));
  if (!node.getNode().getOpType().contains("Internal") || !node.hasInput(input))
    return std::optional<int64_t>();
  FailureOr<int64_t> index = node.getInteger(input, "ignore_index");
  if (failed(index))
    return failure();
  return std::optional(*index);
}

/// Emits the operation and defines the loss, which ONNX calls a scalar.
template <typename LossOp> static Operation *emitLoss(NodeImporter &node) {
  FailureOr<std::optional<int64_t>> ignoreIndex = getIgnoreIndex(node, 3);
  if (failed(ignoreIndex))
    return nullptr;
  StringRef reduction = node.getNode().getString("reduction", "mean");
  typename LossOp::Properties properties;
  properties.reduction = nn::ReductionAttr::get(
      node.getBuilder().getContext(), *nn::symbolizeReduction(reduction));
  if (*ignoreIndex)
    properties.ignore_index =
        node.getBuilder().getI64IntegerAttr(**ignoreIndex);
  SmallVector<Value> operands = getOperands(node, *ignoreIndex);
  if (operands.empty())
    return nullptr;
  node.setPhase(nn::Phase::Loss);
  Operation *op = node.emitOp<LossOp>(operands, properties);
  if (!op)
    return nullptr;
  Value loss = op->getResult(0);
  if (reduction != "none")
    loss = node.emitReshape(loss, {});
  node.getFunction().markLoss(loss);
  return succeeded(node.setResult(loss)) ? op : nullptr;
}

LogicalResult importer::importSoftmaxCrossEntropyLoss(NodeImporter &node) {
  Operation *op = emitLoss<nn::SoftmaxCrossEntropyOp>(node);
  return op ? node.setResult(1, Entry(op->getResult(1))) : failure();
}

LogicalResult importer::importNegativeLogLikelihoodLoss(NodeImporter &node) {
  return success(emitLoss<nn::NLLLossOp>(node) != nullptr);
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

namespace {
/// Inputs of SoftmaxCrossEntropyLossGrad and of its internal variant, where
/// ignore_index is an input.
struct LossGradient {
  Value dLoss, logProb, labels, weights;
  std::optional<int64_t> ignoreIndex;
};
} // namespace

static FailureOr<LossGradient> getLossGradient(NodeImporter &node) {
  LossGradient gradient;
  FailureOr<std::optional<int64_t>> ignoreIndex = getIgnoreIndex(node, 4);
  if (failed(ignoreIndex))
    return failure();
  gradient.ignoreIndex = *ignoreIndex;
  if (node.hasInput(5))
    return node.unsupported("a bias '" + node.getNode().getInput(5) +
                            "'; expected none");
  gradient.dLoss = node.getTensor(0);
  gradient.logProb = node.getTensor(1);
  if (!gradient.dLoss || !gradient.logProb)
    return failure();
  if (getShape(gradient.logProb).size() < 2)
    return node.fail("expected logarithms [batch, classes, ...], got " +
                     node.getEntry(1).describe());
  gradient.labels =
      node.getLabels(2, getShape(gradient.logProb)[1], gradient.ignoreIndex);
  if (node.hasInput(3))
    gradient.weights = node.getTensor(3);
  if (!gradient.labels || (node.hasInput(3) && !gradient.weights))
    return failure();
  return gradient;
}

static Value sumOver(NodeImporter &node, Value value, ArrayRef<int64_t> axes,
                     bool keepdims) {
  nn::ReduceSumOp::Properties properties;
  properties.axes = node.getBuilder().getDenseI64ArrayAttr(axes);
  properties.keepdims = node.getBuilder().getBoolAttr(keepdims);
  return node.emit<nn::ReduceSumOp>(value, properties);
}

/// The weights of the classes [1, C, 1, ...], 0 for the one to ignore.
static Value getClassWeights(NodeImporter &node, const LossGradient &gradient,
                             ArrayRef<int64_t> shape) {
  int64_t classes = getShape(gradient.logProb)[1];
  bool ignoresClass = gradient.ignoreIndex && *gradient.ignoreIndex >= 0 &&
                      *gradient.ignoreIndex < classes;
  std::vector<float> kept(classes, 1.0f);
  if (ignoresClass)
    kept[*gradient.ignoreIndex] = 0;
  if (!gradient.weights)
    return node.emitConstant(shape, std::move(kept));
  Value weights = node.emitReshape(gradient.weights, shape);
  if (!ignoresClass)
    return weights;
  return node.emit<nn::MulOp>({weights, node.emitConstant(shape, kept)});
}

/// What the gradient of a loss is multiplied by; for the mean that is divided
/// by the sum of the weights.
static Value getLossFactor(NodeImporter &node, Value dLoss, Value weight,
                           ArrayRef<int64_t> perLabel) {
  StringRef reduction = node.getNode().getString("reduction", "mean");
  if (reduction == "none")
    return node.emitReshape(dLoss, perLabel);
  Value factor = node.emitReshape(dLoss, Shape(perLabel.size(), 1));
  if (reduction != "mean")
    return factor;
  Shape all;
  for (size_t d = 0; d < perLabel.size(); ++d)
    all.push_back(d);
  return node.emit<nn::DivOp>(
      {factor, weight ? sumOver(node, weight, all, true) : Value()});
}

LogicalResult importer::importSoftmaxCrossEntropyLossGrad(NodeImporter &node) {
  FailureOr<LossGradient> gradient = getLossGradient(node);
  if (failed(gradient))
    return failure();
  node.setPhase(nn::Phase::Loss);
  Shape shape(getShape(gradient->logProb));
  int64_t classes = shape[1];
  if (gradient->weights &&
      getShape(gradient->weights) != ArrayRef<int64_t>{classes})
    return node.fail("expected weights of " + Twine(classes) +
                     " classes, got " + node.getEntry(3).describe());
  Shape perClass(shape.size(), 1), perLabel(shape);
  perClass[1] = classes;
  perLabel[1] = 1;
  if (countElements(getShape(gradient->labels)) != countElements(perLabel))
    return node.fail("expected one label per position of the logarithms, got " +
                     node.getEntry(2).describe());
  // Where the label is ignored, no class is hit and the weight is 0.
  std::vector<float> numbers;
  for (int64_t i = 0; i < classes; ++i)
    numbers.push_back(float(i));
  Value hit =
      node.emit<nn::EqualOp>({node.emitReshape(gradient->labels, perLabel),
                              node.emitConstant(perClass, std::move(numbers))});
  Value weight = sumOver(
      node,
      node.emit<nn::MulOp>({hit, getClassWeights(node, *gradient, perClass)}),
      {1}, /*keepdims=*/true);
  Value factor = getLossFactor(node, gradient->dLoss, weight, perLabel);
  Value difference =
      node.emit<nn::SubOp>({node.emit<nn::ExpOp>(gradient->logProb), hit});
  Value share = node.emit<nn::MulOp>({weight, factor});
  return node.setResult(node.emit<nn::MulOp>({difference, share}));
}
