//===- CompileMain.cpp - Command line of photonic-compile -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Driver.h"
#include "photonic/Import/ONNX/ImportONNX.h"
#include "photonic/Support/ToolMain.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace photonic;

static constexpr const char *overview =
    R"(compiles an ONNX network for a photonic accelerator

  photonic-compile MODEL.onnx --target mirage -o MODEL.phx
  photonic-compile MODEL.onnx --train --loss=cross_entropy \
      --optimizer=sgd:lr=0.01,momentum=0.9 --batch 32 -o STEP.phx
  photonic-compile MODEL.onnx --compile-to=split
  photonic-compile MODEL.onnx --check=INPUT.npz

Exit code 0: done. 1: the input, an option or the machine is at fault; the
message says what was expected, what was found and what to do, and no file is
left behind. 130: interrupted.)";

/// What passes have remarks about.
static const char *const remarkCategories[] = {"Stash", "Recompute", "Dataflow",
                                               "Memory"};

namespace {
/// The options of the tool, registered when constructed.
struct Options {
  cl::OptionCategory category{"photonic-compile options"};
  cl::opt<std::string> input{cl::Positional,
                             cl::desc("<MODEL.onnx | STAGE.mlir>"),
                             cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::value_desc("file"), cl::cat(category),
      cl::desc("program file to write (or IR, with --compile-to)")};
  cl::opt<std::string> target{"target", cl::init("mirage"),
                              cl::value_desc("name|file"), cl::cat(category),
                              cl::desc("target description (default: mirage)")};
  cl::list<std::string> set{
      "set", cl::value_desc("field=value"), cl::cat(category),
      cl::desc("change a field of the target, e.g. core.count=16")};
  cl::opt<int64_t> batch{"batch", cl::init(0), cl::value_desc("N"),
                         cl::cat(category),
                         cl::desc("samples in one run: the extent of open "
                                  "first dimensions of the inputs")};
  cl::list<std::string> dim{
      "dim", cl::value_desc("name=N|input:axis=N"), cl::cat(category),
      cl::desc("extent of another open dimension, by its name in the model or "
               "by input and number (from 0); may be repeated")};
  cl::list<std::string> shape{
      "shape", cl::value_desc("input=N,N,..."), cl::cat(category),
      cl::desc("all extents of an input, for a model that does not give its "
               "number of dimensions; may be repeated")};
  cl::opt<std::string> format{
      "format", cl::value_desc("bfp:M:G[:R]|fp32"), cl::cat(category),
      cl::desc("number format of products: mantissa bits, group, rounding; "
               "fp32 bypasses conversion (default: the target's)")};
  cl::opt<std::string> dataflow{
      "dataflow", cl::init("auto"), cl::value_desc("auto|df1|df2"),
      cl::cat(category),
      cl::desc("stationary operand: weights (df1), activations (df2), or the "
               "faster one per product (auto)")};
  cl::opt<std::string> memory{
      "memory", cl::init("ideal"), cl::value_desc("ideal|hierarchy"),
      cl::cat(category),
      cl::desc("memory model: everything on chip (default), or scratchpads in "
               "front of DRAM")};
  cl::opt<std::string> from{
      "compile-from", cl::value_desc("stage"), cl::cat(category),
      cl::desc("the input is IR after this stage; continue behind it")};
  cl::opt<std::string> to{
      "compile-to", cl::value_desc("stage"), cl::cat(category),
      cl::desc("stop after import, autodiff, lower, format, split, tile, "
               "schedule or emit, and print the IR")};
  cl::opt<std::string> check{
      "check", cl::value_desc("input.npz"), cl::cat(category),
      cl::desc("execute the stages against each other on this input and name "
               "the first node that differs")};
  cl::opt<std::string> remarks{
      "remarks", cl::value_desc("regex"), cl::cat(category),
      cl::desc("report decisions of these categories: Stash, Recompute, "
               "Dataflow, Memory")};
  cl::opt<std::string> runTool{"run-tool", cl::value_desc("path"), cl::Hidden,
                               cl::desc("photonic-run to check with"),
                               cl::cat(category)};

