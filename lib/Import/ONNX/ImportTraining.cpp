//===- ImportTraining.cpp - Operators that differ in training -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

static SmallVector<Value> getNormalizationInputs(NodeImporter &node) {
  SmallVector<Value> operands;
  for (unsigned i = 0; i < 5; ++i)
    operands.push_back(i == 0 ? node.getTensor(i) : node.getFiniteTensor(i));
  return operands;
}

/// Before opset 14, more outputs than the first ask for training.
static bool hasTrainingForm(NodeImporter &node) {
  return node.getOpset() < 14 &&
         llvm::any_of(node.getNode().getOutputs().drop_front(),
                      [](StringRef output) { return !output.empty(); });
}

/// Normalisation by the statistics of the batch, unless the stored ones are
/// frozen. A backward pass that is there was made for what the node says.
static bool usesBatchStatistics(NodeImporter &node) {
  ImportContext &context = node.getContext();
  if (context.getMode() == ImportMode::Inference)
    return hasTrainingForm(node);
  if (context.getMode() != ImportMode::Training)
    return false;
  if (context.holdsBackward())
    return node.getNode().getInt("training_mode", 0) != 0;
  return !context.isFrozen(node.getNode().getName()) &&
         !context.isFrozen(node.getNode().getInput(3)) &&
         !context.isFrozen(node.getNode().getInput(4));
}

static LogicalResult importStoredStatistics(NodeImporter &node) {
  for (unsigned i : {3, 4})
    if (node.isUsed(i))
      return node.unsupported(
          "output " + Twine(i) + " '" + node.getNode().getOutput(i) +
          "' is a statistic of the batch, which is not computed outside of "
          "training");
  SmallVector<Value> operands = getNormalizationInputs(node);
  nn::BatchNormOp::Properties properties;
  properties.epsilon = node.getBuilder().getF32FloatAttr(
      node.getNode().getFloat("epsilon", 1e-5f));
  // The stored statistics stay what they are; they may be constants.
  for (unsigned i : {1, 2})
    if (failed(node.setResult(i, node.getEntry(2 + i))))
      return failure();
  return node.setResult(node.emit<nn::BatchNormOp>(operands, properties));
}

/// The biased variance of a batch, from 1 / sqrt(variance + epsilon).
static Value emitVariance(NodeImporter &node, Value invStd, float epsilon) {
  Value square = node.emit<nn::MulOp>({invStd, invStd});
  Value sum = node.emit<nn::DivOp>({node.emitScalar(1), square});
  return node.emit<nn::SubOp>({sum, node.emitScalar(epsilon)});
}

/// Normalises by the statistics of the batch and defines the first four
/// outputs.
static nn::BatchNormTrainOp
importBatchStatistics(NodeImporter &node, ValueRange operands, bool unbiased) {
  OpBuilder &builder = node.getBuilder();
  nn::BatchNormTrainOp::Properties properties;
  properties.epsilon =
      builder.getF32FloatAttr(node.getNode().getFloat("epsilon", 1e-5f));
  properties.momentum =
      builder.getF32FloatAttr(node.getNode().getFloat("momentum", 0.9f));
  if (unbiased)
    properties.unbiased_running = builder.getUnitAttr();
  auto op = dyn_cast_or_null<nn::BatchNormTrainOp>(
      node.emitOp<nn::BatchNormTrainOp>(operands, properties));
  for (unsigned i = 0; op && i < 4; ++i)
    if (failed(node.setResult(i, Entry(op->getResult(i)))))
      return {};
  return op;
}

/// Says what the form of training means where inference was asked for.
static LogicalResult checkTrainingForm(NodeImporter &node) {
  const Node &proto = node.getNode();
  if (node.isUsed(4))
    return node.unsupported(
        "output 4 '" + proto.getOutput(4) +
        "' is the variance of the batch in ONNX and 1 / sqrt(variance + "
        "epsilon) in ONNX Runtime; expected that nobody reads it");
  emitWarning(node.getModel().getLoc())
      << "node '" << proto.getName() << "' (BatchNormalization) of opset "
      << node.getOpset()
      << " has more outputs than the first, which is the form of training: it "
         "normalises by the statistics of each batch, as in ONNX Runtime; "
         "export the model in eval mode to use the stored ones";
  return success();
}

LogicalResult importer::importBatchNormalization(NodeImporter &node) {
  if (!usesBatchStatistics(node))
    return importStoredStatistics(node);
  bool isInference = node.getContext().getMode() == ImportMode::Inference;
  if (isInference && failed(checkTrainingForm(node)))
    return failure();
  // PyTorch stores the unbiased variance; what it exports is to go on like
  // that when it is trained. ONNX says biased.
  nn::BatchNormTrainOp op = importBatchStatistics(
      node, getNormalizationInputs(node),
      /*unbiased=*/!isInference && node.getModel().isFromPyTorch());
  if (!op)
    return failure();
  if (!node.isUsed(4))
    return success();
  return node.setResult(
      4, emitVariance(node, op.getInvStd(), op.getEpsilon().convertToFloat()));
}

