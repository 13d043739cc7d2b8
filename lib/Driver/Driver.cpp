//===- Driver.cpp - From a model file to a program file -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Driver.h"

#include "InputTarget.h"
#include "ReadIR.h"

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Driver/StageCheck.h"
#include "photonic/Import/ONNX/ImportONNX.h"
#include "photonic/InitAllDialects.h"
#include "photonic/InitAllPasses.h"
#include "photonic/Support/TemporaryDirectory.h"
#include "photonic/Target/Machine/Machine.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/ProgramFile.h"
#include "phx/support/FileSystem.h"
#include "phx/support/OutputGuard.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace photonic;

void photonic::registerCompilerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
}

void photonic::registerCompilerPasses() {
  static const bool once = (registerAllPasses(), true);
  (void)once;
}

//===----------------------------------------------------------------------===//
// Input and output
//===----------------------------------------------------------------------===//

/// The input, for what is wrong with the whole of it. IR says of itself that it
/// lies in the model that it was made from.
static Location getInputLocation(const CompileRequest &request,
                                 MLIRContext *context) {
  return FileLineColLoc::get(context, request.input, 0, 0);
}

static FailureOr<ImportOptions> getImportOptions(const CompileRequest &request,
                                                 MLIRContext &context) {
  const TrainingOptions &training = request.stages.training;
  ImportOptions options;
  options.batch = request.batch;
  options.dims = request.dims;
  options.shapes = request.shapes;
  options.freeze = training.freeze;
  options.spelling = request.spelling;
  if (training.train)
    options.mode = ImportMode::Training;
  else if (training.mutableParameters)
    options.mode = ImportMode::Evaluation;
  auto [file, rate] = splitOptimizerModel(training.optimizer);
  options.optimizerModel = file.str();
  double number = 0;
  if (file.empty() || !StringRef(training.optimizer).contains(":lr="))
    return options;
  if (rate.getAsDouble(number) || !std::isfinite(float(number)) ||
      !(float(number) > 0)) {
    emitError(UnknownLoc::get(&context))
        << "the optimizer has to be FILE.onnx[:lr=X] with a binary32 number X "
           "above 0, found '"
        << training.optimizer << "'";
    return failure();
  }
  options.learningRate = float(number);
  return options;
}

static bool isIR(StringRef file) {
  StringRef extension = llvm::sys::path::extension(file);
  return extension == ".mlir" || extension == ".mlirbc";
}

static OwningOpRef<ModuleOp> readInput(const CompileRequest &request,
                                       MLIRContext &context) {
  if (!isIR(request.input)) {
    if (request.from != Stage::Import) {
      auto stage = static_cast<Stage>(int(request.from) - 1);
      emitError(getInputLocation(request, &context))
          << "is read as a model, as its name does not end in .mlir or "
             ".mlirbc, but "
          << spell(request.spelling, "compile-from", getStageName(stage))
          << " goes on from IR; leave that out";
      return {};
    }
    FailureOr<ImportOptions> options = getImportOptions(request, context);
    if (failed(options))
      return {};
    return importONNXFile(request.input, *options, context);
  }
  return readIR(request.input, context);
}

/// Imported IR is made for what it is imported for: inference folds away what
/// training needs.
static LogicalResult checkImportMode(const CompileRequest &request,
                                     ModuleOp module) {
  const TrainingOptions &training = request.stages.training;
  auto mode = module->getAttrOfType<StringAttr>(nn::modeAttrName);
  if (!mode || !training.hasMutableParameters() ||
      request.from > Stage::Autodiff)
    return success();
  StringRef wanted = getImportModeName(training.train ? ImportMode::Training
                                                      : ImportMode::Evaluation);
  StringRef option = training.train ? "train" : "mutable-parameters";
  Location loc = getInputLocation(request, module.getContext());
  if (mode.getValue() != wanted)
    return emitError(loc) << "the IR was imported for " << mode.getValue()
                          << ", and " << spell(request.spelling, option)
                          << " needs one imported for " << wanted
                          << "; import the model with photonic-compile --"
                          << option << " --compile-to=import";
  auto freeze = module->getAttrOfType<StringAttr>(nn::freezeAttrName);
  StringRef kept = freeze ? freeze.getValue() : StringRef();
  if (training.train && kept != training.freeze)
    return emitError(loc) << "the IR was imported with "
                          << spell(request.spelling, "freeze") << " '" << kept
                          << "', and now it is '" << training.freeze
                          << "'; give the same one, or import the model again";
  return success();
}

