//===- ValidationTest.cpp - Wrong programs for crossbars --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/ExpectError.h"
#include "../support/TestMemories.h"
#include "Network.h"
#include "machines/rns/Operations.h"
#include "phx/isa/Footprint.h"
#include "phx/isa/Validator.h"

#include <functional>

using namespace phx;
using namespace phx::testing;

/// The first instruction that is a T.
template <typename T> static size_t find(const Program &program) {
  for (size_t i = 0; i < program.code.size(); ++i)
    if (holds<T>(program.code[i].body))
      return i;
  ADD_FAILURE() << "no such instruction";
  return 0;
}

/// The message after `change` to the first T of a legal program.
template <typename T>
static std::string getError(std::function<void(Instruction &, T &)> change) {
  static const Program legal = makeOrderedProgram(Network(3));
  Program program = legal;
  Instruction &instruction = program.code[find<T>(program)];
  change(instruction, getAs<T>(instruction.body));
  Status status = validate(program);
  return status.ok() ? "accepted" : status.error().message;
}

static void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(CrossbarValidation, ALegalProgramPasses) {
  Status status = validate(makeOrderedProgram(Network(3)));
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(CrossbarValidation, EnginesAreArraysOfTheClass) {
  expectContains(getError<CrossbarDot>([](Instruction &i, CrossbarDot &) {
                   i.engine = {EngineKind::Vec, 0};
                 }),
                 "(crossbar.dot, layer 'a'): engine: expected an array of "
                 "class 'crossbar', found vec");
  expectContains(getError<CrossbarUpdate>([](Instruction &i, CrossbarUpdate &) {
                   i.engine.index = 3;
                 }),
                 "(crossbar.update, layer 'a'): engine: expected");
  Program program = makeOrderedProgram(Network(3));
  program.groups[0].machineClass = "rns";
  EXPECT_ERROR(validate(program), "engine: expected an array of class "
                                  "'crossbar', found narrow[0 lanes 2] of "
                                  "class 'rns'");
}

TEST(CrossbarValidation, TilesFitTheArraysOfTheirGroup) {
  std::string message = getError<CrossbarLoad>(
      [](Instruction &, CrossbarLoad &load) { load.rows.cap = 5; });
  expectContains(message, "rows: expected at most 4 (arrays of group "
                          "'narrow'), found 5");
  // What is too large for one group fits the other.
  expectContains(getError<CrossbarLoad>([](Instruction &i, CrossbarLoad &load) {
                   i.engine = wide0;
                   load.rows.cap = 5;
                 }),
                 "programs the same array");
}

TEST(CrossbarValidation, EveryArrayOfARangeExists) {
  expectContains(getError<CrossbarDot>(
                     [](Instruction &i, CrossbarDot &) { i.arrays.lanes = 4; }),
                 "(crossbar.dot, layer 'a'): lanes: expected 1 to 3, found 4");
  expectContains(getError<CrossbarUpdate>([](Instruction &i, CrossbarUpdate &) {
                   i.arrays.digits = {{0, 1, 0, 1, 0, 1}};
                 }),
                 "(crossbar.update, layer 'a'): engine: expected the first of "
                 "1 arrays inside narrow[0 .. 3), found 3 at loop counters "
                 "(1, 0");
  expectContains(getError<CrossbarUpdate>([](Instruction &i, CrossbarUpdate &) {
                   i.engine.index = 2;
                   i.arrays.digits = {{laneLoop, 1, 0, 1, 0, 1}};
                 }),
                 "engine digit loop: expected an enclosing loop, found the "
                 "lane");
}

TEST(CrossbarValidation, LanesHaveBytesOfTheirOwn) {
  expectContains(getError<CrossbarDot>([](Instruction &, CrossbarDot &dot) {
                   dot.out.offset.terms[0].weight = 8;
                 }),
                 "lanes 0 and 1 share byte");
}

TEST(CrossbarValidation, FieldsHaveTheirLimits) {
  auto getDotError = [](std::function<void(CrossbarDot &)> change) {
    return getError<CrossbarDot>(
        [&](Instruction &, CrossbarDot &dot) { change(dot); });
  };
  expectContains(getDotError([](CrossbarDot &dot) { dot.pass = 2; }),
                 "pass: expected an index below 2 (number of passes), found 2");
  expectContains(getDotError([](CrossbarDot &dot) { dot.start.base = -1; }),
                 "start: expected at least 0");
  expectContains(
      getDotError([](CrossbarDot &dot) { dot.acc.offset.base += 4; }),
      "acc: expected an address whose base and weights are multiples of 8");
  expectContains(getError<CrossbarLoad>([](Instruction &, CrossbarLoad &load) {
                   load.map = 2;
                 }),
                 "map: expected an index below 2 (number of maps), found 2");
  expectContains(
      getError<CrossbarUpdate>([](Instruction &, CrossbarUpdate &update) {
        update.overflow = Overflow(2);
      }),
      "overflow: expected");
}

TEST(CrossbarValidation, PassesAndCombinesAreThoseOfTheClass) {
  auto getTableError = [](std::function<void(Program &)> change) {
    Program program = makeOrderedProgram(Network(3));
    change(program);
    Status status = validate(program);
    return status.ok() ? "accepted" : status.error().message;
  };
  auto withAdc = [&](Adc adc) {
    return getTableError([&](Program &p) { p.passes[1][1] = adc; });
  };
  EXPECT_EQ(withAdc({16, 1}), "accepted");
  EXPECT_EQ(withAdc({17, 1}),
            "pass 1 crossbar.adc bits: expected 1 to 16, found 17");
  expectContains(withAdc({8, 0}),
                 "pass 1 crossbar.adc full_scale: expected 1 to ");
  expectContains(getTableError([](Program &p) { p.passes[0].pop_back(); }),
                 "(crossbar.dot, layer 'a'): pass: expected [crossbar.dot, "
                 "crossbar.adc ...], found [crossbar.dot]");
  expectContains(getTableError([](Program &p) {
                   std::swap(p.combines[0][0], p.combines[0][1]);
                 }),
                 "combine: expected [crossbar.add_i64, "
                 "crossbar.channel_scale], found [crossbar.channel_scale, "
                 "crossbar.add_i64]");
  // Those of another class are known, and refused.
  expectContains(getTableError([](Program &p) {
                   p.passes[0] = rns::makePass({31, 32, 33});
                 }),
                 "pass: expected [crossbar.dot, crossbar.adc ...], found "
                 "[rns.modular_dot");
}

TEST(CrossbarValidation, ListsStayInsideTheirMemory) {
  expectContains(getError<CrossbarDot>([](Instruction &, CrossbarDot &dot) {
                   dot.extent += 4;
                 }),
                 "in: expected bytes inside [0, ");
  expectContains(getError<CrossbarDot>([](Instruction &, CrossbarDot &dot) {
                   dot.list.offset.base = 1 << 20;
                 }),
                 "list: expected bytes inside [0, ");
  expectContains(getError<CrossbarDot>([](Instruction &, CrossbarDot &dot) {
                   dot.list.memory = mem::dram;
                 }),
                 "list: expected a memory on chip");
}

TEST(CrossbarValidation, VectorsNeedTheirTile) {
  expectContains(getError<CrossbarDot>([](Instruction &, CrossbarDot &dot) {
                   dot.rows.cap = 3;
                 }),
                 "rows: expected the same as in the crossbar.load at");
  Program program = makeOrderedProgram(Network(3));
  program.code.erase(program.code.begin() +
                     std::ptrdiff_t(find<CrossbarLoad>(program)));
  EXPECT_ERROR(validate(program),
               "an instruction before it that programs the same array, found "
               "none for array 0");
}

TEST(CrossbarValidation, UpdatesOfParametersAreTraining) {
  Program program = makeOrderedProgram(Network(3));
  program.kind = ProgramKind::Evaluation;
  EXPECT_ERROR(validate(program), "(crossbar.update on narrow[2], layer 'a'): "
                                  "writes the mutable region 'w a'");
}

//===----------------------------------------------------------------------===//
// Races
//===----------------------------------------------------------------------===//

TEST(CrossbarHazards, AMissingTokenIsARace) {
  Program program = Network(3).makeProgram();
  EXPECT_TRUE(validateStructure(program).ok());
  EXPECT_ERROR(validateHazards(program),
               "write-after-read hazard in memory 'cells' at byte");
  // The token that was inserted is needed: any of them taken away.
  program = makeOrderedProgram(Network(3));
  ASSERT_GT(program.tokens, 0u);
  std::erase_if(program.code, [](const Instruction &i) {
    return holds<Signal>(i.body) || holds<Wait>(i.body);
  });
  EXPECT_FALSE(validate(program).ok());
}

/// `vec` writes the word at `offset` of x, then narrow[0] reads vector 0.
static Program makeListRace(int64_t offset) {
  ProgramBuilder builder;
  Program &program = builder.program;
  program.groups = {{"narrow", "crossbar", 1, 4, 8}};
  program.memories = makeMemories({0, 4096, 4096, 4096});
  program.maps = {
      {{{4, 0, 1}}, {{8, 1, 1}}, {{4, 32, 0, 0, 0}, {8, 4, 0, 0, 0}}}};
  VecMap fill;
  fill.fn = VecFn::Fill;
  fill.dst = {mem::act, {1024 + offset, {}}};
  fill.dstStride = {0, 0, 0, 4};
  fill.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{1, {}}};
  builder.add({EngineKind::Vec, 0}, fill);
  crossbar::addPass(program, {});
  CrossbarLoad load;
  load.src.memory = mem::wgt;
  load.rows.cap = 4;
  load.cols.cap = 8;
  builder.add(narrow0, load);
  CrossbarDot dot;
  dot.list.memory = mem::act;
  dot.in = {mem::act, {1024, {}}};
  dot.extent = 120;
  dot.scale = {mem::wgt, {1024, {}}};
  dot.acc.memory = mem::grad;
  dot.out = {mem::grad, {1024, {}}};
  dot.rows = load.rows;
  dot.cols = load.cols;
  builder.add(narrow0, dot);
  return builder.finish();
}

