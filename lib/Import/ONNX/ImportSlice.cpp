//===- ImportSlice.cpp - Operators that take parts ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

namespace {
struct SliceBounds {
  Shape starts, ends, axes, steps;
};
} // namespace

/// `first` is the input with the starts.
static FailureOr<SliceBounds> getSliceBounds(NodeImporter &node,
                                             unsigned first) {
  SliceBounds bounds;
  if (node.getOpset() < 10 && first == 1) {
    bounds.starts = node.getNode().getInts("starts").value_or(Shape());
    bounds.ends = node.getNode().getInts("ends").value_or(Shape());
    bounds.axes = node.getNode().getInts("axes").value_or(Shape());
  }
  std::pair<StringRef, Shape *> inputs[] = {{"starts", &bounds.starts},
                                            {"ends", &bounds.ends},
                                            {"axes", &bounds.axes},
                                            {"steps", &bounds.steps}};
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (!node.hasInput(i + first))
      continue;
    FailureOr<Shape> values = node.getIntegers(i + first, input.first);
    if (failed(values))
      return failure();
    *input.second = *values;
  }
  size_t count = bounds.starts.size();
  if (bounds.axes.empty())
    for (size_t d = 0; d < count; ++d)
      bounds.axes.push_back(d);
  if (bounds.steps.empty())
    bounds.steps.assign(count, 1);
  if (bounds.ends.size() != count || bounds.axes.size() != count ||
      bounds.steps.size() != count)
    return node.fail("expected as many ends, axes and steps as starts, got " +
                     spellShape(bounds.starts) + ", " +
                     spellShape(bounds.ends) + ", " + spellShape(bounds.axes) +
                     " and " + spellShape(bounds.steps));
  return bounds;
}

/// First element and number of elements of `[start:end:step]` on `extent`
/// elements.
static std::pair<int64_t, int64_t> clampSlice(int64_t start, int64_t end,
                                              int64_t step, int64_t extent) {
  // Bounds far outside, such as the smallest integer, must not overflow.
  auto clamp = [&](int64_t bound) {
    bound = bound < 0 ? std::max(bound, -extent - 1) + extent : bound;
    return step > 0 ? std::clamp<int64_t>(bound, 0, extent)
                    : std::clamp<int64_t>(bound, -1, extent - 1);
  };
  start = clamp(start);
  if (step < 0)
    start = std::max<int64_t>(start, 0);
  end = clamp(end);
  if (step > 0)
    return {start, start < end ? (end - start - 1) / step + 1 : 0};
  return {start, start > end ? (start - end - 1) / -step + 1 : 0};
}

namespace {
/// The part of a tensor that a Slice takes.
struct SlicePart {
  Shape offsets, sizes, strides;
};
} // namespace

/// The part of a tensor of the given shape; `mayBeEmpty` if it may have no
/// elements.
static FailureOr<SlicePart> getSlicePart(NodeImporter &node,
                                         ArrayRef<int64_t> shape,
                                         unsigned first, bool mayBeEmpty) {
  FailureOr<SliceBounds> bounds = getSliceBounds(node, first);
  if (failed(bounds))
    return failure();
  SlicePart part{Shape(shape.size(), 0), Shape(shape), Shape(shape.size(), 1)};
  auto &[offsets, sizes, strides] = part;
  for (size_t i = 0; i < bounds->starts.size(); ++i) {
    FailureOr<int64_t> axis = node.normalizeAxis(bounds->axes[i], sizes.size());
    if (failed(axis))
      return failure();
    int64_t step = bounds->steps[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min())
      return node.fail("expected steps other than " + Twine(step));
    int64_t extent = shape[*axis];
    std::tie(offsets[*axis], sizes[*axis]) =
        clampSlice(bounds->starts[i], bounds->ends[i], step, extent);
    if (sizes[*axis] == 0 && !mayBeEmpty)
      return node.fail("the slice from " + Twine(bounds->starts[i]) + " to " +
                       Twine(bounds->ends[i]) + " in steps of " + Twine(step) +
                       " of dimension " + Twine(*axis) + " with extent " +
                       Twine(extent) + " is empty");
    // The step over a single element may be anything.
    strides[*axis] = sizes[*axis] == 1 ? 1 : step;
  }
  return part;
}

