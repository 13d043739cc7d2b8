//===- TokenInsertionTest.cpp - Where tokens end up -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include "Oracle.h"
#include "Snippets.h"

#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;

static const Affine far1 = fixed(4096), far2 = fixed(8192);

/// One letter per instruction: "s0" and "w0" signal and await token 0, "d",
/// "v" and "c" work on an engine, "[" and "]" are loops.
static std::string sketch(const Program &program) {
  std::string text;
  for (const Instruction &i : program.code) {
    if (holds<Halt>(i.body))
      break;
    const char *engines[] = {"d", "v", "c"};
    std::string engine = engines[static_cast<size_t>(i.engine.kind)];
    if (i.engine.kind == EngineKind::Core)
      engine += std::to_string(i.engine.index);
    if (!text.empty())
      text += ' ';
    if (holds<Loop>(i.body))
      text += "[";
    else if (holds<End>(i.body))
      text += "]";
    else if (const auto *s = getIf<Signal>(i.body))
      text += engine + "+" + std::to_string(s->token);
    else if (const auto *w = getIf<Wait>(i.body))
      text += engine + "-" + std::to_string(w->token);
    else
      text += engine;
  }
  return text;
}

static std::string insert(std::vector<Instruction> code) {
  Program program = assemble(std::move(code));
  Status status = insertTokens(program);
  EXPECT_TRUE(status.ok()) << status.error().message;
  EXPECT_TRUE(validateHazards(program).ok());
  EXPECT_FALSE(hasRace(program));
  return sketch(program);
}

TEST(TokenInsertion, NothingToOrder) {
  EXPECT_EQ(insert({move(dma, fixed(0), far1), move(vec, fixed(64), far2)}),
            "d v");
}

TEST(TokenInsertion, SignalDirectlyBehindWaitDirectlyBefore) {
  EXPECT_EQ(
      insert({move(dma, fixed(0), far1), move(dma, fixed(256), far1),
              move(vec, fixed(512), far2), move(vec, fixed(64), fixed(0))}),
      "d d+0 d v v-0 v");
}

TEST(TokenInsertion, OneTokenForSeveralHazards) {
  // Of two producers on one engine the later one is awaited.
  EXPECT_EQ(insert({move(dma, fixed(0), far1), move(dma, fixed(16), far1),
                    move(vec, fixed(64), fixed(0), 8)}),
            "d d d+0 v-0 v");
}

TEST(TokenInsertion, KnownOrderNeedsNoToken) {
  // The second reader is behind the first.
  EXPECT_EQ(insert({move(dma, fixed(0), far1), move(vec, fixed(64), fixed(0)),
                    move(vec, fixed(128), fixed(0))}),
            "d d+0 v-0 v v");
}

TEST(TokenInsertion, ChainsAreUsed) {
  // dma -> core -> vec; vec also reads what dma wrote.
  EXPECT_EQ(
      insert({move(dma, fixed(0), far1), stream(0, fixed(64), fixed(0), 0),
              move(vec, fixed(256), fixed(0), 32)}),
      "d d+0 c0-0 c0 c0+1 v-1 v");
}

TEST(TokenInsertion, EveryContributorIsAwaited) {
  EXPECT_EQ(
      insert({stream(0, fixed(0), far1, 0), stream(1, fixed(0), far1, 0, 1),
              move(vec, fixed(64), fixed(0))}),
      "c0 c0+0 c1 c1+1 v-0 v-1 v");
}

TEST(TokenInsertion, TokenFreeLoopsAreWaitedForAsAWhole) {
  EXPECT_EQ(insert({loop(3), stream(0, fixed(0), far1, 0), end(), loop(4),
                    move(vec, fixed(64), fixed(0)), end()}),
            "[ c0 ] c0+0 v-0 [ v ]");
}

/// dma fills buffer i mod n, vec empties it.
static std::vector<Instruction> producerConsumer(int64_t buffers,
                                                 int64_t trips) {
  return {loop(trips), move(dma, twoBuffers(0, 64, 0, 0, buffers), far1),
          move(vec, far2, twoBuffers(0, 64, 0, 0, buffers)), end()};
}

TEST(TokenInsertion, OneCreditPerBuffer) {
  EXPECT_EQ(insert(producerConsumer(1, 9)), "v+0 [ d-0 d d+1 v-1 v v+0 ] d-0");
  EXPECT_EQ(insert(producerConsumer(2, 9)),
            "v+0 v+0 [ d-0 d d+1 v-1 v v+0 ] d-0 d-0");
  EXPECT_EQ(insert(producerConsumer(3, 9)),
            "v+0 v+0 v+0 [ d-0 d d+1 v-1 v v+0 ] d-0 d-0 d-0");
}

