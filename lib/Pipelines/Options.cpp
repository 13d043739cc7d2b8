//===- Options.cpp - Options of the stages --------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Pipelines/Options.h"

#include "photonic/Pipelines/InsertedPasses.h"

using namespace photonic;
using llvm::StringRef;

static constexpr StringRef losses[] = {"cross_entropy", "mse"};
static constexpr StringRef dataflows[] = {"auto", "df1", "df2"};
static constexpr StringRef storages[] = {"fp32", "converted"};
static constexpr StringRef memories[] = {"ideal", "hierarchy"};

namespace {
using Owner = StageOptions;

/// Members of StageOptions and TrainingOptions as values of options.
template <auto member> bool put(Owner &owner, StringRef value) {
  owner.*member = value.str();
  return true;
}
template <auto member> bool putTraining(Owner &owner, StringRef value) {
  owner.training.*member = value.str();
  return true;
}
template <auto member> bool turnOn(Owner &owner, StringRef) {
  owner.training.*member = true;
  return true;
}

bool insertPasses(Owner &owner, StringRef value) {
  std::optional<InsertedPasses> passes = parseInsertedPasses(value);
  if (passes)
    owner.insertedPasses.push_back(std::move(*passes));
  return passes.has_value();
}
} // namespace

static const std::string expectedPasses =
    "stage:passes with a stage " + listStages();

static const Option<StageOptions> stageOptions[] = {
    {{.name = "target",
      .placeholder = "name|file",
      .doc = "target description (default: what the IR was made for, else "
             "mirage)"},
     [](Owner &owner, StringRef value) {
       owner.machine.target = value.str();
       return true;
     }},
    {{.name = "set",
      .kind = OptionKind::Many,
      .placeholder = "field=value",
      .doc = "change a field of the target, e.g. core.count=16"},
     [](Owner &owner, StringRef value) {
       owner.machine.overrides.push_back(value.str());
       return true;
     }},
    {{.name = "format",
      .placeholder = "bfp:M:G[:R]|fp32",
      .doc = "number format of products: mantissa bits, group, rounding; fp32 "
             "bypasses conversion (default: the target's)",
      .example = "bfp:4:16",
      .settledBy = Stage::Format},
     put<&Owner::format>},
    {{.name = "dataflow",
      .placeholder = "auto|df1|df2",
      .doc = "stationary operand: weights (df1), activations (df2), or the "
             "faster one per product (auto)",
      .example = "df1",
      .initial = "auto",
      .choices = dataflows,
      .settledBy = Stage::Split},
     put<&Owner::dataflow>},
    {{.name = "operand-storage",
      .placeholder = "fp32|converted",
      .doc = "operands of products in memory: f32 that arrays convert whenever "
             "they read it (default), or converted once where that leaves the "
             "values the same",
      .example = "converted",
      .initial = "fp32",
      .choices = storages,
      .settledBy = Stage::Split},
     put<&Owner::operandStorage>},
    {{.name = "memory",
      .placeholder = "ideal|hierarchy",
      .doc = "memory model: everything on chip (default), or scratchpads in "
             "front of DRAM",
      .example = "hierarchy",
      .initial = "ideal",
      .choices = memories,
      .settledBy = Stage::Schedule},
     put<&Owner::memory>},
    {{.name = "no-fold-batch-norm",
      .kind = OptionKind::Flag,
      .doc = "compute BatchNormalization element by element instead of folding "
             "it into the convolution or linear layer in front of it",
      .settledBy = Stage::Autodiff,
      .settledForInference = Stage::Import},
     [](Owner &owner, StringRef) {
       owner.foldBatchNorm = false;
       return true;
     }},
    {{.name = "train",
      .kind = OptionKind::Flag,
      .doc = "compile a training step: forward, loss, backward, update",
      .settledBy = Stage::Autodiff},
     turnOn<&TrainingOptions::train>},
    {{.name = "loss",
      .placeholder = "cross_entropy|mse",
      .doc = "what training makes small (default: the loss in the model)",
      .example = "cross_entropy",
      .choices = losses,
      .needsTrain = true},
     putTraining<&TrainingOptions::loss>},
    {{.name = "loss-output",
      .placeholder = "name",
      .doc = "output of the model that the loss looks at or, without --loss, "
             "that is the loss (needed if there are several)",
      .example = "scores",
      .needsTrain = true},
     putTraining<&TrainingOptions::lossOutput>},
    {{.name = "optimizer",
      .placeholder = "sgd:...|adam:...|model.onnx",
      .doc = "how parameters change: sgd:lr=0.01,momentum=0.9,"
             "weight_decay=1e-4 or adam:lr=1e-3; for a training model of ONNX "
             "Runtime its optimizer model, as FILE.onnx[:lr=0.001]",
      .example = "sgd:lr=0.01,momentum=0.9",
      .needsTrain = true,
      .settledBy = Stage::Autodiff},
     putTraining<&TrainingOptions::optimizer>},
    {{.name = "freeze",
      .placeholder = "regex",
      .doc = "parameters that training leaves as they are, and "
             "BatchNormalization whose statistics it does",
      .example = "^conv",
      .isRegex = true,
      .needsTrain = true,
      .settledBy = Stage::Autodiff},
     putTraining<&TrainingOptions::freeze>},
    {{.name = "learn",
      .placeholder = "regex",
      .doc = "constants to train beside weights, biases and scales of layers",
      .example = "^position$",
      .isRegex = true,
      .settledBy = Stage::Autodiff},
     putTraining<&TrainingOptions::learn>},
    {{.name = "emit-gradients",
      .kind = OptionKind::Flag,
      .doc = "an output PARAMETER.grad for each trainable parameter",
      .needsTrain = true},
     turnOn<&TrainingOptions::emitGradients>},
    {{.name = "recompute",
      .kind = OptionKind::Names,
      .placeholder = "node,...",
      .doc = "nodes whose results are computed again for the backward pass "
             "instead of kept",
      .needsTrain = true},
     [](Owner &owner, StringRef value) {
       owner.training.recompute.push_back(value.str());
       return true;
     }},
    {{.name = "mutable-parameters",
      .kind = OptionKind::Flag,
      .doc = "compile the forward pass of a network in training: parameters "
             "are regions as in a training step, not constants",
      .settledBy = Stage::Autodiff},
     turnOn<&TrainingOptions::mutableParameters>},
    {{.name = "insert-pass",
      .kind = OptionKind::Many,
      .placeholder = "stage:passes",
      .doc = "run a pipeline of passes behind those of a stage and before its "
             "result is verified, such as split:canonicalize,cse or "
             "tile:func.func(PASS{OPTION=1}); may be repeated",
      .example = "split:canonicalize,cse",
      .expected = expectedPasses},
     insertPasses},
};

llvm::ArrayRef<Option<StageOptions>> photonic::getStageOptions() {
  return stageOptions;
}
