//===- ArraysTest.cpp - Order of arrays in lockstep and by index *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "Oracle.h"
#include "Snippets.h"
#include "phx/isa/BaseOperations.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace phx;
using namespace phx::test;

namespace {

DigitTerm digit(uint8_t loop, int64_t weight, int64_t modulus = 0) {
  return {loop, 1, 0, 1, modulus, weight};
}
Affine stepped(int64_t base, DigitTerm term) { return {base, {term}}; }

Instruction on(ArrayRange arrays, Instruction instruction) {
  instruction.arrays = std::move(arrays);
  return instruction;
}

/// On eight arrays.
Program assembleWide(std::vector<Instruction> code, uint32_t tokens = 0) {
  Program program = assemble(std::move(code), tokens);
  program.groups[0].count = 8;
  return program;
}

/// The verdict, which is also the oracle's.
std::string check(const Program &program) {
  Status status = validateHazards(program);
  EXPECT_EQ(status.ok(), !hasRace(program));
  return status.ok() ? "accepted" : status.error().message;
}

/// Reads 4 elements at `in`, adds to 4 elements at `out`.
Instruction contribute(ArrayRange arrays, Affine out, Affine in,
                       uint32_t product = 0) {
  return on(std::move(arrays), stream(0, std::move(out), std::move(in),
                                      product));
}

size_t count(const Program &program, Opcode opcode) {
  size_t n = 0;
  for (const Instruction &i : program.code)
    n += i.body.getOpcode() == opcode;
  return n;
}

} // namespace

TEST(Lanes, WriteBytesOfTheirOwn) {
  DigitTerm lane = digit(laneLoop, 16);
  // Sums of one product meet; sums and what another lane reads do not.
  EXPECT_EQ(check(assembleWide({contribute({{}, 4}, fixed(0), fixed(4096))})),
            "accepted");
  EXPECT_EQ(check(assembleWide({contribute({{}, 4}, stepped(0, lane),
                                           fixed(4096))})),
            "accepted");
  std::string message = check(assembleWide(
      {contribute({{}, 4}, fixed(0), stepped(0, lane))}));
  EXPECT_NE(message.find("instruction 0 (core.stream on core[0 lanes 4]): "
                         "lanes 0 and 1 share byte"),
            std::string::npos)
      << message;
  // No token helps.
  Program program =
      assembleWide({contribute({{}, 4}, fixed(0), stepped(0, lane))});
  EXPECT_FALSE(insertTokens(program).ok());
}

TEST(Lanes, MayShareWhatTheyRead) {
  EXPECT_EQ(check(assembleWide({contribute(
                {{}, 8}, stepped(0, digit(laneLoop, 32)), fixed(4096))})),
            "accepted");
}

TEST(Lockstep, OrdersWhatItsArraysDid) {
  // core[0] writes, a range of 0 and 1 passes, core[1] reads.
  Instruction write = contribute({}, fixed(0), fixed(4096), 0);
  Instruction together = contribute({{}, 2}, fixed(512), fixed(4096), 1);
  Instruction read = contribute({}, fixed(256), fixed(0), 1);
  read.engine.index = 1;
  EXPECT_EQ(check(assembleWide({write, together, read})), "accepted");
  EXPECT_NE(check(assembleWide({write, read})), "accepted");
  // What an array does behind it is its own again.
  EXPECT_NE(check(assembleWide({together, write, read})), "accepted");
  EXPECT_NE(check(assembleWide({write, together, write, read})), "accepted");
  // A skipped one brings nobody together.
  Instruction skipped = together;
  getAs<CoreStream>(skipped.body).length.cap = 0;
  EXPECT_NE(check(assembleWide({write, skipped, read})), "accepted");
}

TEST(Lockstep, AnArrayIsInOrderWhoeverNamesIt) {
  Instruction write = contribute({{}, 8}, stepped(0, digit(laneLoop, 64)),
                                 fixed(4096), 0);
  Instruction read =
      contribute({{digit(0, 1)}, 1}, fixed(1024), stepped(0, digit(0, 64)), 1);
  EXPECT_EQ(check(assembleWide({write, loop(8), read, end()})), "accepted");
  // Array i reads what array 7 - i wrote, but the range wrote all together.
  Instruction crossed = contribute({{digit(0, 1)}, 1}, fixed(1024),
                                   stepped(448, digit(0, -64)), 1);
  EXPECT_EQ(check(assembleWide({write, loop(8), crossed, end()})), "accepted");
}

