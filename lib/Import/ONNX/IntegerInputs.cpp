//===- IntegerInputs.cpp - Inputs that are not floats ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program computes with floats. Integers that reach it from outside are
// class labels of losses, or counters and flags of operators for training; the
// graph shows which, because these operators know what they read.
//
//===----------------------------------------------------------------------===//

#include "GraphInputs.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

namespace {
/// An input of an operator that takes integers or booleans.
struct Slot {
  llvm::StringLiteral op;
  int input;
  ValueKind kind;
};
} // namespace

static constexpr Slot slots[] = {
    {"SoftmaxCrossEntropyLoss", 1, ValueKind::Labels},
    {"NegativeLogLikelihoodLoss", 1, ValueKind::Labels},
    {"SoftmaxCrossEntropyLossInternal", 1, ValueKind::Labels},
    {"SoftmaxCrossEntropyLossGrad", 2, ValueKind::Labels},
    {"SoftmaxCrossEntropyLossInternalGrad", 2, ValueKind::Labels},
    {"Momentum", 1, ValueKind::Counter},
    {"Adagrad", 1, ValueKind::Counter},
    {"Adam", 1, ValueKind::Counter},
    {"InPlaceAccumulatorV2", 2, ValueKind::Boolean},
};

static ValueKind getSlotKind(const Node &node, int input) {
  for (const Slot &slot : slots)
    if (slot.op == node.getOpType() && slot.input == input)
      return slot.kind;
  return ValueKind::Float;
}

/// True if the first output is the first input in another shape or integer
/// type.
static bool passesOn(const Node &node, int input) {
  static constexpr llvm::StringLiteral moving[] = {
      "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"};
  if (input != 0)
    return false;
  if (node.getOpType() != "Cast")
    return llvm::is_contained(moving, node.getOpType());
  int64_t to = node.getInt("to", 0);
  return to == TensorProto::INT32 || to == TensorProto::INT64;
}

/// The kind of values that an element type may hold.
static bool mayHold(int32_t type, ValueKind kind) {
  bool isInteger = type == TensorProto::INT64 || type == TensorProto::INT32;
  if (kind == ValueKind::Boolean)
    return type == TensorProto::BOOL;
  return isInteger && (kind == ValueKind::Labels || kind == ValueKind::Counter);
}

IntegerUse importer::findIntegerUse(Model &model, const FlatGraph &graph,
                                    const ::onnx::ValueInfoProto &input) {
  llvm::StringSet<> names;
  names.insert(input.name());
  IntegerUse use;
  auto refuse = [&](const std::string &culprit) {
    use.kind = ValueKind::Float;
    use.culprit = culprit;
    return use;
  };
  for (const auto &output : model.getGraph().output())
    if (names.contains(graph.resolve(output.name())))
      return refuse("the graph returns it");
  // Nodes are in topological order, or else the graph is refused.
  for (const Node &node : graph.getNodes()) {
    if (!graph.isLive(node))
      continue;
    std::string reader = "node '" + node.getName().str() + "' (" +
                         node.getOpType().str() + ") reads it";
    for (unsigned k = 0; k < node.getNumInputs(); ++k) {
      if (!names.contains(node.getInput(k)))
        continue;
      ValueKind kind = getSlotKind(node, k);
      if (passesOn(node, k))
        names.insert(node.getOutput(0));
      else if (!mayHold(input.type().tensor_type().elem_type(), kind) ||
               (use.kind != ValueKind::Float && use.kind != kind))
        return refuse(reader);
      else
        use.kind = kind;
    }
    bool isCaptured = false;
    visitCaptured(node, [&](const NodeAttr &attr, StringRef name) {
      isCaptured |= attr.scope && names.contains(graph.resolve(
                                      attr.scope->find(name).value_or("")));
    });
    if (isCaptured)
      return refuse(reader);
  }
  return use;
}
