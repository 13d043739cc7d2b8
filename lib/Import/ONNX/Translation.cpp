//===- Translation.cpp - photonic-translate --import-onnx -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace photonic;

namespace {
struct CommandLine {
  llvm::cl::opt<int64_t> batch{
      "batch", llvm::cl::init(0), llvm::cl::value_desc("N"),
      llvm::cl::desc("extent of a symbolic first dimension of the inputs of an "
                     "ONNX model")};
  llvm::cl::list<std::string> dims{
      "dim", llvm::cl::value_desc("NAME=N|INPUT:AXIS=N"),
      llvm::cl::desc("extent of another open dimension of an ONNX model")};
  llvm::cl::list<std::string> shapes{
      "shape", llvm::cl::value_desc("INPUT=N,N,..."),
      llvm::cl::desc("all extents of an input of an ONNX model")};
  llvm::cl::opt<std::string> mode{
      "mode", llvm::cl::init("inference"),
      llvm::cl::value_desc("inference|training|evaluation"),
      llvm::cl::desc(
          "what BatchNormalization and Dropout of an ONNX model do")};
  llvm::cl::opt<std::string> freeze{
      "freeze", llvm::cl::value_desc("regex"),
      llvm::cl::desc("names of what --mode=training leaves as it is")};
};
} // namespace

static LogicalResult parseOptions(const CommandLine &commandLine, Location loc,
                                  ImportOptions &options) {
  options.batch = commandLine.batch;
  options.freeze = commandLine.freeze;
  std::optional<ImportMode> mode = parseImportMode(commandLine.mode);
  if (!mode)
    return emitError(loc)
           << "expected --mode inference, training or evaluation, got '"
           << commandLine.mode << "'";
  options.mode = *mode;
  for (const std::string &text : commandLine.dims) {
    auto [name, number] = StringRef(text).rsplit('=');
    int64_t extent = 0;
    if (name.empty() || number.getAsInteger(10, extent))
      return emitError(loc)
             << "expected --dim NAME=N or INPUT:AXIS=N, got '" << text << "'";
    options.dims.emplace_back(name.str(), extent);
  }
  for (const std::string &text : commandLine.shapes) {
    auto shape = parseInputShape(text);
    if (!shape)
      return emitError(loc)
             << "expected --shape INPUT=N,N,..., got '" << text << "'";
    options.shapes.push_back(std::move(*shape));
  }
  return success();
}

void photonic::registerImportONNXTranslation() {
  static CommandLine commandLine;
  static TranslateToMLIRRegistration registration(
      "import-onnx", "read an ONNX model into the nn dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        ImportOptions options;
        if (failed(
                parseOptions(commandLine, UnknownLoc::get(context), options)))
          return OwningOpRef<Operation *>();
        const llvm::MemoryBuffer *buffer =
            sources.getMemoryBuffer(sources.getMainFileID());
        OwningOpRef<ModuleOp> module =
            importONNXBuffer(*buffer, options, *context);
        return OwningOpRef<Operation *>(module.release());
      },
      [](DialectRegistry &registry) {
        registry.insert<nn::NNDialect, func::FuncDialect>();
      });
}
