//===- photonic-translate.cpp - Between files of other formats and IR -----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "photonic/Import/ONNX/ImportONNX.h"
#include "photonic/Support/ToolMain.h"
#include "photonic/Target/PHX/PHX.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

/// Lets the translation write to a file beside the one that `-o` names, because
/// a failing translation deletes its output: a good file may have been there.
static std::string redirectOutput(llvm::SmallVectorImpl<char *> &arguments,
                                  std::string &storage) {
  for (size_t i = 1; i + 1 < arguments.size(); ++i) {
    if (llvm::StringRef(arguments[i]) != "-o")
      continue;
    std::string output = arguments[i + 1];
    bool special = llvm::sys::fs::exists(output) &&
                   !llvm::sys::fs::is_regular_file(output);
    if (output == "-" || special)
      return {};
    storage =
        output + ".tmp" + std::to_string(llvm::sys::Process::getProcessId());
    arguments[i + 1] = storage.data();
    return output;
  }
  return {};
}

static int translate(int argc, char **argv) {
  photonic::registerImportONNXTranslation();
  photonic::registerPHXTranslations();
  if (argc < 2) {
    llvm::errs() << "photonic-translate: error: expected a translation and a "
                    "file: photonic-translate --disassemble MODEL.phx; "
                    "photonic-translate --help lists all\n";
    return 1;
  }
  llvm::SmallVector<char *> arguments(argv, argv + argc);
  std::string temporary;
  std::string output = redirectOutput(arguments, temporary);
  if (mlir::failed(mlir::mlirTranslateMain(
          argc, arguments.data(),
          "translation between files and photonic IR\n")))
    return 1;
  if (output.empty())
    return 0;
  if (std::error_code error = llvm::sys::fs::rename(temporary, output)) {
    llvm::errs() << "photonic-translate: error: cannot write '" << output
                 << "': " << error.message() << "\n";
    return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  return photonic::runTool("photonic-translate",
                           [&] { return translate(argc, argv); });
}
