//===- FlatGraph.h - Nodes without calls and branches --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_FLATGRAPH_H
#define PHOTONIC_LIB_IMPORT_ONNX_FLATGRAPH_H

#include "Node.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/StringSaver.h"
#include <list>

namespace photonic::importer {

/// The tensor of an initialiser; one of the two is set.
struct Initializer {
  const ::onnx::TensorProto *dense = nullptr;
  const ::onnx::SparseTensorProto *sparse = nullptr;
};

/// True for the operator If of ONNX.
inline bool isIf(const Node &node) {
  return isDefaultDomain(node.getDomain()) && node.getOpType() == "If";
}

/// The nodes of a model in topological order. Calls of functions of the model,
/// and Ifs whose conditions are known, are replaced by the nodes that they
/// stand for, under names that are unique in the model: node `inner` of what
/// stands for node `call` is `call/inner`, and so are tensors. Nodes that no
/// output needs are not live, and nobody is to look at them.
class FlatGraph {
public:
  explicit FlatGraph(Model &model);

  std::list<Node> &getNodes() { return nodes; }
  const std::list<Node> &getNodes() const { return nodes; }
  bool hasNode(llvm::StringRef name) const { return nodeNames.contains(name); }
  /// Null if no initialiser has the name.
  const Initializer *findInitializer(llvm::StringRef tensor) const;
  /// The name of the tensor that an output of the model, of an If or of a call
  /// stands for.
  llvm::StringRef resolve(llvm::StringRef tensor) const;
  /// What the file declares about a tensor; null if it says nothing.
  const ::onnx::ValueInfoProto *findDeclaration(llvm::StringRef tensor) const {
    return declarations.lookup(tensor);
  }

  /// Finds out what the outputs of the model need. Of an If that stands, they
  /// need the condition alone.
  void updateLive();
  bool isLive(const Node &node) const { return live.contains(&node); }
  unsigned getNumLive() const { return live.size(); }
  /// True if a live node or the model reads the tensor, or if a branch may.
  bool isUsed(llvm::StringRef tensor) const {
    return used.contains(tensor) || captured.contains(tensor);
  }

  /// The function that a node calls; null if it calls none.
  const ::onnx::FunctionProto *findCallee(const Node &node) const;
  /// Replaces live calls of functions, for which `wanted` holds, and the calls
  /// in their bodies, and updates what is live. Nodes of calls that cannot be
  /// replaced go to `failed`, after a diagnostic.
  void expandCalls(llvm::function_ref<bool(const Node &)> wanted,
                   llvm::DenseSet<const Node *> &failed);
  /// The live Ifs, except for those in `decided`, whose conditions depend on no
  /// other of them.
  llvm::SmallVector<Node *>
  findOpenIfs(const llvm::DenseSet<const Node *> &decided);
  /// The nodes that a tensor needs.
  llvm::DenseSet<const Node *> findCone(llvm::ArrayRef<llvm::StringRef> names);
  /// Replaces an If by one of its branches. Fails after a diagnostic.
  llvm::LogicalResult expandBranch(Node &node, bool condition);

private:
  using Iterator = std::list<Node>::iterator;

  llvm::LogicalResult expandCall(Iterator call);
  /// Names of what an If or a call brings with it.
  llvm::StringRef makeUnique(const Node &owner, llvm::StringRef tensor);
  llvm::LogicalResult define(const Node &owner, Scope &scope,
                             llvm::StringRef tensor);
  llvm::LogicalResult addInitializers(const Node &owner, Scope &scope,
                                      const ::onnx::GraphProto &graph);
  llvm::LogicalResult
  insertNodes(Iterator owner, Scope &scope,
              const ::google::protobuf::RepeatedPtrField<::onnx::NodeProto>
                  &protos);
  llvm::LogicalResult bindInputs(const Node &call, Scope &scope,
                                 const ::onnx::FunctionProto &function);
  llvm::LogicalResult bindAttrs(const Node &call, Scope &scope,
                                const ::onnx::FunctionProto &function);
  llvm::LogicalResult checkFunction(const Node &call,
                                    const ::onnx::FunctionProto &function);
  /// Makes the outputs of a node stand for tensors in the scope, and removes
  /// the node.
  llvm::LogicalResult replace(Iterator owner, const Scope &scope,
                              llvm::ArrayRef<llvm::StringRef> results);
  void nameNode(Node &node, const Node *owner);
  void need(llvm::StringRef tensor, llvm::SmallVectorImpl<Node *> &work);
  /// Notes that a branch may need the tensor, and what that needs.
  void capture(llvm::StringRef tensor);
  mlir::InFlightDiagnostic error(const Node &node);

  Model &model;
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver names{allocator};
  /// Those that were replaced stay, so that others do not get their addresses.
  std::list<Node> nodes, replaced;
  std::list<Scope> scopes;
  Scope *root;
  llvm::StringMap<Iterator> producers;
  llvm::StringMap<Initializer> initializers;
  llvm::StringMap<const ::onnx::ValueInfoProto *> declarations;
  llvm::StringMap<llvm::StringRef> aliases;
  llvm::StringSet<> tensorNames, nodeNames, used, captured;
  llvm::DenseSet<const Node *> live;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_FLATGRAPH_H
