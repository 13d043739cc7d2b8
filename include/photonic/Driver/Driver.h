//===- Driver.h - From a model file to a program file -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DRIVER_DRIVER_H
#define PHOTONIC_DRIVER_DRIVER_H

#include "photonic/Driver/Request.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>

namespace photonic {

/// Registers the dialects and interfaces that the compiler needs.
void registerCompilerDialects(mlir::DialectRegistry &registry);

/// Registers the passes and pipelines that --insert-pass may name; a second
/// call does nothing. Not while another thread parses a pipeline.
void registerCompilerPasses();

/// Compiles. Problems are emitted as diagnostics of `context`; on failure no
/// file is left behind. With `checkInput`, tables go to `os`.
mlir::LogicalResult compile(const CompileRequest &request,
                            mlir::MLIRContext &context, llvm::raw_ostream &os);

/// What the IR in the file at `path` consists of, as JSON: "stages", the ones
/// after which it may stand ("" if its operations are of several), and
/// "operations", each with its "kind", ONNX "node" ("" if it has none), "phase"
/// of a training step, "type" and "attributes" as text; of large constants a
/// checksum, and without numbers of layers, tokens and instructions, which
/// shift with each one that is put in front. Fails after a diagnostic.
mlir::FailureOr<std::string> summarizeIR(const std::string &path,
                                         mlir::MLIRContext &context);

/// Tells diagnostics, with the ONNX node or file position in front of the text.
/// Lives as long as it is to be used.
class DiagnosticPrinter {
public:
  /// Hears "error", "warning", "remark" or "note" and the text. Notes follow
  /// what they belong to.
  using Listener =
      std::function<void(llvm::StringRef severity, const std::string &text)>;
  DiagnosticPrinter(mlir::MLIRContext &context, Listener listener);
  /// Writes them to `os` as `program: error: text`.
  DiagnosticPrinter(mlir::MLIRContext &context, llvm::StringRef program,
                    llvm::raw_ostream &os);
  ~DiagnosticPrinter();

private:
  mlir::MLIRContext &context;
  uint64_t handler;
};

/// The entry of the command line tool.
int compileMain(int argc, char **argv);

} // namespace photonic

#endif // PHOTONIC_DRIVER_DRIVER_H
