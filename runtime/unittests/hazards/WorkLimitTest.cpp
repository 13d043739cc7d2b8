//===- WorkLimitTest.cpp - Programs that would take for ever --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/LaneHazards.h"
#include "../../lib/isa/SharedClock.h"
#include "Snippets.h"

#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;

static const Affine far1 = fixed(1 << 20), far2 = fixed(1 << 21);
static constexpr int64_t huge = int64_t(1) << 62;

static std::string insertError(std::vector<Instruction> code) {
  Program program = assemble(std::move(code));
  Status status = insertTokens(program);
  return status.ok() ? "" : status.error().message;
}

static std::string hazardError(const Program &program) {
  Status status = validateHazards(program);
  return status.ok() ? "" : status.error().message;
}

static void expectWords(const std::string &message,
                        std::initializer_list<const char *> words) {
  for (const char *word : words)
    EXPECT_NE(message.find(word), std::string::npos)
        << "'" << word << "' is not in: " << message;
}

static Affine digit(int64_t base, int64_t scale, int64_t offset,
                    int64_t divisor, int64_t modulus) {
  return {base, {{0, scale, offset, divisor, modulus, 4}}};
}

/// Two engines write odometers that come together after 2145 iterations.
static std::vector<Instruction> coprimeOdometers(int64_t trips) {
  return {loop(trips), move(dma, digit(4096, 7, 3, 5, 13), fixed(8192), 1),
          move(vec, digit(4096, 5, 1, 3, 11), fixed(16384), 1), end()};
}

TEST(WorkLimit, LongPeriodsAreFoundExactly) {
  Program program = assemble(coprimeOdometers(8589934583));
  Status status = insertTokens(program);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(hazardError(program), "");
  EXPECT_GT(program.tokens, 0u);
}

TEST(WorkLimit, WhatIsSkippedIsStillProved) {
  // Without its tokens the same program has a race in its first period.
  expectWords(hazardError(assemble({loop(8589934583), signal(dma, 0),
                                    wait(vec, 0),
                                    move(dma, digit(4096, 7, 3, 5, 13),
                                         fixed(8192), 1),
                                    move(vec, digit(4096, 5, 1, 3, 11),
                                         fixed(16384), 1),
                                    end()},
                                   1)),
              {"hazard"});
}

TEST(WorkLimit, IterationsThatAllDifferAreRefusedWithTheirLoop) {
  // Every iteration touches other bytes, and the engines meet in them.
  Affine growing{0, {{0, 1, 0, 1, 0, 64}}}, behind{64, {{0, 1, 0, 1, 0, 64}}};
  std::string message =
      insertError({loop(int64_t(1) << 40), move(dma, growing, far1),
                   move(vec, behind, far2), end()});
  expectWords(message, {"loop of 1099511627776 iterations at instruction 0",
                        "more than 67108864 steps", "fewer iterations"});
}

TEST(WorkLimit, FieldsOutOfRangeAreRefusedBeforeTheyAreComputedWith) {
  // The end of the accessed bytes would leave 64 bits.
  expectWords(insertError({move(vec, fixed(INT64_MAX), far1)}),
              {"instruction 0", "dst", "at most 2^62", "9223372036854775807"});
  expectWords(insertError({move(vec, fixed(0), fixed(-INT64_MAX))}),
              {"instruction 0", "a: ", "at most 2^62"});
  // In the last iteration only.
  expectWords(insertError({loop(huge), move(vec, digit(0, 8, 0, 1, 0), far1),
                           end()}),
              {"instruction 1", "linear index"});
  expectWords(insertError({loop(huge - 1),
                           move(vec, digit(0, 1, 0, 1, 0), far1), end()}),
              {"instruction 1", "magnitude"});
  expectWords(insertError({loop(2), move(vec, digit(0, 1, 0, 0, 0), far1),
                           end()}),
              {"instruction 1", "divisor"});
  expectWords(insertError({move(dma, fixed(0), far1, INT64_MAX)}),
              {"instruction 0", "shape"});
  Instruction wide = move(dma, fixed(0), far1);
  getAs<DmaCopy>(wide.body).dstStride[0] = INT64_MIN;
  expectWords(insertError({wide}), {"instruction 0", "stride"});
}

TEST(WorkLimit, LoopsOfMoreIterationsThanNumbersAreRefused) {
  expectWords(insertError({loop(huge), loop(huge), move(vec, fixed(0), far1),
                           end(), end()}),
              {"instruction 1", "2^62 iterations"});
}

TEST(WorkLimit, MapsWhoseCoordinatesLeave64BitsAreRefused) {
  Program program = assemble({move(vec, fixed(0), far1)});
  int64_t most = int64_t(1) << 50;
  program.maps[0].rows = {{most, 0, most}};
  expectWords(hazardError(program), {"map 0", "axis 0 coordinate", "2^62"});
}

TEST(WorkLimit, ExtentsThatDoNotOccurTogetherDoNotOverflow) {
  // Each count is positive in the half of the iterations where the other one
  // is zero; a superset of the accesses spans 2^100 bytes.
  int64_t most = int64_t(1) << 50;
  Instruction copy = move(dma, fixed(0), far1);
  DmaCopy &body = getAs<DmaCopy>(copy.body);
  body.shape[0] = {most, Affine{most, {{0, 1, 0, 1, 0, -most}}}};
  body.shape[1] = {most, Affine{0, {{0, 1, 0, 1, 0, most}}}};
  body.dstStride = {most, most, 4, 4};
  Program program =
      assemble({loop(2), copy, move(vec, fixed(64), far2), end()});
  EXPECT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(hazardError(program), "");
}

//===----------------------------------------------------------------------===//
// Stretches
//===----------------------------------------------------------------------===//

