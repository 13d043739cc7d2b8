//===- ImportGradient.cpp - Gradients of operators ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operators with which ONNX Runtime spells backward graphs: those of the
// domain com.microsoft, and MaxPoolGrad and AveragePoolGrad, which it puts into
// the default domain although no opset of ONNX defines them. Their first input
// is the gradient of an output of the forward operator; an output that nobody
// needs has an empty name.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "Window.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// dY where the output (or the input, which has the same sign) is positive,
/// `slope` * dY elsewhere.
static Value emitGate(NodeImporter &node, Value output, Value dy, float slope) {
  nn::GateOp::Properties properties;
  properties.slope = node.getBuilder().getF32FloatAttr(slope);
  return node.emit<nn::GateOp>({output, dy}, properties);
}

LogicalResult importer::importActivationGrad(NodeImporter &node) {
  Value dy = node.getTensor(0), y = node.getTensor(1);
  StringRef op = node.getNode().getOpType();
  if (op == "ReluGrad")
    return node.setResult(emitGate(node, y, dy, 0));
  if (op == "LeakyReluGrad")
    return node.setResult(
        emitGate(node, y, dy, node.getNode().getFloat("alpha", 0.01f)));
  // y * (1 - y), or 1 - y * y.
  bool isSigmoid = op == "SigmoidGrad";
  Value part = isSigmoid ? y : node.emit<nn::MulOp>({y, y});
  Value slope = node.emit<nn::SubOp>({node.emitScalar(1), part});
  if (isSigmoid)
    slope = node.emit<nn::MulOp>({y, slope});
  return node.setResult(node.emit<nn::MulOp>({dy, slope}));
}

static Value emitSum(NodeImporter &node, Value value, ArrayRef<int64_t> axes,
                     bool keepdims) {
  nn::ReduceSumOp::Properties properties;
  properties.axes = node.getBuilder().getDenseI64ArrayAttr(axes);
  properties.keepdims = node.getBuilder().getBoolAttr(keepdims);
  return node.emit<nn::ReduceSumOp>(value, properties);
}

LogicalResult importer::importSoftmaxGrad(NodeImporter &node) {
  Value dy = node.getTensor(0), y = node.getTensor(1);
  if (!dy || !y)
    return failure();
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", -1), getShape(y).size());
  if (failed(axis))
    return failure();
  if (node.getNode().getOpType() == "LogSoftmaxGrad_13") {
    Value total = emitSum(node, dy, *axis, /*keepdims=*/true);
    Value part = node.emit<nn::MulOp>({node.emit<nn::ExpOp>(y), total});
    return node.setResult(node.emit<nn::SubOp>({dy, part}));
  }
  Value total =
      emitSum(node, node.emit<nn::MulOp>({dy, y}), *axis, /*keepdims=*/true);
  Value difference = node.emit<nn::SubOp>({dy, total});
  return node.setResult(node.emit<nn::MulOp>({difference, y}));
}

LogicalResult importer::importScale(NodeImporter &node) {
  float factor = 0;
  if (std::optional<float> constant = node.getConstantFloat(1))
    factor = *constant;
  else if (node.isInteger(1) && node.getConstant(1)->getNumElements() == 1)
    factor = node.getConstant(1)->getFloat();
  else
    return node.unsupported("its scale '" + node.getNode().getInput(1) +
                            "' is computed when the network runs; expected a "
                            "number known when it is imported");
  if (node.getNode().getInt("scale_down", 0) != 0)
    factor = 1 / factor;
  return node.setResult(
      node.emit<nn::MulOp>({node.getTensor(0), node.emitScalar(factor)}));
}

