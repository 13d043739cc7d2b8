//===- Pipelines.h - Stages of the compiler -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PIPELINES_PIPELINES_H
#define PHOTONIC_PIPELINES_PIPELINES_H

#include "photonic/Target/Machine/Machine.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>
#include <vector>

namespace photonic {

/// The stages, in order. After each the IR is verified and can be printed,
/// executed, and read back to continue there.
enum class Stage {
  Import,   ///< nn, canonical: aliases resolved, BatchNormalization folded
  Autodiff, ///< a training step, if asked for; no composite operation left
  Lower,    ///< convolutions and linear layers are photonic.product
  Format,   ///< FP32 becomes the machine's numbers
  Split,    ///< what arrays compute; the operand of each product that stays
  Tile,     ///< passes of one array
  Schedule, ///< the order; what is computed on chip together, in which chunks
  Emit,     ///< pisa with tokens, proved free of races
};
inline constexpr Stage allStages[] = {
    Stage::Import, Stage::Autodiff, Stage::Lower,    Stage::Format,
    Stage::Split,  Stage::Tile,     Stage::Schedule, Stage::Emit};

/// "import", "autodiff", ...
llvm::StringRef getStageName(Stage stage);
std::optional<Stage> parseStage(llvm::StringRef name);
/// "import, autodiff, ... or emit", for messages.
std::string listStages();

/// What the program is to do beside a forward pass.
struct TrainingOptions {
  /// One training step: forward, loss, backward, update.
  bool train = false;
  /// The forward pass, with parameters in mutable regions as a training step
  /// has them.
  bool mutableParameters = false;
  std::string loss; ///< cross_entropy or mse; empty: the graph has one
  /// Output that the loss looks at; without a loss, that is the loss.
  std::string lossOutput;
  std::string optimizer; ///< sgd:... or adam:...; empty: nothing is updated
  std::string freeze;    ///< regular expression of parameters that stay
  std::string learn;     ///< regular expression of further constants to train
  bool emitGradients = false; ///< an output PARAMETER.grad for each gradient
  /// Nodes whose results the backward pass computes again.
  std::vector<std::string> recompute;

  bool hasMutableParameters() const { return train || mutableParameters; }
};

/// Passes that a user puts behind those of a stage (InsertedPasses.h).
struct InsertedPasses {
  Stage stage = Stage::Import;
  std::string pipeline; ///< as text, to run on the module: "canonicalize,cse"
};

/// What the stages need to know beside the IR.
struct StageOptions {
  TargetChoice machine; ///< what the module carries, or is to carry
  /// bfp:MANTISSA:GROUP[:ROUNDING] or fp32; empty: the target's own format.
  std::string format;
  std::string dataflow = "auto";       ///< auto, df1 or df2
  std::string operandStorage = "fp32"; ///< fp32 or converted
  std::string memory = "ideal";        ///< ideal or hierarchy
  /// BatchNormalization with constant parameters becomes part of the product in
  /// front of it.
  bool foldBatchNorm = true;
  TrainingOptions training;
  /// In the order in which those of one stage run.
  std::vector<InsertedPasses> insertedPasses;
};

/// Appends the passes of `stage`, those that `options` insert into it, and its
/// verification; the module has to carry its target.
void addStage(mlir::OpPassManager &pm, Stage stage,
              const StageOptions &options);

/// Appends the read-only passes that fail on IR which `stage` cannot have left.
void addVerification(mlir::OpPassManager &pm, Stage stage);

/// The stages after which IR may stand, both included: without layers and
/// composite operations there is nothing for some stages to change.
struct StageRange {
  Stage first = Stage::Import, last = Stage::Emit;
  /// The operations that decide about `first` and `last`.
  mlir::Operation *firstCause = nullptr, *lastCause = nullptr;

  /// "'photonic.product'", or what else shows that `cause` decides.
  static std::string describe(mlir::Operation *cause);

  bool contains(Stage stage) const { return first <= stage && stage <= last; }
  /// "stage 'lower'" or "stage 'import' to 'tile'".
  std::string describe() const;
};

/// After which stages `module` may stand, judged by its operations. Fails after
/// a diagnostic if some of them belong to other stages than others.
mlir::FailureOr<StageRange> detectStage(mlir::ModuleOp module);

/// Registers `photonic-pipeline{from=... to=... target=...}`.
void registerPipelines();

} // namespace photonic

#endif // PHOTONIC_PIPELINES_PIPELINES_H