LogicalResult importer::importBatchNormInternal(NodeImporter &node) {
  if (node.getNode().getInt("training_mode", 0) == 0)
    return node.unsupported("attribute training_mode=0; expected a training "
                            "model");
  SmallVector<Value> operands = getNormalizationInputs(node);
  nn::BatchNormTrainOp op =
      importBatchStatistics(node, operands, /*unbiased=*/false);
  if (!op)
    return failure();
  // ONNX Runtime writes the new statistics over the old ones.
  for (unsigned i : {3, 4}) {
    auto argument = dyn_cast<BlockArgument>(operands[i]);
    if (argument && node.getFunction().isPersistent(argument) &&
        failed(node.getFunction().addUpdate(argument, op->getResult(i - 2))))
      return node.fail("its statistics '" + node.getNode().getInput(i) +
                       "' are updated twice");
  }
  return node.setResult(4, op.getInvStd());
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

/// The probability to drop an element.
static FailureOr<float> getRatio(NodeImporter &node) {
  FailureOr<float> ratio = node.getNode().getFloat("ratio", 0.5f);
  if (node.hasInput(1))
    ratio = node.getSetting(1, "ratio");
  if (succeeded(ratio) && !(*ratio >= 0 && *ratio < 1))
    return node.fail("expected a ratio in [0, 1), got " + spellNumber(*ratio));
  return ratio;
}

/// The mask where nothing is dropped.
static LogicalResult importFullMask(NodeImporter &node) {
  if (node.getOpset() < 12 &&
      node.getContext().getMode() == ImportMode::Inference)
    return node.unsupported(
        "output 1 '" + node.getNode().getOutput(1) +
        "', the mask, is all ones in ONNX's evaluator and all zeros in ONNX "
        "Runtime before opset 12; expected that nobody reads it: remove the "
        "Dropout, or convert the model to opset 12");
  ArrayRef<int64_t> shape = node.getShape(0);
  int64_t count = *countElements(shape);
  if (count > maxMadeElements)
    return node.fail("the mask of shape " + spellShape(shape) +
                     " is impossible");
  if (node.getOpset() < 10)
    return node.setResult(1, Constant::getSplat<float>(shape, 1));
  return node.setResult(1, Constant::getSplat<bool>(shape, true));
}

/// Nothing is dropped.
static LogicalResult importNoDropout(NodeImporter &node) {
  if (node.isUsed(1) && failed(importFullMask(node)))
    return failure();
  return node.setResult(node.getEntry(0));
}

/// 1 where Dropout keeps an element, 0 where not.
static Value emitMask(NodeImporter &node, nn::DropoutOp dropout) {
  Value input = dropout.getInput();
  SmallVector<float> one = {1};
  Value ones = node.emitBroadcast(node.emitScalar(1), getShape(input));
  nn::DropoutOp::Properties properties = dropout.getProperties();
  Value kept = node.emit<nn::DropoutOp>({ones, dropout.getKey()}, properties);
  return node.emit<nn::GateOp>({kept, ones});
}

/// Refuses a node that asks for training where only inference is.
static LogicalResult checkNoTraining(NodeImporter &node) {
  if (node.getContext().getMode() != ImportMode::Inference || !node.hasInput(2))
    return success();
  Entry &training = node.getEntry(2);
  if (!training.isInteger())
    return node.unsupported("its training_mode '" + node.getNode().getInput(2) +
                            "' is computed when the network runs; export the "
                            "model in eval mode");
  if (!training.constant->hasNonZero())
    return success();
  FailureOr<float> ratio = getRatio(node);
  if (failed(ratio))
    return failure();
  if (*ratio == 0)
    return success();
  return node.unsupported("input training_mode=true is not supported with "
                          "ratio " +
                          spellNumber(*ratio) + ": " + trainingRemedy);
}

/// True if elements are dropped: in training and, where the backward pass is
/// there already, if the node says so.
static FailureOr<bool> isRandom(NodeImporter &node) {
  if (failed(checkNoTraining(node)))
    return failure();
  if (node.getContext().getMode() != ImportMode::Training)
    return false;
  if (!node.getContext().holdsBackward())
    return true;
  if (!node.hasInput(2))
    return false;
  if (!node.isInteger(2))
    return node.unsupported("its training_mode '" + node.getNode().getInput(2) +
                            "' is computed when the network runs; expected a "
                            "constant");
  return node.getConstant(2)->hasNonZero();
}

LogicalResult importer::importDropout(NodeImporter &node) {
  FailureOr<bool> random = isRandom(node);
  if (failed(random))
    return failure();
  if (!*random)
    return importNoDropout(node);
  FailureOr<float> ratio = getRatio(node);
  if (failed(ratio))
    return failure();
  if (*ratio == 0)
    return importNoDropout(node);
  nn::DropoutOp::Properties properties;
  properties.ratio = node.getBuilder().getF32FloatAttr(*ratio);
  properties.stream =
      node.getBuilder().getI64IntegerAttr(node.getFunction().getRandomStream());
  Value result = node.emit<nn::DropoutOp>(
      {node.getTensor(0), node.getRandomKey()}, properties);
  if (!result)
    return failure();
  if (node.isUsed(1) &&
      failed(node.setResult(
          1, Entry(emitMask(node, result.getDefiningOp<nn::DropoutOp>()),
                   ValueKind::Boolean))))
    return failure();
  return node.setResult(result);
}