TEST(CrossbarHazards, AnIndexListReadsAllThatItMayReach) {
  // Eight numbers choose among thirty words: any of them may be read.
  for (int64_t offset : {0, 4, 60, 116}) {
    Program program = makeListRace(offset);
    ASSERT_TRUE(validateStructure(program).ok());
    EXPECT_ERROR(validateHazards(program),
                 "read-after-write hazard in memory 'act' at byte " +
                     std::to_string(1024 + offset));
  }
  for (int64_t offset : {-4, 120})
    EXPECT_TRUE(validateHazards(makeListRace(offset)).ok()) << offset;
}

TEST(CrossbarHazards, AccessesAreThoseOfTheDescription) {
  Program program = makeListRace(0);
  auto accesses = getAccesses(program, size_t(2), {});
  auto has = [&](uint32_t space, bool write, Interval bytes) {
    for (const Access &access : accesses)
      if (access.memory == space && access.write == write &&
          access.bytes == IntervalSet{bytes})
        return true;
    return false;
  };
  EXPECT_TRUE(has(mem::act, false, {0, 32}));         // list
  EXPECT_TRUE(has(mem::act, false, {1024, 1144}));    // in
  EXPECT_TRUE(has(mem::wgt, false, {1024, 1040}));        // scale
  EXPECT_TRUE(has(mem::grad, false, {0, 32}));           // acc
  EXPECT_TRUE(has(mem::grad, true, {0, 32}));            // acc
  EXPECT_TRUE(has(mem::grad, true, {1024, 1040}));       // out
  EXPECT_EQ(accesses.size(), 6u);
}
