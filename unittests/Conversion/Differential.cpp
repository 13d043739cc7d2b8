//===- Differential.cpp - Programs against the stage before ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Differential.h"

#include "machines/All.h"
#include "machines/rns/Instructions.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Driver/Driver.h"
#include "photonic/Interpreter/Interpreter.h"
#include "photonic/Target/Machine/Machine.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/exec/Executor.h"
#include "phx/isa/BaseOperations.h"
#include "phx/isa/Validator.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Machines
//===----------------------------------------------------------------------===//

RandomMachine::RandomMachine(uint64_t seed, bool learns) : random(seed) {
  options.machine.target = PHOTONIC_TARGETS "/mirage.textproto";
  int64_t columns = pick(2, 16);
  set("core.count", pick(1, 5));
  set("core.rows", pick(1, 9));
  set("core.columns", columns);
  int64_t group = pick(1, learns ? 3 * columns : columns);
  // A target's own groups are no longer than the array, or whole arrays.
  set("format.group", std::min(group, columns));
  static const char *const roundings[] = {"", ":trunc", ":nearest",
                                          ":stochastic", ":stochastic"};
  if (pick(0, 3) == 0)
    options.format = "fp32:" + std::to_string(group);
  else
    options.format = "bfp:" + std::to_string(pick(1, 4)) + ":" +
                     std::to_string(group) + roundings[pick(0, learns ? 4 : 2)];
  static const char *const dataflows[] = {"auto", "df1", "df2"};
  options.dataflow = dataflows[pick(0, 2)];
  options.foldBatchNorm = seed % 4 != 0;
}

std::string RandomMachine::describe() const {
  std::string text = "format " + options.format + ", dataflow " +
                     options.dataflow + ", memory " + options.memory +
                     (options.foldBatchNorm ? "" : ", no fold-batch-norm");
  for (const std::string &change : options.machine.overrides)
    text += ", " + change;
  return text + "\n";
}

//===----------------------------------------------------------------------===//
// Coverage
//===----------------------------------------------------------------------===//

void Coverage::add(const phx::Program &program) {
  ++compared;
  unsigned depth = 0;
  std::vector<unsigned> nests(program.products.size());
  for (const phx::Instruction &instruction : program.code) {
    ++opcodes[static_cast<unsigned>(instruction.body.getOpcode())];
    depth += holds<phx::Loop>(instruction.body);
    depth -= holds<phx::End>(instruction.body);
    if (auto *copy = getIf<phx::DmaCopy>(instruction.body))
      zeroFills += copy->zeroFill.has_value();
    auto *stream = getIf<phx::CoreStream>(instruction.body);
    if (!stream || instruction.engine.index != 0)
      continue;
    ++chunkLoops[depth - 1];
    contractionTails += ++nests[stream->product] == 2;
    // Never 0: every group continues from memory.
    accumulating += stream->start == phx::Affine{1, {}};
    streamTails += stream->length.remaining.has_value();
  }
  for (const phx::Product &product : program.products) {
    if (product.positions > 1)
      ++positions[static_cast<unsigned>(product.stationary)];
    const auto *format =
        phx::getIf<phx::Bfp>(program.conversions[product.conversions[0]]);
    if (!format)
      continue;
    random += format->rounding == phx::Rounding::Stochastic;
    longGroups += format->group > program.groups[0].columns;
  }
}

//===----------------------------------------------------------------------===//
// Compiling and evaluating
//===----------------------------------------------------------------------===//

Session::Session() {
  phx::registerAllMachines();
  DialectRegistry registry;
  registerCompilerDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.disableMultithreading();
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    messages += diagnostic.str() + "\n";
    return success();
  });
}

bool Session::runStages(ModuleOp module, const StageOptions &options,
                        Stage from, Stage to) {
  // In place of the one that stages before were run for: what differs are
  // capacities, which only the schedule looks at.
  auto machine =
      loadMachine(*options.machine.target, options.machine.overrides);
  if (!machine) {
    messages += machine.error().message + "\n";
    return false;
  }
  setTarget(module, *machine);
  PassManager pm(&context);
  for (Stage stage : allStages)
    if (stage >= from && stage <= to)
      addStage(pm, stage, options);
  taken.reset();
  if (to == Stage::Emit)
    pm.addPass(pisa::createTakeProgram(
        [&](auto program) { taken = std::move(program); }));
  return succeeded(pm.run(module));
}

std::vector<interp::Tensor> Session::evaluate(ModuleOp module,
                                              ArrayRef<interp::Tensor> inputs) {
  SmallVector<interp::Value> arguments(inputs.begin(), inputs.end());
  auto results = interp::runMain(module, arguments);
  std::vector<interp::Tensor> tensors;
  if (failed(results))
    return tensors;
  for (const interp::Value &value : *results)
    tensors.push_back(value.getTensor());
  return tensors;
}

//===----------------------------------------------------------------------===//
// Executing
//===----------------------------------------------------------------------===//

static ArrayRef<uint8_t> getBytes(const interp::Tensor &tensor) {
  return {reinterpret_cast<const uint8_t *>(tensor.data()),
          static_cast<size_t>(4 * tensor.getNumElements())};
}

