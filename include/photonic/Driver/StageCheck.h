//===- StageCheck.h - Running the stages against each other -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DRIVER_STAGECHECK_H
#define PHOTONIC_DRIVER_STAGECHECK_H

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Driver/Driver.h"
#include "photonic/Interpreter/Tensor.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace photonic {

class StageInputs;
class TemporaryDirectory;
struct Difference;

/// What a value belongs to: an ONNX node in one phase of a training step.
using ValueKey = std::pair<llvm::StringRef, unsigned>;

/// What one stage computes.
struct StageValues {
  /// By node and phase the results of its operations, in order.
  llvm::MapVector<ValueKey, llvm::SmallVector<interp::Tensor>> nodes;
  /// What @main returns, by name.
  llvm::MapVector<llvm::StringRef, interp::Tensor> outputs;
  /// What parameters and state are afterwards, by name.
  llvm::MapVector<llvm::StringRef, interp::Tensor> updates;
};

/// Executes every stage on the same inputs, parameters and state, and compares
/// outputs and what the state is afterwards; these decide. Up to `format`, where
/// FP32 becomes the machine's numbers, it reports the
/// signal-to-quantisation-noise ratio; behind it all stages have to agree bit
/// for bit. Values of nodes say where something went wrong; IR without node
/// names has none.
class StageCheck {
public:
  /// Reads the inputs; fails after a diagnostic.
  static mlir::FailureOr<StageCheck> create(const CompileRequest &request,
                                            mlir::ModuleOp module);
  StageCheck(StageCheck &&);
  StageCheck &operator=(StageCheck &&);
  ~StageCheck();

  /// Executes `module` as it was read, to compare the first stage with.
  mlir::LogicalResult runInput(mlir::ModuleOp module);
  /// Executes `module` as it is after `stage` and compares.
  mlir::LogicalResult run(Stage stage, mlir::ModuleOp module,
                          llvm::raw_ostream &os);
  /// The file in which runProgram() expects the program.
  static constexpr llvm::StringLiteral programFile = "program.phx";
  /// Executes the program in `files` by `photonic-run --dump-values`.
  mlir::LogicalResult runProgram(const TemporaryDirectory &files,
                                 llvm::raw_ostream &os);

  /// How many stages were compared with the one before.
  unsigned getNumComparisons() const { return numComparisons; }

private:
  StageCheck();

  mlir::LogicalResult execute(mlir::ModuleOp module, StageValues &values);
  llvm::StringRef internName(const std::string &name) const;
  /// Notes the results of an operation of @main.
  void record(mlir::Operation *op, llvm::ArrayRef<interp::Value> values,
              StageValues &stage);
  /// Every product has the format that was asked for: a ratio does not tell
  /// four mantissa bits from three.
  mlir::LogicalResult checkFormats(mlir::ModuleOp module);
  /// Executes every operation of stage `format` by itself, on operands of the
  /// stage before: digital operations must not change a bit, and the noise of
  /// one conversion stays below the signal. Noise that adds up along the
  /// network does not matter here.
  mlir::LogicalResult checkConversions(mlir::ModuleOp module);
  mlir::LogicalResult
  checkConversion(mlir::Operation &op,
                  llvm::DenseMap<mlir::Value, interp::Value> &values,
                  llvm::ArrayRef<interp::Tensor> expected);

  // StageCompare.cpp

  /// "stage 'lower'".
  std::string describeReference() const;
  /// The stage changes no number format.
  bool keepsNumbers(llvm::StringRef stage) const;
  /// The stage computes each value by as many operations as the one before.
  bool keepsOperations(llvm::StringRef stage) const;
  /// A value that another stage computed differently.
  struct Finding {
    llvm::StringRef node; ///< empty for outputs and updates
    std::string text;
  };
  mlir::LogicalResult compare(llvm::StringRef stage, StageValues values,
                              bool exact, llvm::raw_ostream &os);
  mlir::LogicalResult compareRatios(llvm::StringRef stage,
                                    const StageValues &values,
                                    llvm::raw_ostream &os);
  mlir::LogicalResult compareBits(llvm::StringRef stage,
                                  const StageValues &values,
                                  llvm::raw_ostream &os);
  /// Fails if a result is wrong, at the first node that differs. Nodes that
  /// differ where all results are right are listed on `os`.
  mlir::LogicalResult judge(llvm::StringRef stage,
                            llvm::ArrayRef<Finding> nodes,
                            llvm::ArrayRef<Finding> results,
                            llvm::raw_ostream &os);
  std::optional<std::string>
  describeNodeRatio(llvm::StringRef stage, ValueKey key,
                    llvm::ArrayRef<interp::Tensor> actual,
                    llvm::raw_ostream &os) const;
  /// Outputs and updates that are missing or too far away; prints the ratios
  /// of the other outputs.
  std::vector<Finding> findWrongRatios(llvm::StringRef stage,
                                       const StageValues &values,
                                       llvm::raw_ostream &os) const;
  /// Nodes that are not bit-equal; counts those that are.
  std::vector<Finding> findWrongNodeBits(llvm::StringRef stage,
                                         const StageValues &values,
                                         size_t &equal) const;
  std::vector<Finding> findWrongBits(llvm::StringRef stage,
                                     const StageValues &values) const;
  /// What is wrong, if anything; `what` follows the name of the reference.
  std::optional<std::string> describeBits(llvm::StringRef stage,
                                          const std::string &what,
                                          const interp::Tensor &expected,
                                          const interp::Tensor &actual) const;
  std::string describeRatio(llvm::StringRef stage, const std::string &what,
                            const Difference &difference) const;
  std::string describeShape(llvm::StringRef stage,
                            const std::string &what) const;
  std::string describeMissingOutput(llvm::StringRef stage,
                                    llvm::StringRef name) const;
  std::string describeMissingUpdate(llvm::StringRef stage,
                                    llvm::StringRef name) const;

  // StageProgram.cpp

  /// Arguments of photonic-run for the program in `directory`.
  std::vector<std::string> makeCommand(llvm::StringRef tool,
                                       llvm::StringRef directory) const;
  /// What photonic-run left in a directory.
  mlir::FailureOr<StageValues>
  readProgramValues(llvm::StringRef directory) const;
  mlir::LogicalResult readProgramNodes(llvm::StringRef directory,
                                       StageValues &values) const;
  mlir::FailureOr<std::optional<interp::Tensor>>
  readValue(const std::string &path) const;

  mlir::MLIRContext *context = nullptr;
  std::unique_ptr<StageInputs> inputs;
  std::string runTool;
  const phx::Target *machine = nullptr; ///< what the module carries
  std::string format; ///< of products, as photonic-assign-formats takes it
  /// Further names of nodes that one operation stands for, by its first name.
  llvm::StringMap<llvm::SmallVector<llvm::StringRef>> mergedNames;
  /// Results of the operations of @main in the latest stage, in order.
  std::vector<llvm::SmallVector<interp::Tensor>> results;
  std::string referenceStage; ///< its name, or what was read
  StageValues reference;
  unsigned numComparisons = 0;
};

} // namespace photonic

#endif // PHOTONIC_DRIVER_STAGECHECK_H
