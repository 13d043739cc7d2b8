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
static void exposeRegion(phx::Program &program, StringRef name,
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
    return;
  }
  ADD_FAILURE() << "no region '" << name.str() << "'";
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

std::vector<interp::Tensor> Session::execute(ModuleOp module, func::FuncOp func,
                                             ArrayRef<interp::Tensor> inputs) {
  std::vector<interp::Tensor> tensors;
  FailureOr<phx::Program> program = exportProgram(getOnlyProgram(module));
  if (failed(program))
    return tensors;
  // Tokens went into operations and plain form alike.
  EXPECT_TRUE(taken && taken->code == program->code &&
              taken->products == program->products &&
              taken->tokens == program->tokens);
  if (phx::Status valid = phx::validate(*program); !valid) {
    ADD_FAILURE() << valid.error().message;
    return tensors;
  }
  if (coverage)
    coverage->add(*program);
  std::map<std::string, phx::HostArray> arrays;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    std::string name =
        getName(nn::getArgumentName(func, index), "input", index);
    if (nn::hasRole(func, index)) {
      exposeRegion(*program, name, input);
      continue;
    }
    phx::HostArray array;
    array.shape.assign(input.getShape().begin(), input.getShape().end());
    array.bytes.assign(getBytes(input).begin(), getBytes(input).end());
    arrays.emplace(name, std::move(array));
  }
  auto executor = phx::createExecutor("reference", *program);
  if (!executor) {
    ADD_FAILURE() << executor.error().message;
    return tensors;
  }
  phx::ExecutionOptions options;
  options.threads = 1;
  auto results = (*executor)->run(arrays, options);
  if (!results) {
    ADD_FAILURE() << results.error().message;
    return tensors;
  }
  for (unsigned i = 0; i < func.getNumResults(); ++i) {
    const phx::HostArray &array = results->at(::getResultName(func, i));
    tensors.emplace_back(
        array.shape,
        ArrayRef<float>(reinterpret_cast<const float *>(array.bytes.data()),
                        array.getNumElements()));
  }
  return tensors;
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
