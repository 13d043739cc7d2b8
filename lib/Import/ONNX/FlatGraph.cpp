//===- FlatGraph.cpp - Nodes without calls and branches -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FlatGraph.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::google::protobuf::RepeatedPtrField;
using ::onnx::FunctionProto;

/// More nodes than any network has; functions that call each other can stand
/// for exponentially many.
static constexpr size_t maxNodes = size_t(1) << 20;

FlatGraph::FlatGraph(Model &model) : model(model) {
  const ::onnx::GraphProto &graph = model.getGraph();
  root = &scopes.emplace_back();
  auto declare = [&](StringRef tensor) {
    tensorNames.insert(tensor);
    root->names.try_emplace(tensor, tensor);
  };
  for (const auto &input : graph.input())
    declare(input.name());
  for (const auto &initializer : graph.initializer()) {
    initializers[initializer.name()].dense = &initializer;
    declare(initializer.name());
  }
  for (const auto &initializer : graph.sparse_initializer()) {
    initializers[initializer.values().name()].sparse = &initializer;
    declare(initializer.values().name());
  }
  for (const auto &info : graph.value_info())
    declarations.try_emplace(info.name(), &info);
  for (const auto &info : graph.output())
    declarations.try_emplace(info.name(), &info);
  for (int i = 0; i < graph.node_size(); ++i) {
    nodes.emplace_back(graph.node(i), i, root);
    for (StringRef output : nodes.back().getOutputs())
      if (!output.empty()) {
        declare(output);
        producers.try_emplace(output, std::prev(nodes.end()));
      }
  }
  for (Node &node : nodes)
    nameNode(node, nullptr);
}