  cl::opt<bool> train{
      "train", cl::cat(category),
      cl::desc("compile a training step: forward, loss, backward, update")};
  cl::opt<std::string> loss{
      "loss", cl::value_desc("cross_entropy|mse"), cl::cat(category),
      cl::desc("what training makes small (default: the loss in the model)")};
  cl::opt<std::string> lossOutput{
      "loss-output", cl::value_desc("name"), cl::cat(category),
      cl::desc("output of the model that the loss looks at or, without --loss, "
               "that is the loss (needed if there are several)")};
  cl::opt<std::string> optimizer{
      "optimizer", cl::value_desc("sgd:...|adam:...|model.onnx"),
      cl::cat(category),
      cl::desc("how parameters change: sgd:lr=0.01,momentum=0.9,"
               "weight_decay=1e-4 or adam:lr=1e-3; for a training model of "
               "ONNX Runtime its optimizer model, as FILE.onnx[:lr=0.001]")};
  cl::opt<std::string> freeze{
      "freeze", cl::value_desc("regex"), cl::cat(category),
      cl::desc("parameters that training leaves as they are, and "
               "BatchNormalization whose statistics it does")};
  cl::opt<std::string> learn{
      "learn", cl::value_desc("regex"), cl::cat(category),
      cl::desc("constants to train beside weights, biases and scales of "
               "layers")};
  cl::opt<bool> emitGradients{
      "emit-gradients", cl::cat(category),
      cl::desc("an output PARAMETER.grad for each trainable parameter")};
  cl::list<std::string> recompute{
      "recompute", cl::value_desc("node,..."), cl::CommaSeparated,
      cl::cat(category),
      cl::desc("nodes whose results are computed again for the backward pass "
               "instead of kept")};
  cl::opt<bool> listOperators{
      "list-operators", cl::cat(category),
      cl::desc("print the ONNX operators that can be imported, with versions "
               "of their domain, numbers of inputs and outputs, and "
               "attributes; then exit"),
      cl::callback([](const bool &) {
        printOperators(outs());
        outs().flush();
        std::exit(0);
      })};
  cl::opt<bool> mutableParameters{
      "mutable-parameters", cl::cat(category),
      cl::desc("compile the forward pass of a network in training: parameters "
               "are regions as in a training step, not constants")};
};
} // namespace

/// Reports a mistake on the command line.
static int complain(const Twine &message) {
  errs() << "photonic-compile: error: " << message << "\n";
  return 1;
}

/// An option that belongs to a stage in front of `from`, where the IR has
/// decided already; empty if there is none.
static std::string findLateOption(const Options &o, Stage from) {
  struct Late {
    const char *flag;
    bool given;
    Stage stage;
  };
  const Late options[] = {
      {"--batch", o.batch.getNumOccurrences() > 0, Stage::Import},
      {"--dim", o.dim.getNumOccurrences() > 0, Stage::Import},
      {"--shape", o.shape.getNumOccurrences() > 0, Stage::Import},
      {"--freeze", o.freeze.getNumOccurrences() > 0, Stage::Autodiff},
      {"--learn", o.learn.getNumOccurrences() > 0, Stage::Autodiff},
      {"--train", o.train, Stage::Autodiff},
      {"--mutable-parameters", o.mutableParameters, Stage::Autodiff},
      {"--optimizer", o.optimizer.getNumOccurrences() > 0, Stage::Autodiff},
      {"--format", o.format.getNumOccurrences() > 0, Stage::Format},
      {"--dataflow", o.dataflow.getNumOccurrences() > 0, Stage::Split},
      {"--memory", o.memory.getNumOccurrences() > 0, Stage::Schedule},
      {"--set", o.set.getNumOccurrences() > 0, Stage::Schedule},
      {"--target", o.target.getNumOccurrences() > 0, Stage::Schedule}};
  for (const Late &option : options)
    if (option.given && from > option.stage)
      return std::string(option.flag) +
             " has no effect with --compile-from=" + o.from + ": stage " +
             getStageName(option.stage).str() +
             " has settled it; leave it out, or start from an earlier stage";
  return {};
}

/// A message if the value of an option is no regular expression.
static std::string checkRegex(StringRef flag, StringRef expression) {
  std::string problem;
  if (expression.empty() || Regex(expression).isValid(problem))
    return {};
  return (flag + " has to be a regular expression, found '" + expression +
          "': " + problem)
      .str();
}

