//===- GraphImporter.cpp - Imports a graph node by node -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "GraphCheck.h"
#include "OptimizerModel.h"
#include "photonic/Dialect/NN/IR/BatchAxes.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

GraphImporter::GraphImporter(Model &model, const ImportOptions &options,
                             MLIRContext &mlirContext)
    : context(model, options, mlirContext), model(model), options(options),
      graph(context.getGraph()), function(context.getFunction()) {}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

SmallVector<StringRef> GraphImporter::findIgnoredInputs() const {
  SmallVector<StringRef> ignored;
  for (const auto &input : model.getGraph().input())
    if (!graph.findInitializer(input.name()) && !graph.isUsed(input.name()))
      ignored.push_back(input.name());
  return ignored;
}

void GraphImporter::warnAboutInputs() {
  for (StringRef name : findIgnoredInputs())
    emitWarning(model.getLoc())
        << "no output needs input '" << name
        << "'; the program ignores what is fed to it";
}

FailureOr<GraphInputs> GraphImporter::bindInputs() {
  auto inputs = bindGraphInputs(model, graph, options,
                                *context.getBuilder().getContext());
  if (succeeded(inputs))
    warnAboutInputs();
  return inputs;
}

void GraphImporter::markModule() {
  OpBuilder &builder = context.getBuilder();
  ModuleOp module = function.getModule();
  auto set = [&](StringRef attribute, StringRef text) {
    module->setAttr(attribute, builder.getStringAttr(text));
  };
  set(nn::modelAttrName, llvm::sys::path::stem(model.getPath()));
  set(nn::modeAttrName, getImportModeName(context.getMode()));
  if (StringRef format = model.getTrainedFormat(); !format.empty())
    set(nn::trainedFormatAttrName, format);
  if (!options.freeze.empty())
    set(nn::freezeAttrName, options.freeze);
  if (batch)
    module->setAttr(nn::batchAttrName, builder.getI64IntegerAttr(batch));
  SmallVector<StringRef> ignored = findIgnoredInputs();
  if (!ignored.empty())
    module->setAttr(nn::ignoredInputsAttrName,
                    builder.getStrArrayAttr(ignored));
}

void GraphImporter::createFunction(const GraphInputs &inputs) {
  batch = inputs.batch;
  for (const auto &symbol : inputs.batchSymbols)
    batchSymbols.insert(symbol.first());
  function.create(model.getLoc(), inputs.list);
  markModule();
  for (auto [i, input] : llvm::enumerate(inputs.list))
    context.define(input.name,
                   Entry(function.getOp().getArgument(i), input.kind));
  context.noteInputs(inputs.list);
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::importBody() {
  if (context.holdsBackward())
    createParameters();
  importNodes();
  context.emitUnsupported();
  if (context.hasFailed())
    return success();
  if (context.getMode() == ImportMode::Training && !context.holdsBackward())
    context.warnAboutParameters();
  return options.optimizerModel.empty() ? success()
                                        : importOptimizerModel(context);
}

OwningOpRef<ModuleOp> GraphImporter::run() {
  if (failed(context.compileFreeze()))
    return {};
  bool namesHold = succeeded(checkGraph(model));
  if (namesHold && failed(checkBackward()))
    return {};
  checkNodes();
  if (!namesHold) {
    context.emitUnsupported();
    return {};
  }
  FailureOr<GraphInputs> inputs = bindInputs();
  if (failed(inputs)) {
    // Nodes are judged as far as that goes without the inputs.
    context.setFailed();
    inputs.emplace();
  }
  createFunction(*inputs);
  if (failed(importBody()))
    return {};
  importOutputs();
  if (context.hasFailed())
    return {};
  nn::inferBatchAxes(function.getOp());
  if (failed(verify(function.getModule())))
    return {};
  return function.take();
}