/// IR is what the stage before the first one leaves, as --compile-from says.
static LogicalResult checkStage(const CompileRequest &request,
                                ModuleOp module) {
  Location loc = getInputLocation(request, module.getContext());
  auto give = [&](Stage stage) {
    return spell(request.spelling, "compile-from", getStageName(stage));
  };
  if (!module.lookupSymbol<func::FuncOp>("main") &&
      module.getOps<pisa::ProgramOp>().empty())
    return emitError(loc)
           << "holds nothing to compile: expected a function @main, or a "
              "pisa.program behind stage 'schedule'";
  FailureOr<StageRange> found = detectStage(module);
  if (failed(found))
    return failure();
  bool fromModel = request.from == Stage::Import;
  Stage expected =
      fromModel ? Stage::Import : static_cast<Stage>(int(request.from) - 1);
  if (!found->contains(expected)) {
    InFlightDiagnostic diagnostic = emitError(loc);
    diagnostic << "is IR after " << found->describe() << ", as its "
               << StageRange::describe(expected < found->first
                                           ? found->firstCause
                                           : found->lastCause)
               << " shows; "
               << (fromModel
                       ? "without " + spell(request.spelling, "compile-from")
                       : "with " + give(expected))
               << " it has to be "
               << (fromModel ? "a model"
                             : "IR after stage '" +
                                   getStageName(expected).str() + "'");
    if (found->last == Stage::Emit && found->first == Stage::Emit)
      return diagnostic << ": encode it with photonic-translate --assemble";
    return diagnostic << ": give " << give(found->last);
  }
  return success();
}

/// IR keeps what the stage promises that left it, for the target that it has.
static LogicalResult verifyStage(const CompileRequest &request,
                                 ModuleOp module) {
  if (request.from == Stage::Import)
    return success();
  PassManager pm(module.getContext());
  addVerification(pm, static_cast<Stage>(int(request.from) - 1));
  return pm.run(module);
}

/// A network that block floating point has trained fits that format: truncation
/// shrinks operands, and its weights make up for it.
static void warnAboutFormat(const CompileRequest &request, ModuleOp module) {
  auto trained = module->getAttrOfType<StringAttr>(nn::trainedFormatAttrName);
  if (!trained || request.stages.training.train ||
      request.from > Stage::Format || request.to < Stage::Format)
    return;
  FailureOr<const phx::Target *> machine = getTarget(module);
  if (failed(machine))
    return;
  auto normalise = [](StringRef name) {
    bool isPlain = name.starts_with("bfp:") && name.count(':') == 2;
    return name.str() + (isPlain ? ":trunc" : "");
  };
  std::string now = normalise(getFormatName(request.stages.format, **machine));
  if (trained.getValue().starts_with("bfp:") &&
      normalise(trained.getValue()) != now)
    emitWarning(module.getLoc())
        << "the network was trained with products in " << trained.getValue()
        << " and is compiled for " << now
        << ", in which it may be far less accurate; give "
        << spell(request.spelling, "format", trained.getValue())
        << " to keep its own";
}

/// True if `op` divides by, or multiplies with the reciprocal of, the root of a
/// mean: LayerNormalization and its kin as sequences of operations.
static bool dividesByRoot(Operation *op) {
  if (!isa<nn::DivOp, nn::MulOp>(op))
    return false;
  auto root = op->getOperand(1).getDefiningOp<nn::SqrtOp>();
  SmallVector<Value> open;
  if (root)
    open.push_back(root.getInput());
  // From the root back over sums with an epsilon and the like.
  for (unsigned visited = 0; !open.empty() && visited < 8; ++visited) {
    Operation *producer = open.pop_back_val().getDefiningOp();
    if (isa_and_nonnull<nn::ReduceMeanOp>(producer))
      return true;
    if (isa_and_nonnull<nn::AddOp, nn::MaxOp, nn::MulOp, nn::DivOp,
                        nn::ReshapeOp, nn::ReduceSumOp>(producer))
      llvm::append_range(open, producer->getOperands());
  }
  return false;
}