InFlightDiagnostic FlatGraph::error(const Node &node) {
  InFlightDiagnostic diagnostic = emitError(model.getLoc());
  diagnostic << "node '" << node.getName() << "' (" << node.getOpType()
             << "): ";
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void FlatGraph::nameNode(Node &node, const Node *owner) {
  std::string prefix = owner ? (owner->getName() + "/").str() : "";
  std::string base = prefix + node.getName().str(), name = base;
  for (unsigned copy = 2; !nodeNames.insert(name).second; ++copy)
    name = base + "#" + std::to_string(copy);
  node.rename(std::move(name));
}

StringRef FlatGraph::makeUnique(const Node &owner, StringRef tensor) {
  std::string base = (owner.getName() + "/" + tensor).str(), name = base;
  for (unsigned copy = 2; !tensorNames.insert(name).second; ++copy)
    name = base + "#" + std::to_string(copy);
  return names.save(name);
}

LogicalResult FlatGraph::define(const Node &owner, Scope &scope,
                                StringRef tensor) {
  if (scope.names.try_emplace(tensor, makeUnique(owner, tensor)).second)
    return success();
  return error(owner) << "tensor '" << tensor
                      << "' is defined twice in what the node stands for; "
                         "every tensor needs one definition: export the model "
                         "again";
}

const Initializer *FlatGraph::findInitializer(StringRef tensor) const {
  auto it = initializers.find(tensor);
  return it == initializers.end() ? nullptr : &it->second;
}

StringRef FlatGraph::resolve(StringRef tensor) const {
  for (auto it = aliases.find(tensor); it != aliases.end();
       it = aliases.find(tensor))
    tensor = it->second;
  return tensor;
}

//===----------------------------------------------------------------------===//
// What is live
//===----------------------------------------------------------------------===//

/// A buffer that ONNX Runtime writes to, even if nobody looks at the output.
static bool hasEffect(const Node &node) {
  return node.getDomain() == microsoftDomain &&
         node.getOpType() == "InPlaceAccumulatorV2";
}

void FlatGraph::need(StringRef tensor, SmallVectorImpl<Node *> &work) {
  if (tensor.empty() || !used.insert(tensor).second)
    return;
  auto producer = producers.find(tensor);
  if (producer != producers.end() && live.insert(&*producer->second).second)
    work.push_back(&*producer->second);
}

void FlatGraph::updateLive() {
  for (Node &node : nodes)
    for (unsigned i = 0; !aliases.empty() && i < node.getNumInputs(); ++i)
      node.setInput(i, resolve(node.getInput(i)));
  live.clear();
  used.clear();
  captured.clear();
  SmallVector<Node *> work;
  for (Node &node : nodes)
    if (hasEffect(node) && live.insert(&node).second)
      work.push_back(&node);
  for (const auto &output : model.getGraph().output())
    need(resolve(output.name()), work);
  while (!work.empty()) {
    Node &node = *work.pop_back_val();
    for (StringRef input : node.getInputs())
      need(input, work);
    visitCaptured(node, [&](const NodeAttr &attr, StringRef name) {
      if (!attr.scope)
        return;
      StringRef tensor = attr.scope->find(name).value_or("");
      // Which branch of an If is taken is not known yet.
      if (isIf(node))
        capture(resolve(tensor));
      else
        need(resolve(tensor), work);
    });
  }
}

void FlatGraph::capture(StringRef tensor) {
  SmallVector<StringRef> work = {tensor};
  while (!work.empty()) {
    StringRef name = work.pop_back_val();
    if (name.empty() || !captured.insert(name).second)
      continue;
    auto producer = producers.find(name);
    if (producer == producers.end())
      continue;
    const Node &node = *producer->second;
    llvm::append_range(work, node.getInputs());
    visitCaptured(node, [&](const NodeAttr &attr, StringRef inner) {
      if (attr.scope)
        work.push_back(resolve(attr.scope->find(inner).value_or("")));
    });
  }
}

DenseSet<const Node *> FlatGraph::findCone(ArrayRef<StringRef> names) {
  DenseSet<const Node *> cone;
  SmallVector<StringRef> work(names);
  while (!work.empty()) {
    auto producer = producers.find(work.pop_back_val());
    if (producer != producers.end() && cone.insert(&*producer->second).second)
      llvm::append_range(work, producer->second->getInputs());
  }
  return cone;
}

SmallVector<Node *>
FlatGraph::findOpenIfs(const DenseSet<const Node *> &decided) {
  SmallVector<Node *> open;
  llvm::StringSet<> unknown;
  for (Node &node : nodes) {
    if (!live.contains(&node))
      continue;
    bool isOpen = isIf(node) && !decided.contains(&node);
    bool depends = llvm::any_of(node.getInputs(), [&](StringRef input) {
      return unknown.contains(input);
    });
    if (isOpen && !depends)
      open.push_back(&node);
    if (isOpen || depends)
      for (StringRef output : node.getOutputs())
        unknown.insert(output);
  }
  return open;
}

//===----------------------------------------------------------------------===//
// Nodes in place of another
//===----------------------------------------------------------------------===//

LogicalResult FlatGraph::insertNodes(Iterator owner, Scope &scope,
                                     const RepeatedPtrField<::onnx::NodeProto>
                                         &protos) {
  if (nodes.size() + size_t(protos.size()) > maxNodes)
    return error(*owner) << "the functions and branches of the model stand for "
                            "more than "
                         << maxNodes
                         << " nodes; export the model without functions";
  for (int i = 0; i < protos.size(); ++i) {
    Iterator node = nodes.emplace(owner, protos[i], i, &scope);
    nameNode(*node, &*owner);
    std::string missing;
    auto check = [&](StringRef tensor) {
      if (!tensor.empty() && !scope.find(tensor))
        missing = tensor;
    };
    llvm::for_each(node->getInputs(), check);
    visitCaptured(*node, [&](const NodeAttr &attr, StringRef tensor) {
      if (attr.scope == &scope)
        check(tensor);
    });
    if (!missing.empty())
      return error(*node) << "it reads tensor '" << missing
                          << "', which nothing before it defines; export the "
                             "model again";
    for (unsigned k = 0; k < node->getNumInputs(); ++k)
      if (node->hasInput(k))
        node->setInput(k, *scope.find(node->getInput(k)));
    for (unsigned k = 0; k < node->getNumOutputs(); ++k) {
      StringRef output = node->getOutput(k);
      if (output.empty())
        continue;
      if (failed(define(*owner, scope, output)))
        return failure();
      node->setOutput(k, scope.names[output]);
      producers.try_emplace(node->getOutput(k), node);
    }
  }
  return success();
}

LogicalResult FlatGraph::replace(Iterator owner, const Scope &scope,
                                 ArrayRef<StringRef> results) {
  if (results.size() < owner->getNumOutputs())
    return error(*owner) << "it has " << owner->getNumOutputs()
                         << " outputs, but what it stands for has only "
                         << results.size() << "; export the model again";
  SmallVector<std::pair<StringRef, StringRef>> bound;
  for (auto [output, result] : llvm::zip(owner->getOutputs(), results)) {
    std::optional<StringRef> target = scope.find(result);
    if (output.empty())
      continue;
    if (!target || target->empty() || resolve(*target) == output)
      return error(*owner) << "nothing defines the output '" << result
                           << "' of what it stands for; export the model again";
    bound.emplace_back(output, resolve(*target));
  }
  for (auto [output, target] : bound) {
    // What is known about one name holds for the other.
    if (const auto *declared = findDeclaration(output))
      declarations.try_emplace(target, declared);
    aliases[output] = target;
    producers.erase(output);
  }
  live.erase(&*owner);
  replaced.splice(replaced.end(), nodes, owner);
  return success();
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

LogicalResult FlatGraph::addInitializers(const Node &owner, Scope &scope,
                                         const ::onnx::GraphProto &graph) {
  for (const auto &initializer : graph.initializer()) {
    if (failed(define(owner, scope, initializer.name())))
      return failure();
    initializers[scope.names[initializer.name()]].dense = &initializer;
  }
  for (const auto &initializer : graph.sparse_initializer()) {
    StringRef name = initializer.values().name();
    if (failed(define(owner, scope, name)))
      return failure();
    initializers[scope.names[name]].sparse = &initializer;
  }
  return success();
}

LogicalResult FlatGraph::expandBranch(Node &node, bool condition) {
  auto owner = llvm::find_if(nodes, [&](Node &n) { return &n == &node; });
  StringRef name = condition ? "then_branch" : "else_branch";
  const NodeAttr *attr = llvm::find_if(
      node.getAttrs(), [&](const NodeAttr &a) { return a.name == name; });
  assert(attr != node.getAttrs().end() && "the form has been checked");
  const ::onnx::GraphProto &branch = attr->value->g();
  if (branch.input_size() > 0)
    return error(node) << "expected branches without inputs, found "
                       << branch.input_size() << " inputs of " << name
                       << "; export the model again";
  Scope &scope = scopes.emplace_back();
  scope.parent = attr->scope;
  if (failed(addInitializers(node, scope, branch)) ||
      failed(insertNodes(owner, scope, branch.node())))
    return failure();
  for (const auto &info : branch.value_info())
    if (auto it = scope.names.find(info.name()); it != scope.names.end())
      declarations.try_emplace(it->second, &info);
  SmallVector<StringRef> results;
  for (const auto &output : branch.output())
    results.push_back(output.name());
  return replace(owner, scope, results);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

const FunctionProto *FlatGraph::findCallee(const Node &node) const {
  constexpr int overloadField = 8; // of NodeProto
  return model.findFunction(node.getDomain(), node.getOpType(),
                            getNewerString(node.getProto(), overloadField));
}

LogicalResult FlatGraph::checkFunction(const Node &call,
                                       const FunctionProto &function) {
  for (const Scope *scope = call.getScope(); scope; scope = scope->parent)
    if (scope->function == &function)
      return error(call) << "the function '" << function.name()
                         << "' of the model calls itself; expected functions "
                            "without recursion: export the model again";
  for (const auto &import : function.opset_import())
    if (isDefaultDomain(import.domain()) &&
        failed(model.checkOpset(import.version(),
                                ("function '" + ref(function.name()) + "'")
                                    .str())))
      return failure();
  return success();
}

LogicalResult FlatGraph::bindInputs(const Node &call, Scope &scope,
                                    const FunctionProto &function) {
  if (call.getNumInputs() > unsigned(function.input_size()))
    return error(call) << "it has " << call.getNumInputs()
                       << " inputs, but the function takes only "
                       << function.input_size() << "; export the model again";
  for (int i = 0; i < function.input_size(); ++i)
    if (!scope.names.try_emplace(function.input(i), call.getInput(i)).second)
      return error(call) << "the function has two inputs called '"
                         << function.input(i) << "'; export the model again";
  return success();
}

LogicalResult FlatGraph::bindAttrs(const Node &call, Scope &scope,
                                   const FunctionProto &function) {
  llvm::StringSet<> known;
  for (const std::string &name : function.attribute())
    known.insert(name);
  for (const auto *attr : model.getDefaults(function)) {
    known.insert(attr->name());
    scope.attrs[attr->name()] = {attr->name(), attr, nullptr};
  }
  for (const NodeAttr &attr : call.getAttrs()) {
    if (!known.contains(attr.name))
      return error(call) << "attribute " << spellAttr(attr)
                         << " is none of the function; export the model again";
    scope.attrs[attr.name] = attr;
  }
  return success();
}

LogicalResult FlatGraph::expandCall(Iterator call) {
  const FunctionProto &function = *findCallee(*call);
  if (failed(checkFunction(*call, function)))
    return failure();
  Scope &scope = scopes.emplace_back();
  scope.parent = call->getScope();
  scope.function = &function;
  if (failed(bindInputs(*call, scope, function)) ||
      failed(bindAttrs(*call, scope, function)) ||
      failed(insertNodes(call, scope, function.node())))
    return failure();
  SmallVector<StringRef> results(function.output().begin(),
                                 function.output().end());
  return replace(call, scope, results);
}

void FlatGraph::expandCalls(function_ref<bool(const Node &)> wanted,
                            DenseSet<const Node *> &failedCalls) {
  updateLive();
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = nodes.begin(); it != nodes.end();) {
      Iterator call = it++;
      if (!live.contains(&*call) || failedCalls.contains(&*call) ||
          !findCallee(*call) || !wanted(*call))
        continue;
      if (failed(expandCall(call)))
        failedCalls.insert(&*call);
      else
        changed = true;
    }
    if (changed)
      updateLive();
  }
}
