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
  if (proto.getProto().attribute_size() != 1)
    return node.fail("expected exactly one attribute with a value, got " +
                     Twine(proto.getProto().attribute_size()));
  const auto &attr = proto.getProto().attribute(0);
  if (attr.name() == "value") {
    // A damaged tensor has been reported, with its own location.
    std::shared_ptr<Constant> constant =
        decodeTensor(node.getModel(), attr.t(), node.getModel().getLoc(),
                     ("value of node '" + proto.getName() + "'").str());
    if (!constant)
      return node.fail("its value cannot be read");
    constant->name = proto.getOutput(0).str();
    constant->isLiteral = constant->isFloat();
    return node.setResult(constant);
  }
  if (attr.name() == "value_int")
    return node.setResult(
        Constant::getInts({}, {attr.i()}, TensorProto::INT64));
  if (attr.name() == "value_ints")
    return node.setResult(Constant::getInts(
        {attr.ints_size()}, {attr.ints().begin(), attr.ints().end()},
        TensorProto::INT64));
  if (attr.name() == "value_float")
    return node.setResult(Constant::getFloats({}, {attr.f()}));
  return node.setResult(Constant::getFloats(
      {attr.floats_size()}, {attr.floats().begin(), attr.floats().end()}));
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
    return node.setResult(
        Constant::getFloats(*shape, std::vector<float>(*count, 0.0f)));
  std::shared_ptr<Constant> value =
      decodeTensor(node.getModel(), attr->t(), node.getModel().getLoc(),
                   ("value of node '" + node.getNode().getName() + "'").str());
  if (!value || value->getNumElements() != 1)
    return node.fail("expected a value with one element");
  if (value->isFloat())
    return node.setResult(Constant::getFloats(
        *shape, std::vector<float>(*count, value->floats.front())));
  return node.setResult(Constant::getInts(
      *shape, std::vector<int64_t>(*count, value->ints.front()),
      value->elementType));
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
  return node.setResult(Constant::getInts({int64_t(part.size())}, part.vec(),
                                          TensorProto::INT64));
}

LogicalResult importer::importSize(NodeImporter &node) {
  return node.setResult(Constant::getInts(
      {}, {*countElements(node.getShape(0))}, TensorProto::INT64));
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

/// The value that an integer takes in a narrower type; nothing if the type is
/// not one of integers.
static std::optional<int64_t> wrap(int64_t value, int64_t type) {
  switch (type) {
  case TensorProto::BOOL:
    return value != 0;
  case TensorProto::INT8:
    return int8_t(value);
  case TensorProto::UINT8:
    return uint8_t(value);
  case TensorProto::INT16:
    return int16_t(value);
  case TensorProto::UINT16:
    return uint16_t(value);
  case TensorProto::INT32:
    return int32_t(value);
  case TensorProto::UINT32:
    return uint32_t(value);
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return value;
  default:
    return std::nullopt;
  }
}

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
  bool toFloat = to == TensorProto::FLOAT;
  if (input.value) {
    Entry result = castValue(input, to);
    return result ? node.setResult(result) : refuse();
  }
  // Parameters of narrower or wider types are held as binary32 already.
  if (!input.isInteger() && toFloat)
    return node.setResult(input);
  if (!toFloat && !wrap(0, to))
    return refuse();
  if (!input.isFoldable())
    return node.unsupported(
        "input '" + node.getNode().getInput(0) +
        "' is a parameter that training may change, but only constants can be "
        "cast to integers; make it the value of a Constant node");
  std::vector<int64_t> ints = input.constant->ints;
  if (toFloat)
    return node.setResult(Constant::getFloats(
        input.getShape(), std::vector<float>(ints.begin(), ints.end())));
  if (!input.isInteger()) {
    for (float value : input.constant->floats) {
      if (!(std::fabs(value) < 9.2e18f))
        return node.fail("cannot cast " + spellNumber(value) +
                         " to an integer");
      // The type decides about zero by the float, not by its integer part.
      ints.push_back(to == TensorProto::BOOL ? value != 0 : int64_t(value));
    }
  }
  for (int64_t &value : ints)
    value = *wrap(value, to);
  return node.setResult(
      Constant::getInts(input.getShape(), std::move(ints), to));
}

//===----------------------------------------------------------------------===//
// Range
//===----------------------------------------------------------------------===//

LogicalResult importer::importRange(NodeImporter &node) {
  constexpr int64_t limit = 1 << 24;
  if (node.isInteger(0)) {
    FailureOr<int64_t> start = node.getInteger(0, "start");
    FailureOr<int64_t> end = node.getInteger(1, "limit");
    FailureOr<int64_t> delta = node.getInteger(2, "delta");
    if (failed(start) || failed(end) || failed(delta))
      return failure();
    double count = std::ceil((double(*end) - double(*start)) / double(*delta));
    if (*delta == 0 || !(count <= double(limit)))
      return node.fail("the range from " + Twine(*start) + " to " +
                       Twine(*end) + " in steps of " + Twine(*delta) +
                       " is impossible");
    std::vector<int64_t> values;
    for (int64_t i = 0; i < int64_t(std::max(count, 0.0)); ++i)
      values.push_back(*start + i * *delta);
    return node.setResult(
        Constant::getInts({int64_t(values.size())}, std::move(values),
                          node.getEntry(0).constant->elementType));
  }
  FailureOr<float> start = node.getSetting(0, "start");
  FailureOr<float> end = node.getSetting(1, "limit");
  FailureOr<float> delta = node.getSetting(2, "delta");
  if (failed(start) || failed(end) || failed(delta))
    return failure();
  double count = std::ceil((double(*end) - *start) / *delta);
  if (!(count >= 1 && count <= double(limit)))
    return node.fail("the range from " + spellNumber(*start) + " to " +
                     spellNumber(*end) + " in steps of " + spellNumber(*delta) +
                     " is impossible");
  std::vector<float> values;
  for (int64_t i = 0; i < int64_t(count); ++i)
    values.push_back(*start + float(i) * *delta);
  return node.setResult(
      Constant::getFloats({int64_t(values.size())}, std::move(values)));
}
