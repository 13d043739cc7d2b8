//===- ImportLogic.cpp - Comparisons and booleans -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A boolean that is computed at run time is a float, 0 or 1.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

/// 1 where a > b: a is the maximum and not equal to b. By comparisons alone, as
/// a difference is NaN for equal infinities; nothing is greater than a NaN, and
/// a NaN is greater than nothing. The gate ends the way of gradients.
static Value emitGreater(NodeImporter &node, Value a, Value b) {
  Value atLeast = node.emit<nn::EqualOp>({node.emit<nn::MaxOp>({a, b}), a});
  Value greater =
      node.emit<nn::SubOp>({atLeast, node.emit<nn::EqualOp>({a, b})});
  return node.emit<nn::GateOp>({greater, node.emitScalar(1)});
}

LogicalResult importer::importComparison(NodeImporter &node) {
  StringRef op = node.getNode().getOpType();
  bool onBooleans =
      op == "Equal" && node.getEntry(0).isValueOf(ValueKind::Boolean);
  Value a = onBooleans ? node.getBooleans(0) : node.getTensor(0);
  Value b = onBooleans ? node.getBooleans(1) : node.getTensor(1);
  Value result;
  if (op == "Equal")
    result = node.emit<nn::EqualOp>({a, b});
  else if (op == "Greater")
    result = emitGreater(node, a, b);
  else if (op == "Less")
    result = emitGreater(node, b, a);
  else if (op == "GreaterOrEqual")
    result = node.emit<nn::EqualOp>({node.emit<nn::MaxOp>({a, b}), a});
  else
    result = node.emit<nn::EqualOp>({node.emit<nn::MinOp>({a, b}), a});
  return node.setResult(Entry(result, ValueKind::Boolean));
}

LogicalResult importer::importLogic(NodeImporter &node) {
  StringRef op = node.getNode().getOpType();
  Value a = node.getBooleans(0);
  if (op == "Not") {
    Value result = node.emit<nn::SubOp>({node.emitScalar(1), a});
    return node.setResult(Entry(result, ValueKind::Boolean));
  }
  Value b = node.getBooleans(1);
  Value result =
      op == "And" ? node.emit<nn::MulOp>({a, b}) : node.emit<nn::MaxOp>({a, b});
  return node.setResult(Entry(result, ValueKind::Boolean));
}

LogicalResult importer::importWhere(NodeImporter &node) {
  Value condition = node.getBooleans(0);
  Value x = node.getTensor(1), y = node.getTensor(2);
  Value otherwise = node.emit<nn::SubOp>({node.emitScalar(1), condition});
  return node.setResult(
      node.emit<nn::AddOp>({node.emit<nn::GateOp>({condition, x}),
                            node.emit<nn::GateOp>({otherwise, y})}));
}
