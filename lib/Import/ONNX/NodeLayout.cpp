//===- NodeLayout.cpp - Changes of layout, here or by nn ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

/// True if the layout of an entry is changed here, false if by nn.
static bool isMovedHere(const Entry &entry) {
  return entry.isFoldable() && !entry.constant->isWeights();
}

Entry NodeImporter::reshape(const Entry &entry, ArrayRef<int64_t> shape) {
  // Class labels stay class labels in another shape.
  if (entry.isValueOf(ValueKind::Labels) || entry.isValueOf(ValueKind::Boolean))
    return Entry(emitReshape(entry.value, shape), entry.kind);
  if (isMovedHere(entry))
    return entry.getShape() == shape ? entry
                                     : Entry(entry.constant->reshape(shape));
  return emitReshape(getTensor(entry), shape);
}

Entry NodeImporter::slice(const Entry &entry, ArrayRef<int64_t> offsets,
                          ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  // What has no elements depends on nothing.
  if (countElements(sizes) == 0)
    return Constant::allocate(entry.constant ? entry.constant->elementType
                                             : ::onnx::TensorProto::FLOAT,
                              sizes);
  bool isWhole = entry.getShape() == sizes &&
                 llvm::all_of(strides, [](int64_t s) { return s == 1; });
  if (!isMovedHere(entry)) {
    nn::SliceOp::Properties properties;
    properties.offsets = getBuilder().getDenseI64ArrayAttr(offsets);
    properties.sizes = getBuilder().getDenseI64ArrayAttr(sizes);
    properties.strides = getBuilder().getDenseI64ArrayAttr(strides);
    Value value = getTensor(entry);
    return isWhole ? value : emit<nn::SliceOp>(value, properties);
  }
  if (isWhole)
    return entry;
  Shape steps = getRowMajorStrides(entry.getShape());
  int64_t offset = 0;
  for (size_t d = 0; d < steps.size(); ++d) {
    offset += offsets[d] * steps[d];
    steps[d] *= strides[d];
  }
  return readView(*entry.constant, offset, sizes, steps);
}

Entry NodeImporter::transpose(const Entry &entry, ArrayRef<int64_t> perm) {
  if (!isMovedHere(entry))
    return emitTranspose(getTensor(entry), perm);
  Shape steps = getRowMajorStrides(entry.getShape()), sizes, strides;
  for (int64_t d : perm) {
    sizes.push_back(entry.getShape()[d]);
    strides.push_back(steps[d]);
  }
  return readView(*entry.constant, 0, sizes, strides);
}

/// Parameters that may change, and what is computed when the network runs, are
/// binary32 whatever the model calls them.
static int32_t getTypeOf(const Entry &entry) {
  return entry.isFoldable() ? entry.constant->elementType
                            : int32_t(::onnx::TensorProto::FLOAT);
}

FailureOr<SmallVector<Entry>>
NodeImporter::checkParts(ArrayRef<Entry> all, int64_t axis, Shape &shape) {
  const Entry &first = all.front();
  SmallVector<Entry> parts;
  shape = Shape(first.getShape());
  shape[axis] = 0;
  for (const Entry &part : all) {
    Shape expected(first.getShape());
    if (part.getShape().size() == expected.size())
      expected[axis] = part.getShape()[axis];
    if (part.getShape() != ArrayRef(expected))
      return fail("the " + first.describe() + " and the " + part.describe() +
                  " differ in more than axis " + Twine(axis));
    if (getTypeOf(part) != getTypeOf(first))
      return fail("expected parts of one element type, got the " +
                  first.describe() + " and the " + part.describe());
    shape[axis] += expected[axis];
    if (countElements(expected) != 0)
      parts.push_back(part);
  }
  return parts;
}

Entry NodeImporter::concat(ArrayRef<Entry> all, int64_t axis) {
  Shape shape;
  FailureOr<SmallVector<Entry>> parts = checkParts(all, axis, shape);
  if (failed(parts))
    return {};
  if (parts->empty())
    return Constant::allocate(getTypeOf(all.front()), shape);
  if (parts->size() == 1)
    return isMovedHere(parts->front()) ? parts->front()
                                       : Entry(getTensor(parts->front()));
  if (llvm::all_of(*parts, isMovedHere)) {
    if (failed(checkMadeShape(*this, shape)))
      return {};
    SmallVector<std::shared_ptr<Constant>> constants;
    for (const Entry &part : *parts)
      constants.push_back(part.constant);
    return concatenate(constants, axis);
  }
  SmallVector<Value> values;
  for (const Entry &part : *parts)
    values.push_back(getTensor(part));
  nn::ConcatOp::Properties properties;
  properties.axis = getBuilder().getI64IntegerAttr(axis);
  return emit<nn::ConcatOp>(values, properties);
}
