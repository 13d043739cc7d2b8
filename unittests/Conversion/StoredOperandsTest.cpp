//===- StoredOperandsTest.cpp - Operands that are converted once ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random networks on random machines, their operands converted by arrays as
// they read them and once into memory or at compile time: the evaluator and the
// executor have to give the same bits for both.
//
//===----------------------------------------------------------------------===//

#include "Differential.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

using namespace mlir;
using namespace photonic;

namespace {
/// What the networks contained.
struct Found {
  unsigned networks = 0, conversions = 0, constants = 0, shared = 0,
           several = 0;

  void add(ModuleOp module) {
    ++networks;
    module.walk([&](phot::ConvertOp op) {
      ++(op.isAtCompileTime() ? constants : conversions);
      shared += !op->hasOneUse();
      several += op.getStored().getAlong().size() > 1;
    });
  }
};
} // namespace

/// Lets arrays convert some of the constants when the program runs.
static void moveToRunTime(ModuleOp module, RandomMachine &machine) {
  module.walk([&](phot::ConvertOp op) {
    if (!op.isAtCompileTime() || machine.pick(0, 2) != 0)
      return;
    Builder b(op);
    op.setRowsAttr(b.getI64IntegerAttr(machine.pick(1, 9)));
    op.setArraysAttr(b.getStringAttr("core"));
  });
}

static void compareOne(uint64_t seed, bool learns, Found &found) {
  Session session;
  RandomMachine machine(seed, learns);
  // What rounds at random is never stored.
  StringRef format = machine.options.format;
  if (format.consume_back(":stochastic"))
    machine.options.format = (format + ":nearest").str();
  RandomNetwork network(session.context, seed, learns);
  OwningOpRef<ModuleOp> module = network.build();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  SCOPED_TRACE(machine.describe() + text);
  OwningOpRef<ModuleOp> plain = module->clone();
  ASSERT_TRUE(
      session.runStages(*plain, machine.options, Stage::Import, Stage::Tile))
      << session.messages;
  // Stages add arguments: what is learnt, and the key of random numbers.
  SmallVector<interp::Tensor> inputs = network.makeInputs(*plain);
  machine.options.operandStorage = "converted";
  ASSERT_TRUE(
      session.runStages(*module, machine.options, Stage::Import, Stage::Tile))
      << session.messages;
  moveToRunTime(*module, machine);
  found.add(*module);
  std::vector<interp::Tensor> expected = session.evaluate(*plain, inputs);
  if (expected.empty()) { // an infinity, which both have to refuse
    EXPECT_TRUE(session.evaluate(*module, inputs).empty());
    return;
  }
  expectEqualBits(expected, session.evaluate(*module, inputs));
  auto func = plain->lookupSymbol<func::FuncOp>("main");
  machine.options.memory = "ideal";
  ASSERT_TRUE(
      session.runStages(*module, machine.options, Stage::Schedule, Stage::Emit))
      << session.messages;
  expectEqualBits(expected, session.execute(*module, func, inputs));
}

static void compareAll(uint64_t usual, bool learns) {
  auto read = [](const char *name, uint64_t otherwise) {
    const char *wanted = std::getenv(name);
    return wanted ? std::strtoull(wanted, nullptr, 10) : otherwise;
  };
  uint64_t networks = read("PHOTONIC_RANDOM_NETWORKS", usual);
  uint64_t first = read("PHOTONIC_RANDOM_FIRST", 1);
  Found found;
  for (uint64_t seed = first; seed < first + networks; ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    compareOne(seed, learns, found);
    if (::testing::Test::HasFailure())
      return;
  }
  std::cout << found.networks << " networks with " << found.conversions
            << " conversions by arrays and " << found.constants
            << " at compile time; " << found.shared << " have several readers, "
            << found.several << " run along several dimensions\n";
  // The networks have to reach them.
  EXPECT_GE(found.conversions, networks / 4);
  EXPECT_GE(found.several, networks / 20);
  if (!learns)
    EXPECT_GE(found.constants, networks / 4);
}

TEST(StoredOperands, InferenceHasTheSameBits) { compareAll(120, false); }

TEST(StoredOperands, StepsHaveTheSameBits) { compareAll(80, true); }
