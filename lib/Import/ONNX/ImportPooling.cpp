//===- ImportPooling.cpp - Windows and pools ------------------------------===//
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

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// An attribute with one number, or two, per spatial dimension.
static FailureOr<Shape> getNumbers(NodeImporter &node, StringRef attr,
                                   size_t count, int64_t defaultValue) {
  std::optional<Shape> values = node.getNode().getInts(attr);
  if (!values || values->empty())
    return Shape(count, defaultValue);
  if (values->size() != count)
    return node.fail("expected " + Twine(count) + " numbers as " + attr +
                     ", got " + spellShape(*values));
  for (int64_t value : *values)
    if (value < 0 || value > maxMadeElements)
      return node.fail("expected positive numbers of a reasonable size as " +
                       attr + ", got " + spellShape(*values));
  return *values;
}

/// Padding that makes the output as large as the input divided by the stride.
static Shape getSamePads(const Window2d &window, ArrayRef<int64_t> extents,
                         bool upper) {
  size_t dims = extents.size();
  Shape pads(2 * dims);
  for (size_t d = 0; d < dims; ++d) {
    int64_t stride = window.strides[d];
    int64_t windows = (extents[d] + stride - 1) / stride;
    int64_t span = (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t total =
        std::max<int64_t>((windows - 1) * stride + span - extents[d], 0);
    pads[d] = upper ? total / 2 : total - total / 2;
    pads[dims + d] = total - pads[d];
  }
  return pads;
}

static LogicalResult resolvePads(NodeImporter &node, Window2d &window,
                                 ArrayRef<int64_t> extents) {
  StringRef mode = node.getNode().getString("auto_pad", "NOTSET");
  FailureOr<Shape> given = getNumbers(node, "pads", 2 * extents.size(), 0);
  if (failed(given))
    return failure();
  window.pads = *given;
  if (mode == "NOTSET")
    return success();
  if (mode == "VALID") {
    window.pads.assign(2 * extents.size(), 0);
  } else {
    window.pads = getSamePads(window, extents, mode == "SAME_UPPER");
    window.ceilMode = false;
  }
  // Exporters that write both mean nothing by it as long as they agree.
  if (node.getNode().findAttr("pads") && window.pads != *given &&
      !llvm::all_of(*given, [](int64_t pad) { return pad == 0; }))
    return node.unsupported("attributes auto_pad=" + mode + " and pads=" +
                            spellShape(*given) + " contradict each other");
  return success();
}

FailureOr<Window2d>
importer::getWindow2d(NodeImporter &node, ArrayRef<int64_t> inputShape,
                      std::optional<ArrayRef<int64_t>> weightKernel) {
  if (inputShape.size() != 3 && inputShape.size() != 4)
    return node.unsupported("an input of rank " + Twine(inputShape.size()) +
                            "; expected 1 or 2 spatial dimensions");
  ArrayRef<int64_t> extents = inputShape.drop_front(2);
  size_t dims = extents.size();
  Window2d window;
  if (weightKernel)
    window.kernel.assign(weightKernel->begin(), weightKernel->end());
  std::optional<Shape> kernel = node.getNode().getInts("kernel_shape");
  if (kernel && weightKernel && ArrayRef(*kernel) != *weightKernel)
    return node.fail("kernel_shape=" + spellShape(*kernel) +
                     " does not match the kernel " + spellShape(*weightKernel) +
                     " of the weights");
  if (kernel)
    window.kernel = *kernel;
  if (window.kernel.size() != dims)
    return node.fail("expected a kernel with " + Twine(dims) +
                     " extents, got " + spellShape(window.kernel));
  FailureOr<Shape> checked = getNumbers(node, "kernel_shape", dims, 1);
  FailureOr<Shape> strides = getNumbers(node, "strides", dims, 1);
  FailureOr<Shape> dilations = getNumbers(node, "dilations", dims, 1);
  if (failed(checked) || failed(strides) || failed(dilations))
    return failure();
  for (int64_t value : llvm::concat<int64_t>(*strides, *dilations))
    if (value < 1)
      return node.fail("expected positive strides and dilations, got " +
                       spellShape(*strides) + " and " + spellShape(*dilations));
  window.strides = *strides;
  window.dilations = *dilations;
  window.ceilMode = node.getNode().getInt("ceil_mode", 0) != 0;
  if (failed(resolvePads(node, window, extents)))
    return failure();
  if (dims == 1) {
    for (Shape *numbers : {&window.kernel, &window.strides, &window.dilations})
      numbers->insert(numbers->begin(), 1);
    window.pads = {0, window.pads[0], 0, window.pads[1]};
  }
  return window;
}

Value importer::addHeight(NodeImporter &node, Value value) {
  if (!value || getShape(value).size() != 3)
    return value;
  Shape shape(getShape(value));
  shape.insert(shape.begin() + 2, 1);
  return node.emitReshape(value, shape);
}

Value importer::dropHeight(NodeImporter &node, Value value, int64_t rank) {
  if (!value || rank != 3)
    return value;
  Shape shape(getShape(value));
  shape.erase(shape.begin() + 2);
  return node.emitReshape(value, shape);
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Defines the first output, and the positions of maxima if the operation has
/// them.
template <typename PoolOp>
static LogicalResult importPool(NodeImporter &node,
                                typename PoolOp::Properties properties) {
  Value input = node.getTensor(0);
  if (!input)
    return failure();
  ArrayRef<int64_t> shape = getShape(input);
  FailureOr<Window2d> window = getWindow2d(node, shape, std::nullopt);
  if (failed(window))
    return failure();
  OpBuilder &builder = node.getBuilder();
  properties.kernel = builder.getDenseI64ArrayAttr(window->kernel);
  properties.strides = builder.getDenseI64ArrayAttr(window->strides);
  properties.pads = builder.getDenseI64ArrayAttr(window->pads);
  properties.dilations = builder.getDenseI64ArrayAttr(window->dilations);
  properties.ceil_mode = builder.getBoolAttr(window->ceilMode);
  Operation *op = node.emitOp<PoolOp>(addHeight(node, input), properties);
  if (!op)
    return failure();
  if (op->getNumResults() == 2 &&
      failed(node.setResult(1, Entry(op->getResult(1), ValueKind::Positions))))
    return failure();
  return node.setResult(dropHeight(node, op->getResult(0), shape.size()));
}

LogicalResult importer::importMaxPool(NodeImporter &node) {
  // Positions in windows replace the indices, so that storage_order does not
  // matter.
  if (node.isUsed(1))
    return importPool<nn::MaxPoolPositionsOp>(node, {});
  return importPool<nn::MaxPoolOp>(node, {});
}

LogicalResult importer::importAveragePool(NodeImporter &node) {
  nn::AvgPoolOp::Properties properties;
  properties.count_include_pad = node.getBuilder().getBoolAttr(
      node.getNode().getInt("count_include_pad", 0) != 0);
  return importPool<nn::AvgPoolOp>(node, properties);
}

template <typename ReduceOp>
static Value reduceSpatial(NodeImporter &node, Value input) {
  Shape axes;
  for (size_t d = 2; d < getShape(input).size(); ++d)
    axes.push_back(d);
  typename ReduceOp::Properties properties;
  properties.axes = node.getBuilder().getDenseI64ArrayAttr(axes);
  properties.keepdims = node.getBuilder().getBoolAttr(true);
  return node.emit<ReduceOp>(input, properties);
}

LogicalResult importer::importGlobalPool(NodeImporter &node) {
  Value input = node.getTensor(0);
  if (!input)
    return failure();
  if (getShape(input).size() < 3)
    return node.fail("expected an input of rank 3 or more, got " +
                     node.getEntry(0).describe());
  if (node.getNode().getOpType() == "GlobalMaxPool")
    return node.setResult(reduceSpatial<nn::ReduceMaxOp>(node, input));
  return node.setResult(reduceSpatial<nn::ReduceMeanOp>(node, input));
}
