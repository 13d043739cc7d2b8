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

static FailureOr<SliceBounds> getSliceBounds(NodeImporter &node) {
  SliceBounds bounds;
  if (node.getOpset() < 10) {
    bounds.starts = node.getNode().getInts("starts").value_or(Shape());
    bounds.ends = node.getNode().getInts("ends").value_or(Shape());
    bounds.axes = node.getNode().getInts("axes").value_or(Shape());
  }
  std::pair<StringRef, Shape *> inputs[] = {{"starts", &bounds.starts},
                                            {"ends", &bounds.ends},
                                            {"axes", &bounds.axes},
                                            {"steps", &bounds.steps}};
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (!node.hasInput(i + 1))
      continue;
    FailureOr<Shape> values = node.getIntegers(i + 1, input.first);
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

LogicalResult importer::importSlice(NodeImporter &node) {
  FailureOr<SliceBounds> bounds = getSliceBounds(node);
  if (failed(bounds))
    return failure();
  Shape sizes(node.getShape(0));
  Shape offsets(sizes.size(), 0), strides(sizes.size(), 1);
  for (size_t i = 0; i < bounds->starts.size(); ++i) {
    FailureOr<int64_t> axis = node.normalizeAxis(bounds->axes[i], sizes.size());
    if (failed(axis))
      return failure();
    int64_t step = bounds->steps[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min())
      return node.fail("expected steps other than " + Twine(step));
    int64_t extent = node.getShape(0)[*axis];
    std::tie(offsets[*axis], sizes[*axis]) =
        clampSlice(bounds->starts[i], bounds->ends[i], step, extent);
    if (sizes[*axis] == 0 && !node.isInteger(0))
      return node.fail("the slice from " + Twine(bounds->starts[i]) + " to " +
                       Twine(bounds->ends[i]) + " in steps of " + Twine(step) +
                       " of dimension " + Twine(*axis) + " with extent " +
                       Twine(extent) + " is empty");
    // The step over a single element may be anything.
    strides[*axis] = sizes[*axis] == 1 ? 1 : step;
  }
  return node.setResult(node.slice(node.getEntry(0), offsets, sizes, strides));
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
        return size <= 0 || size > extent;
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

/// The elements at `indices` along `axis`, one slice per run of equal steps.
static Entry gatherRuns(NodeImporter &node, const Entry &input,
                        ArrayRef<int64_t> indices, int64_t axis) {
  Shape sizes(input.getShape());
  Shape offsets(sizes.size(), 0), strides(sizes.size(), 1);
  SmallVector<Entry> parts;
  for (size_t begin = 0; begin < indices.size();) {
    size_t end = begin + 1;
    int64_t step = 1;
    if (end < indices.size() && indices[end] != indices[begin])
      step = indices[end] - indices[begin];
    while (end < indices.size() && indices[end] - indices[end - 1] == step)
      ++end;
    offsets[axis] = indices[begin];
    sizes[axis] = end - begin;
    strides[axis] = end - begin == 1 ? 1 : step;
    parts.push_back(node.slice(input, offsets, sizes, strides));
    if (!parts.back())
      return {};
    begin = end;
  }
  return node.concat(parts, axis);
}

LogicalResult importer::importGather(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", 0), shape.size());
  if (failed(axis))
    return failure();
  if (!node.isInteger(1))
    return node.unsupported("its indices '" + node.getNode().getInput(1) +
                            "' are computed when the network runs; expected "
                            "integers known when it is imported");
  const Constant &where = *node.getEntry(1).constant;
  int64_t extent = shape[*axis];
  Shape indices(ArrayRef<int64_t>(where.ints));
  if (indices.empty())
    return node.fail("expected at least one index");
  for (int64_t &index : indices) {
    if (index < -extent || index >= extent)
      return node.fail("index " + Twine(index) + " lies outside dimension " +
                       Twine(*axis) + " of shape " + spellShape(shape));
    index += index < 0 ? extent : 0;
  }
  Shape result(shape.take_front(*axis));
  result.append(where.shape);
  llvm::append_range(result, shape.drop_front(*axis + 1));
  Entry gathered = gatherRuns(node, node.getEntry(0), indices, *axis);
  return gathered ? node.setResult(node.reshape(gathered, result)) : failure();
}
