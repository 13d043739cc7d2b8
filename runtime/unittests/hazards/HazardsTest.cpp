//===- HazardsTest.cpp - Hazards, one by one -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Validator.h"

#include "Oracle.h"
#include "Snippets.h"
#include "../support/TestMemories.h"

#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;

/// Sources that nobody writes.
static const Affine far1 = fixed(4096), far2 = fixed(8192);

static std::string check(const Program &program) {
  Status status = validateHazards(program);
  EXPECT_EQ(status.ok(), !hasRace(program));
  return status.ok() ? "" : status.error().message;
}

static void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Hazards, ReadAfterWrite) {
  Program program =
      assemble({move(dma, fixed(0), far1), move(vec, fixed(64), fixed(12))});
  program.code[0].layer = 0;
  program.code[1].layer = 1;
  std::string message = check(program);
  expectContains(message, "read-after-write hazard in memory 'grad' at byte "
                          "12: instruction 0 (dma.copy on dma, layer 'conv1')");
  expectContains(message, "instruction 1 (vec.map on vec, layer 'relu1')");
  expectContains(message, "no chain of tokens");
  EXPECT_EQ(check(assemble({move(dma, fixed(0), far1), signal(dma, 0),
                            wait(vec, 0), move(vec, fixed(64), fixed(12))},
                           1)),
            "");
}

TEST(Hazards, NeighboursDoNotConflict) {
  EXPECT_EQ(check(assemble(
                {move(dma, fixed(0), far1), move(vec, fixed(64), fixed(16))})),
            "");
  EXPECT_NE(check(assemble(
                {move(dma, fixed(0), far1), move(vec, fixed(64), fixed(15))})),
            "");
}

TEST(Hazards, WriteAfterRead) {
  expectContains(check(assemble({move(vec, fixed(64), fixed(0)),
                                 move(dma, fixed(8), far1)})),
                 "write-after-read hazard in memory 'grad' at byte 8:");
}

TEST(Hazards, WriteAfterWrite) {
  expectContains(
      check(assemble({move(vec, fixed(0), far1), move(dma, fixed(0), far2)})),
      "write-after-write");
}

TEST(Hazards, SpacesAreSeparate) {
  Program program =
      assemble({move(vec, fixed(0), far1), move(dma, fixed(0), far2)});
  getAs<DmaCopy>(program.code[1].body).dst.memory = mem::act;
  EXPECT_EQ(check(program), "");
}

TEST(Hazards, ContributionsToOneProductAreUnordered) {
  EXPECT_EQ(check(assemble({stream(0, fixed(0), far1, 0),
                            stream(1, fixed(0), far2, 0, 1)})),
            "");
  EXPECT_NE(check(assemble(
                {stream(0, fixed(0), far1, 0), stream(1, fixed(0), far2, 1)})),
            "");
}

TEST(Hazards, ContributionsAreWritesToEverythingElse) {
  EXPECT_NE(check(assemble({stream(0, fixed(0), far1, 0),
                            move(vec, fixed(64), fixed(0))})),
            "");
  EXPECT_NE(check(assemble({move(vec, fixed(64), fixed(0)),
                            stream(0, fixed(0), far1, 0)})),
            "");
}

TEST(Hazards, AReaderBehindAnotherContributionStillSeesTheFirst) {
  // vec knows of core[1] only; core[0] contributed before.
  expectContains(
      check(assemble({stream(0, fixed(0), far1, 0),
                      stream(1, fixed(0), far2, 0), signal(core(1), 0),
                      wait(vec, 0), move(vec, fixed(64), fixed(0))},
                     1)),
      "core[0]");
}

TEST(Hazards, ChainsOrderTransitively) {
  // dma -> core[0] -> vec.
  EXPECT_EQ(check(assemble({move(dma, fixed(0), far1), signal(dma, 0),
                            wait(core(0), 0), stream(0, fixed(64), far2, 0),
                            signal(core(0), 1), wait(vec, 1),
                            move(vec, fixed(128), fixed(0))},
                           2)),
            "");
}

