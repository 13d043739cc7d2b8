//===- Corpus.cpp - What is mutated ---------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Corpus.h"

#include "../Conversion/Differential.h"
#include "../Conversion/RandomNetwork.h"
#include "TextMutator.h"

#include "machines/All.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Driver/Driver.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::fuzz;

[[noreturn]] static void fail(const std::string &message) {
  llvm::errs() << "fuzz: " << message << "\n";
  std::abort();
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

void Corpus::renewContext() {
  fragments = {};
  modules.clear();
  modules.resize(seeds.size());
  DialectRegistry registry;
  registerCompilerDialects(registry);
  context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  context->getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors += diagnostic.str() + "\n";
    return success();
  });
}

std::string Corpus::takeErrors() { return std::exchange(errors, {}); }

ModuleOp Corpus::get(const Seed &seed) {
  OwningOpRef<ModuleOp> &module = modules[&seed - seeds.data()];
  if (!module)
    module = parseSourceString<ModuleOp>(seed.bytecode, context.get());
  if (!module)
    fail("cannot read a seed: " + errors);
  return *module;
}

ModuleOp Corpus::getFragments() {
  if (!fragments)
    fragments =
        parseSourceFile<ModuleOp>(FUZZ_INPUTS "/fragments.mlir", context.get());
  if (!fragments)
    fail("cannot read the fragments: " + errors);
  return *fragments;
}

std::vector<const Seed *> Corpus::select(Stage first, Stage last,
                                         bool areProgramsWanted) const {
  std::vector<const Seed *> selected;
  for (const Seed &seed : seeds)
    if (seed.stage >= first && seed.stage <= last &&
        seed.isProgram == areProgramsWanted)
      selected.push_back(&seed);
  return selected;
}

//===----------------------------------------------------------------------===//
// Networks
//===----------------------------------------------------------------------===//

/// Gives constants of one value others: equal weights would hide that they were
/// mixed up.
static void fillConstants(ModuleOp module, Random &random) {
  module.walk([&](nn::ConstantOp op) {
    auto type = cast<RankedTensorType>(op.getType());
    auto splat = dyn_cast<SplatElementsAttr>(op.getValue());
    if (!splat)
      return;
    float center = splat.getSplatValue<float>();
    SmallVector<float> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      values.push_back(center * float(random.pick(-100, 300)) / 100);
    // Variances have to stay positive.
    if (center > 1)
      for (float &value : values)
        value = std::abs(value) + 0.25f;
    op.setValueAttr(DenseElementsAttr::get(type, ArrayRef<float>(values)));
  });
}

void Corpus::addStage(const std::string &name, Stage stage, ModuleOp module,
                      const StageOptions &options) {
  addSeed(name, stage, module, options,
          [&](OpPassManager &pm) { photonic::addStage(pm, stage, options); });
}

void Corpus::addSeed(const std::string &name, Stage stage, ModuleOp module,
                     const StageOptions &options,
                     llvm::function_ref<void(OpPassManager &)> add) {
  PassManager pm(context.get());
  add(pm);
  if (failed(pm.run(module)))
    fail("network " + name + ", stage " + getStageName(stage).str() + ": " +
         errors);
  std::string bytecode;
  llvm::raw_string_ostream stream(bytecode);
  if (failed(writeBytecodeToFile(module, stream)))
    fail("cannot write network " + name);
  bool isProgram = !module.lookupSymbol<func::FuncOp>("main");
  seeds.push_back({name, stage, options, isProgram, bytecode});
  seeds.back().options.machine = {};
}

void Corpus::addNetwork(const std::string &name, ModuleOp module,
                        const StageOptions &options) {
  auto machine =
      loadMachine(*options.machine.target, options.machine.overrides);
  if (!machine)
    fail(machine.error().message);
  setTarget(module, *machine);
  for (Stage stage : allStages)
    if (stage <= Stage::Tile)
      addStage(name, stage, module, options);
  // Resources have other names when they are read again.
  if (options.operandStorage == "converted")
    return;
  for (const char *memory : {"ideal", "hierarchy"}) {
    OwningOpRef<ModuleOp> program = module.clone();
    StageOptions changed = options;
    changed.memory = memory;
    addStage(name + "/" + memory, Stage::Schedule, *program, changed);
    // Tokens are still to be placed.
    addSeed(name + "/" + memory, Stage::Schedule, *program, changed,
            [](OpPassManager &pm) { pm.addPass(pisa::createEmitProgram()); });
    addStage(name + "/" + memory, Stage::Emit, *program, changed);
  }
}

void Corpus::addFile(const std::string &name, const StageOptions &options) {
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(
      FUZZ_INPUTS "/" + name + ".mlir", context.get());
  if (!module)
    fail("cannot read network " + name + ": " + errors);
  Random random(1, seeds.size());
  fillConstants(*module, random);
  addNetwork(name, *module, options);
}

void Corpus::addRandom(uint64_t number, bool learns) {
  RandomNetwork network(*context, number, learns);
  OwningOpRef<ModuleOp> module = network.build();
  addNetwork((learns ? "learns " : "random ") + std::to_string(number), *module,
             RandomMachine(number, learns).options);
}

Corpus::Corpus() {
  phx::registerAllMachines();
  registerCompilerPasses();
  renewContext();
  StageOptions options;
  options.machine.target = PHOTONIC_TARGETS "/mirage.textproto";
  addFile("inference", options);
  // Small arrays, so that there are tiles of everything.
  options.machine.overrides = {"core.count=2", "core.rows=3", "core.columns=4",
                               "format.group=4"};
  options.format = "bfp:3:4:nearest";
  addFile("inference", options);
  StageOptions stored = options;
  stored.operandStorage = "converted";
  addFile("inference", stored);
  options.format = "bfp:4:8:stochastic";
  options.training.train = true;
  options.training.loss = "cross_entropy";
  options.training.optimizer = "sgd:lr=0.01,momentum=0.9";
  addFile("training", options);
  for (uint64_t number : {3, 8, 14})
    addRandom(number, /*learns=*/false);
  for (uint64_t number : {5, 7, 12})
    addRandom(number, /*learns=*/true);
  collectWords();
  renewContext();
  takeErrors();
}

Corpus::~Corpus() {
  fragments = {};
  modules.clear();
}

void Corpus::collectWords() {
  llvm::StringSet<> known;
  for (const Seed &seed : seeds) {
    auto module = parseSourceString<ModuleOp>(seed.bytecode, context.get());
    std::string text;
    llvm::raw_string_ostream stream(text);
    module->print(stream);
    for (const Token &token : tokenize(text))
      if (token.kind == TokenKind::Word && token.end - token.begin < 40 &&
          known.insert(token.in(text)).second)
        words.push_back(token.in(text).str());
  }
  for (const char *word : {"true", "false", "unit", "bf16", "f64", "i1", "none",
                           "affine_map<(d0) -> (d0)>", "dense<1.0>", "tensor",
                           "vector", "memref", "loc", "index", "@main"})
    words.push_back(word);
}
