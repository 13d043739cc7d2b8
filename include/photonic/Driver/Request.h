//===- Request.h - What to compile, and if that makes sense -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one request that the command line, C++ and Python make, and its one
// check. Whoever makes it sets options by name, so that a new option is an
// entry of a table and its use.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DRIVER_REQUEST_H
#define PHOTONIC_DRIVER_REQUEST_H

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Pipelines/Options.h"

#include <functional>

namespace photonic {

/// What to compile and how far.
struct CompileRequest : StageRequest {
  std::string input;  ///< .onnx, or .mlir as printed after a stage
  std::string output; ///< .phx, or IR if `to` is not Emit; empty: print IR
  int64_t batch = 0;  ///< 0: as the model says
  /// Other open extents, by name or as INPUT:AXIS.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// All extents of inputs.
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  bool printIR = false;   ///< stop after `to` and print
  std::string checkInput; ///< .npz or .npy: run the stages against each other
  std::string runTool;    ///< photonic-run, for the check of the program
  /// Libraries that the caller has loaded passes from: files that are read.
  std::vector<std::string> plugins;
  /// Changes the IR after a stage, before the check sees it (for tests of the
  /// check).
  std::function<void(Stage, mlir::ModuleOp)> afterStage;
  /// Is told the target that the module carries, if it carries one.
  std::function<void(const phx::Target &)> onTarget;
  /// Is told what a training step trains, once that is known.
  std::function<void(const nn::TrainingSummary &)> onTraining;
};

/// All options, in the order in which a user reads of them.
std::vector<OptionInfo> getOptions();

/// Sets the option called `name`, one of getOptions(); flags take no value.
/// Messages are in the request's spelling.
/// Returns a message if a value is not what the option takes, else an empty
/// string.
std::string setOption(CompileRequest &request, llvm::StringRef name,
                      llvm::ArrayRef<std::string> values);

/// A message if the options that were set do not go together; else empty.
std::string checkRequest(const CompileRequest &request);

/// The files that the request names to be read, the target aside.
std::vector<std::string> listFilesRead(const CompileRequest &request);

} // namespace photonic

#endif // PHOTONIC_DRIVER_REQUEST_H
