//===- FoldIndexing.cpp - Constants read and written at indices -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The indices of a node give positions in the data, whatever its elements are;
// then elements are copied.
//
//===----------------------------------------------------------------------===//

#include "Fold.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

/// The indices of input i counted from the front, for a dimension of the given
/// extent.
static FailureOr<int64_t> normalizeIndex(NodeImporter &node, int64_t index,
                                         int64_t extent) {
  if (index >= -extent && index < extent)
    return index < 0 ? index + extent : index;
  return node.fail("index " + Twine(index) +
                   " lies outside a dimension of extent " + Twine(extent));
}

/// The integers that input i holds.
static FailureOr<std::vector<int64_t>> getIndexInput(NodeImporter &node,
                                                     unsigned i) {
  const Constant &indices = *node.getConstant(i);
  if (indices.isFloat() || indices.elementType == TensorProto::BOOL)
    return node.fail("expected integers as indices, got the " +
                     indices.describe());
  return indices.getIntegers();
}

static FailureOr<int64_t> getAxis(NodeImporter &node, int64_t defaultAxis) {
  return node.normalizeAxis(node.getNode().getInt("axis", defaultAxis),
                            node.getShape(0).size());
}

/// Blocks of `length` elements of input 0, which begin at the given positions.
static LogicalResult setBlocks(NodeImporter &node, ArrayRef<int64_t> shape,
                               ArrayRef<int64_t> starts, int64_t length) {
  const Constant &data = *node.getConstant(0);
  auto result = Constant::allocate(data.elementType, shape);
  visitElementType(data.elementType, [&](auto tag) {
    using T = decltype(tag);
    T *target = result->getMutable<T>().data();
    const T *source = data.getElements<T>().data();
    for (int64_t start : starts)
      target = std::copy_n(source + start, length, target);
  });
  return node.setResult(result);
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

LogicalResult importer::foldGather(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  FailureOr<int64_t> axis = getAxis(node, 0);
  FailureOr<std::vector<int64_t>> indices = getIndexInput(node, 1);
  if (failed(axis) || failed(indices))
    return failure();
  Shape result(shape.take_front(*axis));
  llvm::append_range(result, node.getShape(1));
  llvm::append_range(result, shape.drop_front(*axis + 1));
  if (failed(checkMadeShape(node, result)))
    return failure();
  int64_t length = *countElements(shape.drop_front(*axis + 1));
  int64_t outer = *countElements(shape.take_front(*axis));
  for (int64_t &index : *indices) {
    FailureOr<int64_t> normal = normalizeIndex(node, index, shape[*axis]);
    if (failed(normal))
      return failure();
    index = *normal;
  }
  std::vector<int64_t> starts;
  for (int64_t row = 0; length > 0 && row < outer; ++row)
    for (int64_t index : *indices)
      starts.push_back((row * shape[*axis] + index) * length);
  return setBlocks(node, result, starts, length);
}

/// Positions in data of the given shape of what the elements of `indices`
/// point at: each replaces the index of its own place along `axis`.
static FailureOr<std::vector<int64_t>>
getElementPositions(NodeImporter &node, ArrayRef<int64_t> shape, int64_t axis) {
  ArrayRef<int64_t> indexShape = node.getShape(1);
  FailureOr<std::vector<int64_t>> indices = getIndexInput(node, 1);
  if (failed(indices))
    return failure();
  for (size_t d = 0; d < shape.size(); ++d)
    if (indexShape.size() != shape.size() ||
        (int64_t(d) != axis && indexShape[d] > shape[d]))
      return node.fail("indices of shape " + spellShape(indexShape) +
                       " do not fit data of shape " + spellShape(shape));
  Shape strides = getRowMajorStrides(shape);
  std::vector<int64_t> positions;
  bool ok = true;
  forEachIndex(indexShape, [&](ArrayRef<int64_t> index, int64_t i) {
    if (!ok)
      return;
    FailureOr<int64_t> along =
        normalizeIndex(node, (*indices)[i], shape[axis]);
    ok = succeeded(along);
    int64_t position = ok ? *along * strides[axis] : 0;
    for (size_t d = 0; d < strides.size(); ++d)
      position += int64_t(d) == axis ? 0 : index[d] * strides[d];
    positions.push_back(position);
  });
  if (!ok)
    return failure();
  return positions;
}

LogicalResult importer::foldGatherElements(NodeImporter &node) {
  FailureOr<int64_t> axis = getAxis(node, 0);
  if (failed(axis))
    return failure();
  auto positions = getElementPositions(node, node.getShape(0), *axis);
  if (failed(positions))
    return failure();
  return setBlocks(node, node.getShape(1), *positions, 1);
}

/// Where the tuples of input 1 point into data of the given shape, behind
/// `batchDims` leading dimensions that both share.
static FailureOr<std::vector<int64_t>>
getTuplePositions(NodeImporter &node, ArrayRef<int64_t> shape,
                  int64_t batchDims) {
  FailureOr<std::vector<int64_t>> indices = getIndexInput(node, 1);
  if (failed(indices))
    return failure();
  ArrayRef<int64_t> indexShape = node.getShape(1);
  int64_t rank = shape.size();
  if (indexShape.empty() || batchDims < 0 ||
      batchDims >= std::min<int64_t>(rank, indexShape.size()) ||
      indexShape.back() > rank - batchDims ||
      indexShape.take_front(batchDims) != shape.take_front(batchDims))
    return node.fail("indices of shape " + spellShape(indexShape) +
                     " do not fit data of shape " + spellShape(shape));
  int64_t length = indexShape.back();
  int64_t tuples = *countElements(indexShape.drop_back());
  int64_t perBatch =
      *countElements(indexShape.drop_front(batchDims).drop_back());
  int64_t batchSize = *countElements(shape.drop_front(batchDims));
  Shape strides = getRowMajorStrides(shape);
  std::vector<int64_t> positions;
  for (int64_t i = 0; i < tuples; ++i) {
    int64_t position = i / perBatch * batchSize;
    for (int64_t k = 0; k < length; ++k) {
      FailureOr<int64_t> index = normalizeIndex(
          node, (*indices)[i * length + k], shape[batchDims + k]);
      if (failed(index))
        return failure();
      position += *index * strides[batchDims + k];
    }
    positions.push_back(position);
  }
  return positions;
}

LogicalResult importer::foldGatherND(NodeImporter &node) {
  int64_t batchDims = node.getNode().getInt("batch_dims", 0);
  ArrayRef<int64_t> shape = node.getShape(0), indexShape = node.getShape(1);
  auto positions = getTuplePositions(node, shape, batchDims);
  if (failed(positions))
    return failure();
  ArrayRef<int64_t> block = shape.drop_front(batchDims + indexShape.back());
  Shape result(indexShape.drop_back());
  llvm::append_range(result, block);
  if (failed(checkMadeShape(node, result)))
    return failure();
  return setBlocks(node, result, *positions, *countElements(block));
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

template <typename C> using CombineFn = C (*)(C, C);

/// How an element is changed by an update; null if the reduction is not known.
template <typename C> static CombineFn<C> findCombination(StringRef reduction) {
  llvm::StringSwitch<CombineFn<C>> choice(reduction);
  choice.Case("none", [](C, C update) { return update; });
  if constexpr (!std::is_same_v<C, bool>)
    choice.Case("add", addElements<C>)
        .Case("mul", multiplyElements<C>)
        .Case("max", getMaximum<C>)
        .Case("min", getMinimum<C>);
  return choice.Default(nullptr);
}

/// Input 0 with the elements of input 2 written in blocks of `length` elements
/// to the given positions, in their order.
static LogicalResult setScattered(NodeImporter &node,
                                  ArrayRef<int64_t> positions, int64_t length) {
  const Constant &data = *node.getConstant(0), &updates = *node.getConstant(2);
  if (data.elementType != updates.elementType)
    return node.fail("expected data and updates of one element type, got " +
                     data.describe() + " and " + updates.describe());
  if (updates.getNumElements() != int64_t(positions.size()) * length)
    return node.fail("updates of shape " + spellShape(updates.shape) +
                     " do not fit indices of shape " +
                     spellShape(node.getShape(1)) + " and data of shape " +
                     spellShape(data.shape));
  StringRef reduction = node.getNode().getString("reduction", "none");
  auto result = Constant::allocate(data.elementType, data.shape);
  bool known = visitElementType(data.elementType, [&](auto tag) {
    using T = decltype(tag);
    using C = ComputeType<T>;
    auto combination = findCombination<C>(reduction);
    if (!combination)
      return false;
    MutableArrayRef<T> target = result->getMutable<T>();
    llvm::copy(data.getElements<T>(), target.begin());
    const T *update = updates.getElements<T>().data();
    for (int64_t position : positions)
      for (int64_t i = 0; i < length; ++i, ++update)
        target[position + i] = convertElement<T>(
            combination(convertElement<C>(target[position + i]),
                        convertElement<C>(*update)));
    return true;
  });
  if (!known)
    return node.unsupported("attribute reduction=" + reduction + " on the " +
                            data.describe() +
                            " is not supported; expected none, or add, mul, "
                            "max or min of numbers");
  return node.setResult(result);
}

LogicalResult importer::foldScatterElements(NodeImporter &node) {
  FailureOr<int64_t> axis = getAxis(node, 0);
  if (failed(axis))
    return failure();
  auto positions = getElementPositions(node, node.getShape(0), *axis);
  return failed(positions) ? failure() : setScattered(node, *positions, 1);
}

LogicalResult importer::foldScatterND(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  auto positions = getTuplePositions(node, shape, /*batchDims=*/0);
  if (failed(positions))
    return failure();
  int64_t length =
      *countElements(shape.drop_front(node.getShape(1).back()));
  return setScattered(node, *positions, length);
}

//===----------------------------------------------------------------------===//
// NonZero, OneHot
//===----------------------------------------------------------------------===//

LogicalResult importer::foldNonZero(NodeImporter &node) {
  const Constant &input = *node.getConstant(0);
  // A scalar counts as a list of one element.
  Shape shape = input.shape.empty() ? Shape{1} : input.shape;
  std::vector<std::vector<int64_t>> rows(shape.size());
  visitElementType(input.elementType, [&](auto tag) {
    using T = decltype(tag);
    using C = ComputeType<T>;
    ArrayRef<T> elements = input.getElements<T>();
    forEachIndex(shape, [&](ArrayRef<int64_t> index, int64_t position) {
      if (convertElement<C>(elements[position]) != C())
        for (size_t d = 0; d < index.size(); ++d)
          rows[d].push_back(index[d]);
    });
  });
  int64_t rank = rows.size(), count = rows.front().size();
  auto result = Constant::allocate(TensorProto::INT64, {rank, count});
  int64_t *target = result->getMutable<int64_t>().data();
  for (const std::vector<int64_t> &row : rows)
    target = llvm::copy(row, target);
  return node.setResult(result);
}

LogicalResult importer::foldOneHot(NodeImporter &node) {
  for (unsigned i : {0, 1})
    if (node.getConstant(i)->elementType == TensorProto::BOOL)
      return node.fail("expected numbers as indices and depth");
  auto indices = castElements(node, *node.getConstant(0), TensorProto::INT64);
  auto depths = castElements(node, *node.getConstant(1), TensorProto::INT64);
  if (!indices || !depths)
    return failure();
  const Constant &values = *node.getConstant(2);
  if (depths->getNumElements() != 1 || values.getNumElements() != 2)
    return node.fail("expected one depth and two values, got the " +
                     depths->describe() + " and the " + values.describe());
  int64_t depth = depths->getElements<int64_t>().front();
  int64_t rank = indices->shape.size();
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getNode().getInt("axis", -1), rank + 1);
  if (failed(axis))
    return failure();
  Shape shape(indices->shape);
  shape.insert(shape.begin() + *axis, depth);
  if (failed(checkMadeShape(node, shape)))
    return failure();
  int64_t inner = *countElements(ArrayRef(shape).drop_front(*axis + 1));
  auto result = Constant::allocate(values.elementType, shape);
  visitElementType(values.elementType, [&](auto tag) {
    using T = decltype(tag);
    ArrayRef<T> offOn = values.getElements<T>();
    MutableArrayRef<T> target = result->getMutable<T>();
    llvm::fill(target, offOn[0]);
    for (auto [i, index] : llvm::enumerate(indices->getElements<int64_t>())) {
      // Indices outside are on nowhere.
      if (index < -depth || index >= depth)
        continue;
      int64_t outer = int64_t(i) / inner, rest = int64_t(i) % inner;
      int64_t along = index < 0 ? index + depth : index;
      target[(outer * depth + along) * inner + rest] = offOn[1];
    }
  });
  return node.setResult(result);
}
