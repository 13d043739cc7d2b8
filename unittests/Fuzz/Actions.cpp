//===- Actions.cpp - What is done with a mutated module -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzCase.h"

#include "../Conversion/Differential.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Interpreter/Interpreter.h"

#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"
#include "phx/npy/Npy.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <filesystem>
#include <fstream>

using namespace mlir;
using namespace photonic;
using namespace photonic::fuzz;

/// More than this is not evaluated: a case has to end soon.
static constexpr double maxWork = 3e6;

std::string FuzzCase::getFile(StringRef name) const {
  return directory + "/" + name.str();
}

void FuzzCase::use(ModuleOp module) {
  int choice = random.pick(0, 99);
  bool isProgram = seed->isProgram;
  if (choice < 14)
    return runPasses(module);
  if (choice < 22)
    return roundTrip(module);
  if (isProgram && (choice < 60 || seed->stage == Stage::Emit))
    return assemble(module);
  if (!isProgram && choice < 32)
    return checkStages(module);
  compileModule(module);
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

CompileRequest FuzzCase::makeRequest(const std::string &input) {
  CompileRequest request;
  request.input = input;
  request.output = getFile("case.phx");
  int next = std::min(int(seed->stage) + 1, int(Stage::Emit));
  // IR after `import` may also be given as a model.
  bool isModel = seed->stage == Stage::Import && random.chance(30);
  request.from = isModel ? Stage::Import : static_cast<Stage>(next);
  request.stages = seed->options;
  if (seed->stage < Stage::Schedule)
    request.stages.memory = random.chance(50) ? "ideal" : "hierarchy";
  if (seed->stage > Stage::Import)
    request.stages.training = {};
  return request;
}

std::string FuzzCase::writeModule(ModuleOp module) {
  bool asText = random.chance(60);
  std::string file = getFile(asText ? "case.mlir" : "case.mlirbc");
  std::string contents;
  llvm::raw_string_ostream stream(contents);
  if (asText)
    contents = print(module);
  else if (failed(writeBytecodeToFile(module, stream)))
    report("no bytecode can be written");
  std::ofstream(file, std::ios::binary) << contents;
  return file;
}

bool FuzzCase::compileFile(CompileRequest &request, StringRef doing) {
  std::filesystem::remove(getFile("case.phx"));
  note((doing + " under " + request.stages.memory).str());
  bool done = succeeded(compile(request, corpus.getContext(), llvm::nulls()));
  judge(doing, done);
  bool isThere = std::filesystem::exists(getFile("case.phx"));
  if (!request.output.empty() && isThere != done)
    report(done ? "no file was written" : "failure left a file");
  return done;
}

void FuzzCase::compileModule(ModuleOp module) {
  CompileRequest request = makeRequest(writeModule(module));
  // The last that the interpreter runs.
  OwningOpRef<ModuleOp> function;
  if (seed->stage == Stage::Schedule && !seed->isProgram)
    function = module.clone();
  request.afterStage = [&](Stage stage, ModuleOp changed) {
    if (stage == Stage::Schedule)
      function = changed.clone();
  };
  if (!compileFile(request, "compiling"))
    return;
  ++tally.compiled;
  phx::Result<phx::Program> program = phx::readProgram(getFile("case.phx"));
  if (!program)
    return report("the program cannot be read: " + program.error().message);
  note("validating");
  if (phx::Status valid = phx::validate(*program); !valid)
    return report("the program is not valid: " + valid.error().message);
  if (function && random.chance(60) && estimateWork(*function) < maxWork)
    compareProgram(*function);
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

/// Whether so many elements may be made up for a run.
static bool isSmall(ArrayRef<int64_t> shape) {
  double elements = 1;
  for (int64_t extent : shape)
    elements *= double(extent);
  return elements <= 1 << 20;
}

/// One tensor per argument of `function`; nothing for arguments of other types.
static std::optional<SmallVector<interp::Tensor>>
makeInputs(func::FuncOp function, Random &random) {
  SmallVector<interp::Tensor> inputs;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
    if (!type || !type.hasStaticShape() || !type.getElementType().isF32() ||
        !isSmall(type.getShape()))
      return std::nullopt;
    if (auto init =
            function.getArgAttrOfType<ElementsAttr>(i, nn::initAttrName)) {
      auto tensor = interp::Tensor::get(init);
      if (failed(tensor))
        return std::nullopt;
      inputs.push_back(*tensor);
      continue;
    }
    auto classes =
        function.getArgAttrOfType<IntegerAttr>(i, nn::classesAttrName);
    interp::Tensor tensor = interp::Tensor::uninitialized(type.getShape());
    for (float &element : tensor.getMutableData())
      element = classes && classes.getInt() > 0
                    ? float(random.pick(0, classes.getInt() - 1))
                    : float(random.pick(-2000, 2000)) / 1000;
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

/// True if equal bit for bit.
static bool areEqual(ArrayRef<interp::Tensor> first,
                     ArrayRef<interp::Tensor> second) {
  return llvm::equal(first, second, [](const auto &a, const auto &b) {
    return a.getShape() == b.getShape() &&
           (a.getNumElements() == 0 ||
            std::memcmp(a.data(), b.data(), 4 * a.getNumElements()) == 0);
  });
}

void FuzzCase::compareProgram(ModuleOp module) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  auto inputs = makeInputs(function, random);
  if (!inputs)
    return;
  note("evaluating");
  SmallVector<interp::Value> arguments(inputs->begin(), inputs->end());
  auto computed = interp::runMain(module, arguments);
  judge("evaluation", succeeded(computed));
  if (failed(computed))
    return;
  std::vector<interp::Tensor> expected;
  for (const interp::Value &value : *computed)
    expected.push_back(value.getTensor());
  note("executing");
  auto program = phx::readProgram(getFile("case.phx"));
  auto actual = executeProgram(*program, function, *inputs);
  ++tally.compared;
  if (!actual && !isLost(function, expected))
    return report("the program cannot be executed: " + actual.error().message);
  if (actual && !areEqual(expected, *actual))
    report("the program computes something else than the interpreter");
}

void FuzzCase::checkStages(ModuleOp module) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function || estimateWork(module) > maxWork)
    return;
  auto inputs = makeInputs(function, random);
  if (!inputs)
    return;
  std::map<std::string, phx::HostArray> arrays;
  for (auto [i, input] : llvm::enumerate(*inputs))
    if (!nn::hasRole(function, i))
      arrays.emplace(
          nn::getInputName(function, i),
          toHostArray(input,
                      function.getArgAttr(i, nn::classesAttrName) != nullptr));
  arrays.emplace(nn::labelsName.str(),
                 toHostArray(interp::Tensor::zeros({2}), /*isLabels=*/true));
  if (phx::Status saved = phx::writeNpz(arrays, getFile("case.npz")); !saved)
    return;
  CompileRequest request = makeRequest(writeModule(module));
  request.to = Stage::Schedule;
  request.output.clear();
  request.checkInput = getFile("case.npz");
  if (request.from > Stage::Schedule)
    return;
  compileFile(request, "checking");
}
