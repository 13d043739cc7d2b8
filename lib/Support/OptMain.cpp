//===- OptMain.cpp - The tool that runs passes ----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/OptMain.h"

#include "photonic/Support/TextLimits.h"
#include "photonic/Support/ToolFiles.h"
#include "photonic/Support/ToolMain.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cassert>

using namespace mlir;

/// Whether the input is safe to parse; false after a message.
static bool isSafe(const llvm::MemoryBuffer &buffer) {
  if (isBytecode(buffer))
    return true;
  auto problem = photonic::findTextProblem(buffer.getBuffer());
  if (!problem)
    return true;
  llvm::errs() << buffer.getBufferIdentifier() << ":" << problem->line << ":"
               << problem->column << ": error: " << problem->message << "\n";
  return false;
}

/// Options of MLIR and LLVM that name files to write.
static constexpr llvm::StringLiteral writingOptions[] = {
    "info-output-file",         "log-actions-to",
    "mlir-generate-reproducer", "mlir-pass-pipeline-crash-reproducer",
    "profile-actions-to",       "remarks-output-file"};

static photonic::ToolFiles getFiles(int argc, char **argv,
                                    const std::string &input,
                                    const std::string &output) {
  photonic::ToolFiles files{"photonic-opt", input, output};
  for (llvm::StringRef option :
       {"irdl-file", "load-pass-plugin", "load-dialect-plugin"})
    llvm::append_range(files.reads, photonic::findOption(argc, argv, option));
  for (llvm::StringRef option : writingOptions)
    for (const std::string &path : photonic::findOption(argc, argv, option))
      files.writes.emplace_back(("--" + option).str(), path);
  return files;
}

/// Prints locations unless told not to: the names of ONNX nodes are in them, by
/// which checks, remarks and reports know operations after a round through
/// text.
static void printLocationsByDefault() {
  registerAsmPrinterCLOptions();
  auto &options = llvm::cl::getRegisteredOptions();
  auto option = options.find("mlir-print-debuginfo");
  assert(option != options.end() && "an option of MLIR's printer");
  static_cast<llvm::cl::opt<bool> *>(option->second)->setInitialValue(true);
}

int photonic::optMain(int argc, char **argv, DialectRegistry &registry) {
  return runTool("photonic-opt", [&] {
    printLocationsByDefault();
    auto [input, output] = registerAndParseCLIOptions(
        argc, argv, "compiler passes for photonic accelerators\n", registry);
    MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
    // What does without a file stays with MLIR.
    if (config.shouldShowDialects() || config.shouldListPasses())
      return asMainReturnCode(MlirOptMain(argc, argv, input, output, registry));
    return runOnFiles(getFiles(argc, argv, input, output),
                      [&](std::unique_ptr<llvm::MemoryBuffer> buffer,
                          llvm::raw_ostream &os) -> LogicalResult {
                        if (!isSafe(*buffer))
                          return failure();
                        return MlirOptMain(os, std::move(buffer), registry,
                                           config);
                      });
  });
}
