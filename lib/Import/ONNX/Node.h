//===- Node.h - A node of an ONNX graph ----------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_NODE_H
#define PHOTONIC_LIB_IMPORT_ONNX_NODE_H

#include "Constant.h"
#include "Model.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace photonic::importer {

struct Scope;

/// An attribute of a node. In the body of a function the value may be an
/// attribute of the call, which has another name.
struct NodeAttr {
  llvm::StringRef name;
  const ::onnx::AttributeProto *value;
  /// Where the value was written, for the names in a graph.
  const Scope *scope;
};

/// Where nodes stand: in the graph of the model, in a branch of an If, or in
/// the body of a function of the model.
struct Scope {
  /// Around the branch, or that of the call; null for the graph of the model.
  const Scope *parent = nullptr;
  /// The function whose body this is; null in graphs.
  const ::onnx::FunctionProto *function = nullptr;
  /// Names of tensors in the file to names that are unique in the model; to an
  /// empty one for inputs of a function that a call leaves out.
  llvm::StringMap<llvm::StringRef> names;
  /// What the names stand for to which attributes of the body refer.
  llvm::StringMap<NodeAttr> attrs;

  /// The unique name of a tensor; nothing if it is not visible here.
  std::optional<llvm::StringRef> find(llvm::StringRef name) const;
  /// The innermost function around; null if there is none.
  const ::onnx::FunctionProto *getFunction() const;
  /// What an attribute of the innermost function is; null if it is left out.
  const NodeAttr *findAttr(llvm::StringRef name) const;
};

/// Reads a NodeProto. Accessors of attributes rely on the operator table having
/// checked the types.
class Node {
public:
  /// Attributes that refer to those of a function are looked up in `scope`.
  /// Names of tensors are those of the file at first.
  Node(const ::onnx::NodeProto &proto, unsigned index,
       const Scope *scope = nullptr);

  const ::onnx::NodeProto &getProto() const { return proto; }
  /// Null if it was not given.
  const Scope *getScope() const { return scope; }
  /// Version of the operator set of a domain, by default that of the node's
  /// operator, where the node stands; 0 if it is not imported.
  int64_t getOpset(const Model &model, llvm::StringRef domain) const;
  int64_t getOpset(const Model &model) const {
    return getOpset(model, getDomain());
  }
  /// The name in the model, or operator and position if it has none.
  llvm::StringRef getName() const { return name; }
  /// ONNX wants names to be unique, files do not always comply; everything
  /// behind the importer tells nodes apart by name.
  void rename(std::string unique) { name = std::move(unique); }
  llvm::StringRef getOpType() const { return ref(proto.op_type()); }
  llvm::StringRef getDomain() const { return ref(proto.domain()); }
  unsigned getIndex() const { return index; }

  llvm::ArrayRef<llvm::StringRef> getInputs() const { return inputs; }
  unsigned getNumInputs() const { return inputs.size(); }
  /// Empty if the input is optional and left out.
  llvm::StringRef getInput(unsigned i) const {
    return i < getNumInputs() ? inputs[i] : llvm::StringRef();
  }
  bool hasInput(unsigned i) const { return !getInput(i).empty(); }
  bool hasOutput(unsigned i) const { return !getOutput(i).empty(); }
  void setInput(unsigned i, llvm::StringRef tensor) { inputs[i] = tensor; }
  llvm::ArrayRef<llvm::StringRef> getOutputs() const { return outputs; }
  unsigned getNumOutputs() const { return outputs.size(); }
  llvm::StringRef getOutput(unsigned i) const {
    return i < getNumOutputs() ? outputs[i] : llvm::StringRef();
  }
  void setOutput(unsigned i, llvm::StringRef tensor) { outputs[i] = tensor; }

  llvm::ArrayRef<NodeAttr> getAttrs() const { return attrs; }
  /// Null if there is none.
  const ::onnx::AttributeProto *findAttr(llvm::StringRef attr) const;
  int64_t getInt(llvm::StringRef attr, int64_t defaultValue) const;
  float getFloat(llvm::StringRef attr, float defaultValue) const;
  llvm::StringRef getString(llvm::StringRef attr,
                            llvm::StringRef defaultValue) const;
  std::optional<Shape> getInts(llvm::StringRef attr) const;

private:
  const ::onnx::NodeProto &proto;
  unsigned index;
  const Scope *scope;
  std::string name;
  llvm::SmallVector<llvm::StringRef, 3> inputs;
  llvm::SmallVector<llvm::StringRef, 1> outputs;
  llvm::SmallVector<NodeAttr, 2> attrs;
};

/// Calls `visit` with the names of tensors around that the graphs among the
/// attributes of a node read, as they are in the file.
void visitCaptured(const Node &node,
                   llvm::function_ref<void(const NodeAttr &, llvm::StringRef)>
                       visit);

/// The type of an attribute; files of the first IR versions do not state it.
int getAttrType(const ::onnx::AttributeProto &attr);

/// `mode=reflect`, for messages.
std::string spellAttr(llvm::StringRef name,
                      const ::onnx::AttributeProto &value);
inline std::string spellAttr(const NodeAttr &attr) {
  return spellAttr(attr.name, *attr.value);
}

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_NODE_H