TEST(Affine, IterationsOnDifferentArraysAreUnordered) {
  // Iteration i writes what iteration i + 1 reads.
  auto body = [](ArrayRange arrays) {
    return assembleWide(
        {loop(8),
         contribute(std::move(arrays), stepped(64, digit(0, 64)),
                    stepped(0, digit(0, 64))),
         end()});
  };
  EXPECT_EQ(check(body({})), "accepted");
  EXPECT_NE(check(body({{digit(0, 1)}, 1})), "accepted");
  EXPECT_NE(check(body({{digit(0, 1, 2)}, 1})), "accepted");
  Program program = body({{digit(0, 1)}, 1});
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(check(program), "accepted");
  EXPECT_GT(program.tokens, 0u);
}

TEST(Affine, TokensAreThoseOfTheArrayOfTheIteration) {
  // dma fills one buffer for each array, which then reads it.
  Program program = assembleWide(
      {loop(64), move(dma, stepped(0, digit(0, 64, 8)), fixed(4096)),
       contribute({{digit(0, 1, 8)}, 1}, fixed(1024),
                  stepped(0, digit(0, 64, 8))),
       end()});
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(check(program), "accepted");
  // Waits inside the loop hold only the array of the iteration.
  size_t narrow = 0;
  for (const Instruction &i : program.code)
    if (holds<Wait>(i.body) && i.engine.kind == EngineKind::Core)
      narrow += i.arrays.digits.size() == 1 && i.arrays.lanes == 1;
  EXPECT_EQ(narrow, 1u);
  EXPECT_GE(count(program, Signal::opcode), 2u);
}

TEST(Affine, ATokenServesAllArraysOfALoop) {
  auto make = [](bool hasToken) {
    std::vector<Instruction> code{
        loop(8), contribute({{digit(0, 1)}, 1}, stepped(0, digit(0, 64)),
                            fixed(4096))};
    if (hasToken)
      code.push_back(on({{digit(0, 1)}, 1}, signal(core(0), 0)));
    code.push_back(end());
    code.push_back(loop(8));
    if (hasToken)
      code.push_back(wait(vec, 0));
    code.push_back(move(vec, fixed(2048), stepped(0, digit(0, 64))));
    code.push_back(end());
    return assembleWide(code, hasToken);
  };
  EXPECT_EQ(check(make(true)), "accepted");
  EXPECT_NE(check(make(false)), "accepted");
}

//===----------------------------------------------------------------------===//
// Arrays that find out from a register whether they work together
//===----------------------------------------------------------------------===//

namespace {

/// The verdict, which is also the oracle's of a register that holds the most
/// and of one that holds 0.
bool isProved(const std::vector<Instruction> &code) {
  uint32_t tokens = 0;
  for (const Instruction &i : code)
    if (const Signal *s = getIf<Signal>(i.body))
      tokens = std::max(tokens, s->token + 1);
  Program program = assembleWide(code, tokens);
  program.registers = {{"few", 4}};
  bool proved = validateHazards(program).ok();
  auto none = [](uint32_t, size_t) { return int64_t(0); };
  EXPECT_EQ(proved, !hasRace(program) && !hasRace(program, none));
  // Whatever they lack can be had.
  EXPECT_TRUE(insertTokens(program).ok());
  EXPECT_TRUE(validateHazards(program).ok());
  EXPECT_FALSE(hasRace(program) || hasRace(program, none));
  return proved;
}

Instruction readCount(EngineId engine) {
  return make(engine, VecReadCount{0, {mem::grad, fixed(8192)}});
}

/// As many rows as the register says, on core[first ...].
Instruction contributeSome(uint8_t first, uint32_t lanes) {
  Instruction result = contribute({{}, lanes}, fixed(0), fixed(4096));
  result.engine.index = first;
  getAs<CoreStream>(result.body).rows.registerIndex = 0;
  return result;
}

} // namespace

