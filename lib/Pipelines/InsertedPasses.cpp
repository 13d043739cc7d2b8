//===- InsertedPasses.cpp - Passes of a user in a stage -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Pipelines/InsertedPasses.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;

std::optional<InsertedPasses> photonic::parseInsertedPasses(StringRef text) {
  auto [name, pipeline] = text.split(':');
  std::optional<Stage> stage = parseStage(name);
  if (!stage || pipeline.trim().empty())
    return std::nullopt;
  return InsertedPasses{*stage, pipeline.str()};
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// Calls `found` with each element of a list of passes.
static void forEachElement(StringRef pipeline,
                           llvm::function_ref<void(StringRef)> found) {
  size_t begin = 0;
  int depth = 0;
  char quote = 0;
  for (auto [i, c] : llvm::enumerate(pipeline)) {
    if (quote) {
      quote = c == quote ? 0 : quote;
    } else if (depth > 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '(' || c == '{') {
      ++depth;
    } else if (c == ')' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      found(pipeline.slice(begin, i).trim());
      begin = i + 1;
    }
  }
  found(pipeline.substr(begin).trim());
}

/// The operation that an element is nested in; empty for a pass.
static StringRef getAnchor(StringRef element) {
  size_t at = element.find_first_of("({");
  return at != StringRef::npos && element[at] == '('
             ? element.take_front(at).trim()
             : StringRef();
}

/// The operations that elements of a pipeline are nested in, in its order:
/// "func.func" of "cse,func.func(canonicalize)".
static SmallVector<StringRef> listAnchors(StringRef pipeline) {
  SmallVector<StringRef> anchors;
  forEachElement(pipeline, [&](StringRef element) {
    if (StringRef anchor = getAnchor(element); !anchor.empty())
      anchors.push_back(anchor);
  });
  return anchors;
}

/// What is to run on the module: photonic-opt writes the module around it, in
/// which MLIR would look for a second one.
static StringRef getModulePipeline(StringRef pipeline) {
  pipeline = pipeline.trim();
  unsigned elements = 0;
  forEachElement(pipeline, [&](StringRef) { ++elements; });
  if (elements != 1 || getAnchor(pipeline) != ModuleOp::getOperationName() ||
      !pipeline.ends_with(")"))
    return pipeline;
  return pipeline.substr(pipeline.find('(') + 1).drop_back();
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

/// What MLIR says about a pipeline that begins at column `first`, in one line.
static std::string locate(StringRef messages, size_t first) {
  SmallVector<StringRef> lines;
  messages.split(lines, '\n', -1, /*KeepEmpty=*/false);
  if (lines.empty())
    return "MLIR does not say why";
  // "...:1:COLUMN: error: TEXT", then the pipeline and a caret.
  llvm::SmallVector<StringRef> groups;
  llvm::Regex located(":1:([0-9]+): error: (.*)$");
  size_t column = 0;
  if (located.match(lines.front(), &groups) &&
      !groups[1].getAsInteger(10, column))
    return ("at column " + llvm::Twine(first + column - 1) + ": " + groups[2])
        .str();
  std::string text = llvm::join(lines, "; ");
  if (StringRef(text).contains("did you intend to nest"))
    text += "; the passes run on the module, so write a pass of functions as "
            "func.func(PASS)";
  return text;
}

/// Appends the passes to `pm`, which is for a module; a message if they cannot
/// be.
static std::string parseInto(OpPassManager &pm, const InsertedPasses &passes) {
  StringRef pipeline = getModulePipeline(passes.pipeline);
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (succeeded(parsePassPipeline(pipeline, pm, stream)))
    return {};
  size_t begin = pipeline.data() - passes.pipeline.data();
  return locate(text, getStageName(passes.stage).size() + 2 + begin);
}

std::string photonic::checkPipeline(const InsertedPasses &passes) {
  OpPassManager pm(ModuleOp::getOperationName());
  return parseInto(pm, passes);
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

namespace {
/// Runs a pipeline where there is something for each of its elements to run on:
/// MLIR passes over what is not there in silence.
struct RunInserted final : PassWrapper<RunInserted, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RunInserted)

  explicit RunInserted(const InsertedPasses &passes)
      : passes(passes), pipeline(ModuleOp::getOperationName()),
        problem(parseInto(pipeline, passes)) {}

  void getDependentDialects(DialectRegistry &registry) const override {
    pipeline.getDependentDialects(registry);
  }
  void runOnOperation() override;

private:
  LogicalResult checkAnchors();

  InsertedPasses passes;
  OpPassManager pipeline;
  std::string problem; ///< of a pipeline that does not parse
};
} // namespace

/// "'func.func', 'pisa.program'": what is in the module, each once.
static std::string listOperations(ModuleOp module) {
  SmallVector<StringRef> names;
  for (Operation &op : *module.getBody())
    if (!llvm::is_contained(names, op.getName().getStringRef()))
      names.push_back(op.getName().getStringRef());
  return names.empty() ? "nothing" : "'" + llvm::join(names, "', '") + "'";
}

LogicalResult RunInserted::checkAnchors() {
  ModuleOp module = getOperation();
  for (StringRef anchor : listAnchors(getModulePipeline(passes.pipeline)))
    if (anchor != OpPassManager::getAnyOpAnchorName() &&
        llvm::none_of(*module.getBody(), [&](Operation &op) {
          return op.getName().getStringRef() == anchor;
        }))
      return module.emitError()
             << "passes that are inserted into stage '"
             << getStageName(passes.stage) << "' are to run on '" << anchor
             << "', and the IR of the stage holds " << listOperations(module)
             << "; nest them in what is there, or insert them into a stage "
                "that has '"
             << anchor << "'";
  return success();
}

void RunInserted::runOnOperation() {
  if (!problem.empty()) {
    getOperation().emitError()
        << "passes that are inserted into stage '" << getStageName(passes.stage)
        << "' do not parse: " << problem;
    return signalPassFailure();
  }
  if (failed(checkAnchors()) || failed(runPipeline(pipeline, getOperation())))
    signalPassFailure();
}

void photonic::addInsertedPasses(OpPassManager &pm,
                                 const InsertedPasses &passes) {
  pm.addPass(std::make_unique<RunInserted>(passes));
}