TEST(WorkLimit, ManyStretchesAreNoHazard) {
  // dma writes between two elements of vec, which has more of them than can be
  // told apart.
  auto between = [](int64_t elements) {
    Instruction fill = move(vec, fixed(0), far1, elements);
    getAs<VecMap>(fill.body).dstStride = {8, 8, 8, 8};
    getAs<VecMap>(fill.body).aStride = {};
    return hazardError(assemble({move(dma, fixed(4), far2, 1), fill}));
  };
  EXPECT_EQ(between(int64_t(1) << 17), "");
  std::string message = between((int64_t(1) << 22) + 1);
  expectWords(message, {"instruction 1 (vec.map on vec)", "2^22",
                        "ordered with instruction 0"});
  EXPECT_EQ(message.find("hazard"), std::string::npos) << message;
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

namespace {

/// Two lanes that read and write columns beside each other: rows lie so that
/// only the exact bytes tell them apart. `move` is added to addresses.
Program sideBySide(int64_t trips, DigitTerm moved, std::optional<Guard> guard) {
  DigitTerm lane{laneLoop, 1, 0, 1, 0, 64};
  moved.weight = 16384;
  Instruction pair = stream(0, {128, {lane, moved}}, {0, {lane, moved}}, 0);
  CoreStream &body = getAs<CoreStream>(pair.body);
  body.inMap = body.outMap = 2;
  body.rows.cap = body.cols.cap = 4;
  body.length.cap = 16;
  pair.arrays.lanes = 2;
  pair.guard = guard;
  Program program = assemble({loop(trips), pair, end()});
  AccessMap map;
  map.axes = {{32, 256, 0, 0, 0}, {16, 4, 0, 0, 0}};
  map.rows = {{32, 0, 1}};
  map.cols = {{16, 1, 1}};
  program.maps.push_back(map);
  return program;
}

} // namespace

TEST(WorkLimit, LanesAreComparedWhereTheyAreExecuted) {
  DigitTerm everywhere{0, 1, 0, 1, 0, 0};
  EXPECT_EQ(hazardError(sideBySide(int64_t(1) << 40, everywhere,
                                   Guard{0, 1, 0, 3, 1})),
            "");
  EXPECT_EQ(hazardError(sideBySide(int64_t(1) << 40, everywhere,
                                   Guard{0, 1, 0, 0, 0})),
            "");
  // No field depends on the loop.
  Program program = sideBySide(int64_t(1) << 40, everywhere, {});
  CoreStream &body = getAs<CoreStream>(program.code[1].body);
  body.in.offset.terms.pop_back();
  body.out.offset.terms.pop_back();
  EXPECT_EQ(hazardError(program), "");
}

TEST(WorkLimit, LanesAreCountedWhereTheyAreSkipped) {
  // All vectors in the first iteration, none in others.
  Program program = sideBySide(4000, {0, 1, 0, 1, 2, 0}, {});
  getAs<CoreStream>(program.code[1].body).length.remaining =
      Affine{16, {{0, 1, 0, 1, 0, -16}}};
  auto tree = detail::ProgramTree::build(program);
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  detail::WorkLimit enough, little(4000);
  EXPECT_TRUE(detail::checkLanes(program, *tree, enough).ok());
  EXPECT_GE(enough.getUsed(), 8000);
  Status status = detail::checkLanes(program, *tree, little);
  ASSERT_FALSE(status.ok());
  expectWords(status.error().message,
              {"instruction 1", "loop of 4000 iterations", "steps"});
}

TEST(WorkLimit, LanesAreComparedInOnePeriod) {
  DigitTerm turn{0, 1, 0, 1, 2, 0};
  EXPECT_EQ(hazardError(sideBySide(int64_t(1) << 40, turn, {})), "");
  // What comes behind the periods is looked at as well: one vector less.
  Program program = sideBySide(int64_t(1) << 40, turn, {});
  getAs<CoreStream>(program.code[1].body).length.remaining =
      Affine{int64_t(1) << 40, {{0, 1, 0, 1, 0, -1}}};
  EXPECT_EQ(hazardError(program), "");
  // Reads go where writes do, one iteration later.
  CoreStream &body = getAs<CoreStream>(program.code[1].body);
  body.in.offset.terms.back().offset = 1;
  body.in.offset.base = 128;
  EXPECT_EQ(hazardError(program), "");
  // A conflict in the second iteration.
  body.in.offset.terms.back() = {0, 1, 0, 1, 2, 64};
  body.out.offset.terms.pop_back();
  expectWords(hazardError(program), {"instruction 1", "lanes 0 and 1 share"});
  // The same behind the first period: nothing is executed before.
  getAs<Loop>(program.code[0].body).count = 64;
  body.length.remaining = Affine{-20, {{0, 1, 0, 1, 0, 1}}};
  expectWords(hazardError(program), {"instruction 1", "lanes 0 and 1 share"});
}

//===----------------------------------------------------------------------===//
// Clocks
//===----------------------------------------------------------------------===//

TEST(WorkLimit, ClocksOfManyEnginesAreCounted) {
  detail::WorkLimit work(1000);
  detail::SharedClock first, second;
  first.raise(1999, 1, work);
  EXPECT_EQ(work.getUsed(), 500);
  second = first; // shares
  EXPECT_FALSE(second.join(first, work));
  EXPECT_EQ(work.getUsed(), 500);
  second.raise(7, 1, work); // becomes its own
  EXPECT_EQ(work.getUsed(), 1000);
  second.raise(8, 1, work);
  EXPECT_FALSE(work.isExceeded());
  first.raise(9, 1, work);
  EXPECT_FALSE(work.isExceeded()); // nobody shares it any longer
  detail::SharedClock third = first;
  EXPECT_TRUE(third.join(second, work));
  EXPECT_TRUE(work.isExceeded());
}
