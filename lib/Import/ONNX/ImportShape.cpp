//===- ImportShape.cpp - Constants and shapes -----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

using ::onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Constant, ConstantOfShape
//===----------------------------------------------------------------------===//

LogicalResult importer::importConstant(NodeImporter &node) {
  const Node &proto = node.getNode();
  if (proto.getAttrs().size() != 1)
    return node.fail("expected exactly one attribute with a value, got " +
                     Twine(proto.getAttrs().size()));
  StringRef name = proto.getAttrs().front().name;
  const auto &attr = *proto.getAttrs().front().value;
  if (name == "value" || name == "sparse_value") {
    // A damaged tensor has been reported, with its own location.
    std::string what = ("value of node '" + proto.getName() + "'").str();
    Location where = node.getModel().getLoc();
    std::shared_ptr<Constant> constant =
        name == "value"
            ? decodeTensor(node.getModel(), attr.t(), where, what)
            : decodeSparseTensor(node.getModel(), attr.sparse_tensor(), where,
                                 what);
    if (!constant)
      return node.fail("its value cannot be read");
    constant->name = proto.getOutput(0).str();
    constant->isLiteral = constant->isFloat();
    return node.setResult(constant);
  }
  if (name == "value_int")
    return node.setResult(Constant::get<int64_t>({}, attr.i()));
  if (name == "value_ints")
    return node.setResult(Constant::getList(
        {attr.ints().data(), size_t(attr.ints_size())}));
  if (name == "value_float")
    return node.setResult(Constant::get<float>({}, attr.f()));
  return node.setResult(
      Constant::get<float>({attr.floats_size()}, {attr.floats().data(),
                                                  size_t(attr.floats_size())}));
}

LogicalResult importer::importConstantOfShape(NodeImporter &node) {
  FailureOr<Shape> shape = node.getIntegers(0, "shape");
  if (failed(shape))
    return failure();
  std::optional<int64_t> count = countElements(*shape);
  if (!count || *count > maxMadeElements)
    return node.fail("the requested shape " + spellShape(*shape) +
                     " is impossible");
  const auto *attr = node.getNode().findAttr("value");
  if (!attr)
    return node.setResult(Constant::getSplat<float>(*shape, 0));
  std::shared_ptr<Constant> value =
      decodeTensor(node.getModel(), attr->t(), node.getModel().getLoc(),
                   ("value of node '" + node.getNode().getName() + "'").str());
  if (!value || value->getNumElements() != 1)
    return node.fail("expected a value with one element");
  return node.setResult(visitElementType(value->elementType, [&](auto tag) {
    using T = decltype(tag);
    return Constant::getSplat<T>(*shape, value->getElements<T>().front());
  }));
}

//===----------------------------------------------------------------------===//
// Shape, Size
//===----------------------------------------------------------------------===//

LogicalResult importer::importShape(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getShape(0);
  int64_t rank = shape.size();
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  int64_t start = clamp(node.getNode().getInt("start", 0));
  int64_t end = clamp(node.getNode().getInt("end", rank));
  ArrayRef<int64_t> part =
      shape.slice(start, std::max<int64_t>(end - start, 0));
  return node.setResult(Constant::getList(part));
}

LogicalResult importer::importSize(NodeImporter &node) {
  return node.setResult(
      Constant::get<int64_t>({}, *countElements(node.getShape(0))));
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

/// What a cast makes of a value that is computed at run time; empty if it has
/// no such form.
static Entry castValue(const Entry &input, int64_t to) {
  bool toInteger = to == TensorProto::INT32 || to == TensorProto::INT64;
  switch (input.kind) {
  case ValueKind::Float:
    return to == TensorProto::FLOAT ? input : Entry();
  case ValueKind::Boolean:
    if (to == TensorProto::BOOL)
      return input;
    return to == TensorProto::FLOAT ? Entry(input.value) : Entry();
  case ValueKind::Labels:
  case ValueKind::Counter:
    return toInteger ? input : Entry();
  case ValueKind::Positions:
    return {};
  }
  llvm_unreachable("all kinds are handled");
}

LogicalResult importer::importCast(NodeImporter &node) {
  int64_t to = node.getNode().getInt("to", 0);
  Entry input = node.getEntry(0);
  auto refuse = [&] {
    return node.unsupported("attribute to=" + Twine(to) + " (" +
                            getElementTypeName(to) +
                            ") is not supported: tensors are FLOAT, only "
                            "constants can be cast to integers");
  };
  if (input.value) {
    Entry result = castValue(input, to);
    return result ? node.setResult(result) : refuse();
  }
  // Parameters of narrower or wider types become binary32 in any case. What can
  // be computed here is none of this handler's business.
  if (!input.isInteger() && to == TensorProto::FLOAT)
    return node.setResult(input);
  return node.unsupported(
      "input '" + node.getNode().getInput(0) +
      "' is a parameter that training may change, but only constants can be "
      "cast to " +
      getElementTypeName(to) + "; make it the value of a Constant node");
}

//===----------------------------------------------------------------------===//
// Range
//===----------------------------------------------------------------------===//

/// The number of elements from start to end, which is not among them. Negative
/// or huge if there is none.
template <typename T> static double countRange(T start, T end, T delta) {
  if constexpr (std::is_floating_point_v<T>)
    return std::ceil(double(end - start) / double(delta));
  // The difference of two integers may be larger than the largest one.
  bool isEmpty = delta > 0 ? start >= end : start <= end;
  uint64_t distance = delta > 0 ? uint64_t(end) - uint64_t(start)
                                : uint64_t(start) - uint64_t(end);
  uint64_t step = delta > 0 ? uint64_t(delta) : -uint64_t(delta);
  return isEmpty ? 0 : double((distance - 1) / step) + 1;
}

template <typename T>
static LogicalResult setRange(NodeImporter &node, T start, T end, T delta) {
  double count = delta == T() ? NAN : countRange(start, end, delta);
  if (!(count <= double(1 << 24)))
    return node.fail("the range from " + spellNumber(start) + " to " +
                     spellNumber(end) + " in steps of " + spellNumber(delta) +
                     " is impossible");
  int64_t extent = std::max(count, 0.0);
  std::shared_ptr<Constant> result =
      Constant::allocate(getElementType<T>(), {extent});
  // ONNX Runtime adds from element to element.
  for (T &element : result->getMutable<T>()) {
    element = start;
    if constexpr (std::is_floating_point_v<T>)
      start += delta;
    else
      start = T(uint64_t(start) + uint64_t(delta));
  }
  return node.setResult(result);
}

LogicalResult importer::importRange(NodeImporter &node) {
  static constexpr llvm::StringLiteral roles[] = {"start", "limit", "delta"};
  SmallVector<std::shared_ptr<Constant>> bounds;
  for (auto [i, role] : llvm::enumerate(roles)) {
    auto bound = node.getSettingConstant(i, role);
    if (failed(bound))
      return failure();
    bounds.push_back(*bound);
  }
  int32_t type = bounds.front()->elementType;
  for (const auto &bound : bounds)
    if (bound->elementType != type)
      return node.fail("expected bounds of one element type, got " +
                       bounds.front()->describe() + " and " +
                       bound->describe());
  return visitElementType(type, [&](auto tag) -> LogicalResult {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, bool> || isNarrowFloat<T>)
      return node.fail("expected a range of numbers of 32 or 64 bits or of "
                       "integers, got the " +
                       bounds.front()->describe());
    else
      return setRange(node, bounds[0]->getElements<T>().front(),
                      bounds[1]->getElements<T>().front(),
                      bounds[2]->getElements<T>().front());
  });
}
