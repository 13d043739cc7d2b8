//===- OptMain.cpp - The tool that runs passes ----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/OptMain.h"

#include "photonic/Support/TextLimits.h"
#include "photonic/Support/ToolMain.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

static int complain(const llvm::Twine &message) {
  llvm::errs() << "photonic-opt: error: " << message << "\n";
  return 1;
}

/// The input, if it is safe to parse; null after a message.
static std::unique_ptr<llvm::MemoryBuffer> readInput(llvm::StringRef name) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(name, &error);
  if (!buffer) {
    complain(error);
    return nullptr;
  }
  if (isBytecode(*buffer))
    return buffer;
  if (auto problem = photonic::findTextProblem(buffer->getBuffer())) {
    llvm::errs() << buffer->getBufferIdentifier() << ":" << problem->line << ":"
                 << problem->column << ": error: " << problem->message << "\n";
    return nullptr;
  }
  return buffer;
}

static int processFile(llvm::StringRef input, llvm::StringRef output,
                       DialectRegistry &registry,
                       const MlirOptMainConfig &config) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readInput(input);
  if (!buffer)
    return 1;
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(output, &error);
  if (!file)
    return complain(error);
  if (failed(MlirOptMain(file->os(), std::move(buffer), registry, config)))
    return 1;
  file->os().flush();
  // Standard output is looked at when the tool ends.
  if (output != "-" && file->os().has_error()) {
    std::string reason = file->os().error().message();
    file->os().clear_error();
    return complain("cannot write '" + output + "': " + reason);
  }
  file->keep();
  return 0;
}

int photonic::optMain(int argc, char **argv, DialectRegistry &registry) {
  return runTool("photonic-opt", [&] {
    auto [input, output] = registerAndParseCLIOptions(
        argc, argv, "compiler passes for photonic accelerators\n", registry);
    MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
    // What does without a file stays with MLIR.
    if (config.shouldShowDialects() || config.shouldListPasses())
      return asMainReturnCode(
          MlirOptMain(argc, argv, input, output, registry));
    return processFile(input, output, registry, config);
  });
}