TEST(Hazards, ASignalCoversWhatComesBeforeIt) {
  EXPECT_NE(check(assemble({signal(dma, 0), move(dma, fixed(0), far1),
                            wait(vec, 0), move(vec, fixed(64), fixed(0))},
                           1)),
            "");
  EXPECT_NE(check(assemble({move(dma, fixed(0), far1), signal(dma, 0),
                            move(vec, fixed(64), fixed(0)), wait(vec, 0)},
                           1)),
            "");
}

TEST(Hazards, TokensAreCounted) {
  // The second wait takes the second signal.
  auto program = [&](int waits) {
    std::vector<Instruction> code{move(dma, fixed(0), far1), signal(dma, 0),
                                  move(dma, fixed(64), far1), signal(dma, 0)};
    for (int i = 0; i < waits; ++i)
      code.push_back(wait(vec, 0));
    code.push_back(move(vec, fixed(128), fixed(64)));
    return assemble(code, 1);
  };
  EXPECT_NE(check(program(1)), "");
  EXPECT_EQ(check(program(2)), "");
}

TEST(Hazards, AWaitNeedsASignal) {
  Status status = validateHazards(assemble({wait(vec, 0)}, 1));
  ASSERT_FALSE(status.ok());
  expectContains(status.error().message, "before any signal");
}

TEST(Hazards, MalformedProgramsAreErrors) {
  EXPECT_FALSE(validateHazards(assemble({end()})).ok());
  EXPECT_FALSE(validateHazards(assemble({loop(2)})).ok());
  EXPECT_FALSE(validateHazards(assemble({loop(0), end()})).ok());
  EXPECT_FALSE(validateHazards(assemble({wait(vec, 3)}, 1)).ok());
  EXPECT_FALSE(validateHazards(assemble({stream(7, fixed(0), far1, 0)})).ok());
  EXPECT_FALSE(
      validateHazards(assemble({move(vec, twoBuffers(0, 16), far1)})).ok());
  Program program = assemble({stream(0, fixed(0), far1, 0)});
  program.maps.clear();
  EXPECT_FALSE(validateHazards(program).ok());
}

/// A loop in which dma fills buffer i mod `buffers` and vec empties it, with
/// `credits` iterations of slack for the refill.
static Program pipeline(int64_t buffers, int64_t credits, int64_t trips) {
  std::vector<Instruction> code;
  for (int64_t i = 0; i < credits; ++i)
    code.push_back(signal(vec, 1));
  for (const Instruction &i :
       {loop(trips), wait(dma, 1),
        move(dma, twoBuffers(0, 64, 0, 0, buffers), far1), signal(dma, 0),
        wait(vec, 0), move(vec, far2, twoBuffers(0, 64, 0, 0, buffers)),
        signal(vec, 1), end()})
    code.push_back(i);
  for (int64_t i = 0; i < credits; ++i)
    code.push_back(wait(dma, 1));
  return assemble(code, 2);
}

TEST(Hazards, CreditsMayNotExceedTheBuffers) {
  for (int64_t buffers = 1; buffers <= 4; ++buffers)
    for (int64_t credits = 1; credits <= 5; ++credits)
      for (int64_t trips : {1, 2, 3, 5, 40})
        EXPECT_EQ(check(pipeline(buffers, credits, trips)).empty(),
                  credits <= buffers || trips <= buffers)
            << buffers << " buffers, " << credits << " credits, " << trips
            << " trips";
}

