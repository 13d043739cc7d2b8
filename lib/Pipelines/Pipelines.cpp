//===- Pipelines.cpp - Stages of the compiler -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Pipelines/InsertedPasses.h"
#include "photonic/Pipelines/Options.h"

#include "photonic/Dialect/NN/Transforms/Passes.h"
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;

StringRef photonic::getStageName(Stage stage) {
  switch (stage) {
  case Stage::Import:
    return "import";
  case Stage::Autodiff:
    return "autodiff";
  case Stage::Lower:
    return "lower";
  case Stage::Format:
    return "format";
  case Stage::Split:
    return "split";
  case Stage::Tile:
    return "tile";
  case Stage::Schedule:
    return "schedule";
  case Stage::Emit:
    return "emit";
  }
  llvm_unreachable("all stages are handled");
}

std::optional<Stage> photonic::parseStage(StringRef name) {
  for (Stage stage : allStages)
    if (getStageName(stage) == name)
      return stage;
  return std::nullopt;
}

std::string photonic::listStages() {
  std::string text;
  for (Stage stage : allStages) {
    if (!text.empty())
      text += stage == Stage::Emit ? " or " : ", ";
    text += getStageName(stage).str();
  }
  return text;
}

/// Canonical operations, each once.
static void addCleanup(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createCSEPass());
}

/// The same, and normalisations are folded into products before operations that
/// are equal become one, unless the user declines.
static void addFolding(OpPassManager &pm, const StageOptions &options,
                       bool reportMissed) {
  if (options.foldBatchNorm) {
    nn::FoldBatchNormOptions fold;
    fold.reportMissed = reportMissed;
    pm.addNestedPass<func::FuncOp>(nn::createFoldBatchNorm(fold));
  }
  addCleanup(pm);
}

static void addImport(OpPassManager &pm, const StageOptions &options) {
  // Folding would make one constant of several parameters, so parameters that
  // are to stay ones are exposed before anything is folded.
  if (options.training.hasMutableParameters())
    return;
  // Equal readers of a product may have become one.
  if (options.foldBatchNorm)
    addFolding(pm, options, /*reportMissed=*/false);
  addFolding(pm, options, /*reportMissed=*/true);
}

static void addTrainingStep(OpPassManager &pm, const TrainingOptions &options) {
  // Without either the graph has marked its own loss.
  if (!options.loss.empty() || !options.lossOutput.empty()) {
    nn::AttachLossOptions loss;
    loss.loss = options.loss.empty() ? "output" : options.loss;
    loss.lossOutput = options.lossOutput;
    pm.addNestedPass<func::FuncOp>(nn::createAttachLoss(loss));
  }
  nn::GenerateBackwardOptions backward;
  backward.emitGradients = options.emitGradients;
  backward.recompute.assign(options.recompute.begin(), options.recompute.end());
  pm.addNestedPass<func::FuncOp>(nn::createGenerateBackward(backward));
  if (!options.optimizer.empty()) {
    nn::AttachOptimizerOptions optimizer;
    optimizer.optimizer = options.optimizer;
    pm.addNestedPass<func::FuncOp>(nn::createAttachOptimizer(optimizer));
  }
  pm.addNestedPass<func::FuncOp>(nn::createCompressStash());
}

static void addAutodiff(OpPassManager &pm, const StageOptions &options) {
  const TrainingOptions &training = options.training;
  if (!training.hasMutableParameters()) {
    pm.addNestedPass<func::FuncOp>(nn::createDecompose());
    return addCleanup(pm);
  }
  nn::ExposeParametersOptions expose;
  expose.freeze = training.freeze;
  expose.learn = training.learn;
  expose.trainable = training.train;
  pm.addNestedPass<func::FuncOp>(nn::createExposeParameters(expose));
  addFolding(pm, options, /*reportMissed=*/true);
  if (training.train)
    addTrainingStep(pm, training);
  pm.addNestedPass<func::FuncOp>(nn::createDecompose());
  addFolding(pm, options, /*reportMissed=*/false);
}

