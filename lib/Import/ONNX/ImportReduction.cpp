//===- ImportReduction.cpp - Reductions and softmax -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

template <typename SoftmaxOp>
static Value emitSoftmax(NodeImporter &node, Value input, int64_t axis) {
  typename SoftmaxOp::Properties properties;
  properties.axis = node.getBuilder().getI64IntegerAttr(axis);
  return node.emit<SoftmaxOp>(input, properties);
}

LogicalResult importer::importSoftmax(NodeImporter &node) {
  Value input = node.getTensor(0);
  if (!input)
    return failure();
  Shape shape(getShape(input));
  bool coerced = node.getOpset() < 13;
  FailureOr<int64_t> axis = node.normalizeAxis(
      node.getNode().getInt("axis", coerced ? 1 : -1), shape.size());
  if (failed(axis))
    return failure();
  // Before opset 13 everything from the axis on is normalised together.
  int64_t rows = *countElements(ArrayRef(shape).take_front(*axis));
  int64_t columns = *countElements(ArrayRef(shape).drop_front(*axis));
  bool reshaped = coerced && columns != shape[*axis];
  Value matrix = reshaped ? node.emitReshape(input, {rows, columns}) : input;
  int64_t along = reshaped ? 1 : *axis;
  Value result = node.getNode().getOpType() == "Softmax"
                     ? emitSoftmax<nn::SoftmaxOp>(node, matrix, along)
                     : emitSoftmax<nn::LogSoftmaxOp>(node, matrix, along);
  return node.setResult(node.emitReshape(result, shape));
}

template <typename ReduceOp>
static Value emitReduce(NodeImporter &node, Value input, ArrayRef<int64_t> axes,
                        bool keepdims) {
  typename ReduceOp::Properties properties;
  properties.axes = node.getBuilder().getDenseI64ArrayAttr(axes);
  properties.keepdims = node.getBuilder().getBoolAttr(keepdims);
  return node.emit<ReduceOp>(input, properties);
}

FailureOr<Shape> importer::getReducedAxes(NodeImporter &node, int64_t rank) {
  FailureOr<std::optional<Shape>> given = node.getAxes(1, rank);
  if (failed(given))
    return failure();
  Shape axes = given->value_or(Shape());
  if (axes.empty() && node.getNode().getInt("noop_with_empty_axes", 0) == 0)
    for (int64_t d = 0; d < rank; ++d)
      axes.push_back(d);
  return axes;
}

LogicalResult importer::importReduce(NodeImporter &node) {
  Value input = node.getTensor(0);
  if (!input)
    return failure();
  FailureOr<Shape> reduced = getReducedAxes(node, getShape(input).size());
  if (failed(reduced))
    return failure();
  ArrayRef<int64_t> axes = *reduced;
  if (axes.empty())
    return node.setResult(input);
  bool keepdims = node.getNode().getInt("keepdims", 1) != 0;
  StringRef op = node.getNode().getOpType();
  if (op == "ReduceMean")
    return node.setResult(
        emitReduce<nn::ReduceMeanOp>(node, input, axes, keepdims));
  if (op == "ReduceSum")
    return node.setResult(
        emitReduce<nn::ReduceSumOp>(node, input, axes, keepdims));
  return node.setResult(
      emitReduce<nn::ReduceMaxOp>(node, input, axes, keepdims));
}