LogicalResult importer::importDropoutGrad(NodeImporter &node) {
  std::optional<float> ratio = 0.5f;
  if (node.hasInput(2))
    ratio = node.getConstantFloat(2);
  bool training = node.isInteger(3) &&
                  node.getConstant(3)->hasNonZero();
  if (!ratio || (node.hasInput(3) && !node.isInteger(3)))
    return node.unsupported("its ratio or training_mode is computed when the "
                            "network runs; expected constants");
  if (!training || *ratio == 0)
    return node.setResult(node.getTensor(0));
  Value scaled = node.emit<nn::MulOp>(
      {node.getTensor(0), node.emitScalar(1 / (1 - *ratio))});
  return node.setResult(node.emit<nn::GateOp>({node.getBooleans(1), scaled}));
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

template <typename GradOp>
static Value emitConvGrad(NodeImporter &node, ArrayRef<int64_t> shape,
                          ValueRange operands, const Window2d &window) {
  OpBuilder &builder = node.getBuilder();
  typename GradOp::Properties properties;
  properties.strides = builder.getDenseI64ArrayAttr(window.strides);
  properties.pads = builder.getDenseI64ArrayAttr(window.pads);
  properties.dilations = builder.getDenseI64ArrayAttr(window.dilations);
  properties.groups =
      builder.getI64IntegerAttr(node.getNode().getInt("group", 1));
  return node.emitAs<GradOp>(shape, operands, properties);
}

LogicalResult importer::importConvGrad(NodeImporter &node) {
  Value dy = node.getTensor(0), x = node.getTensor(1), w = node.getTensor(2);
  if (!dy || !x || !w)
    return failure();
  size_t rank = getShape(x).size();
  if (getShape(w).size() != rank || getShape(dy).size() != rank || rank < 3)
    return node.fail("expected a gradient, an input and weights of the same "
                     "rank, 3 or 4");
  FailureOr<Window2d> window =
      getWindow2d(node, getShape(x), getShape(w).drop_front(2));
  if (failed(window))
    return failure();
  Value dyImage = addHeight(node, dy), xImage = addHeight(node, x),
        wImage = addHeight(node, w);
  if (node.isUsed(0)) {
    Value dx = emitConvGrad<nn::Conv2dInputGradOp>(node, getShape(xImage),
                                                   {dyImage, wImage}, *window);
    if (failed(node.setResult(0, dropHeight(node, dx, rank))))
      return failure();
  }
  node.setPhase(nn::Phase::WeightGradient);
  if (node.isUsed(1)) {
    Value dw = emitConvGrad<nn::Conv2dWeightGradOp>(node, getShape(wImage),
                                                    {dyImage, xImage}, *window);
    if (failed(node.setResult(1, dropHeight(node, dw, rank))))
      return failure();
  }
  if (!node.isUsed(2))
    return success();
  return node.setResult(2,
                        emitSum(node, dyImage, {0, 2, 3}, /*keepdims=*/false));
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

LogicalResult importer::importMaxPoolGrad(NodeImporter &node) {
  Value dy = node.getTensor(0);
  const Entry &positions = node.getEntry(1);
  auto pool = positions.isValueOf(ValueKind::Positions)
                  ? positions.value.getDefiningOp<nn::MaxPoolPositionsOp>()
                  : nn::MaxPoolPositionsOp();
  if (!dy)
    return failure();
  if (!pool)
    return node.unsupported("its indices '" + node.getNode().getInput(1) +
                            "' are not the second output of a MaxPool");
  int64_t rank = getShape(dy).size();
  Shape shape(getShape(pool.getInput()));
  Shape extents = shape;
  if (rank == 3)
    extents.erase(extents.begin() + 2);
  FailureOr<Window2d> window = getWindow2d(node, extents, std::nullopt);
  if (failed(window))
    return failure();
  if (ArrayRef(window->kernel) != pool.getKernel() ||
      ArrayRef(window->strides) != pool.getStrides() ||
      ArrayRef(window->pads) != pool.getPads() ||
      ArrayRef(window->dilations) != pool.getDilations() ||
      window->ceilMode != pool.getCeilMode())
    return node.fail("its window is not that of the MaxPool of which it has "
                     "the indices; export the model again");
  nn::MaxPoolGradOp::Properties properties;
  properties.kernel = pool.getKernelAttr();
  properties.strides = pool.getStridesAttr();
  properties.pads = pool.getPadsAttr();
  properties.dilations = pool.getDilationsAttr();
  properties.ceil_mode = pool.getCeilModeAttr();
  Value dx = node.emitAs<nn::MaxPoolGradOp>(
      shape, {addHeight(node, dy), positions.value}, properties);
  return node.setResult(dropHeight(node, dx, rank));
}

LogicalResult importer::importAveragePoolGrad(NodeImporter &node) {
  Value dy = node.getTensor(0);
  if (!dy)
    return failure();
  // The operator does not see the input of the pool; only the declared type of
  // its output tells the extents.
  Shape shape(getShape(dy));
  std::optional<Shape> declared =
      node.getContext().findDeclaredShape(node.getNode().getOutput(0));
  bool known = declared && declared->size() == shape.size();
  for (size_t d = 2; known && d < shape.size(); ++d) {
    shape[d] = (*declared)[d];
    known &= shape[d] > 0;
  }
  if (!known)
    return node.unsupported("the model does not declare the extents of its "
                            "output '" +
                            node.getNode().getOutput(0) +
                            "'; run onnx.shape_inference or ONNX Runtime's on "
                            "it");
  FailureOr<Window2d> window = getWindow2d(node, shape, std::nullopt);
  if (failed(window))
    return failure();
  OpBuilder &builder = node.getBuilder();
  nn::AvgPoolGradOp::Properties properties;
  properties.kernel = builder.getDenseI64ArrayAttr(window->kernel);
  properties.strides = builder.getDenseI64ArrayAttr(window->strides);
  properties.pads = builder.getDenseI64ArrayAttr(window->pads);
  properties.dilations = builder.getDenseI64ArrayAttr(window->dilations);
  properties.ceil_mode = builder.getBoolAttr(window->ceilMode);
  properties.count_include_pad =
      builder.getBoolAttr(node.getNode().getInt("count_include_pad", 0) != 0);
  int64_t rank = shape.size();
  if (rank == 3)
    shape.insert(shape.begin() + 2, 1);
  Value dx =
      node.emitAs<nn::AvgPoolGradOp>(shape, addHeight(node, dy), properties);
  return node.setResult(dropHeight(node, dx, rank));
}

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

/// [C] as [C, 1, ...], to stand beside channels of a tensor of `rank`.
static Value alignChannels(NodeImporter &node, Value value, size_t rank) {
  if (!value)
    return {};
  Shape shape(getShape(value));
  shape.append(rank - 2, 1);
  return node.emitReshape(value, shape);
}

LogicalResult importer::importBatchNormalizationGrad(NodeImporter &node) {
  Value dy = node.getTensor(0), x = node.getTensor(1);
  Value scale = node.getTensor(2), mean = node.getTensor(3),
        invStd = node.getTensor(4);
  if (!dy || !x || !scale || !mean || !invStd)
    return failure();
  size_t rank = getShape(x).size();
  if (rank < 2)
    return node.fail("expected an input of rank 2 or more, got " +
                     node.getEntry(1).describe());
  Shape axes = {0};
  for (size_t d = 2; d < rank; ++d)
    axes.push_back(d);
  auto align = [&](Value value) { return alignChannels(node, value, rank); };
  Value centred = node.emit<nn::SubOp>({x, align(mean)});
  Value normal = node.emit<nn::MulOp>({centred, align(invStd)});
  node.setPhase(nn::Phase::WeightGradient);
  Value dBias = emitSum(node, dy, axes, /*keepdims=*/false);
  Value dScale = emitSum(node, node.emit<nn::MulOp>({dy, normal}), axes,
                         /*keepdims=*/false);
  if (!dBias || !dScale)
    return failure();
  node.setPhase(nn::Phase::InputGradient);
  // dX = scale / std * (dY - mean(dY) - normal * mean(dY * normal))
  float count = float(*countElements(getShape(x)) / getShape(x)[1]);
  Value share = node.emitScalar(1 / count);
  Value meanBias = align(node.emit<nn::MulOp>({dBias, share}));
  Value meanScale = align(node.emit<nn::MulOp>({dScale, share}));
  Value part = node.emit<nn::SubOp>({dy, meanBias});
  part =
      node.emit<nn::SubOp>({part, node.emit<nn::MulOp>({normal, meanScale})});
  Value factor = align(node.emit<nn::MulOp>({scale, invStd}));
  if (failed(node.setResult(0, node.emit<nn::MulOp>({part, factor}))) ||
      failed(node.setResult(1, dScale)))
    return failure();
  return node.setResult(2, dBias);
}
