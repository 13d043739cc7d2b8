//===- IntegerArithmetic.cpp - Arithmetic on shapes -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

Shape importer::getRowMajorStrides(ArrayRef<int64_t> shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    strides[d] = stride;
  return strides;
}

std::shared_ptr<Constant> importer::readView(const Constant &constant,
                                             int64_t offset,
                                             ArrayRef<int64_t> sizes,
                                             ArrayRef<int64_t> strides) {
  int64_t count = countElements(sizes).value_or(0);
  std::vector<int64_t> values;
  values.reserve(count);
  Shape index(sizes.size());
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = offset;
    for (size_t d = 0; d < index.size(); ++d)
      position += index[d] * strides[d];
    values.push_back(constant.ints[position]);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < sizes[d])
        break;
      index[d] = 0;
    }
  }
  return Constant::getInts(sizes, std::move(values), constant.elementType);
}

std::optional<Shape> importer::broadcastShapes(ArrayRef<int64_t> a,
                                               ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Shape shape(a);
  size_t missing = a.size() - b.size();
  for (size_t d = 0; d < b.size(); ++d) {
    int64_t &extent = shape[missing + d];
    if (extent != b[d] && extent != 1 && b[d] != 1)
      return std::nullopt;
    extent = extent == 1 ? b[d] : extent;
  }
  return shape;
}

std::shared_ptr<Constant> importer::broadcastTo(const Constant &constant,
                                                ArrayRef<int64_t> shape) {
  Shape own = getRowMajorStrides(constant.shape), strides(shape.size());
  size_t missing = shape.size() - own.size();
  for (size_t d = 0; d < own.size(); ++d)
    strides[missing + d] = constant.shape[d] == 1 ? 0 : own[d];
  return readView(constant, 0, shape, strides);
}

/// a op b in 64 bits, or nothing if that is undefined.
static std::optional<int64_t> apply(StringRef op, int64_t a, int64_t b) {
  int64_t result = 0;
  if (op == "Add")
    return llvm::AddOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  if (op == "Sub")
    return llvm::SubOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  if (op == "Mul")
    return llvm::MulOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  if (op == "Max")
    return std::max(a, b);
  if (op == "Min")
    return std::min(a, b);
  if (op == "Equal")
    return a == b;
  if (op == "Greater")
    return a > b;
  if (op == "GreaterOrEqual")
    return a >= b;
  if (op == "Less")
    return a < b;
  if (op == "LessOrEqual")
    return a <= b;
  if (op == "And")
    return a && b;
  if (op == "Or")
    return a || b;
  bool defined = op == "Div" && b != 0 &&
                 !(a == std::numeric_limits<int64_t>::min() && b == -1);
  return defined ? std::optional(a / b) : std::nullopt;
}

LogicalResult importer::foldArithmetic(NodeImporter &node,
                                       std::optional<int32_t> resultType) {
  std::shared_ptr<Constant> sum = node.getEntry(0).constant;
  StringRef op = node.getNode().getOpType();
  for (unsigned i = 1; i < node.getNode().getNumInputs(); ++i) {
    if (!node.isInteger(i))
      return node.fail("expected operands of one element type, got " +
                       node.getEntry(0).describe() + " and " +
                       node.getEntry(i).describe());
    std::optional<Shape> shape = broadcastShapes(sum->shape, node.getShape(i));
    if (!shape)
      return node.fail("the shapes " + spellShape(sum->shape) + " and " +
                       spellShape(node.getShape(i)) + " do not broadcast");
    if (countElements(*shape).value_or(maxMadeElements) >= maxMadeElements)
      return node.fail("the shape " + spellShape(*shape) + " is impossible");
    std::shared_ptr<Constant> a = broadcastTo(*sum, *shape);
    std::shared_ptr<Constant> b =
        broadcastTo(*node.getEntry(i).constant, *shape);
    for (auto [x, y] : llvm::zip_equal(a->ints, b->ints)) {
      std::optional<int64_t> value = apply(op, x, y);
      if (!value)
        return node.fail(Twine(x) + " " + op + " " + Twine(y) +
                         " is not defined in 64 bits");
      x = *value;
    }
    sum = a;
  }
  if (resultType)
    sum = Constant::getInts(sum->shape, sum->ints, *resultType);
  return node.setResult(sum);
}
