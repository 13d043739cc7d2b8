//===- Driver.h - From a model file to a program file -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DRIVER_DRIVER_H
#define PHOTONIC_DRIVER_DRIVER_H

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Pipelines/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>

namespace photonic {

/// What to compile and how far.
struct CompileRequest {
  std::string input;  ///< .onnx, or .mlir as printed after a stage
  std::string output; ///< .phx, or IR if `to` is not Emit; empty: print IR
  int64_t batch = 0;  ///< 0: as the model says
  /// Other open extents, by name or as INPUT:AXIS.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// All extents of inputs.
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  StageOptions stages;
  Stage from = Stage::Import;
  Stage to = Stage::Emit;
  bool printIR = false;   ///< stop after `to` and print
  std::string checkInput; ///< .npz or .npy: run the stages against each other
  std::string runTool;    ///< photonic-run, for the check of the program
  /// Changes the IR after a stage, before the check sees it (for tests of the
  /// check).
  std::function<void(Stage, mlir::ModuleOp)> afterStage;
  /// Is told what a training step trains, once that is known.
  std::function<void(const nn::TrainingSummary &)> onTraining;
};

/// True if `optimizer` is the file of an optimizer model, FILE.onnx[:lr=X],
/// and not an optimizer by name.
bool isOptimizerModel(llvm::StringRef optimizer);

/// Registers the dialects and interfaces that the compiler needs.
void registerCompilerDialects(mlir::DialectRegistry &registry);

/// Compiles. Problems are emitted as diagnostics of `context`; on failure no
/// file is left behind. With `checkInput`, tables go to `os`.
mlir::LogicalResult compile(const CompileRequest &request,
                            mlir::MLIRContext &context, llvm::raw_ostream &os);

/// Writes diagnostics as `program: error: text`, with the ONNX node or file
/// position in front of the text. Lives as long as it is to be used.
class DiagnosticPrinter {
public:
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