static void addSplit(OpPassManager &pm, const StageOptions &options) {
  pm.addNestedPass<func::FuncOp>(phot::createSplitProducts());
  phot::SelectDataflowOptions select;
  select.mode = options.dataflow;
  pm.addNestedPass<func::FuncOp>(phot::createSelectDataflow(select));
  if (options.operandStorage == "converted")
    pm.addNestedPass<func::FuncOp>(phot::createStoreOperands());
}

static void addSchedule(OpPassManager &pm, const StageOptions &options) {
  phot::SetMemoryOptions memory;
  memory.model = options.memory;
  pm.addNestedPass<func::FuncOp>(phot::createSetMemory(memory));
  bool hierarchy = options.memory == "hierarchy";
  if (hierarchy)
    pm.addNestedPass<func::FuncOp>(pisa::createFuseFollowers());
  pm.addNestedPass<func::FuncOp>(pisa::createOrderUpdates());
  if (!hierarchy)
    return;
  pm.addNestedPass<func::FuncOp>(pisa::createChooseChunks());
  pm.addNestedPass<func::FuncOp>(pisa::createPlaceBuffers());
}

void photonic::addVerification(OpPassManager &pm, Stage stage) {
  if (stage >= Stage::Lower && stage <= Stage::Split)
    pm.addNestedPass<func::FuncOp>(phot::createVerifyLower());
  if (stage == Stage::Format || stage == Stage::Split)
    pm.addNestedPass<func::FuncOp>(phot::createVerifyFormat());
  if (stage == Stage::Split)
    pm.addNestedPass<func::FuncOp>(phot::createVerifySplit());
  if (stage == Stage::Tile)
    pm.addNestedPass<func::FuncOp>(phot::createVerifyTile());
  if (stage == Stage::Schedule)
    pm.addNestedPass<func::FuncOp>(pisa::createVerifySchedule());
  if (stage == Stage::Emit)
    pm.addPass(pisa::createVerifyProgram());
}

/// Appends the passes that make the changes of `stage`.
static void addTransformation(OpPassManager &pm, Stage stage,
                              const StageOptions &options) {
  switch (stage) {
  case Stage::Import:
    return addImport(pm, options);
  case Stage::Autodiff:
    return addAutodiff(pm, options);
  case Stage::Lower:
    pm.addNestedPass<func::FuncOp>(phot::createLowerProducts());
    return;
  case Stage::Format: {
    phot::AssignFormatsOptions formats;
    formats.format = options.format;
    pm.addNestedPass<func::FuncOp>(phot::createAssignFormats(formats));
    return;
  }
  case Stage::Split:
    return addSplit(pm, options);
  case Stage::Tile:
    pm.addNestedPass<func::FuncOp>(phot::createTileArray());
    return;
  case Stage::Schedule:
    return addSchedule(pm, options);
  case Stage::Emit:
    pm.addPass(pisa::createEmitProgram());
    pm.addPass(pisa::createInsertTokens());
    return;
  }
}