/// Lets the region of an argument start with `tensor` and makes its contents
/// after the run an output of the same name.
static phx::Status exposeRegion(phx::Program &program, StringRef name,
                                const interp::Tensor &tensor) {
  for (size_t i = 0; i < program.regions.size(); ++i) {
    phx::Region region = program.regions[i];
    if (StringRef(region.name) != name || !region.data)
      continue;
    program.data[*region.data] = {getBytes(tensor).data(),
                                  getBytes(tensor).size(), nullptr};
    region.role = phx::Role::Output;
    region.data.reset();
    region.isMutable = false;
    program.regions.push_back(region);
    return phx::Status::success();
  }
  return phx::Error{"no region '" + name.str() + "'"};
}

static std::string getName(StringRef given, StringRef fallback, unsigned i) {
  return given.empty() ? fallback.str() + std::to_string(i) : given.str();
}

/// The name under which result `i` leaves the program.
static std::string getResultName(func::FuncOp func, unsigned i) {
  if (auto name = func.getResultAttrOfType<StringAttr>(i, nn::updatesAttrName))
    return name.str();
  return getName(nn::getResultName(func, i), "output", i);
}

phx::HostArray photonic::toHostArray(const interp::Tensor &tensor,
                                     bool isLabels) {
  phx::HostArray array;
  array.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  array.bytes.assign(getBytes(tensor).begin(), getBytes(tensor).end());
  if (!isLabels)
    return array;
  array.type = phx::ElementType::I64;
  array.bytes.resize(8 * tensor.getNumElements());
  for (auto [i, value] : llvm::enumerate(tensor.getData())) {
    auto label = static_cast<int64_t>(value);
    std::memcpy(&array.bytes[8 * i], &label, 8);
  }
  return array;
}

bool photonic::isLost(func::FuncOp func, ArrayRef<interp::Tensor> results) {
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    if (func.getResultAttr(i, nn::updatesAttrName) &&
        llvm::any_of(results[i].getData(),
                     [](float value) { return !std::isfinite(value); }))
      return true;
  return false;
}

/// The outputs of a run as the results of `func`.
static phx::Result<std::vector<interp::Tensor>>
collectResults(const std::map<std::string, phx::HostArray> &outputs,
               func::FuncOp func) {
  std::vector<interp::Tensor> tensors;
  for (unsigned i = 0; i < func.getNumResults(); ++i) {
    std::string name = ::getResultName(func, i);
    auto found = outputs.find(name);
    if (found == outputs.end())
      return phx::Error{"no output '" + name + "'"};
    const phx::HostArray &array = found->second;
    tensors.emplace_back(
        array.shape,
        ArrayRef<float>(reinterpret_cast<const float *>(array.bytes.data()),
                        array.getNumElements()));
  }
  return tensors;
}

phx::Result<std::vector<interp::Tensor>>
photonic::executeProgram(phx::Program &program, func::FuncOp func,
                         ArrayRef<interp::Tensor> inputs) {
  std::map<std::string, phx::HostArray> arrays;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    std::string name =
        getName(nn::getArgumentName(func, index), "input", index);
    bool isLabels = func.getArgAttr(index, nn::classesAttrName) != nullptr;
    if (!nn::hasRole(func, index))
      arrays.emplace(name, toHostArray(input, isLabels));
    else if (phx::Status status = exposeRegion(program, name, input); !status)
      return status.error();
  }
  auto executor = phx::createExecutor("reference", program);
  if (!executor)
    return executor.error();
  phx::ExecutionOptions options;
  options.threads = 1;
  auto results = (*executor)->run(arrays, options);
  if (!results)
    return results.error();
  return collectResults(*results, func);
}

std::vector<interp::Tensor> Session::execute(ModuleOp module, func::FuncOp func,
                                             ArrayRef<interp::Tensor> inputs) {
  FailureOr<phx::Program> program = exportProgram(getOnlyProgram(module));
  if (failed(program))
    return {};
  // Tokens went into operations and plain form alike.
  EXPECT_TRUE(taken && taken->code == program->code &&
              taken->products == program->products &&
              taken->tokens == program->tokens);
  if (phx::Status valid = phx::validate(*program); !valid) {
    ADD_FAILURE() << valid.error().message;
    return {};
  }
  if (coverage)
    coverage->add(*program);
  auto results = executeProgram(*program, func, inputs);
  if (results)
    return std::move(*results);
  ADD_FAILURE() << results.error().message;
  return {};
}

void photonic::expectEqualBits(ArrayRef<interp::Tensor> expected,
                               ArrayRef<interp::Tensor> actual) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].getShape(), actual[i].getShape());
    for (int64_t j = 0; j < expected[i].getNumElements(); ++j) {
      float e = expected[i][j], a = actual[i][j];
      ASSERT_EQ(std::memcmp(&e, &a, sizeof(float)), 0)
          << "result " << i << " element " << j << ": expected " << e
          << ", found " << a;
    }
  }
}
