//===- ImportLayout.cpp - Operators that move elements --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

LogicalResult importer::importFlatten(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  FailureOr<int64_t> axis = node.normalizeAxis(node.getNode().getInt("axis", 1),
                                               shape.size(), /*allowEnd=*/true);
  if (failed(axis))
    return failure();
  Shape flat = {*countElements(shape.take_front(*axis)),
                *countElements(shape.drop_front(*axis))};
  return node.setResult(node.reshape(node.getEntry(0), flat));
}

/// Replaces 0 and -1 in a requested shape.
static FailureOr<Shape> resolveShape(NodeImporter &node, Shape target) {
  ArrayRef<int64_t> shape = node.getShape(0);
  std::string request = spellShape(target);
  bool allowZero = node.getNode().getInt("allowzero", 0) != 0;
  std::optional<size_t> open;
  for (size_t d = 0; d < target.size(); ++d) {
    if (target[d] == 0 && !allowZero) {
      if (d >= shape.size())
        return node.fail("the requested shape " + request +
                         " copies dimension " + Twine(d) +
                         ", which the input of shape " + spellShape(shape) +
                         " does not have");
      target[d] = shape[d];
    } else if (target[d] == -1) {
      if (open)
        return node.fail("the requested shape " + request +
                         " leaves more than one dimension open");
      open = d;
      target[d] = 1;
    }
  }
  int64_t count = *countElements(shape);
  std::optional<int64_t> known = countElements(target);
  if (open && known && *known > 0 && count % *known == 0)
    target[*open] = count / *known;
  if (countElements(target) != count)
    return node.fail(
        "the input of shape " + spellShape(shape) + " has " + Twine(count) +
        " elements, which do not fit the requested shape " + request);
  return target;
}

LogicalResult importer::importReshape(NodeImporter &node) {
  FailureOr<Shape> target = node.getIntegers(1, "shape");
  if (failed(target))
    return failure();
  FailureOr<Shape> shape = resolveShape(node, *target);
  if (failed(shape))
    return failure();
  return node.setResult(node.reshape(node.getEntry(0), *shape));
}

LogicalResult importer::importSqueeze(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  FailureOr<std::optional<Shape>> axes = node.getAxes(1, shape.size());
  if (failed(axes))
    return failure();
  // An empty list of axes is none, for ONNX Runtime and for PyTorch.
  bool isGiven = *axes && !(*axes)->empty();
  Shape rest;
  for (size_t d = 0; d < shape.size(); ++d) {
    bool chosen = isGiven ? llvm::is_contained(**axes, d) : shape[d] == 1;
    if (chosen && shape[d] != 1)
      return node.fail("cannot remove dimension " + Twine(d) + " of extent " +
                       Twine(shape[d]) + " from shape " + spellShape(shape));
    if (!chosen)
      rest.push_back(shape[d]);
  }
  return node.setResult(node.reshape(node.getEntry(0), rest));
}

LogicalResult importer::importUnsqueeze(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  // The axes count the dimensions of the result.
  std::optional<Shape> given = node.getNode().getInts("axes");
  if (!given) {
    FailureOr<Shape> input = node.getIntegers(1, "axes");
    if (failed(input))
      return failure();
    given = *input;
  }
  FailureOr<std::optional<Shape>> axes =
      node.getAxes(1, shape.size() + given->size());
  if (failed(axes))
    return failure();
  Shape wide(shape);
  for (int64_t axis : **axes)
    wide.insert(wide.begin() + axis, 1);
  return node.setResult(node.reshape(node.getEntry(0), wide));
}

LogicalResult importer::importTranspose(NodeImporter &node) {
  size_t rank = node.getShape(0).size();
  Shape perm;
  for (size_t d = rank; d-- > 0;)
    perm.push_back(d);
  if (std::optional<Shape> given = node.getNode().getInts("perm"))
    perm = *given;
  Shape sorted = perm;
  llvm::sort(sorted);
  for (size_t d = 0; d < rank; ++d)
    if (sorted.size() != rank || sorted[d] != int64_t(d))
      return node.fail("expected perm to be a permutation of " + Twine(rank) +
                       " dimensions, got " + spellShape(perm));
  return node.setResult(node.transpose(node.getEntry(0), perm));
}

LogicalResult importer::importConcat(NodeImporter &node) {
  SmallVector<Entry> parts;
  for (unsigned i = 0; i < node.getNode().getNumInputs(); ++i) {
    if (!node.hasInput(i))
      return node.fail("input " + Twine(i) + " is left out");
    parts.push_back(node.getEntry(i));
  }
  FailureOr<int64_t> axis = node.normalizeAxis(node.getNode().getInt("axis", 0),
                                               parts.front().getShape().size());
  if (failed(axis))
    return failure();
  return node.setResult(node.concat(parts, *axis));
}

