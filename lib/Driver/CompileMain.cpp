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
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

#include <deque>

using namespace llvm;
using namespace photonic;

static constexpr const char *overview =
    R"(compiles an ONNX network for a photonic accelerator

  photonic-compile MODEL.onnx --target mirage -o MODEL.phx
  photonic-compile MODEL.onnx --train --loss=cross_entropy \
      --optimizer=sgd:lr=0.01,momentum=0.9 --batch 32 -o STEP.phx
  photonic-compile MODEL.onnx --compile-to=split
  photonic-compile MODEL.onnx --insert-pass=split:canonicalize,cse -o MODEL.phx
  photonic-compile MODEL.onnx --check=INPUT.npz

Exit code 0: done. 1: the input, an option or the machine is at fault; the
message says what was expected, what was found and what to do, and no file is
left behind. 130: interrupted.)";

/// What passes have remarks about.
static const char *const remarkCategories[] = {
    "Fold",  "Stash", "Recompute", "Dataflow", "Storage",
    "Tiles", "Fuse",  "Chunks",    "Buffers",  "Memory"};

/// Both keep what they say: options refer to their descriptions.
static const std::string &listRemarkCategories() {
  static const std::string text =
      join(std::begin(remarkCategories), std::end(remarkCategories), ", ");
  return text;
}
static const std::string &describeRemarks() {
  static const std::string text =
      "report decisions of these categories: " + listRemarkCategories();
  return text;
}

namespace {
/// One option of a request, registered when constructed.
class RequestOption {
public:
  RequestOption(const OptionInfo &info, cl::OptionCategory &category)
      : info(info) {
    cl::desc doc(info.doc);
    cl::value_desc value(info.placeholder);
    if (info.kind == OptionKind::Flag)
      flag = std::make_unique<cl::opt<bool>>(info.name, cl::cat(category), doc);
    else
      list = std::make_unique<cl::list<std::string>>(info.name, value,
                                                     cl::cat(category), doc);
    if (info.kind == OptionKind::Names)
      list->setMiscFlag(cl::CommaSeparated);
    if (info.kind == OptionKind::Value)
      list->setNumOccurrencesFlag(cl::Optional);
  }

  /// Puts what was given into `request`; a message if it makes no sense.
  std::string apply(CompileRequest &request) const {
    if (flag ? !*flag : list->getNumOccurrences() == 0)
      return {};
    std::vector<std::string> values;
    if (list)
      values.assign(list->begin(), list->end());
    return setOption(request, info.name, values);
  }

private:
  OptionInfo info;
  std::unique_ptr<cl::opt<bool>> flag;
  std::unique_ptr<cl::list<std::string>> list;
};

/// The options of the tool, registered when constructed.
struct Options {
  Options() {
    for (const OptionInfo &info : getOptions())
      request.emplace_back(info, category);
  }

  cl::OptionCategory category{"photonic-compile options"};
  cl::opt<std::string> input{
      cl::Positional, cl::desc("<MODEL.onnx | STAGE.mlir>"), cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::value_desc("file"), cl::cat(category),
      cl::desc("program file to write (or IR, with --compile-to)")};
  cl::opt<std::string> remarks{"remarks", cl::value_desc("regex"),
                               cl::cat(category), cl::desc(describeRemarks())};
  cl::list<std::string> plugins{
      "load-pass-plugin", cl::value_desc("library"), cl::cat(category),
      cl::desc("register the passes of a shared library, for --insert-pass; "
               "may be repeated")};
  cl::opt<std::string> runTool{"run-tool", cl::value_desc("path"), cl::Hidden,
                               cl::desc("photonic-run to check with"),
                               cl::cat(category)};
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
  std::deque<RequestOption> request;
};
} // namespace

/// Reports a mistake on the command line.
static int complain(const Twine &message) {
  errs() << "photonic-compile: error: " << message << "\n";
  return 1;
}

/// A message if remarks are asked for that nobody makes.
static std::string checkRemarks(const Options &o) {
  Regex regex(o.remarks);
  std::string problem;
  if (!o.remarks.empty() && !regex.isValid(problem))
    return "--remarks has to be a regular expression, found '" + o.remarks +
           "': " + problem;
  if (o.remarks.empty() ||
      any_of(remarkCategories, [&](StringRef c) { return regex.match(c); }))
    return {};
  return "--remarks has to match one of " + listRemarkCategories() +
         ", found '" + o.remarks + "'";
}

/// Registers the passes of plugins; a message if one cannot be loaded.
static std::string loadPlugins(const Options &o) {
  for (const std::string &path : o.plugins) {
    Expected<mlir::PassPlugin> plugin = mlir::PassPlugin::load(path);
    if (!plugin)
      return "--load-pass-plugin has to be a shared library with "
             "mlirGetPassPluginInfo, built for this version of MLIR, found '" +
             path + "': " + toString(plugin.takeError());
    plugin->registerPassRegistryCallbacks();
  }
  return {};
}

/// Fills `request` from the options; a message if they make no sense.
static std::string fillRequest(const Options &o, CompileRequest &request) {
  request.input = o.input;
  request.output = o.output;
  request.runTool = o.runTool;
  request.plugins.assign(o.plugins.begin(), o.plugins.end());
  for (const RequestOption &option : o.request)
    if (std::string wrong = option.apply(request); !wrong.empty())
      return wrong;
  if (std::string wrong = checkRequest(request); !wrong.empty())
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
  if (std::string wrong = loadPlugins(options); !wrong.empty())
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
