//===- GraphNodes.cpp - Which nodes are imported, and in which order ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nodes that no output needs are not looked at. Which these are is known when
// every If is decided; its condition is imported ahead of everything else.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "NodeImporter.h"
#include "OperatorTable.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

const OperatorForm *GraphImporter::findForm(const Node &node) const {
  return findOperator(node.getDomain(), node.getOpType(), node.getOpset(model));
}

bool GraphImporter::canExpand(const Node &node) const {
  // Runtimes differ in whether such a function or the operator counts.
  return !isDefaultDomain(node.getDomain()) &&
         !getKnownOpsets(node.getDomain(), node.getOpType()).first;
}

/// What to do about operators that have no place in a program at all; empty for
/// others.
static StringRef findRemedy(StringRef op) {
  return llvm::StringSwitch<StringRef>(op)
      .Cases({"Loop", "Scan"},
             ": programs have no loops over graphs; export the model with a "
             "fixed number of iterations, unrolled")
      .Cases({"NonZero", "Unique", "Compress", "NonMaxSuppression"},
             ": the shape of its result depends on values; cut the model in "
             "front of it and compute it on the host")
      .Cases({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
              "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"},
             ": numbers are FLOAT, and option 'format' chooses how products "
             "are computed; export the model without quantization")
      .Cases({"RandomNormal", "RandomNormalLike", "RandomUniform",
              "RandomUniformLike", "Bernoulli", "Multinomial"},
             ": programs draw no such numbers; make what it computes an input")
      .Default("");
}

/// `; its attributes: size=5`, or nothing.
static std::string spellAttrs(const Node &node) {
  std::string text;
  for (const NodeAttr &attr : node.getAttrs())
    text += (text.empty() ? "; its attributes: " : ", ") + spellAttr(attr);
  return text;
}

std::string GraphImporter::explainUnknown(const Node &node) const {
  StringRef domain = node.getDomain();
  std::string reason = "the operator is not supported";
  if (graph.findCallee(node))
    reason = "the model defines a function of the same name and domain as the "
             "operator, and runtimes differ in which of them counts; give the "
             "function a domain of its own";
  else if (!isKnownDomain(domain))
    reason = "the domain is not supported";
  else if (int since = getKnownOpsets(domain, node.getOpType()).first)
    reason += " before opset " + std::to_string(since);
  else if (isDefaultDomain(domain))
    reason += findRemedy(node.getOpType());
  return reason + spellAttrs(node);
}

llvm::StringSet<> GraphImporter::findComputed() const {
  llvm::StringSet<> computed;
  for (const auto &input : model.getGraph().input())
    if (!graph.findInitializer(input.name()))
      computed.insert(input.name());
  for (const Node &node : graph.getNodes()) {
    // Shapes are known while importing, and branches may hold constants.
    if (node.getOpType() == "Shape" || node.getOpType() == "Size" ||
        isIf(node))
      continue;
    if (llvm::any_of(node.getInputs(), [&](StringRef input) {
          return computed.contains(input);
        }))
      for (StringRef output : node.getOutputs())
        if (!output.empty())
          computed.insert(output);
  }
  return computed;
}

void GraphImporter::checkNode(const Node &node,
                              const llvm::StringSet<> &computed) {
  auto report = [&](std::string reason) {
    refused.insert(&node);
    context.reportUnsupported(node, std::move(reason));
  };
  const OperatorForm *form = findForm(node);
  if (!form || graph.findCallee(node))
    return report(explainUnknown(node));
  checkForm(
      node, *form, [&](StringRef tensor) { return context.isUsed(tensor); },
      context.getMode(), report);
  if (!form->handler && llvm::any_of(node.getInputs(), [&](StringRef input) {
        return computed.contains(input);
      }))
    report(onlyOnConstants.str() + spellAttrs(node));
}

void GraphImporter::checkNodes() {
  size_t failedBefore = refused.size();
  graph.expandCalls([&](const Node &node) { return canExpand(node); }, refused);
  if (refused.size() > failedBefore)
    context.setFailed();
  llvm::StringSet<> computed = findComputed();
  for (const Node &node : graph.getNodes())
    if (graph.isLive(node) && !refused.contains(&node) &&
        checked.insert(&node).second)
      checkNode(node, computed);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

void GraphImporter::importNode(const Node &node) {
  if (!imported.insert(&node).second)
    return;
  if (refused.contains(&node))
    context.poison(node);
  else
    NodeImporter(context, node).run(*findForm(node));
}

void GraphImporter::decideIf(Node &node) {
  const Entry &condition = context.lookup(node.getInput(0));
  bool known = !refused.contains(&node) && condition.isInteger() &&
               condition.constant->getNumElements() == 1;
  // What keeps an If from being replaced is said by its handler.
  if (!known)
    return importNode(node);
  if (succeeded(graph.expandBranch(node, condition.constant->hasNonZero())))
    return;
  context.setFailed();
  refused.insert(&node);
  importNode(node);
}

void GraphImporter::importNodes() {
  for (;;) {
    SmallVector<Node *> open = graph.findOpenIfs(imported);
    if (open.empty())
      break;
    SmallVector<StringRef> conditions;
    for (Node *node : open)
      conditions.push_back(node->getInput(0));
    llvm::DenseSet<const Node *> cone = graph.findCone(conditions);
    for (const Node &node : graph.getNodes())
      if (cone.contains(&node))
        importNode(node);
    for (Node *node : open)
      decideIf(*node);
    checkNodes();
  }
  for (const Node &node : graph.getNodes())
    if (graph.isLive(node))
      importNode(node);
}
