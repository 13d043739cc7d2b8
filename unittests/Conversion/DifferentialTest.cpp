//===- DifferentialTest.cpp - Programs against the stage before -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random networks are compiled for random small machines under both memory
// models and every dataflow; the reference executor has to produce, bit for
// bit, what the evaluator computes after stage `tile`. Scratchpads are drawn so
// small that products and digital operations are cut into chunks with smaller
// last ones. Networks that learn do so for several steps: what a step leaves in
// memory is what the next one starts from.
//
//===----------------------------------------------------------------------===//

#include "Differential.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "mlir/IR/Verifier.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <random>

using namespace mlir;
using namespace photonic;

/// Compiles `module`, which is at stage `tile`, under `ideal` and then under
/// `hierarchy` with ever smaller scratchpads, until they are too small, and
/// hands each program to `compare`. False if something is wrong.
static bool compileAll(Session &session, RandomMachine &machine,
                       ModuleOp module, Coverage &coverage,
                       llvm::function_ref<bool(ModuleOp program)> compare) {
  size_t fixed = machine.options.machine.overrides.size();
  int64_t bytes = 1 << 16;
  for (int run = 0; run < 7; ++run) {
    machine.options.machine.overrides.resize(fixed);
    machine.options.memory = run == 0 ? "ideal" : "hierarchy";
    if (run > 1) {
      // A target has to have room for one tile.
      for (const char *pad : {"act", "wgt", "grad"})
        machine.set(std::string(pad) + ".capacity_bytes",
                    std::max<int64_t>(640, bytes / machine.pick(1, 4)));
      bytes = bytes * machine.pick(20, 60) / 100;
    }
    SCOPED_TRACE(machine.describe());
    OwningOpRef<ModuleOp> program = module.clone();
    session.messages.clear();
    session.coverage = &coverage;
    if (session.runStages(*program, machine.options, Stage::Schedule,
                          Stage::Emit)) {
      if (!compare(*program))
        return false;
      continue;
    }
    // Refusing is right only where the smallest piece does not fit.
    ++coverage.refused;
    bool isTooLarge =
        StringRef(session.messages).contains("needs a working set");
    EXPECT_TRUE(run > 1 && isTooLarge) << session.messages;
    if (::testing::Test::HasFailure())
      return false;
  }
  return true;
}

/// Values that comparisons treat on their own among the elements of `inputs`.
static void addSpecials(uint64_t seed, MutableArrayRef<interp::Tensor> inputs) {
  const float specials[] = {NAN, -NAN, INFINITY, -INFINITY, 0.0f, -0.0f};
  std::mt19937_64 random(seed);
  for (interp::Tensor &tensor : inputs)
    for (float &element : tensor.getMutableData())
      if (random() % 12 == 0)
        element = specials[random() % 6];
}

/// One network on one machine.
static void compareOne(uint64_t seed, Coverage &coverage) {
  Session session;
  RandomMachine machine(seed);
  RandomNetwork network(session.context, seed);
  OwningOpRef<ModuleOp> module = network.build();
  SmallVector<interp::Tensor> inputs = network.makeInputs(*module);
  // Other formats refuse what is not finite.
  if (StringRef(machine.options.format).starts_with("fp32"))
    addSpecials(seed, inputs);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  SCOPED_TRACE(machine.describe() + text);
  ASSERT_TRUE(
      session.runStages(*module, machine.options, Stage::Import, Stage::Tile))
      << session.messages;
  std::vector<interp::Tensor> expected = session.evaluate(*module, inputs);
  ASSERT_FALSE(expected.empty()) << session.messages;
  auto func = module->lookupSymbol<func::FuncOp>("main");
  compileAll(session, machine, *module, coverage, [&](ModuleOp program) {
    expectEqualBits(expected, session.execute(program, func, inputs));
    return !::testing::Test::HasFailure();
  });
}

/// Networks in a test; PHOTONIC_RANDOM_NETWORKS asks for more than the suite
/// has time for, and PHOTONIC_RANDOM_FIRST for others.
static uint64_t getNetworks(uint64_t usual) {
  if (const char *wanted = std::getenv("PHOTONIC_RANDOM_NETWORKS"))
    return std::strtoull(wanted, nullptr, 10);
  return usual;
}
static uint64_t getFirst() {
  if (const char *wanted = std::getenv("PHOTONIC_RANDOM_FIRST"))
    return std::strtoull(wanted, nullptr, 10);
  return 1;
}

TEST(Differential, ProgramsEqualTheTileStage) {
  uint64_t networks = getNetworks(200), first = getFirst();
  Coverage coverage;
  for (uint64_t seed = first; seed < first + networks; ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    compareOne(seed, coverage);
    if (HasFailure())
      return;
  }
  // The networks have to reach the difficult cases.
  EXPECT_GE(coverage.compared, 5 * networks);
  EXPECT_GT(coverage.refused, 0u);
  for (unsigned loops : coverage.chunkLoops)
    EXPECT_GE(loops, networks / 20);
  EXPECT_GE(coverage.streamTails, networks / 20);
  EXPECT_GE(coverage.zeroFills, networks / 20);
  RecordProperty("compared", static_cast<int>(coverage.compared));
  std::cout << coverage.compared << " programs, " << coverage.refused
            << " refused; products in 0, 1, 2 chunk loops: "
            << coverage.chunkLoops[0] << ", " << coverage.chunkLoops[1] << ", "
            << coverage.chunkLoops[2] << "; clipped streams "
            << coverage.streamTails << "; padded transfers "
            << coverage.zeroFills << "\n";
}

