//===- GraphTraining.cpp - Graphs with a backward pass --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "ImportOptimizer.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

/// True for operators that only occur where a backward pass is in the graph.
static bool isBackward(const Node &node) {
  StringRef op = node.getOpType();
  return op == "InPlaceAccumulatorV2" || op == "MaxPoolGrad" ||
         op == "AveragePoolGrad" ||
         (node.getDomain() == microsoftDomain &&
          (op.ends_with("Grad") || op.ends_with("Grad_13")));
}

LogicalResult GraphImporter::checkBackward() {
  auto first = llvm::find_if(graph.getNodes(), isBackward);
  if (first == graph.getNodes().end())
    return success();
  context.setHoldsBackward();
  if (options.mode == ImportMode::Inference)
    return success();
  InFlightDiagnostic diagnostic = emitError(model.getLoc());
  diagnostic << "the graph holds its own backward pass, such as node '"
             << first->getName() << "' (" << first->getOpType() << "); ";
  if (options.mode == ImportMode::Training)
    return diagnostic << "compile it without "
                      << spell(options.spelling, "train")
                      << ", or a model with the forward pass alone";
  return diagnostic << "for evaluation compile a model with the forward pass "
                       "alone";
}

void GraphImporter::createParameter(StringRef name, bool trainable) {
  if (!graph.findInitializer(name))
    return;
  Entry &entry = context.lookup(name);
  if (!entry.constant || !entry.constant->isFloat())
    return;
  ElementsAttr elements = context.makeParameter(*entry.constant);
  if (!elements) {
    entry.poisoned = true;
    return context.setFailed();
  }
  entry = Entry(function.addParameter(name, elements, trainable));
}

void GraphImporter::createParameters() {
  for (const Node &node : graph.getNodes()) {
    if (!graph.isLive(node))
      continue;
    if (node.getOpType() == "InPlaceAccumulatorV2")
      createParameter(getAccumulatedParameter(node.getInput(0)),
                      /*trainable=*/true);
    if (node.getOpType() != "BatchNormInternal")
      continue;
    for (unsigned i : {3, 4})
      createParameter(node.getInput(i), /*trainable=*/false);
  }
}