TEST(TokenInsertion, LongDistancesAreShortened) {
  // Four credits are the most.
  EXPECT_EQ(insert(producerConsumer(6, 9)),
            "v+0 v+0 v+0 v+0 [ d-0 d d+1 v-1 v v+0 ] d-0 d-0 d-0 d-0");
}

TEST(TokenInsertion, ManyTripsCostNoMoreThanAFew) {
  Program program = assemble(producerConsumer(2, 1'000'000'000'000));
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(sketch(program), "v+0 v+0 [ d-0 d d+1 v-1 v v+0 ] d-0 d-0");
}

TEST(TokenInsertion, NoCreditsIfNoBufferIsReused) {
  EXPECT_EQ(insert(producerConsumer(2, 2)), "[ d d+0 v-0 v ]");
}

TEST(TokenInsertion, AStoreBehindMakesCreditsSuperfluous) {
  // dma loads, vec computes, dma stores: the load after next follows the store.
  EXPECT_EQ(insert({loop(9), move(dma, twoBuffers(0, 64), far1),
                    move(vec, twoBuffers(128, 64), twoBuffers(0, 64)),
                    move(dma, far2, twoBuffers(128, 64)), end()}),
            "[ d d+0 v-0 v v+1 d-1 d ]");
}

TEST(TokenInsertion, PrefetchedLoadsAreCarried) {
  // Buffer i + 1 is loaded while buffer i is used; the first before the loop.
  std::vector<Instruction> code{move(dma, fixed(0), far1), loop(9),
                                move(dma, twoBuffers(0, 64, 0, 1), far1),
                                move(vec, far2, twoBuffers(0, 64)), end()};
  code[2].guard = Guard{0, 1, 1, 9};
  EXPECT_EQ(insert(code), "d v+0 d+1 [ d-0 d d+1 v-1 v v+0 ] d-0 v-1");
}

TEST(TokenInsertion, OuterLoopsSeeInnerOnesAsAWhole) {
  // One buffer, filled per outer iteration, read by an inner loop.
  EXPECT_EQ(insert({loop(5), move(dma, fixed(0), far1), loop(4),
                    move(vec, far2, fixed(0)), end(), end()}),
            "v+0 [ d-0 d d+1 v-1 [ v ] v+0 ] d-0");
}

TEST(TokenInsertion, TwoLevelsOfBuffers) {
  std::vector<Instruction> code{
      loop(3),
      move(dma, fixed(0), far1),
      loop(4),
      move(dma, twoBuffers(64, 64, 1), far1),
      stream(0, twoBuffers(256, 64, 1), fixed(0), 0),
      stream(0, twoBuffers(256, 64, 1), twoBuffers(64, 64, 1), 0, 1),
      move(vec, far2, twoBuffers(256, 64, 1)),
      end(),
      end()};
  Program program = assemble(code);
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_FALSE(hasRace(program));
}

TEST(TokenInsertion, ReplacesWhatWasThere) {
  Program program =
      assemble({signal(dma, 0), wait(vec, 0), move(dma, fixed(0), far1),
                signal(dma, 1), move(vec, fixed(64), fixed(0)), wait(vec, 1)},
               2);
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(sketch(program), "d d+0 v-0 v");
  EXPECT_EQ(program.tokens, 1u);
}

TEST(TokenInsertion, CarriesLayersAndNestsAlong) {
  std::vector<Instruction> code{move(dma, fixed(0), far1), loop(2),
                                stream(0, fixed(64), fixed(0), 0), end(),
                                move(vec, far2, fixed(64))};
  code[2].layer = 0;
  code[4].layer = 1;
  Program program = assemble(code);
  program.products[0].nests = {{1, 3, {}, {}, {}, {}}};
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(sketch(program), "d d+0 c0-0 [ c0 ] c0+1 v-1 v");
  EXPECT_EQ(program.products[0].nests[0].loopBegin, 3u);
  EXPECT_EQ(program.products[0].nests[0].loopEnd, 5u);
  EXPECT_EQ(program.code[2].layer, 0u); // waits for the product's layer
  EXPECT_EQ(program.code[6].layer, 0u);
  EXPECT_EQ(program.code[7].layer, 1u);
}

TEST(TokenInsertion, MalformedProgramsAreErrors) {
  Program program = assemble({loop(2), move(dma, fixed(0), far1)});
  EXPECT_FALSE(insertTokens(program).ok());
}