LogicalResult importer::importConcatTraining(NodeImporter &node) {
  if (failed(importConcat(node)))
    return failure();
  int64_t rank = node.getShape(0).size();
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  // The second output says how to split the first again.
  std::vector<int64_t> lengths;
  for (unsigned i = 0; i < node.getNode().getNumInputs(); ++i)
    lengths.push_back(node.getShape(i)[*axis]);
  return node.setResult(1, Constant::getList(lengths));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

/// Amounts for all dimensions, low ones first.
static FailureOr<Shape> getPads(NodeImporter &node, int64_t rank) {
  if (std::optional<Shape> pads = node.getNode().getInts("pads"))
    return *pads;
  FailureOr<Shape> pads = node.getIntegers(1, "pads");
  if (failed(pads) || !node.hasInput(3))
    return pads;
  FailureOr<Shape> axes = node.getIntegers(3, "axes");
  if (failed(axes))
    return failure();
  if (pads->size() != 2 * axes->size())
    return node.fail("expected " + Twine(2 * axes->size()) + " pads for " +
                     Twine(axes->size()) + " axes, got " + Twine(pads->size()));
  Shape all(2 * rank);
  for (size_t i = 0; i < axes->size(); ++i) {
    FailureOr<int64_t> axis = node.normalizeAxis((*axes)[i], rank);
    if (failed(axis))
      return failure();
    all[*axis] = (*pads)[i];
    all[rank + *axis] = (*pads)[axes->size() + i];
  }
  return all;
}

static FailureOr<float> getPadValue(NodeImporter &node) {
  if (!node.hasInput(2))
    return node.getNode().getFloat("value", 0);
  return node.getSetting(2, "constant_value");
}

/// The input without the elements that negative amounts remove, extended by the
/// other ones.
static Value emitPad(NodeImporter &node, ArrayRef<int64_t> pads, float value) {
  Shape shape(node.getShape(0));
  int64_t rank = shape.size();
  Shape low(rank), high(rank), offsets(rank), sizes(rank), ones(rank, 1);
  for (int64_t d = 0; d < rank; ++d) {
    int64_t before = pads[d], after = pads[rank + d];
    offsets[d] = std::max<int64_t>(-before, 0);
    sizes[d] = shape[d] - offsets[d] - std::max<int64_t>(-after, 0);
    low[d] = std::max<int64_t>(before, 0);
    high[d] = std::max<int64_t>(after, 0);
  }
  Value core =
      node.getTensor(node.slice(node.getTensor(0), offsets, sizes, ones));
  auto isZero = [](int64_t pad) { return pad == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return core;
  nn::PadOp::Properties properties;
  properties.low = node.getBuilder().getDenseI64ArrayAttr(low);
  properties.high = node.getBuilder().getDenseI64ArrayAttr(high);
  properties.value = node.getBuilder().getF32FloatAttr(value);
  return node.emit<nn::PadOp>(core, properties);
}

/// True if it is known that the amounts are all zero: then the mode says
/// nothing.
static FailureOr<bool> padsNothing(NodeImporter &node) {
  std::optional<Shape> pads = node.getNode().getInts("pads");
  if (!pads && node.isInteger(1)) {
    FailureOr<Shape> amounts = node.getIntegers(1, "pads");
    if (failed(amounts))
      return failure();
    pads = *amounts;
  }
  return pads && llvm::all_of(*pads, [](int64_t pad) { return pad == 0; });
}

LogicalResult importer::importPad(NodeImporter &node) {
  // Before anything is asked about the input, of which nothing may be known.
  StringRef mode = node.getNode().getString("mode", "constant");
  FailureOr<bool> isIdentity = padsNothing(node);
  if (failed(isIdentity))
    return failure();
  if (mode != "constant" && !*isIdentity)
    return node.unsupported(refusePadMode(mode));
  int64_t rank = node.getShape(0).size();
  FailureOr<Shape> pads = getPads(node, rank);
  FailureOr<float> value = getPadValue(node);
  if (failed(pads) || failed(value))
    return failure();
  if (int64_t(pads->size()) != 2 * rank)
    return node.fail("expected " + Twine(2 * rank) +
                     " pads for an input of rank " + Twine(rank) + ", got " +
                     spellShape(*pads));
  for (int64_t pad : *pads)
    if (std::abs(pad) > maxMadeElements)
      return node.fail("the pads " + spellShape(*pads) + " are impossible");
  if (llvm::all_of(*pads, [](int64_t pad) { return pad == 0; }))
    return node.setResult(node.getEntry(0));
  return node.setResult(emitPad(node, *pads, *value));
}

LogicalResult importer::importExpand(NodeImporter &node) {
  FailureOr<Shape> target = node.getIntegers(1, "shape");
  if (failed(target))
    return failure();
  ArrayRef<int64_t> shape = node.getShape(0);
  std::optional<Shape> result = broadcastShapes(shape, *target);
  if (!result)
    return node.fail("the input of shape " + spellShape(shape) +
                     " does not broadcast to the requested shape " +
                     spellShape(*target));
  if (countElements(*result).value_or(maxMadeElements) >= maxMadeElements)
    return node.fail("the requested shape " + spellShape(*target) +
                     " is impossible");
  // nn repeats many floats without storing them.
  constexpr int64_t many = int64_t(1) << 20;
  bool isLarge = !node.isInteger(0) && *countElements(*result) > many;
  if (node.isFoldable(0) && !isLarge && !node.getConstant(0)->isWeights())
    return node.setResult(broadcastTo(node.getConstant(0), *result));
  return node.setResult(node.emitBroadcast(node.getTensor(0), *result));
}
