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