//===----------------------------------------------------------------------===//
// Steps of training
//===----------------------------------------------------------------------===//

/// Moves the results that replace arguments to these; true if one changed.
static bool advance(func::FuncOp func, ArrayRef<interp::Tensor> results,
                    SmallVectorImpl<interp::Tensor> &inputs) {
  bool changed = false;
  for (unsigned i = 0; i < func.getNumResults(); ++i) {
    auto name = func.getResultAttrOfType<StringAttr>(i, nn::updatesAttrName);
    if (!name)
      continue;
    unsigned index = nn::findArgument(func, name).getArgNumber();
    changed |= inputs[index].getData() != results[i].getData();
    inputs[index] = results[i];
  }
  return changed;
}

namespace {
/// Arguments and results of each step, as the evaluator has them.
struct Step {
  SmallVector<interp::Tensor> inputs;
  std::vector<interp::Tensor> results;
};
} // namespace

/// Three steps of a network that learns on one machine. False if the numbers
/// left the range of the format, or of binary32.
static bool learnOne(uint64_t seed, Coverage &coverage) {
  Session session;
  RandomMachine machine(seed, /*learns=*/true);
  RandomNetwork network(session.context, seed, /*learns=*/true);
  OwningOpRef<ModuleOp> module = network.build();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  SCOPED_TRACE(machine.describe() + text);
  EXPECT_TRUE(succeeded(mlir::verify(*module))) << session.messages;
  EXPECT_TRUE(
      session.runStages(*module, machine.options, Stage::Import, Stage::Tile))
      << session.messages;
  if (::testing::Test::HasFailure())
    return false;
  auto func = module->lookupSymbol<func::FuncOp>("main");
  SmallVector<interp::Tensor> inputs = network.makeInputs(*module);
  SmallVector<Step> steps;
  for (int step = 0; step < 3; ++step) {
    std::vector<interp::Tensor> results = session.evaluate(*module, inputs);
    if (results.empty() || isLost(func, results))
      return false;
    steps.push_back({inputs, results});
    coverage.changed += advance(func, results, inputs);
  }
  return compileAll(session, machine, *module, coverage, [&](ModuleOp program) {
    for (auto [number, step] : llvm::enumerate(steps)) {
      SCOPED_TRACE("step " + std::to_string(number));
      expectEqualBits(step.results,
                      session.execute(program, func, step.inputs));
      session.coverage = nullptr; // the same program again
    }
    return !::testing::Test::HasFailure();
  });
}

TEST(Differential, StepsEqualTheTileStage) {
  uint64_t networks = getNetworks(150), first = getFirst();
  Coverage coverage;
  unsigned finished = 0;
  for (uint64_t seed = first; seed < first + networks; ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    finished += learnOne(seed, coverage);
    if (HasFailure())
      return;
  }
  // The networks have to reach the difficult cases.
  EXPECT_GE(finished, networks * 9 / 10);
  EXPECT_GE(coverage.changed, networks);
  EXPECT_GE(coverage.compared, 5 * networks);
  for (unsigned products : coverage.positions)
    EXPECT_GE(products, networks / 4);
  EXPECT_GE(coverage.accumulating, networks / 2);
  EXPECT_GE(coverage.random, networks / 2);
  EXPECT_GE(coverage.longGroups, networks / 2);
  EXPECT_GE(coverage.contractionTails, networks / 100);
  for (unsigned loops : coverage.chunkLoops)
    EXPECT_GE(loops, networks / 20);
  using phx::Opcode;
  for (Opcode opcode :
       {phx::VecPoolPositions::opcode, phx::VecUnpool::opcode,
        phx::VecPack::opcode, phx::VecGateMask::opcode, phx::VecRandom::opcode})
    EXPECT_GE(coverage.opcodes[unsigned(opcode)], networks / 10);
  std::cout << coverage.compared << " programs of " << finished << " networks, "
            << coverage.refused << " refused, " << coverage.changed
            << " steps that changed something; products with kernel positions: "
            << coverage.positions[0] << " df1, " << coverage.positions[1]
            << " df2; " << coverage.accumulating << " accumulate, "
            << coverage.random << " round at random, " << coverage.longGroups
            << " have groups longer than the array, "
            << coverage.contractionTails
            << " cut contractions with a tail; in 0, 1, 2 chunk loops: "
            << coverage.chunkLoops[0] << ", " << coverage.chunkLoops[1] << ", "
            << coverage.chunkLoops[2] << "\n";
}