/// A message if options for training do not go together.
static std::string checkTraining(const Options &o) {
  struct Dependent {
    const char *flag;
    bool given;
  };
  const Dependent options[] = {
      {"--loss", o.loss.getNumOccurrences() > 0},
      {"--loss-output", o.lossOutput.getNumOccurrences() > 0},
      {"--optimizer",
       o.optimizer.getNumOccurrences() > 0 && !isOptimizerModel(o.optimizer)},
      {"--freeze", o.freeze.getNumOccurrences() > 0},
      {"--emit-gradients", o.emitGradients},
      {"--recompute", o.recompute.getNumOccurrences() > 0}};
  for (const Dependent &option : options)
    if (option.given && !o.train)
      return std::string(option.flag) +
             " has no meaning without --train; add --train to compile a "
             "training step, or leave it out";
  if (o.learn.getNumOccurrences() && !o.train && !o.mutableParameters)
    return "--learn has no meaning for inference, whose parameters are "
           "constants; add --train or --mutable-parameters, or leave it out";
  if (o.train && o.mutableParameters)
    return "--mutable-parameters compiles a forward pass and --train a "
           "training step, whose parameters are mutable anyway; leave one out";
  if (o.train && isOptimizerModel(o.optimizer))
    return "--optimizer=" + o.optimizer +
           " belongs to a training model of ONNX Runtime, which holds its "
           "backward pass; leave --train out, or name an optimizer: sgd:... or "
           "adam:...";
  if (o.train && o.optimizer.empty() && !o.emitGradients)
    return "--train without --optimizer computes gradients that nobody sees; "
           "give --optimizer=sgd:lr=0.01 or another, or --emit-gradients";
  if (o.loss.getNumOccurrences() && o.loss != "cross_entropy" &&
      o.loss != "mse")
    return "--loss has to be cross_entropy or mse, found '" + o.loss + "'";
  return {};
}

/// Extents of open dimensions; a message if one makes no sense.
static std::string parseDims(const Options &o, CompileRequest &request) {
  for (StringRef dim : o.dim) {
    auto [name, value] = dim.rsplit('=');
    int64_t size = 0;
    if (name.empty() || value.getAsInteger(10, size) || size < 1)
      return "--dim has to be name=N or input:axis=N with N at least 1, found "
             "'" + dim.str() + "'";
    request.dims.emplace_back(name.str(), size);
  }
  for (StringRef text : o.shape) {
    auto shape = parseInputShape(text);
    if (!shape)
      return "--shape has to be input=N,N,... with extents of at least 1, "
             "found '" + text.str() + "'";
    request.shapes.push_back(std::move(*shape));
  }
  return {};
}

/// Where to begin and to stop; a message if that makes no sense.
static std::string parseStages(const Options &o, CompileRequest &request) {
  auto expect = [](StringRef flag, StringRef name) {
    return (flag + " has to be " + listStages() + ", found '" + name + "'")
        .str();
  };
  if (!o.to.empty()) {
    std::optional<Stage> stage = parseStage(o.to);
    if (!stage)
      return expect("--compile-to", o.to);
    request.to = *stage;
    request.printIR = true;
  }
  if (!o.from.empty()) {
    std::optional<Stage> stage = parseStage(o.from);
    if (!stage)
      return expect("--compile-from", o.from);
    if (*stage >= request.to)
      return "--compile-from=" + o.from + " leaves nothing to do before " +
             getStageName(request.to).str();
    request.from = static_cast<Stage>(static_cast<int>(*stage) + 1);
  }
  return {};
}

/// A message if remarks are asked for that nobody makes.
static std::string checkRemarks(const Options &o) {
  if (std::string wrong = checkRegex("--remarks", o.remarks); !wrong.empty())
    return wrong;
  Regex regex(o.remarks);
  if (o.remarks.empty() ||
      any_of(remarkCategories, [&](StringRef c) { return regex.match(c); }))
    return {};
  return "--remarks has to match one of " +
         join(std::begin(remarkCategories), std::end(remarkCategories), ", ") +
         ", found '" + o.remarks + "'";
}