/// Truncation shrinks every operand, gradients from layer to layer too; without
/// a normalisation that brings values back to one size, training tends to stall
/// or to diverge.
static void warnAboutTruncation(const CompileRequest &request,
                                ModuleOp module) {
  if (!request.stages.training.train || request.from > Stage::Autodiff ||
      request.to < Stage::Format)
    return;
  FailureOr<const phx::Target *> machine = getTarget(module);
  if (failed(machine))
    return;
  std::string name = getFormatName(request.stages.format, **machine);
  StringRef rounding = StringRef(name).rsplit(':').second;
  bool truncates = StringRef(name).starts_with("bfp:") &&
                   (rounding == "trunc" || StringRef(name).count(':') == 2);
  if (!truncates)
    return;
  SmallVector<Operation *> products;
  bool normalises = false;
  module.walk([&](Operation *op) {
    if (isa<nn::Conv2dOp, nn::LinearOp>(op))
      products.push_back(op);
    normalises |= isa<nn::BatchNormTrainOp>(op) || dividesByRoot(op);
  });
  // The gradient of a single product passes no other one.
  if (normalises || products.size() < 2)
    return;
  StringRef plain = StringRef(name);
  plain.consume_back(":trunc");
  emitWarning(products.front()->getLoc())
      << "products and their gradients are truncated (" << plain
      << ":trunc), and no normalisation keeps their size: from here to the "
         "loss, "
      << products.size()
      << " products make gradients smaller than they are, and such networks "
         "often do not learn, or their loss rises; train with "
      << spell(request.spelling, "format", plain.str() + ":nearest")
      << " or :stochastic, with more mantissa bits or shorter groups, "
         "or put BatchNormalization behind the products, and standardise the "
         "inputs (docs/guides/my-network-does-not-learn.md)";
}

/// A loss in the model and one that is asked for would be added.
static LogicalResult checkLosses(const CompileRequest &request,
                                 ModuleOp module) {
  const TrainingOptions &training = request.stages.training;
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function || !training.train || request.from > Stage::Autodiff)
    return success();
  SmallVector<StringRef> names;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (function.getResultAttr(i, nn::lossAttrName))
      names.push_back(nn::getResultName(function, i));
  bool given = !training.loss.empty() || !training.lossOutput.empty();
  if (!names.empty() && given)
    return emitError(function.getLoc())
           << "the model has a loss of its own, output '" << names.front()
           << "', so that " << spell(request.spelling, "loss") << " or "
           << spell(request.spelling, "loss-output")
           << " would add a second one; leave it out, or remove the loss from "
              "the model";
  if (names.empty() && !given)
    return emitError(function.getLoc())
           << "the model has no loss: no output of one element is the result "
              "of SoftmaxCrossEntropyLoss or NegativeLogLikelihoodLoss; give "
           << spell(request.spelling, "loss", "cross_entropy") << " or "
           << spell(request.spelling, "loss", "mse")
           << ", or name the output that is the loss with "
           << spell(request.spelling, "loss-output");
  return success();
}

/// Prints the IR with node names; to a terminal without the bytes of weights.
static LogicalResult writeIR(const CompileRequest &request, ModuleOp module,
                             llvm::raw_ostream &os) {
  OpPrintingFlags flags;
  flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  if (request.output.empty()) {
    flags.elideLargeElementsAttrs(16).elideLargeResourceString(64);
    module.print(os, flags);
    os << "\n";
    return success();
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, flags);
  stream << "\n";
  if (phx::Status written = phx::writeFileAtomically(request.output, text);
      !written)
    return module.emitError(written.error().message);
  return success();
}