TEST(Lockstep, WriterOfARegisterWaitsForEachArrayThatReadsIt) {
  auto after = [](Instruction signal) {
    return isProved({contributeSome(0, 4), std::move(signal), wait(vec, 0),
                     readCount(vec)});
  };
  EXPECT_FALSE(after(signal(core(0), 0)));
  EXPECT_FALSE(after(signal(core(3), 0)));
  EXPECT_FALSE(after(on({{}, 3}, signal(core(0), 0))));
  EXPECT_TRUE(after(on({{}, 4}, signal(core(0), 0))));
}

TEST(Lockstep, EachArrayThatReadsARegisterWaitsForItsWriter) {
  auto before = [](Instruction wait, std::vector<Instruction> readers) {
    std::vector<Instruction> code{readCount(vec), signal(vec, 0),
                                  std::move(wait)};
    code.insert(code.end(), readers.begin(), readers.end());
    return isProved(code);
  };
  Instruction range = contributeSome(0, 4);
  EXPECT_FALSE(before(wait(core(0), 0), {range}));
  EXPECT_FALSE(before(wait(core(3), 0), {range}));
  EXPECT_FALSE(before(wait(core(0), 0), {range, contributeSome(1, 2)}));
  EXPECT_TRUE(before(on({{}, 4}, wait(core(0), 0)), {range}));
  EXPECT_TRUE(before(on({{}, 4}, wait(core(0), 0)),
                     {range, contributeSome(1, 2)}));
  // Never executed, and yet each array has to find that out.
  Instruction never = contribute({{}, 4}, fixed(0), fixed(4096));
  never.guard = Guard{0, 1, 5, 3, 0, 0};
  EXPECT_FALSE(before(wait(core(0), 0), {loop(2), never, end()}));
  EXPECT_TRUE(
      before(on({{}, 4}, wait(core(0), 0)), {loop(2), never, end()}));
  // What is executed whatever registers hold brings them together.
  EXPECT_TRUE(before(wait(core(0), 0),
                     {contribute({{}, 4}, fixed(0), fixed(4096)), range}));
}

TEST(Lockstep, AnArrayThatWritesARegisterIsNoneOfTheOthers) {
  EXPECT_FALSE(isProved({readCount(core(2)), contributeSome(0, 4)}));
  EXPECT_FALSE(isProved({contributeSome(0, 4), readCount(core(2))}));
  EXPECT_TRUE(isProved({readCount(core(2)), signal(core(2), 0),
                        on({{}, 4}, wait(core(0), 0)),
                        contributeSome(0, 4)}));
}

TEST(Lockstep, WhatArraysDoTogetherIsOverForEachOfThem) {
  Instruction read = move(vec, fixed(2048), fixed(0));
  auto after = [&](Instruction signal) {
    return isProved(
        {contributeSome(0, 3), std::move(signal), wait(vec, 0), read});
  };
  for (uint8_t array : {0, 1, 2})
    EXPECT_TRUE(after(signal(core(array), 0))) << int(array);
  EXPECT_TRUE(after(on({{}, 2}, signal(core(1), 0))));
  EXPECT_FALSE(after(signal(core(3), 0)));
  EXPECT_FALSE(isProved({signal(core(1), 0), contributeSome(0, 3),
                         wait(vec, 0), read}));
  // It begins once all of them are free.
  EXPECT_TRUE(isProved({loop(30), contributeSome(0, 3), signal(core(2), 0),
                        wait(vec, 0), read, signal(vec, 1),
                        wait(core(1), 1), end()}));
  EXPECT_FALSE(isProved({loop(30), contributeSome(0, 3), signal(core(2), 0),
                         wait(vec, 0), read, signal(vec, 1),
                         wait(core(3), 1), end()}));
}

//===----------------------------------------------------------------------===//
// Indices of arrays that do not exist
//===----------------------------------------------------------------------===//

namespace {

/// What runs on core[first + step * l0], while l0 is below `extent`.
Instruction guarded(uint8_t first, int64_t step, int64_t extent,
                    Instruction instruction) {
  instruction.engine.index = first;
  instruction.arrays = {{digit(0, step)}, 1};
  instruction.guard = Guard{0, 1, 0, extent};
  return instruction;
}

} // namespace

