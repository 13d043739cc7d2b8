//===- StageCheck.h - Running the stages against each other -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DRIVER_STAGECHECK_H
#define PHOTONIC_DRIVER_STAGECHECK_H

#include "photonic/Driver/Driver.h"
#include "photonic/Interpreter/Tensor.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace photonic {

/// Values of one stage by ONNX node: of each node the last operation's result.
using StageValues = llvm::MapVector<llvm::StringRef, interp::Tensor>;

/// Executes every stage on the same inputs and compares the values node by
/// node. Up to `format`, where FP32 becomes the machine's numbers, it reports
/// the signal-to-quantisation-noise ratio; behind it all stages have to agree
/// bit for bit.
class StageCheck {
public:
  /// Reads the inputs; fails after a diagnostic.
  static mlir::FailureOr<StageCheck> create(const CompileRequest &request,
                                            const phx::Target &machine,
                                            mlir::ModuleOp module);

  /// Executes `module` as it was read, to compare the first stage with.
  mlir::LogicalResult runInput(mlir::ModuleOp module);
  /// Executes `module` as it is after `stage` and compares.
  mlir::LogicalResult run(Stage stage, mlir::ModuleOp module,
                          llvm::raw_ostream &os);
  /// Executes the program file at `path` by `photonic-run --dump-values`.
  mlir::LogicalResult runProgram(llvm::StringRef path, llvm::raw_ostream &os);

private:
  mlir::LogicalResult execute(mlir::ModuleOp module, StageValues &byNode);
  /// Every product has the format that was asked for: a ratio does not tell
  /// four mantissa bits from three.
  mlir::LogicalResult checkFormats(mlir::ModuleOp module);
  /// Executes every operation of stage `format` by itself, on operands of the
  /// stage before: digital operations must not change a bit, and the noise of
  /// one conversion stays below the signal. Noise that adds up along the
  /// network does not matter here.
  mlir::LogicalResult checkConversions(mlir::ModuleOp module);
  /// "stage 'lower'".
  std::string describeReference() const;
  /// The stage changes no number format.
  bool keepsNumbers(llvm::StringRef stage) const;
  mlir::LogicalResult compare(llvm::StringRef stage, StageValues values,
                              bool exact, llvm::raw_ostream &os);
  mlir::LogicalResult compareRatios(llvm::StringRef stage,
                                    const StageValues &values,
                                    llvm::raw_ostream &os);
  mlir::LogicalResult compareBits(llvm::StringRef stage,
                                  const StageValues &values,
                                  llvm::raw_ostream &os);

  mlir::MLIRContext *context = nullptr;
  std::vector<std::string> inputNames;
  std::vector<interp::Tensor> inputs;
  std::string inputFile, runTool;
  StageOptions options;
  std::string format; ///< of products, as photonic-assign-formats takes it
  /// Further names of nodes that one operation stands for, by its first name.
  llvm::StringMap<llvm::SmallVector<llvm::StringRef>> mergedNames;
  /// Results of the operations of @main in the latest stage, in order.
  std::vector<interp::Tensor> results;
  std::string referenceStage; ///< its name, or what was read
  StageValues reference;
};

} // namespace photonic

#endif // PHOTONIC_DRIVER_STAGECHECK_H
