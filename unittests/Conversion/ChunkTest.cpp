//===- ChunkTest.cpp - Any chunks and buffers give the same bits ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What stage `schedule` chose for random networks on random machines is
// replaced by random chunks and buffers, and operations are taken out of what
// they are fused with: whatever `photonic-verify-schedule` accepts has to
// compute, bit for bit, what the evaluator computes after stage `tile`.
//
//===----------------------------------------------------------------------===//

#include "Differential.h"
#include "RandomNetwork.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/Photonic/IR/LayerShape.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

using namespace mlir;
using namespace photonic;

namespace {

/// How often choices were accepted.
struct Accepted {
  unsigned tried = 0, chunks = 0, buffers = 0, taken = 0, programs = 0;
  unsigned rows = 0, groups = 0, images = 0, lines = 0, units = 0;
  unsigned single = 0, several = 0; ///< buffers in a loop: 1, or more than 2
};

/// Changes the decisions in a function, one by one.
class Chooser {
public:
  Chooser(Session &session, RandomMachine &machine, ModuleOp module,
          Accepted &accepted)
      : session(session), machine(machine), module(module), accepted(accepted) {
  }

  /// False if an operation that was taken out does not fit by itself.
  bool run() {
    SmallVector<phot::FusedOp> fused;
    module.walk([&](phot::FusedOp op) { fused.push_back(op); });
    for (phot::FusedOp op : fused) {
      if (machine.pick(0, 2) == 0)
        takeOut(op);
      if (isLost)
        return false;
      for (int attempt = 0; attempt < 4; ++attempt)
        changeChunk(op);
      for (int attempt = 0; attempt < 3; ++attempt)
        changeBuffers(op);
    }
    return true;
  }

private:
  using Number = std::optional<int64_t>;

  bool isValid() {
    PassManager pm(&session.context);
    pm.addNestedPass<func::FuncOp>(pisa::createVerifySchedule());
    session.messages.clear();
    ++accepted.tried;
    bool valid = succeeded(pm.run(module));
    // What is refused is refused with a reason.
    EXPECT_EQ(valid, session.messages.empty()) << session.messages;
    return valid;
  }

  static phot::ArrayProductOp getProduct(phot::FusedOp op) {
    phot::ArrayProductOp product;
    op.walk([&](phot::ArrayProductOp found) { product = found; });
    return product;
  }

  Number maybe(int64_t most) {
    return machine.pick(0, 2) == 0 || most < 2
               ? Number()
               : Number(machine.pick(1, most - 1));
  }

  phot::BuffersAttr single(bool isProduct) {
    MLIRContext *context = &session.context;
    return isProduct ? phot::BuffersAttr::get(context, 1, 1, std::nullopt, 1)
                     : phot::BuffersAttr::get(context, std::nullopt,
                                              std::nullopt, 1, 1);
  }

  void changeChunk(phot::FusedOp op) {
    MLIRContext *context = &session.context;
    auto product = getProduct(op);
    Number groups, rows, images, lines, units;
    if (product) {
      auto shape = phot::ProductShape::match(product);
      ASSERT_TRUE(shape);
      groups = shape->groups > 1 ? maybe(shape->groups) : Number();
      rows = groups ? Number() : maybe(shape->m);
      images = maybe(shape->batch);
      lines = maybe(shape->outHeight);
    } else {
      units = maybe(64);
    }
    auto before = op.getChunkAttr();
    auto buffers = op.getBuffersAttr();
    op.setChunkAttr(
        phot::ChunkAttr::get(context, groups, rows, images, lines, units));
    op.setBuffersAttr(single(bool(product)));
    if (!isValid()) {
      op.setChunkAttr(before);
      op.setBuffersAttr(buffers);
      return;
    }
    ++accepted.chunks;
    accepted.groups += groups.has_value();
    accepted.rows += rows.has_value();
    accepted.images += images.has_value();
    accepted.lines += lines.has_value();
    accepted.units += units.has_value();
    accepted.single += !op.getChunk()->isWhole();
  }

  void changeBuffers(phot::FusedOp op) {
    MLIRContext *context = &session.context;
    auto before = op.getBuffersAttr();
    auto pick = [&] {
      return machine.pick(0, 9) ? machine.pick(1, 4) : machine.pick(5, 200);
    };
    op.setBuffersAttr(
        getProduct(op) ? phot::BuffersAttr::get(context, pick(), pick(),
                                                std::nullopt, pick())
                       : phot::BuffersAttr::get(context, std::nullopt,
                                                std::nullopt, pick(), pick()));
    if (!isValid())
      return op.setBuffersAttr(before);
    ++accepted.buffers;
    phot::BuffersAttr now = *op.getBuffers();
    accepted.several +=
        std::max({now.getFirst().value_or(1), now.getSecond().value_or(1),
                  now.getOperands().value_or(1), now.getResult()}) > 2;
  }