TEST(Affine, IterationsThatAGuardLeavesOutCutNoBlocks) {
  // core[5] and core[2], where core[3] adds to another product; core[-1] is
  // left out. Counted from 0 instead of 2 the range would end at core[3].
  Instruction moving =
      guarded(5, -3, 2, contribute({}, stepped(1024, digit(0, -512)),
                                   fixed(4096)));
  Instruction other = contribute({}, fixed(512), fixed(4096), 1);
  other.engine.index = 3;
  std::string message = check(assembleWide({loop(3), moving, end(), other}));
  EXPECT_NE(message.find("hazard in memory 'grad' at byte 512"),
            std::string::npos)
      << message;
  other.engine.index = 2;
  EXPECT_EQ(check(assembleWide({loop(3), moving, end(), other})), "accepted");
}

TEST(Affine, TokensStandOnArraysThatExist) {
  // core[6] and core[7]; in the last iteration there is no core[8].
  Program program = assembleWide(
      {loop(3),
       guarded(6, 1, 2,
               contribute({}, stepped(0, digit(0, 64)), fixed(4096))),
       move(vec, stepped(2048, digit(0, 64)), stepped(0, digit(0, 64))),
       end()});
  ASSERT_TRUE(insertTokens(program).ok());
  EXPECT_EQ(check(program), "accepted");
  EXPECT_GT(program.tokens, 0u);
  EXPECT_TRUE(hasArraysOfTokens(program));
}

TEST(Affine, ArraysThatBeginToExistReadRegisters) {
  // There is no core[8]; from the second iteration on core[7], core[6], ...
  // read the register that vec writes again and again.
  Instruction reads = contributeSome(8, 1);
  reads.arrays.digits = {digit(0, -1)};
  reads.guard = Guard{0, 1, 0, 5, 1};
  EXPECT_FALSE(isProved(
      {loop(5), loop(2), readCount(vec), reads, end(), end()}));
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

namespace {

/// core[0] converts 4 of the elements at grad[0] from number k on, of a
/// contraction axis of `length` in groups of 16, while vec writes element
/// `written`.
std::string checkConversion(bool isStream, int64_t length, int64_t k,
                            int64_t written, bool isBlockFloat = true) {
  Instruction convert = stream(0, fixed(4096), fixed(0), 0, k);
  getAs<CoreStream>(convert.body).inMap = 2;
  getAs<CoreStream>(convert.body).cols.cap = 4;
  if (!isStream) {
    CoreProgram tile;
    tile.map = 2;
    tile.src.memory = mem::grad;
    tile.kStart.base = k;
    tile.rows.cap = 1;
    tile.cols.cap = 4;
    convert.body = tile;
  }
  Program program =
      assemble({convert, move(vec, fixed(4 * written), fixed(8192), 1)});
  AccessMap row;
  row.axes = {{64, 4, 0, 0, 0}};
  row.cols = {{64, 0, 1}};
  program.maps.push_back(row);
  if (isBlockFloat)
    program.conversions = {Bfp{4, 16}};
  else
    program.conversions = {Fp32{16}};
  program.products[0].k = length;
  return check(program) == "accepted" ? "no hazard" : "hazard";
}

} // namespace

TEST(Conversions, ReadWholeGroups) {
  for (bool isStream : {false, true}) {
    SCOPED_TRACE(isStream);
    EXPECT_EQ(checkConversion(isStream, 64, 20, 16), "hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 20, 22), "hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 20, 31), "hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 20, 15), "no hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 20, 32), "no hazard");
    // Of two groups if the columns touch two.
    EXPECT_EQ(checkConversion(isStream, 64, 30, 16), "hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 30, 47), "hazard");
    // The last group ends where the axis does.
    EXPECT_EQ(checkConversion(isStream, 26, 20, 25), "hazard");
    EXPECT_EQ(checkConversion(isStream, 26, 20, 26), "no hazard");
    // Without exponents each element is read for itself.
    EXPECT_EQ(checkConversion(isStream, 64, 20, 22, false), "hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 20, 16, false), "no hazard");
    EXPECT_EQ(checkConversion(isStream, 64, 20, 31, false), "no hazard");
  }
}
