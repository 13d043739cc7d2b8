//===- FoldLayout.cpp - Constants that are repeated or cut ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

LogicalResult importer::foldTile(NodeImporter &node) {
  const Constant &input = *node.getConstant(0);
  FailureOr<Shape> repeats = node.getIntegers(1, "repeats");
  if (failed(repeats))
    return failure();
  size_t rank = input.shape.size();
  bool fits = repeats->size() == rank &&
              llvm::all_of(*repeats, [](int64_t n) { return n >= 0; });
  if (!fits)
    return node.fail("expected " + Twine(rank) + " repeats of 0 or more, got " +
                     spellShape(*repeats));
  // Every dimension becomes two, of which the first repeats the second.
  Shape shape, sizes, strides, own = getRowMajorStrides(input.shape);
  for (size_t d = 0; d < rank; ++d) {
    int64_t extent = 0;
    if (llvm::MulOverflow((*repeats)[d], input.shape[d], extent))
      extent = std::numeric_limits<int64_t>::max();
    shape.push_back(extent);
    llvm::append_values(sizes, (*repeats)[d], input.shape[d]);
    llvm::append_values(strides, int64_t(0), own[d]);
  }
  if (failed(checkMadeShape(node, shape)))
    return failure();
  if (llvm::is_contained(shape, 0))
    return node.setResult(Constant::allocate(input.elementType, shape));
  return node.setResult(readView(input, 0, sizes, strides)->reshape(shape));
}

LogicalResult importer::foldTrilu(NodeImporter &node) {
  const Constant &input = *node.getConstant(0);
  bool upper = node.getNode().getInt("upper", 1) != 0;
  int64_t diagonal = 0;
  if (node.hasInput(1)) {
    FailureOr<int64_t> given = node.getInteger(1, "k");
    if (failed(given))
      return failure();
    diagonal = *given;
  }
  size_t rank = input.shape.size();
  if (rank < 2)
    return node.fail("expected matrices, got the " + input.describe());
  // Far outside, where the subtraction of indices would not overflow.
  diagonal = std::clamp<int64_t>(diagonal, -maxMadeElements, maxMadeElements);
  auto result = Constant::allocate(input.elementType, input.shape);
  visitElementType(input.elementType, [&](auto tag) {
    using T = decltype(tag);
    ArrayRef<T> source = input.getElements<T>();
    MutableArrayRef<T> target = result->getMutable<T>();
    forEachIndex(input.shape, [&](ArrayRef<int64_t> index, int64_t position) {
      int64_t distance = index[rank - 1] - index[rank - 2];
      bool kept = upper ? distance >= diagonal : distance <= diagonal;
      target[position] = kept ? source[position] : T();
    });
  });
  return node.setResult(result);
}

LogicalResult importer::foldEyeLike(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  int64_t diagonal = std::clamp<int64_t>(node.getNode().getInt("k", 0),
                                         -maxMadeElements, maxMadeElements);
  int64_t type =
      node.getNode().getInt("dtype", node.getConstant(0)->elementType);
  if (shape.size() != 2)
    return node.fail("expected a matrix, got the " +
                     node.getConstant(0)->describe());
  if (type < 0 || type > std::numeric_limits<int32_t>::max() ||
      getElementWidth(type) == 0)
    return node.unsupported("attribute dtype=" + Twine(type) +
                            " is not supported: constants have floats of 16, "
                            "32 or 64 bits, integers or booleans");
  auto result = Constant::allocate(type, shape);
  visitElementType(type, [&](auto tag) {
    using T = decltype(tag);
    MutableArrayRef<T> target = result->getMutable<T>();
    llvm::fill(target, T());
    // Row i has its one in column i + k.
    for (int64_t i = std::max<int64_t>(-diagonal, 0); i < shape[0]; ++i)
      if (diagonal < shape[1] - i)
        target[i * shape[1] + i + diagonal] = convertElement<T>(1.0f);
  });
  return node.setResult(result);
}