/// Fills `request` from the options; a message if they make no sense.
static std::string fillRequest(const Options &o, CompileRequest &request) {
  request.input = o.input;
  request.output = o.output;
  request.batch = o.batch;
  request.checkInput = o.check;
  request.runTool = o.runTool;
  request.stages.target = o.target;
  request.stages.overrides.assign(o.set.begin(), o.set.end());
  request.stages.format = o.format;
  request.stages.dataflow = o.dataflow;
  request.stages.memory = o.memory;
  request.stages.training = makeTrainingOptions(o);
  if (o.batch.getNumOccurrences() && o.batch < 1)
    return "--batch has to be at least 1, found " + std::to_string(o.batch);
  if (o.dataflow != "auto" && o.dataflow != "df1" && o.dataflow != "df2")
    return "--dataflow has to be auto, df1 or df2, found '" + o.dataflow + "'";
  if (o.memory != "ideal" && o.memory != "hierarchy")
    return "--memory has to be ideal or hierarchy, found '" + o.memory + "'";
  if (std::string wrong = checkTraining(o); !wrong.empty())
    return wrong;
  for (auto [flag, regex] : {std::pair("--freeze", StringRef(o.freeze)),
                             std::pair("--learn", StringRef(o.learn))})
    if (std::string wrong = checkRegex(flag, regex); !wrong.empty())
      return wrong;
  if (std::string wrong = parseDims(o, request); !wrong.empty())
    return wrong;
  if (std::string wrong = parseStages(o, request); !wrong.empty())
    return wrong;
  if (std::string wrong = findLateOption(o, request.from); !wrong.empty())
    return wrong;
  if (request.input.empty())
    return "expected a model: photonic-compile MODEL.onnx -o MODEL.phx; "
           "photonic-compile --help lists the options";
  if (request.output.empty() && !request.printIR && request.checkInput.empty())
    return "nothing to do: give -o FILE, --compile-to=STAGE or "
           "--check=INPUT.npz";
  return {};
}

/// Prints remarks of the categories that match as diagnostics.
static mlir::LogicalResult enableRemarks(mlir::MLIRContext &context,
                                         StringRef expression) {
  std::string filter = expression.str();
  mlir::remark::RemarkCategories categories = {filter, filter, filter, filter,
                                               filter};
  return mlir::remark::enableOptimizationRemarks(
      context, /*streamer=*/nullptr,
      std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), categories,
      /*printAsEmitRemarks=*/true);
}

/// Reads the command line; a message, without the name of the tool, if it is
/// wrong.
static std::string parseOptions(int argc, char **argv) {
  std::string text;
  raw_string_ostream stream(text);
  if (cl::ParseCommandLineOptions(argc, argv, overview, &stream))
    return {};
  StringRef message = StringRef(text).trim();
  message.consume_front("photonic-compile: ");
  return message.empty() ? "the command line is wrong" : message.str();
}

static int compileFile(int argc, char **argv) {
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::SetVersionPrinter([](raw_ostream &os) {
    os << "photonic-compile " << PHOTONIC_VERSION << "\n";
  });
  if (std::string wrong = parseOptions(argc, argv); !wrong.empty())
    return complain(wrong);
  CompileRequest request;
  if (std::string wrong = fillRequest(options, request); !wrong.empty())
    return complain(wrong);
  if (std::string wrong = checkRemarks(options); !wrong.empty())
    return complain(wrong);
  mlir::DialectRegistry registry;
  registerCompilerDialects(registry);
  // One function, passes of milliseconds: threads would cost more than they
  // save.
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  photonic::DiagnosticPrinter printer(context, "photonic-compile", errs());
  // Not to standard output, where IR goes.
  request.onTraining = [](const nn::TrainingSummary &summary) {
    errs() << "photonic-compile: " << summary.describe() << "\n";
  };
  if (!options.remarks.empty() &&
      mlir::failed(enableRemarks(context, options.remarks)))
    return 1;
  return mlir::failed(compile(request, context, outs())) ? 1 : 0;
}

int photonic::compileMain(int argc, char **argv) {
  return runTool("photonic-compile", [&] { return compileFile(argc, argv); });
}
