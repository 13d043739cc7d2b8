//===- Node.cpp - A node of an ONNX graph ---------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Node.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::AttributeProto;

Node::Node(const ::onnx::NodeProto &proto, unsigned index)
    : proto(proto), index(index), name(proto.name()) {
  if (name.empty())
    name = proto.op_type() + "_" + std::to_string(index);
}

const AttributeProto *Node::findAttr(StringRef attr) const {
  for (const AttributeProto &candidate : proto.attribute())
    if (candidate.name() == attr)
      return &candidate;
  return nullptr;
}

int64_t Node::getInt(StringRef attr, int64_t defaultValue) const {
  const AttributeProto *found = findAttr(attr);
  return found ? found->i() : defaultValue;
}

float Node::getFloat(StringRef attr, float defaultValue) const {
  const AttributeProto *found = findAttr(attr);
  return found ? found->f() : defaultValue;
}

StringRef Node::getString(StringRef attr, StringRef defaultValue) const {
  const AttributeProto *found = findAttr(attr);
  return found ? ref(found->s()) : defaultValue;
}

std::optional<Shape> Node::getInts(StringRef attr) const {
  const AttributeProto *found = findAttr(attr);
  if (!found)
    return std::nullopt;
  return Shape(found->ints().begin(), found->ints().end());
}

int importer::getAttrType(const AttributeProto &attr) {
  if (attr.type() != AttributeProto::UNDEFINED)
    return attr.type();
  if (attr.has_i())
    return AttributeProto::INT;
  if (attr.has_f())
    return AttributeProto::FLOAT;
  if (attr.has_s())
    return AttributeProto::STRING;
  if (attr.has_t())
    return AttributeProto::TENSOR;
  if (attr.floats_size() > 0)
    return AttributeProto::FLOATS;
  return attr.ints_size() > 0 ? AttributeProto::INTS
                              : AttributeProto::UNDEFINED;
}

/// Prints a list, cut when it gets long.
template <typename Range>
static void spellList(const Range &range, llvm::raw_ostream &os) {
  os << "[";
  int shown = std::min<int>(range.size(), 8);
  for (int i = 0; i < shown; ++i)
    os << (i ? ", " : "") << range[i];
  os << (range.size() > shown ? ", ...]" : "]");
}

std::string importer::spellAttr(const AttributeProto &attr) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << attr.name() << "=";
  switch (getAttrType(attr)) {
  case AttributeProto::INT:
    os << attr.i();
    break;
  case AttributeProto::FLOAT:
    os << spellNumber(attr.f());
    break;
  case AttributeProto::STRING:
    os << attr.s();
    break;
  case AttributeProto::INTS:
    spellList(attr.ints(), os);
    break;
  case AttributeProto::FLOATS:
    spellList(attr.floats(), os);
    break;
  case AttributeProto::STRINGS:
    spellList(attr.strings(), os);
    break;
  case AttributeProto::TENSOR: {
    Shape shape(attr.t().dims().begin(), attr.t().dims().end());
    os << getElementTypeName(attr.t().data_type()) << spellShape(shape);
    break;
  }
  case AttributeProto::GRAPH:
    os << "a graph of " << attr.g().node_size() << " nodes";
    break;
  default:
    os << "(type " << attr.type() << ")";
  }
  return text;
}