LogicalResult importer::importSlice(NodeImporter &node) {
  FailureOr<SlicePart> part =
      getSlicePart(node, node.getShape(0), 1, /*mayBeEmpty=*/true);
  if (failed(part))
    return failure();
  return node.setResult(
      node.slice(node.getEntry(0), part->offsets, part->sizes, part->strides));
}

/// Zeros of the given shape with `value` in a part of them.
static Value emitEmbed(NodeImporter &node, Value value, ArrayRef<int64_t> shape,
                       const SlicePart &part) {
  OpBuilder &builder = node.getBuilder();
  nn::EmbedOp::Properties properties;
  properties.offsets = builder.getDenseI64ArrayAttr(part.offsets);
  properties.strides = builder.getDenseI64ArrayAttr(part.strides);
  return node.emitAs<nn::EmbedOp>(shape, value, properties);
}

LogicalResult importer::importSliceGrad(NodeImporter &node) {
  Value dy = node.getTensor(0);
  FailureOr<Shape> shape = node.getIntegers(1, "shape");
  if (!dy || failed(shape))
    return failure();
  FailureOr<SlicePart> part =
      getSlicePart(node, *shape, 2, /*mayBeEmpty=*/false);
  if (failed(part))
    return failure();
  return node.setResult(emitEmbed(node, dy, *shape, *part));
}

//===----------------------------------------------------------------------===//
// Split
//===----------------------------------------------------------------------===//

static FailureOr<Shape> getSplitSizes(NodeImporter &node, int64_t extent) {
  int64_t outputs = node.getNode().getNumOutputs();
  if (std::optional<Shape> sizes = node.getNode().getInts("split"))
    return *sizes;
  if (node.hasInput(1))
    return node.getIntegers(1, "split");
  int64_t declared = node.getNode().getInt("num_outputs", outputs);
  if (declared != outputs)
    return node.fail("num_outputs=" + Twine(declared) + ", but the node has " +
                     Twine(outputs) + " outputs");
  // From opset 18 the last part may be smaller.
  int64_t size = (extent + outputs - 1) / outputs;
  if (node.getOpset() < 18 && extent % outputs != 0)
    return node.fail("an extent of " + Twine(extent) +
                     " does not divide into " + Twine(outputs) +
                     " equal parts");
  Shape sizes(outputs, size);
  sizes.back() = extent - size * (outputs - 1);
  return sizes;
}

