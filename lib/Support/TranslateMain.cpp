//===- TranslateMain.cpp - The tool that translates files -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/TranslateMain.h"

#include "photonic/Support/ToolFiles.h"
#include "photonic/Support/ToolMain.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace {
/// The options of the tool, registered when constructed.
struct Options {
  llvm::cl::opt<std::string> input{llvm::cl::Positional, llvm::cl::init("-"),
                                   llvm::cl::desc("<input file>")};
  llvm::cl::opt<std::string> output{
      "o", llvm::cl::init("-"), llvm::cl::value_desc("filename"),
      llvm::cl::desc("file to write (default: standard output)")};
  llvm::cl::opt<bool> allowUnregistered{
      "allow-unregistered-dialect",
      llvm::cl::desc("allow operations of unknown dialects")};
  llvm::cl::opt<const Translation *, false, TranslationParser> translation{
      "", llvm::cl::desc("translation to perform"), llvm::cl::Required};
};
} // namespace

int photonic::translateMain(int argc, char **argv) {
  return runTool("photonic-translate", [&] {
    if (argc < 2) {
      llvm::errs() << "photonic-translate: error: expected a translation and a "
                      "file: photonic-translate --disassemble MODEL.phx; "
                      "photonic-translate --help lists all\n";
      return 1;
    }
    Options options;
    registerAsmPrinterCLOptions();
    registerMLIRContextCLOptions();
    registerTranslationCLOptions();
    llvm::cl::ParseCommandLineOptions(
        argc, argv, "translation between files and photonic IR\n");
    return runOnFiles(
        {"photonic-translate", options.input, options.output},
        [&](std::unique_ptr<llvm::MemoryBuffer> buffer, raw_ostream &os) {
          auto sources = std::make_shared<llvm::SourceMgr>();
          sources->AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
          MLIRContext context;
          context.allowUnregisteredDialects(options.allowUnregistered);
          SourceMgrDiagnosticHandler handler(*sources, &context);
          return (*options.translation)(sources, os, &context);
        });
  });
}
