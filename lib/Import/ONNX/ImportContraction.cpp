//===- ImportContraction.cpp - Convolutions and products ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "Window.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

LogicalResult importer::importConv(NodeImporter &node) {
  Value input = node.getTensor(0), weight = node.getFiniteTensor(1);
  if (!input || !weight)
    return failure();
  ArrayRef<int64_t> shape = getShape(input), weightShape = getShape(weight);
  if (shape.size() != weightShape.size() || shape.size() < 3)
    return node.fail("expected an input and weights of the same rank, 3 or 4");
  FailureOr<Window2d> window =
      getWindow2d(node, shape, weightShape.drop_front(2));
  if (failed(window))
    return failure();
  OpBuilder &builder = node.getBuilder();
  nn::Conv2dOp::Properties properties;
  properties.strides = builder.getDenseI64ArrayAttr(window->strides);
  properties.pads = builder.getDenseI64ArrayAttr(window->pads);
  properties.dilations = builder.getDenseI64ArrayAttr(window->dilations);
  properties.groups =
      builder.getI64IntegerAttr(node.getNode().getInt("group", 1));
  SmallVector<Value> operands = {addHeight(node, input),
                                 addHeight(node, weight)};
  if (node.hasInput(2))
    operands.push_back(node.getFiniteTensor(2));
  Value result = node.emit<nn::Conv2dOp>(operands, properties);
  return node.setResult(dropHeight(node, result, shape.size()));
}

static Value scale(NodeImporter &node, Value value, float factor) {
  if (factor == 1 || !value)
    return value;
  return node.emit<nn::MulOp>({value, node.emitScalar(factor)});
}

/// input * weight^T + bias, where the bias has any shape that broadcasts.
static Value emitLinear(NodeImporter &node, Value input, Value weight,
                        Value bias) {
  if (!input || !weight || !bias)
    return node.emit<nn::LinearOp>({input, weight});
  int64_t columns = getShape(weight).front();
  ArrayRef<int64_t> shape = getShape(bias);
  bool isRow =
      !shape.empty() && shape.back() == columns &&
      llvm::all_of(shape.drop_back(), [](int64_t d) { return d == 1; });
  if (isRow && shape.size() <= 2)
    return node.emit<nn::LinearOp>(
        {input, weight, node.emitReshape(bias, {columns})});
  return node.emit<nn::AddOp>({node.emit<nn::LinearOp>({input, weight}), bias});
}

/// A * B of matrices, either of them transposed first.
static Value emitMatrixProduct(NodeImporter &node, Value a, bool transA,
                               Value b, bool transB) {
  if (!a || !b)
    return {};
  bool isBackward = node.getPhase() != nn::Phase::Forward;
  // The products of a backward pass need no transposition.
  if (isBackward && transA && !transB) {
    node.setPhase(nn::Phase::WeightGradient);
    return node.emit<nn::LinearWeightGradOp>({a, b});
  }
  if (isBackward && !transA && !transB)
    return node.emit<nn::LinearInputGradOp>({a, b});
  a = transA ? node.emitTranspose(a, {1, 0}) : a;
  b = transB ? b : node.emitTranspose(b, {1, 0});
  return node.emit<nn::LinearOp>({a, b});
}

/// The product in front of C.
static LogicalResult importPlainGemm(NodeImporter &node, float alpha) {
  Value product = emitMatrixProduct(
      node, node.getTensor(0), node.getNode().getInt("transA", 0) != 0,
      node.getTensor(1), node.getNode().getInt("transB", 0) != 0);
  return node.setResult(scale(node, product, alpha));
}

LogicalResult importer::importGemm(NodeImporter &node) {
  Value a = node.getFiniteTensor(0), b = node.getFiniteTensor(1);
  if (!a || !b)
    return failure();
  if (getShape(a).size() != 2 || getShape(b).size() != 2)
    return node.fail("expected matrices A and B");
  float alpha = node.getNode().getFloat("alpha", 1);
  float beta = node.getNode().getFloat("beta", 1);
  if (!node.hasInput(2) || beta == 0)
    return importPlainGemm(node, alpha);
  // nn.linear wants B transposed.
  if (node.getNode().getInt("transA", 0) != 0)
    a = node.emitTranspose(a, {1, 0});
  if (node.getNode().getInt("transB", 0) == 0)
    b = node.emitTranspose(b, {1, 0});
  Value c = node.getFiniteTensor(2);
  if (!c || !a || !b)
    return failure();
  Shape result = {getShape(a)[0], getShape(b)[0]};
  if (broadcastShapes(result, getShape(c)) != result)
    return node.fail("C of shape " + spellShape(getShape(c)) +
                     " does not broadcast to the result of shape " +
                     spellShape(result));
  c = scale(node, c, beta);
  if (alpha == 1)
    return node.setResult(emitLinear(node, a, b, c));
  Value product = scale(node, node.emit<nn::LinearOp>({a, b}), alpha);
  return node.setResult(node.emit<nn::AddOp>({product, c}));
}

LogicalResult importer::importMatMul(NodeImporter &node) {
  Value a = node.getFiniteTensor(0), b = node.getFiniteTensor(1);
  if (!a || !b)
    return failure();
  Shape shapeA(getShape(a)), shapeB(getShape(b));
  if (shapeA.empty() || shapeB.empty())
    return node.fail("expected factors of rank 1 or more");
  // Leading extents of 1 on the right are no batch.
  while (shapeB.size() > 2 && shapeB.front() == 1 &&
         shapeA.size() >= shapeB.size())
    shapeB.erase(shapeB.begin());
  if (shapeB.size() > 2)
    return node.unsupported("a right factor of shape " + spellShape(shapeB) +
                            "; expected a matrix or a vector");
  int64_t inner = shapeA.back();
  int64_t innerB = shapeB.front();
  if (inner != innerB)
    return node.fail("rows of " + Twine(inner) + " on the left do not match " +
                     "columns of " + Twine(innerB) + " on the right");
  Value weight = shapeB.size() == 1
                     ? node.emitReshape(b, {1, innerB})
                     : node.emitTranspose(node.emitReshape(b, shapeB), {1, 0});
  int64_t rows = *countElements(ArrayRef(shapeA).drop_back());
  Value product =
      node.emit<nn::LinearOp>({node.emitReshape(a, {rows, inner}), weight});
  Shape result(ArrayRef(shapeA).drop_back());
  if (shapeB.size() == 2)
    result.push_back(shapeB.back());
  return node.setResult(node.emitReshape(product, result));
}

LogicalResult importer::importFusedMatMul(NodeImporter &node) {
  const Node &proto = node.getNode();
  for (StringRef attr : {"transBatchA", "transBatchB"})
    if (proto.getInt(attr, 0) != 0)
      return node.unsupported("attribute " + attr + "=1; expected 0");
  Value a = node.getFiniteTensor(0), b = node.getFiniteTensor(1);
  if (!a || !b)
    return failure();
  if (getShape(a).size() != 2 || getShape(b).size() != 2)
    return node.unsupported("factors of shape " + spellShape(getShape(a)) +
                            " and " + spellShape(getShape(b)) +
                            "; expected matrices");
  Value product = emitMatrixProduct(node, a, proto.getInt("transA", 0) != 0, b,
                                    proto.getInt("transB", 0) != 0);
  return node.setResult(scale(node, product, proto.getFloat("alpha", 1)));
}