LogicalResult importer::importSplit(NodeImporter &node) {
  Shape shape(node.getShape(0));
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", 0), shape.size());
  if (failed(axis))
    return failure();
  int64_t extent = shape[*axis];
  FailureOr<Shape> sizes = getSplitSizes(node, extent);
  if (failed(sizes))
    return failure();
  // Sums of parts that are too large on their own may wrap.
  uint64_t total = 0;
  for (int64_t size : *sizes)
    total += size;
  if (sizes->size() != node.getNode().getNumOutputs() ||
      total != uint64_t(extent) || llvm::any_of(*sizes, [&](int64_t size) {
        return size < 0 || size > extent;
      }))
    return node.fail("parts of " + spellShape(*sizes) +
                     " do not divide an "
                     "extent of " +
                     Twine(extent) + " among " +
                     Twine(node.getNode().getNumOutputs()) + " outputs");
  const Entry &input = node.getEntry(0);
  Shape offsets(shape.size(), 0), ones(shape.size(), 1);
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    shape[*axis] = size;
    if (!node.getNode().getOutput(i).empty() &&
        failed(node.setResult(i, node.slice(input, offsets, shape, ones))))
      return failure();
    offsets[*axis] += size;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Parts of a tensor that together are the elements at `indices` along `axis`,
/// one per run of equal steps.
static SmallVector<SlicePart> getRuns(ArrayRef<int64_t> shape,
                                      ArrayRef<int64_t> indices, int64_t axis) {
  SlicePart part{Shape(shape.size(), 0), Shape(shape), Shape(shape.size(), 1)};
  SmallVector<SlicePart> parts;
  for (size_t begin = 0; begin < indices.size();) {
    size_t end = begin + 1;
    int64_t step = 1;
    if (end < indices.size() && indices[end] != indices[begin])
      step = indices[end] - indices[begin];
    while (end < indices.size() && indices[end] - indices[end - 1] == step)
      ++end;
    part.offsets[axis] = indices[begin];
    part.sizes[axis] = end - begin;
    part.strides[axis] = end - begin == 1 ? 1 : step;
    parts.push_back(part);
    begin = end;
  }
  return parts;
}

/// The indices that input 1 holds, counted from the front, for a dimension of
/// the given shape.
static FailureOr<Shape> getIndices(NodeImporter &node, ArrayRef<int64_t> shape,
                                   int64_t axis) {
  if (!node.isInteger(1))
    return node.unsupported("its indices '" + node.getNode().getInput(1) +
                            "' are computed when the network runs; expected "
                            "integers known when it is imported");
  int64_t extent = shape[axis];
  Shape indices(ArrayRef<int64_t>(node.getConstant(1)->getIntegers()));
  for (int64_t &index : indices) {
    if (index < -extent || index >= extent)
      return node.fail("index " + Twine(index) + " lies outside dimension " +
                       Twine(axis) + " of shape " + spellShape(shape));
    index += index < 0 ? extent : 0;
  }
  return indices;
}

LogicalResult importer::importGather(NodeImporter &node) {
  Shape shape(node.getShape(0));
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", 0), shape.size());
  if (failed(axis))
    return failure();
  FailureOr<Shape> indices = getIndices(node, shape, *axis);
  if (failed(indices))
    return failure();
  SmallVector<Entry> parts;
  for (const SlicePart &part : getRuns(shape, *indices, *axis)) {
    parts.push_back(
        node.slice(node.getEntry(0), part.offsets, part.sizes, part.strides));
    if (!parts.back())
      return failure();
  }
  Shape result(ArrayRef(shape).take_front(*axis));
  llvm::append_range(result, node.getShape(1));
  llvm::append_range(result, ArrayRef(shape).drop_front(*axis + 1));
  if (parts.empty())
    return node.setResult(
        Constant::allocate(::onnx::TensorProto::FLOAT, result));
  Entry gathered = node.concat(parts, *axis);
  return gathered ? node.setResult(node.reshape(gathered, result)) : failure();
}

LogicalResult importer::importGatherGrad(NodeImporter &node) {
  FailureOr<Shape> shape = node.getIntegers(0, "shape");
  Value dy = node.getTensor(2);
  if (failed(shape) || !dy)
    return failure();
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", 0), shape->size());
  if (failed(axis))
    return failure();
  FailureOr<Shape> indices = getIndices(node, *shape, *axis);
  if (failed(indices))
    return failure();
  Shape flat(*shape);
  flat[*axis] = indices->size();
  if (countElements(flat) != countElements(getShape(dy)))
    return node.fail("the gradient does not have the shape of what was "
                     "gathered");
  dy = node.emitReshape(dy, flat);
  // Elements that were gathered several times collect all their gradients.
  Value sum;
  SlicePart source{Shape(flat.size(), 0), flat, Shape(flat.size(), 1)};
  for (const SlicePart &part : getRuns(*shape, *indices, *axis)) {
    source.sizes = part.sizes;
    Value piece = node.getTensor(
        node.slice(Entry(dy), source.offsets, source.sizes, source.strides));
    source.offsets[*axis] += part.sizes[*axis];
    Value embedded = emitEmbed(node, piece, *shape, part);
    sum = sum ? node.emit<nn::AddOp>({sum, embedded}) : embedded;
  }
  return node.setResult(sum);
}