TEST(Hazards, ManyTripsCostNoMoreThanAFew) {
  for (int64_t credits = 1; credits <= 3; ++credits)
    EXPECT_EQ(validateHazards(pipeline(2, credits, 1'000'000'000'000)).ok(),
              credits <= 2);
  // What only the last iterations do is seen nevertheless: they read the other
  // buffer while it is being filled.
  auto withGuard = [](int64_t first) {
    Program program = pipeline(2, 2, 1'000'000);
    Instruction peek = move(vec, far2, twoBuffers(0, 64, 0, 1), 1);
    // Guards end something; here "not executed before `first`" is a count that
    // is negative until then.
    getAs<VecMap>(peek.body).shape[3].remaining =
        Affine{1 - first, {{0, 1, 0, 1, 0, 1}}};
    program.code.insert(program.code.begin() + 7, peek);
    return program;
  };
  EXPECT_FALSE(validateHazards(withGuard(999'998)).ok());
  EXPECT_TRUE(validateHazards(withGuard(1'000'000)).ok());
}

TEST(Hazards, IterationsOfATokenFreeLoopAreUnordered) {
  // vec reads what dma writes in another iteration.
  EXPECT_NE(check(assemble({loop(3), move(dma, twoBuffers(0, 64), far1),
                            move(vec, far2, twoBuffers(0, 64, 0, 1)), end()})),
            "");
  // Different halves in all iterations.
  EXPECT_EQ(check(assemble({loop(3), move(dma, twoBuffers(0, 64), far1),
                            move(vec, far2, twoBuffers(16, 64, 0, 1)), end()})),
            "");
}

TEST(Hazards, GuardsAndCountsAreRespected) {
  Program program = assemble(
      {loop(3), move(dma, fixed(0), far1), end(), move(vec, far2, fixed(0))});
  program.code[1].guard = Guard{0, 1, 5, 5};
  EXPECT_EQ(check(program), "");
  program.code[1].guard = Guard{0, 1, 2, 5};
  EXPECT_NE(check(program), "");
  auto &copy = getAs<DmaCopy>(program.code[1].body);
  copy.shape[0].remaining = Affine{0, {{0, 1, 0, 1, 0, -1}}};
  EXPECT_EQ(check(program), "");
  copy.shape[0].remaining->base = 1;
  EXPECT_NE(check(program), "");
}

TEST(Hazards, FootprintsOfManyIntervals) {
  // 3000 elements, every other one: rounded up they would conflict.
  auto program = [](int64_t offset) {
    Program program =
        assemble({move(dma, fixed(0), fixed(1 << 20), 3000),
                  move(vec, fixed(offset), fixed(1 << 21), 3000)});
    getAs<DmaCopy>(program.code[0].body).dstStride[3] = 8;
    getAs<VecMap>(program.code[1].body).dstStride[3] = 8;
    return program;
  };
  EXPECT_EQ(check(program(4)), "");
  EXPECT_NE(check(program(3)), "");
  EXPECT_NE(check(program(8 * 2999)), "");
  EXPECT_EQ(check(program(8 * 2999 + 4)), "");
}

TEST(Hazards, LongLoopsInterleavedByteByByte) {
  // Supersets conflict, the exact sets do not: even and odd elements.
  auto program = [&](int64_t offset) {
    Affine even{0, {{0, 1, 0, 1, 0, 8}, {1, 1, 0, 1, 0, 80}}};
    Affine odd{offset, {{0, 1, 0, 1, 0, 8}, {1, 1, 0, 1, 0, 80}}};
    // Two digits of one loop: no closed form.
    even.terms.push_back({1, 1, 0, 3, 2, 800});
    odd.terms.push_back({1, 1, 0, 3, 2, 800});
    return assemble({loop(10), loop(30), move(dma, even, far1, 1), end(), end(),
                     loop(10), loop(30), move(vec, odd, far2, 1), end(),
                     end()});
  };
  EXPECT_EQ(check(program(4)), "");
  EXPECT_NE(check(program(5)), "");
  EXPECT_NE(check(program(8)), "");
}

//===----------------------------------------------------------------------===//
// Bytes and bits
//===----------------------------------------------------------------------===//

/// Pools rows [first, first + rows) of nothing but its own far place, with
/// positions from byte 0 of the gradient scratchpad.
static Instruction positions(int64_t first, int64_t rows) {
  VecPoolPositions pool;
  pool.in = {mem::act, far1};
  pool.out = {mem::act, far2};
  pool.positions = {mem::grad, {}};
  pool.rowStart.base = first;
  pool.rows.cap = rows;
  return make(vec, pool);
}

TEST(Hazards, PositionsAreBytes) {
  // Bytes 3 to 7 against a copy to the words from 8 on, then from 4 on.
  EXPECT_EQ(check(assemble({positions(3, 5), move(dma, fixed(8), far1)})), "");
  expectContains(
      check(assemble({positions(3, 5), move(dma, fixed(4), far1)})),
      "write-after-write hazard in memory 'grad' at byte 4: instruction 0 "
      "(vec.pool_positions on vec) writes it");
  expectContains(check(assemble({positions(3, 6), move(dma, fixed(8), far1)})),
                 "at byte 8");
  EXPECT_EQ(check(assemble({positions(3, 6), signal(vec, 0), wait(dma, 0),
                            move(dma, fixed(8), far1)},
                           1)),
            "");
}

TEST(Hazards, UnpoolingReadsAndWrites) {
  VecUnpool unpool;
  unpool.in = {mem::grad, {}};
  unpool.out = {mem::grad, fixed(32)};
  unpool.positions = {mem::grad, fixed(64)};
  unpool.rows.cap = 4;
  Instruction i = make(vec, unpool);
  expectContains(check(assemble({i, move(dma, fixed(12), far1)})),
                 "write-after-write");
  expectContains(check(assemble({i, move(dma, far1, fixed(12))})),
                 "read-after-write");
  expectContains(check(assemble({i, move(dma, fixed(44), far1)})),
                 "write-after-read");
  // Positions: bytes 64 to 67.
  expectContains(check(assemble({i, move(dma, fixed(64), far1, 1)})),
                 "write-after-read hazard in memory 'grad' at byte 64");
  EXPECT_EQ(check(assemble({i, move(dma, fixed(68), far1)})), "");
  // Averages read no positions.
  getAs<VecUnpool>(i.body).fn = PoolFn::AverageAll;
  EXPECT_EQ(check(assemble({i, move(dma, fixed(64), far1, 1)})), "");
}

TEST(Hazards, MasksAreWords) {
  // 33 elements have a mask of two words.
  VecGateMask gate;
  gate.dst = {mem::act, {}};
  gate.a = {mem::act, fixed(1024)};
  gate.mask = {mem::grad, {}};
  gate.count.cap = 33;
  Instruction i = make(vec, gate);
  EXPECT_EQ(check(assemble({i, move(dma, fixed(8), far1)})), "");
  expectContains(check(assemble({i, move(dma, fixed(4), far1)})),
                 "write-after-read hazard in memory 'grad' at byte 4");
  getAs<VecGateMask>(i.body).count.cap = 32;
  EXPECT_EQ(check(assemble({i, move(dma, fixed(4), far1)})), "");
  VecPack pack;
  pack.dst = {mem::grad, {}};
  pack.a = {mem::act, {}};
  pack.count.cap = 33;
  expectContains(check(assemble({move(dma, fixed(4), far1), make(vec, pack)})),
                 "write-after-write hazard in memory 'grad' at byte 4");
}

TEST(Hazards, RandomNumbersReadTheirKey) {
  VecRandom random;
  random.dst = {mem::act, {}};
  random.key = {mem::grad, fixed(16)};
  random.count.cap = 5;
  expectContains(
      check(assemble({make(vec, random), move(dma, fixed(24), far1)})),
      "write-after-read hazard in memory 'grad' at byte 24");
  EXPECT_EQ(check(assemble({make(vec, random), move(dma, fixed(28), far1)})),
            "");
}
