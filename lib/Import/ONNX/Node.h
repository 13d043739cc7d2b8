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
#include <optional>

namespace photonic::importer {

/// Reads a NodeProto. Accessors of attributes rely on the operator table having
/// checked the types.
class Node {
public:
  Node(const ::onnx::NodeProto &proto, unsigned index);

  const ::onnx::NodeProto &getProto() const { return proto; }
  /// The name in the model, or operator and position if it has none.
  llvm::StringRef getName() const { return name; }
  /// ONNX wants names to be unique, files do not always comply; everything
  /// behind the importer tells nodes apart by name.
  void rename(std::string unique) { name = std::move(unique); }
  llvm::StringRef getOpType() const { return ref(proto.op_type()); }
  llvm::StringRef getDomain() const { return ref(proto.domain()); }
  unsigned getIndex() const { return index; }

  unsigned getNumInputs() const { return proto.input_size(); }
  /// Empty if the input is optional and left out.
  llvm::StringRef getInput(unsigned i) const {
    return i < getNumInputs() ? ref(proto.input(i)) : llvm::StringRef();
  }
  bool hasInput(unsigned i) const { return !getInput(i).empty(); }
  bool hasOutput(unsigned i) const { return !getOutput(i).empty(); }
  unsigned getNumOutputs() const { return proto.output_size(); }
  llvm::StringRef getOutput(unsigned i) const {
    return i < getNumOutputs() ? ref(proto.output(i)) : llvm::StringRef();
  }

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
  std::string name;
};

/// The type of an attribute; files of the first IR versions do not state it.
int getAttrType(const ::onnx::AttributeProto &attr);

/// `mode=reflect`, for messages.
std::string spellAttr(const ::onnx::AttributeProto &attr);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_NODE_H
