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

#include <cmath>

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

std::string photonic::getFormatName(const StageOptions &options,
                                    const phx::Target &machine) {
  const auto &format = machine.spec.format();
  std::string group = std::to_string(format.group().value());
  if (options.format.empty())
    return "bfp:" + std::to_string(format.mantissa_bits().value()) + ":" +
           group + ":" + format.rounding().value();
  // The bypass sums in the order of the format that it stands in for.
  return options.format == "fp32" ? "fp32:" + group : options.format;
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

static int64_t toFemtoseconds(double nanoseconds) {
  return std::llround(nanoseconds * 1e6);
}

/// Canonical operations, each once.
static void addCleanup(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createCSEPass());
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

static void addAutodiff(OpPassManager &pm, const TrainingOptions &options) {
  if (options.hasMutableParameters()) {
    nn::ExposeParametersOptions expose;
    expose.freeze = options.freeze;
    expose.learn = options.learn;
    expose.trainable = options.train;
    pm.addNestedPass<func::FuncOp>(nn::createExposeParameters(expose));
    addCleanup(pm);
  }
  if (options.train)
    addTrainingStep(pm, options);
  pm.addNestedPass<func::FuncOp>(nn::createDecompose());
  addCleanup(pm);
}

static void addSplit(OpPassManager &pm, const StageOptions &options,
                     const phx::Target &machine) {
  Arrays arrays = getArrays(machine);
  pm.addNestedPass<func::FuncOp>(phot::createSplitRNS(arrays));
  phot::SelectDataflowOptions select;
  select.cores = arrays.count;
  select.rows = arrays.rows;
  select.columns = arrays.columns;
  // Paid once per pass, like programming.
  select.programFs = toFemtoseconds(arrays.machine->program_ns().value() +
                                    arrays.machine->fill_ns().value());
  select.streamFs = toFemtoseconds(1.0 / arrays.machine->clock_ghz().value());
  select.mode = options.dataflow;
  pm.addNestedPass<func::FuncOp>(phot::createSelectDataflow(select));
}

static void addTile(OpPassManager &pm, const phx::Target &machine) {
  phot::TileArrayOptions tile;
  Arrays arrays = getArrays(machine);
  tile.rows = arrays.rows;
  tile.columns = arrays.columns;
  pm.addNestedPass<func::FuncOp>(phot::createTileArray(tile));
}

static void addSchedule(OpPassManager &pm, const StageOptions &options) {
  pisa::ScheduleOptions schedule;
  schedule.targetName = options.target;
  schedule.overrides.assign(options.overrides.begin(), options.overrides.end());
  schedule.memory = options.memory;
  pm.addPass(pisa::createSchedule(schedule));
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
  if (stage == Stage::Emit)
    pm.addPass(pisa::createVerifyProgram());
}

/// Appends the passes that make the changes of `stage`.
static void addTransformation(OpPassManager &pm, Stage stage,
                              const StageOptions &options,
                              const phx::Target &machine) {
  switch (stage) {
  case Stage::Import:
    // Folding would make one constant of several parameters, so parameters that
    // are to stay ones are exposed before anything is folded.
    if (!options.training.hasMutableParameters())
      addCleanup(pm);
    return;
  case Stage::Autodiff:
    return addAutodiff(pm, options.training);
  case Stage::Lower:
    pm.addNestedPass<func::FuncOp>(phot::createLowerProducts());
    return;
  case Stage::Format: {
    phot::AssignFormatsOptions formats;
    formats.format = getFormatName(options, machine);
    pm.addNestedPass<func::FuncOp>(phot::createAssignFormats(formats));
    return;
  }
  case Stage::Split:
    return addSplit(pm, options, machine);
  case Stage::Tile:
    return addTile(pm, machine);
  case Stage::Schedule:
    return addSchedule(pm, options);
  case Stage::Emit:
    pm.addPass(pisa::createInsertTokens());
    return;
  }
}

void photonic::addStage(OpPassManager &pm, Stage stage,
                        const StageOptions &options,
                        const phx::Target &machine) {
  addTransformation(pm, stage, options, machine);
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
  const StageOptions &stages = request.stages;
  phx::Result<phx::Target> machine =
      loadMachine(stages.target, stages.overrides);
  if (!machine)
    return fail("photonic-pipeline: " + machine.error().message);
  for (Stage stage : allStages)
    if (stage >= request.from && stage <= request.to)
      addStage(pm, stage, stages, *machine);
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
