//===- RoundTrips.cpp - Passes by themselves, and other forms of a module -===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzCase.h"

#include "photonic/Target/PHX/PHX.h"

#include "phx/exec/Executor.h"
#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <fstream>

using namespace mlir;
using namespace photonic;
using namespace photonic::fuzz;

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

/// The passes that the documentation lists, which is written from the same
/// source as they are, and those that stages take from MLIR.
static std::vector<std::string> listPasses() {
  std::vector<std::string> names{"canonicalize", "cse",
                                 "loop-invariant-code-motion"};
  for (const char *page : {"NN", "Photonic", "PISA"}) {
    std::ifstream file(std::string(FUZZ_DOCS "/") + page + "Passes.md");
    for (std::string line; std::getline(file, line);) {
      StringRef name(line);
      if (name.consume_front("### `-") && name.consume_back("`"))
        names.push_back(name.str());
    }
  }
  return names;
}

/// Options without which a pass would do nothing, or nothing else than usual.
static std::string pickOptions(StringRef pass, Random &random) {
  auto either = [&](std::initializer_list<const char *> options) {
    return std::string(options.begin()[random.index(options.size())]);
  };
  if (pass == "nn-attach-loss")
    return either({"", "{loss=mse}", "{loss=output}"});
  if (pass == "nn-attach-optimizer")
    return either({"", "{optimizer=adam:lr=0.1}", "{optimizer=sgd:lr=nan}"});
  if (pass == "nn-generate-backward")
    return either({"", "{emit-gradients=true}"});
  if (pass == "photonic-assign-formats")
    return either(
        {"", "{format=bfp:1:3}", "{format=fp32:7}", "{format=bfp:15:4096}"});
  if (pass == "photonic-select-dataflow")
    return either({"", "{mode=df1}", "{mode=df2}"});
  if (pass == "photonic-set-memory")
    return either({"{model=ideal}", "{model=hierarchy}"});
  return "";
}

void FuzzCase::runPasses(ModuleOp module) {
  static const std::vector<std::string> names = listPasses();
  for (int64_t i = random.pick(1, 3); i > 0; --i) {
    std::string pass = random.choose(names);
    pass += pickOptions(pass, random);
    PassManager pm(module.getContext());
    // A pass that makes something invalid is to be found out here.
    pm.enableVerifier(false);
    if (failed(
            parsePassPipeline("func.func(" + pass + ")", pm, llvm::nulls())) &&
        failed(parsePassPipeline(pass, pm, llvm::nulls())))
      return report("there is no pass " + pass);
    corpus.takeErrors();
    std::string doing = "pass " + pass;
    note(doing);
    bool done = succeeded(pm.run(module));
    judge(doing, done);
    if (!done)
      return;
    ++tally.passes;
    if (failed(mlir::verify(module)))
      return report(doing +
                    " makes of valid IR what is not: " + corpus.takeErrors());
  }
}

//===----------------------------------------------------------------------===//
// Text and bytecode
//===----------------------------------------------------------------------===//

void FuzzCase::expectSameText(ModuleOp module, StringRef form,
                              StringRef written) {
  std::string before = print(module);
  note(("reading " + form).str());
  auto read =
      parseSourceString<ModuleOp>(written, ParserConfig(module.getContext()));
  if (!read)
    return report(form + " cannot be read: " + corpus.takeErrors());
  if (print(*read) != before)
    report(form + " is read as something else");
}

/// MLIR prints a symbol without a name as something that it cannot read.
static bool hasNamelessSymbol(ModuleOp module) {
  return module
      ->walk([](Operation *op) {
        auto name =
            op->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
        return name && name.empty() ? WalkResult::interrupt()
                                    : WalkResult::advance();
      })
      .wasInterrupted();
}

void FuzzCase::roundTrip(ModuleOp module) {
  if (hasNamelessSymbol(module))
    return;
  expectSameText(module, "the text", print(module));
  std::string generic, bytecode;
  llvm::raw_string_ostream stream(generic), bytes(bytecode);
  module->print(stream,
                OpPrintingFlags().printGenericOpForm().enableDebugInfo());
  expectSameText(module, "the generic form", generic);
  if (failed(writeBytecodeToFile(module, bytes)))
    return report("no bytecode can be written");
  expectSameText(module, "the bytecode", bytecode);
}

//===----------------------------------------------------------------------===//
// Program files
//===----------------------------------------------------------------------===//

/// Inputs of zeros.
static std::map<std::string, phx::HostArray>
makeZeros(const phx::Program &program) {
  std::map<std::string, phx::HostArray> arrays;
  for (const phx::Region &region : program.regions) {
    if (region.role != phx::Role::Input)
      continue;
    phx::HostArray array;
    array.type =
        region.labels ? phx::ElementType::I64 : phx::getHostType(region.type);
    array.shape = region.shape;
    array.bytes.resize(size_t(array.getNumElements()) * 8);
    arrays.emplace(region.name, std::move(array));
  }
  return arrays;
}

/// What an executor leaves of a program, or why it stopped.
static std::string execute(const char *kind, const phx::Program &program) {
  auto executor = phx::createExecutor(kind, program);
  if (!executor)
    return executor.error().message;
  auto begin = std::chrono::steady_clock::now();
  phx::ExecutionOptions options;
  options.threads = 1;
  options.interrupted = [begin] {
    return std::chrono::steady_clock::now() - begin > std::chrono::seconds(1);
  };
  auto results = (*executor)->run(makeZeros(program), options);
  if (!results)
    return results.error().message;
  std::string text;
  for (const auto &[name, array] : *results)
    text += name + std::string(array.bytes.begin(), array.bytes.end());
  return text;
}

void FuzzCase::assemble(ModuleOp module) {
  note("finding the program");
  pisa::ProgramOp op = getOnlyProgram(module);
  judge("finding the program", bool(op));
  if (!op)
    return;
  note("exporting");
  FailureOr<phx::Program> program = exportProgram(op);
  judge("exporting", succeeded(program));
  if (failed(program))
    return;
  note("validating");
  if (!phx::validate(*program))
    return;
  ++tally.compiled;
  std::string file = getFile("case.phx");
  if (phx::Status written = phx::writeProgram(*program, file); !written)
    return report("the program cannot be written: " + written.error().message);
  note("disassembling");
  OwningOpRef<ModuleOp> again = disassemble(file, module.getContext());
  judge("disassembling", bool(again));
  if (!again)
    return report("a valid program cannot be disassembled");
  FailureOr<phx::Program> same = exportProgram(getOnlyProgram(*again));
  judge("exporting again", succeeded(same));
  if (failed(same) || same->code != program->code ||
      same->regions != program->regions || same->layers != program->layers ||
      same->products != program->products)
    return report("the program is another one after disassembling");
  note("executing");
  std::string reference = execute("reference", *program);
  std::string fast = execute("fast", *program);
  auto wasStopped = [](StringRef text) { return text.contains("interrupted"); };
  if (reference != fast && !wasStopped(reference) && !wasStopped(fast))
    report("executors disagree: " + reference.substr(0, 200) + " against " +
           fast.substr(0, 200));
}