  /// Puts the last follower into a group of its own.
  void takeOut(phot::FusedOp op) {
    Operation *last = op.getLast();
    if (last == op.getFirst())
      return;
    Value before = last->getPrevNode()->getResult(0);
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    auto own = phot::FusedOp::create(
        builder, last->getLoc(), last->getResultTypes(),
        phot::ChunkAttr::get(op.getContext(), {}, {}, {}, {}, {}),
        single(/*isProduct=*/false));
    Block &body = own.getBody().emplaceBlock();
    Operation *yield = op.getBody().front().getTerminator();
    op->replaceAllUsesWith(own->getResults());
    last->moveBefore(&body, body.end());
    yield->setOperands(before);
    builder.setInsertionPointToEnd(&body);
    phot::YieldOp::create(builder, last->getLoc(), last->getResults());
    last->replaceUsesOfWith(before, op->getResult(0));
    // What does not fit in one piece is cut by the pass.
    own.removeChunkAttr();
    own.removeBuffersAttr();
    PassManager pm(&session.context);
    pm.addNestedPass<func::FuncOp>(pisa::createChooseChunks());
    pm.addNestedPass<func::FuncOp>(pisa::createPlaceBuffers());
    session.messages.clear();
    isLost = failed(pm.run(module));
    EXPECT_EQ(isLost,
              StringRef(session.messages).contains("needs a working set"))
        << session.messages;
    ++accepted.taken;
  }

  Session &session;
  RandomMachine &machine;
  ModuleOp module;
  Accepted &accepted;
  bool isLost = false;
};

/// One network, in several cuts.
void compareOne(uint64_t seed, bool learns, Accepted &accepted) {
  Session session;
  RandomMachine machine(seed, learns);
  RandomNetwork network(session.context, seed, learns);
  OwningOpRef<ModuleOp> module = network.build();
  SCOPED_TRACE(machine.describe());
  ASSERT_TRUE(
      session.runStages(*module, machine.options, Stage::Import, Stage::Tile))
      << session.messages;
  SmallVector<interp::Tensor> inputs = network.makeInputs(*module);
  std::vector<interp::Tensor> expected = session.evaluate(*module, inputs);
  if (expected.empty()) // an infinity, which other tests are about
    return;
  auto func = module->lookupSymbol<func::FuncOp>("main");
  machine.options.memory = "hierarchy";
  size_t fixed = machine.options.machine.overrides.size();
  for (int run = 0; run < 3; ++run) {
    machine.options.machine.overrides.resize(fixed);
    // Memories that some choices do not fit into.
    for (const char *pad : {"act", "wgt", "grad"})
      if (run > 0)
        machine.set(std::string(pad) + ".capacity_bytes", machine.pick(2, 64)
                                                              << 9);
    OwningOpRef<ModuleOp> program = module->clone();
    session.messages.clear();
    if (!session.runStages(*program, machine.options, Stage::Schedule,
                           Stage::Schedule)) {
      EXPECT_TRUE(run > 0 &&
                  StringRef(session.messages).contains("needs a working set"))
          << session.messages;
      continue;
    }
    if (!Chooser(session, machine, *program, accepted).run())
      continue;
    std::string text;
    llvm::raw_string_ostream stream(text);
    program->print(stream);
    SCOPED_TRACE(text);
    expectEqualBits(expected, session.evaluate(*program, inputs));
    ASSERT_TRUE(
        session.runStages(*program, machine.options, Stage::Emit, Stage::Emit))
        << session.messages;
    if (!isLost(func, expected))
      expectEqualBits(expected, session.execute(*program, func, inputs));
    if (::testing::Test::HasFailure())
      return;
    ++accepted.programs;
  }
}

void compareAll(uint64_t usual, bool learns) {
  auto read = [](const char *name, uint64_t otherwise) {
    const char *wanted = std::getenv(name);
    return wanted ? std::strtoull(wanted, nullptr, 10) : otherwise;
  };
  uint64_t networks = read("PHOTONIC_RANDOM_NETWORKS", usual);
  uint64_t first = read("PHOTONIC_RANDOM_FIRST", 1);
  Accepted accepted;
  for (uint64_t seed = first; seed < first + networks; ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    compareOne(seed, learns, accepted);
    if (::testing::Test::HasFailure())
      return;
  }
  std::cout << accepted.programs << " programs; of " << accepted.tried
            << " choices accepted: " << accepted.chunks << " chunks (groups "
            << accepted.groups << ", rows " << accepted.rows << ", images "
            << accepted.images << ", lines " << accepted.lines << ", units "
            << accepted.units << ", " << accepted.single
            << " loops with single buffers), " << accepted.buffers
            << " buffers, " << accepted.several << " with more than two; "
            << accepted.taken << " followers taken out\n";
  // Every kind of choice has to come up.
  uint64_t least = networks / 20;
  for (unsigned count :
       {accepted.groups, accepted.rows, accepted.images, accepted.units,
        accepted.single, accepted.buffers, accepted.several, accepted.taken})
    EXPECT_GE(count, least);
  EXPECT_GE(accepted.lines, learns ? 0 : least);
}

TEST(Chunks, AnyThatAreAcceptedComputeTheSame) {
  compareAll(60, /*learns=*/false);
}

TEST(Chunks, AnyThatAreAcceptedLearnTheSame) {
  compareAll(40, /*learns=*/true);
}

} // namespace