void photonic::addStage(OpPassManager &pm, Stage stage,
                        const StageOptions &options) {
  addTransformation(pm, stage, options);
  for (const InsertedPasses &passes : options.insertedPasses)
    if (passes.stage == stage)
      addInsertedPasses(pm, passes);
  addVerification(pm, stage);
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  PipelineOptions() {
    for (const photonic::Option<StageOptions> &info : getStageOptions()) {
      llvm::cl::desc doc(info.doc);
      if (info.kind == OptionKind::Flag)
        flags.push_back(std::make_unique<Option<bool>>(
            *this, info.name, llvm::cl::init(false), doc));
      else if (info.kind == OptionKind::Value)
        values.push_back(std::make_unique<Option<std::string>>(
            *this, info.name, llvm::cl::init(info.initial.str()), doc));
      else
        lists.push_back(
            std::make_unique<ListOption<std::string>>(*this, info.name, doc));
    }
  }

  /// Puts what was given into `request`; a message if it makes no sense.
  std::string apply(StageRequest &request) const {
    size_t flag = 0, value = 0, list = 0;
    for (const photonic::Option<StageOptions> &info : getStageOptions()) {
      std::vector<std::string> given;
      bool isGiven = false;
      if (info.kind == OptionKind::Flag) {
        isGiven = *flags[flag++];
      } else if (info.kind == OptionKind::Value) {
        isGiven = values[value]->hasValue();
        given = {values[value++]->getValue()};
      } else {
        isGiven = lists[list]->hasValue();
        given.assign(lists[list]->begin(), lists[list]->end());
        ++list;
      }
      if (!isGiven)
        continue;
      request.given.insert(info.name.str());
      std::string wrong =
          setValues(info, request.stages, given, request.spelling);
      if (!wrong.empty())
        return wrong;
    }
    std::vector<OptionInfo> all(getStageOptions().begin(),
                                getStageOptions().end());
    return checkStageRequest(request, all);
  }

  Option<std::string> from{*this, "from", llvm::cl::init("import"),
                           llvm::cl::desc("first stage (default import)")};
  Option<std::string> to{*this, "to", llvm::cl::init("emit"),
                         llvm::cl::desc("last stage (default emit)")};
  // One per entry of the table, in its order within each kind.
  std::vector<std::unique_ptr<Option<bool>>> flags;
  std::vector<std::unique_ptr<Option<std::string>>> values;
  std::vector<std::unique_ptr<ListOption<std::string>>> lists;
};
} // namespace

using ErrorHandler = llvm::function_ref<LogicalResult(const Twine &)>;

/// Appends the pass that lets the module carry its target. A description that
/// cannot be loaded is wrong whatever the module is.
static LogicalResult addTarget(OpPassManager &pm, const StageRequest &request,
                               ErrorHandler fail) {
  const TargetChoice &choice = request.stages.machine;
  if (choice.target)
    if (auto machine = loadMachine(*choice.target, choice.overrides); !machine)
      return fail("photonic-pipeline: " + Twine(machine.error().message));
  // A program names its target itself.
  if (request.from > Stage::Schedule && !choice.isGiven())
    return success();
  phot::SetTargetOptions options;
  options.target = choice.target.value_or("");
  options.overrides.assign(choice.overrides.begin(), choice.overrides.end());
  pm.addPass(phot::createSetTarget(options));
  return success();
}

/// Appends the stages that `text`, the options in braces, names.
static LogicalResult buildPipeline(OpPassManager &pm, StringRef text,
                                   ErrorHandler fail) {
  PipelineOptions options;
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  if (failed(options.parseFromString(text, stream)))
    return fail("photonic-pipeline: " + Twine(problem));
  std::optional<Stage> from = parseStage(options.from);
  std::optional<Stage> to = parseStage(options.to);
  if (!from || !to)
    return fail("photonic-pipeline: '" + Twine(from ? "to" : "from") +
                "' has to be " + listStages() + ", found '" +
                (from ? options.to : options.from).getValue() + "'");
  StageRequest request;
  request.spelling = Spelling::Pipeline;
  request.from = *from;
  request.to = *to;
  if (std::string wrong = options.apply(request); !wrong.empty())
    return fail("photonic-pipeline: " + Twine(wrong));
  if (failed(addTarget(pm, request, fail)))
    return failure();
  for (Stage stage : allStages)
    if (stage >= request.from && stage <= request.to)
      addStage(pm, stage, request.stages);
  return success();
}

void photonic::registerPipelines() {
  registerPassPipeline(
      "photonic-pipeline",
      "the stages of the compiler, from 'from' to 'to', both included",
      buildPipeline,
      [](llvm::function_ref<void(const mlir::detail::PassOptions &)> visit) {
        visit(PipelineOptions());
      });
}