static LogicalResult writeProgramFile(const phx::Program &program,
                                      ModuleOp module, StringRef path) {
  if (phx::Status written = phx::writeProgram(program, path.str()); !written) {
    mlir::emitError(UnknownLoc::get(module.getContext()),
                    written.error().message);
    return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

static void announceTraining(const CompileRequest &request, ModuleOp module) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (request.onTraining && function)
    request.onTraining(nn::summarizeTraining(function));
}

using ProgramPtr = std::shared_ptr<const phx::Program>;

/// Runs one stage; the last one leaves its program.
static FailureOr<ProgramPtr> runStage(const CompileRequest &request,
                                      Stage stage, ModuleOp module) {
  ProgramPtr program;
  PassManager pm(module.getContext());
  addStage(pm, stage, request.stages);
  if (stage == Stage::Emit)
    pm.addPass(pisa::createTakeProgram(
        [&](ProgramPtr finished) { program = std::move(finished); }));
  if (failed(pm.run(module)))
    return failure();
  if (!request.afterStage)
    return program;
  request.afterStage(stage, module);
  // What was changed is in the IR alone.
  pisa::ProgramOp op = program ? getOnlyProgram(module) : pisa::ProgramOp();
  if (!op)
    return ProgramPtr();
  FailureOr<phx::Program> changed = exportProgram(op);
  if (failed(changed))
    return failure();
  return ProgramPtr(std::make_shared<phx::Program>(std::move(*changed)));
}

/// Runs the stages from request.from to request.to, each checked if asked for.
/// Returns the program if the last one is among them.
static FailureOr<ProgramPtr> runStages(const CompileRequest &request,
                                       ModuleOp module, StageCheck *check,
                                       llvm::raw_ostream &os) {
  ProgramPtr program;
  for (Stage stage : allStages) {
    if (stage < request.from || stage > request.to)
      continue;
    FailureOr<ProgramPtr> left = runStage(request, stage, module);
    if (failed(left))
      return failure();
    program = *left;
    if (stage == Stage::Autodiff && request.stages.training.train)
      announceTraining(request, module);
    if (check && stage <= Stage::Schedule &&
        failed(check->run(stage, module, os)))
      return failure();
  }
  return program;
}

/// Executes the finished program in a temporary directory against the other
/// stages.
static LogicalResult checkProgram(const phx::Program &program, ModuleOp module,
                                  StageCheck &check, llvm::raw_ostream &os) {
  auto files = TemporaryDirectory::create("photonic-check");
  if (!files)
    return module.emitError("cannot create a temporary directory: ")
           << files.getError().message();
  if (failed(writeProgramFile(program, module,
                              (*files)->getFile(StageCheck::programFile))))
    return failure();
  return check.runProgram(**files, os);
}

static LogicalResult check(const phx::Status &status, MLIRContext &context) {
  return status.ok()
             ? success()
             : emitError(UnknownLoc::get(&context), status.error().message);
}

/// That the output can be written and is none of the files that the request
/// names. Others, such as external data, the guard sees being opened.
static LogicalResult checkFiles(const CompileRequest &request,
                                phx::OutputGuard &guard, MLIRContext &context) {
  if (request.output.empty())
    return success();
  for (const std::string &file : listFilesRead(request))
    guard.addRead(file);
  guard.addWrite("-o", request.output);
  if (failed(check(guard.check(), context)))
    return failure();
  return check(phx::checkWritable(request.output), context);
}

/// The IR to start from, found to be such, with its target.
static OwningOpRef<ModuleOp> prepareInput(const CompileRequest &request,
                                          phx::OutputGuard &guard,
                                          MLIRContext &context,
                                          std::string &priceWarning) {
  // A target that cannot be loaded is wrong whatever the input is.
  TargetChoice choice = request.stages.machine;
  if ((choice.target || !isIR(request.input)) &&
      failed(check(loadChoice(choice), context)))
    return {};
  OwningOpRef<ModuleOp> module = readInput(request, context);
  // The model may have named further files, and the target is one.
  if (!module || failed(checkStage(request, *module)) ||
      failed(settleTarget(request, choice, *module,
                          getInputLocation(request, &context), priceWarning)) ||
      failed(verifyStage(request, *module)) ||
      failed(check(guard.check(), context)) ||
      failed(checkImportMode(request, *module)) ||
      failed(checkLosses(request, *module)))
    return {};
  if (request.onTarget && hasTarget(*module))
    request.onTarget(**getTarget(*module));
  warnAboutFormat(request, *module);
  warnAboutTruncation(request, *module);
  return module;
}

LogicalResult photonic::compile(const CompileRequest &request,
                                MLIRContext &context, llvm::raw_ostream &os) {
  phx::OutputGuard guard;
  if (failed(checkFiles(request, guard, context)))
    return failure();
  std::string priceWarning;
  OwningOpRef<ModuleOp> module =
      prepareInput(request, guard, context, priceWarning);
  if (!module)
    return failure();
  std::optional<StageCheck> check;
  if (!request.checkInput.empty()) {
    FailureOr<StageCheck> created = StageCheck::create(request, *module);
    if (failed(created))
      return failure();
    check = std::move(*created);
    if (failed(check->runInput(*module)))
      return failure();
  }
  FailureOr<ProgramPtr> program =
      runStages(request, *module, check ? &*check : nullptr, os);
  if (failed(program))
    return failure();
  if (check && *program && failed(checkProgram(**program, *module, *check, os)))
    return failure();
  if (check && check->getNumComparisons() == 0)
    return emitError(getInputLocation(request, &context))
           << "nothing was compared: of the stages from "
           << getStageName(request.from) << " to " << getStageName(request.to)
           << " none can be executed by itself; go on to the program with "
           << spell(request.spelling, "compile-to", "emit")
           << ", start from an earlier stage, or leave "
           << spell(request.spelling, "check") << " out";
  // Of what was made, not beside the message of what could not be made.
  if (!priceWarning.empty())
    emitWarning(module->getLoc(), priceWarning);
  if (request.printIR)
    return writeIR(request, *module, os);
  if (request.output.empty())
    return success();
  return writeProgramFile(**program, *module, request.output);
}
