//===- GraphCheck.cpp - Names and order of a graph ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphCheck.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

namespace {
/// Checks that every tensor has one definition and that definitions precede
/// uses.
class GraphChecker {
public:
  explicit GraphChecker(Model &model) : model(model), graph(model.getGraph()) {}

  LogicalResult run();

private:
  InFlightDiagnostic error() {
    ok = false;
    return emitError(model.getLoc());
  }
  void define(StringRef name, std::string what);
  void checkUse(StringRef name, const Node &user);
  bool reaches(int from, int to);

  Model &model;
  const ::onnx::GraphProto &graph;
  /// What defines a name.
  llvm::StringMap<std::string> definitions;
  llvm::StringMap<int> producers;
  llvm::StringSet<> available;
  bool ok = true;
};
} // namespace

static std::string describe(const Node &node) {
  return "node '" + node.getName().str() + "' (" + node.getOpType().str() + ")";
}

/// Visits the tensors that a node reads, in graphs among its attributes too.
static void visitReads(const Node &node, function_ref<void(StringRef)> visit) {
  llvm::for_each(node.getInputs(), visit);
  visitCaptured(node,
                [&](const NodeAttr &, StringRef tensor) { visit(tensor); });
}

void GraphChecker::define(StringRef name, std::string what) {
  auto [it, isNew] = definitions.try_emplace(name, what);
  if (!isNew)
    error() << "tensor '" << name << "' is defined twice, by " << it->second
            << " and by " << what
            << "; every tensor needs one definition: export the model again";
}

/// True if the output of node `from` is needed by node `to`, perhaps through
/// others.
bool GraphChecker::reaches(int from, int to) {
  std::vector<bool> seen(graph.node_size());
  SmallVector<int> work = {to};
  while (!work.empty()) {
    int current = work.pop_back_val();
    if (current == from)
      return true;
    if (seen[current])
      continue;
    seen[current] = true;
    visitReads(Node(graph.node(current), current), [&](StringRef input) {
      if (auto it = producers.find(input); it != producers.end())
        work.push_back(it->second);
    });
  }
  return false;
}

void GraphChecker::checkUse(StringRef name, const Node &user) {
  if (name.empty() || available.contains(name))
    return;
  auto producer = producers.find(name);
  if (producer == producers.end()) {
    error() << describe(user) << " reads tensor '" << name
            << "', which no node, input or initialiser defines; export the "
               "model again";
    return;
  }
  Node other(graph.node(producer->second), producer->second);
  if (reaches(user.getIndex(), producer->second))
    error() << describe(user) << " and " << describe(other)
            << " need each other's results, through tensor '" << name
            << "': the graph has a cycle; export the model again";
  else
    error() << describe(user) << " reads tensor '" << name << "' before "
            << describe(other)
            << " defines it; expected nodes in topological order: sort them or "
               "export the model again";
}

LogicalResult GraphChecker::run() {
  for (const auto &initializer : graph.initializer())
    define(initializer.name(), "an initialiser");
  for (const auto &sparse : graph.sparse_initializer())
    define(sparse.values().name(), "an initialiser");
  // Models of old IR versions list initialisers among the inputs.
  llvm::StringSet<> inputs;
  for (const auto &input : graph.input()) {
    if (!inputs.insert(input.name()).second)
      error() << "there are two inputs called '" << input.name()
              << "'; export the model again";
    else
      definitions.try_emplace(input.name(), "an input");
  }
  for (const auto &definition : definitions)
    available.insert(definition.first());
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &output : graph.node(i).output())
      if (!output.empty()) {
        define(output, describe(Node(graph.node(i), i)));
        producers.try_emplace(output, i);
      }
  for (int i = 0; i < graph.node_size(); ++i) {
    Node node(graph.node(i), i);
    visitReads(node, [&](StringRef input) { checkUse(input, node); });
    for (const std::string &output : graph.node(i).output())
      available.insert(output);
  }
  if (graph.output_size() == 0)
    error() << "the graph has no outputs; export the model again";
  for (const auto &output : graph.output())
    if (!definitions.contains(output.name()))
      error() << "nothing defines the output '" << output.name()
              << "'; export the model again";
  return success(ok);
}

LogicalResult importer::checkGraph(Model &model) {
  return GraphChecker(model).run();
}
