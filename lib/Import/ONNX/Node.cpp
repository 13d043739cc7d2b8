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

//===----------------------------------------------------------------------===//
// Scope
//===----------------------------------------------------------------------===//

std::optional<StringRef> Scope::find(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->parent) {
    if (auto it = scope->names.find(name); it != scope->names.end())
      return it->second;
    // The body of a function sees nothing around it.
    if (scope->function)
      return std::nullopt;
  }
  return std::nullopt;
}

const ::onnx::FunctionProto *Scope::getFunction() const {
  const Scope *scope = this;
  while (scope && !scope->function)
    scope = scope->parent;
  return scope ? scope->function : nullptr;
}

const NodeAttr *Scope::findAttr(StringRef name) const {
  const Scope *scope = this;
  while (scope && !scope->function)
    scope = scope->parent;
  if (!scope)
    return nullptr;
  auto it = scope->attrs.find(name);
  return it == scope->attrs.end() ? nullptr : &it->second;
}

//===----------------------------------------------------------------------===//
// Node
//===----------------------------------------------------------------------===//

Node::Node(const ::onnx::NodeProto &proto, unsigned index, const Scope *scope)
    : proto(proto), index(index), scope(scope), name(proto.name()) {
  if (name.empty())
    name = proto.op_type() + "_" + std::to_string(index);
  for (const std::string &input : proto.input())
    inputs.push_back(input);
  for (const std::string &output : proto.output())
    outputs.push_back(output);
  bool inFunction = scope && scope->getFunction();
  for (const AttributeProto &attr : proto.attribute()) {
    // What refers to nothing stays, for the operator table to refuse.
    if (attr.ref_attr_name().empty() || !inFunction)
      attrs.push_back({attr.name(), &attr, scope});
    else if (const NodeAttr *bound = scope->findAttr(attr.ref_attr_name()))
      attrs.push_back({attr.name(), bound->value, bound->scope});
  }
}

int64_t Node::getOpset(const Model &model, StringRef domain) const {
  const ::onnx::FunctionProto *function =
      scope ? scope->getFunction() : nullptr;
  if (!function)
    return model.getOpset(domain);
  for (const auto &import : function->opset_import())
    if (import.domain() == domain ||
        (isDefaultDomain(import.domain()) && isDefaultDomain(domain)))
      return import.version();
  return 0;
}

const AttributeProto *Node::findAttr(StringRef attr) const {
  for (const NodeAttr &candidate : attrs)
    if (candidate.name == attr)
      return candidate.value;
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
  if (attr.has_g())
    return AttributeProto::GRAPH;
  if (attr.has_sparse_tensor())
    return AttributeProto::SPARSE_TENSOR;
  if (attr.floats_size() > 0)
    return AttributeProto::FLOATS;
  return attr.ints_size() > 0 ? AttributeProto::INTS
                              : AttributeProto::UNDEFINED;
}

/// Visits what a graph reads and does not define; `inner` are the names that
/// graphs around it define.
static void visitGraph(const ::onnx::GraphProto &graph,
                       llvm::StringSet<> inner,
                       function_ref<void(StringRef)> visit) {
  for (const auto &input : graph.input())
    inner.insert(input.name());
  for (const auto &initializer : graph.initializer())
    inner.insert(initializer.name());
  for (const auto &initializer : graph.sparse_initializer())
    inner.insert(initializer.values().name());
  auto read = [&](StringRef name) {
    if (!name.empty() && !inner.contains(name))
      visit(name);
  };
  for (const ::onnx::NodeProto &node : graph.node()) {
    llvm::for_each(node.input(), read);
    for (const AttributeProto &attr : node.attribute())
      if (attr.has_g())
        visitGraph(attr.g(), inner, visit);
    for (const std::string &output : node.output())
      inner.insert(output);
  }
  for (const auto &output : graph.output())
    read(output.name());
}

void importer::visitCaptured(
    const Node &node, function_ref<void(const NodeAttr &, StringRef)> visit) {
  for (const NodeAttr &attr : node.getAttrs())
    if (attr.value->has_g())
      visitGraph(attr.value->g(), {},
                 [&](StringRef name) { visit(attr, name); });
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

std::string importer::spellAttr(StringRef name, const AttributeProto &attr) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << name << "=";
  if (!attr.ref_attr_name().empty()) {
    os << "(attribute " << attr.ref_attr_name() << " of a function)";
    return text;
  }
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
