//===- ImportONNX.cpp - Reads ONNX models into nn -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Import/ONNX/ImportONNX.h"
#include "GraphImporter.h"
#include "photonic/Dialect/NN/IR/NN.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

std::optional<ImportMode> photonic::parseImportMode(StringRef name) {
  return llvm::StringSwitch<std::optional<ImportMode>>(name)
      .Case("inference", ImportMode::Inference)
      .Case("training", ImportMode::Training)
      .Case("evaluation", ImportMode::Evaluation)
      .Default(std::nullopt);
}

StringRef photonic::getImportModeName(ImportMode mode) {
  switch (mode) {
  case ImportMode::Inference:
    return "inference";
  case ImportMode::Training:
    return "training";
  case ImportMode::Evaluation:
    return "evaluation";
  }
  llvm_unreachable("all modes are handled");
}

std::optional<std::pair<std::string, std::vector<int64_t>>>
photonic::parseInputShape(StringRef text) {
  auto [name, list] = text.rsplit('=');
  std::vector<int64_t> extents;
  SmallVector<StringRef> numbers;
  list.split(numbers, ',');
  for (StringRef number : numbers) {
    int64_t extent = 0;
    if (number.trim().getAsInteger(10, extent) || extent < 1)
      return std::nullopt;
    extents.push_back(extent);
  }
  if (name.empty() || extents.empty())
    return std::nullopt;
  return std::pair(name.str(), std::move(extents));
}

static OwningOpRef<ModuleOp>
importModel(Model &model, const ImportOptions &options, MLIRContext &context) {
  context.loadDialect<nn::NNDialect, func::FuncDialect>();
  return GraphImporter(model, options, context).run();
}

OwningOpRef<ModuleOp> photonic::importONNXBuffer(llvm::MemoryBufferRef buffer,
                                                 const ImportOptions &options,
                                                 MLIRContext &context) {
  std::unique_ptr<Model> model = Model::parse(buffer, context);
  if (!model)
    return {};
  return importModel(*model, options, context);
}

OwningOpRef<ModuleOp> photonic::importONNXFile(StringRef path,
                                               const ImportOptions &options,
                                               MLIRContext &context) {
  std::unique_ptr<Model> model = Model::read(path, context);
  return model ? importModel(*model, options, context)
               : OwningOpRef<ModuleOp>();
}
