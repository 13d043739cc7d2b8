//===- ArraysTest.cpp - Arrays by affine index and in lockstep --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/Encoding.h"
#include "StructureTestUtils.h"
#include "phx/isa/EngineBlocks.h"

using namespace phx;
using namespace phx::testing;

namespace {

DigitTerm digit(uint8_t loop, int64_t weight, int64_t modulus = 0) {
  return {loop, 1, 0, 1, modulus, weight};
}

Instruction on(uint32_t first, ArrayRange arrays, Body body) {
  Instruction instruction = make({EngineKind::Core, first}, std::move(body));
  instruction.arrays = std::move(arrays);
  return instruction;
}
Instruction loop(int64_t count) { return make({}, Loop{count}); }
Instruction end() { return make({}, End{}); }

/// Tiles of 8 rows that begin `step` rows after one another.
CoreProgram makeLoad(DigitTerm step) {
  CoreProgram load = phx::testing::makeLoad();
  load.rows.cap = 1;
  load.rowStart.terms = {step};
  return load;
}
CoreStream makeStream(DigitTerm step) {
  CoreStream stream = phx::testing::makeStream();
  stream.rows.cap = 1;
  stream.rowStart.terms = {step};
  return stream;
}

/// The error of `code` on eight arrays.
std::string errorOnEight(std::vector<Instruction> code) {
  Program program = withCode(std::move(code));
  program.groups[0].count = 8;
  return structureError(program);
}

void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

} // namespace

//===----------------------------------------------------------------------===//
// Form
//===----------------------------------------------------------------------===//

TEST(Arrays, AreTheseWords) {
  std::vector<uint64_t> words, plain;
  encodeInstruction(on(3, {{digit(1, 2, 4)}, 50}, Signal{9}), words);
  EXPECT_EQ(words[0], 3u | 4u << 16 | uint64_t(11) << 32);
  EXPECT_EQ(words[1], 2u | uint64_t(3) << 32);
  EXPECT_EQ(std::vector<uint64_t>(words.begin() + 2, words.end()),
            (std::vector<uint64_t>{50, 1, 1, 1, 0, 1, 4, 2, 9}));
  encodeInstruction(make({EngineKind::Core, 3}, Signal{9}), plain);
  EXPECT_EQ(plain.size(), 3u);
  auto decoded = decodeInstruction(words);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->arrays.lanes, 50u);
  EXPECT_EQ(decoded->arrays.digits.size(), 1u);
}

TEST(Arrays, HaveOneForm) {
  // One lane and no digit is what an instruction without the flag says.
  auto decoded = decodeInstruction(std::vector<uint64_t>{
      3u | 4u << 16 | uint64_t(5) << 32, 2, 1, 0, 9});
  ASSERT_FALSE(decoded.ok());
  expectContains(decoded.error().message, "expected lanes or digits");
}

TEST(Arrays, HaveNames) {
  Program program = makeFrame();
  auto name = [&](ArrayRange arrays) {
    return getEngineName(program, on(1, std::move(arrays), Signal{}));
  };
  EXPECT_EQ(name({}), "core[1]");
  EXPECT_EQ(name({{}, 50}), "core[1 lanes 50]");
  EXPECT_EQ(name({{digit(0, 8)}, 8}), "core[1 + 8 * l0 lanes 8]");
  EXPECT_EQ(name({{digit(2, 1, 4)}, 1}), "core[1 + 1 * l2(1, 0, 1, 4)]");
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

TEST(Blocks, AreWhatInstructionsTellApart) {
  Program program = withCode({
      on(0, {{}, 50}, Signal{}), // 0 .. 50
      on(40, {{}, 20}, Signal{}), // 40 .. 60
      make({EngineKind::Core, 70}, Signal{}),
  });
  program.groups[0].count = 100;
  EngineBlocks blocks(program);
  std::vector<std::string> names;
  for (uint32_t b = 0; b < blocks.size(); ++b)
    names.push_back(
        getBlockName(program, blocks.getFirst(b), blocks.getCount(b)));
  EXPECT_EQ(names, (std::vector<std::string>{
                       "dma", "vec", "core[0 .. 40)", "core[40 .. 50)",
                       "core[50 .. 60)", "core[60 .. 70)", "core[70]",
                       "core[71 .. 100)"}));
  EXPECT_EQ(blocks.get(0, {}), (BlockSpan{2, 4}));
  EXPECT_TRUE(blocks.joinsBlocks(0));
  EXPECT_EQ(blocks.get(2, {}), (BlockSpan{6, 7}));
  EXPECT_FALSE(blocks.joinsBlocks(2));
}

TEST(Blocks, FollowAffineIndices) {
  Program program = withCode({
      loop(3),
      on(0, {{digit(0, 50, 2)}, 50}, Signal{}),
      end(),
  });
  program.groups[0].count = 1000;
  EngineBlocks blocks(program);
  // dma, vec, two of fifty, the rest.
  ASSERT_EQ(blocks.size(), 5u);
  EXPECT_TRUE(blocks.isMoving(1));
  EXPECT_FALSE(blocks.joinsBlocks(1));
  EXPECT_EQ(blocks.get(1, {0}), (BlockSpan{2, 3}));
  EXPECT_EQ(blocks.get(1, {1}), (BlockSpan{3, 4}));
  EXPECT_EQ(blocks.get(1, {2}), (BlockSpan{2, 3}));
  EXPECT_EQ(blocks.getReach(1), (BlockSpan{2, 4}));
}

//===----------------------------------------------------------------------===//
// Which arrays there are
//===----------------------------------------------------------------------===//

TEST(Arrays, ExistAtEveryIteration) {
  auto error = [](uint32_t first, ArrayRange arrays,
                  std::optional<Guard> guard = std::nullopt) {
    Instruction load = on(first, std::move(arrays), phx::testing::makeLoad());
    load.guard = guard;
    return errorOnEight({loop(8), load, end()});
  };
  EXPECT_EQ(error(0, {{digit(0, 1)}, 1}), "accepted");
  EXPECT_EQ(error(7, {{digit(0, -1)}, 1}), "accepted");
  EXPECT_EQ(error(0, {{}, 8}), "accepted");
  expectContains(error(1, {{digit(0, 1)}, 1}),
                 "engine: expected the first of 1 arrays inside core[0 .. 8), "
                 "found 8 at loop counters (7, 0, 0, 0, 0, 0, 0, 0)");
  expectContains(error(0, {{digit(0, 1)}, 2}),
                 "expected the first of 2 arrays inside core[0 .. 8), found 7");
  expectContains(error(0, {{digit(0, -1)}, 1}), "found -1 at loop counters (1");
  // A skipped instruction needs no array.
  EXPECT_EQ(error(1, {{digit(0, 1)}, 1}, Guard{0, 1, 0, 7}), "accepted");
  expectContains(error(0, {{}, 9}), "lanes: expected 1 to 8, found 9");
  expectContains(error(0, {{}, 0}), "lanes: expected 1 to 8, found 0");
  expectContains(error(0, {{digit(1, 1)}, 1}),
                 "engine digit loop: expected one of the 1 enclosing loops, "
                 "found loop 1");
  expectContains(error(0, {{digit(laneLoop, 1)}, 2}),
                 "engine digit loop: expected an enclosing loop, found the "
                 "lane");
}

TEST(Arrays, LanesBelongToArrays) {
  Instruction copy = make(dma, makeCopy());
  copy.arrays.lanes = 2;
  expectContains(errorOf({copy}),
                 "engine: expected an array, where there are lanes or digits, "
                 "found dma");
  CoreProgram load = phx::testing::makeLoad();
  load.rowStart.terms = {digit(laneLoop, 1)};
  expectContains(errorOf({make(core0, load)}),
                 "row start digit loop: expected one of the 0 enclosing loops, "
                 "found the lane");
}

TEST(Arrays, LanesStayInsideMemory) {
  CoreProgram load = phx::testing::makeLoad();
  load.src.offset.terms = {digit(laneLoop, 128)};
  // 512 bytes of a tile, seven lanes further: beyond 1024.
  expectContains(errorOnEight({on(0, {{}, 8}, load)}),
                 "src: expected bytes inside [0, 1024) of wgt, found [640, "
                 "1152) at loop counters (0, 0, 0, 0, 0, 0, 0, 0, lane 5)");
  EXPECT_EQ(errorOnEight({on(0, {{}, 5}, load)}), "accepted");
}

//===----------------------------------------------------------------------===//
// What is in them
//===----------------------------------------------------------------------===//

TEST(ArrayStates, OneByOneThenTogether) {
  DigitTerm one = digit(0, 1), lane = digit(laneLoop, 1);
  auto load = [&](DigitTerm row) {
    return on(0, {{digit(0, 1)}, 1}, makeLoad(row));
  };
  EXPECT_EQ(errorOnEight({loop(8), load(one), end(),
                          on(0, {{}, 8}, makeStream(lane))}),
            "accepted");
  // Array 0 is never loaded.
  EXPECT_EQ(errorOnEight({loop(7), on(1, {{digit(0, 1)}, 1}, makeLoad(one)),
                          end(), on(0, {{}, 8}, makeStream(lane))}),
            "instruction 3 (core.stream): engine: expected an instruction "
            "before it that programs the same array, found none for array 0 at "
            "loop counters (0, 0, 0, 0, 0, 0, 0, 0)");
  // Array 4 was loaded last with row 5.
  EXPECT_EQ(errorOnEight({loop(8), load(one), end(), loop(1),
                          on(4, {}, makeLoad(digit(0, 1))), end(),
                          on(0, {{}, 8}, makeStream(lane))}),
            "instruction 6 (core.stream): row start: expected the same as in "
            "the core.program at instruction 4, the latest of this array, "
            "found another for array 4 at loop counters (0, 0, 0, 0, 0, 0, 0, "
            "0)");
}

TEST(ArrayStates, TogetherThenOneByOne) {
  DigitTerm one = digit(0, 1), lane = digit(laneLoop, 1);
  auto program = [&](DigitTerm array) {
    return std::vector<Instruction>{
        on(0, {{}, 8}, makeLoad(lane)), loop(8),
        on(0, {{array}, 1}, makeStream(one)), end()};
  };
  EXPECT_EQ(errorOnEight(program(one)), "accepted");
  // The other way round, but for none in the middle.
  std::vector<Instruction> reversed = program(digit(0, -1));
  reversed[2].engine.index = 7;
  expectContains(errorOnEight(reversed),
                 "row start: expected the same as in the core.program at "
                 "instruction 0, the latest of this array, found another for "
                 "array 7");
}

TEST(ArrayStates, NamedAlikeNeedNoSteps) {
  // 2^40 iterations: only the text can say it.
  DigitTerm array = digit(0, 1, 8), row = digit(0, 1, 8);
  EXPECT_EQ(errorOnEight({loop(int64_t(1) << 40),
                          on(0, {{array}, 1}, makeLoad(row)),
                          on(0, {{array}, 1}, makeStream(row)), end()}),
            "accepted");
  expectContains(
      errorOnEight({loop(int64_t(1) << 40),
                    on(0, {{array}, 1}, makeLoad(row)),
                    on(0, {{digit(0, 1, 8), digit(0, 0, 8)}, 1},
                       makeStream(row)),
                    end()}),
      "at most 2^20 programmings and uses of single arrays");
}

TEST(ArrayStates, IterationsThatDoTheSameAreNotRepeated) {
  DigitTerm one = digit(1, 1), lane = digit(laneLoop, 1);
  Instruction load = on(0, {{digit(1, 1)}, 1}, makeLoad(one));
  Instruction stream = on(0, {{}, 8}, makeStream(lane));
  std::vector<Instruction> code{loop(int64_t(1) << 40), loop(8), load, end(),
                                stream, end()};
  EXPECT_EQ(errorOnEight(code), "accepted");
  // What the second iteration finds, the first did not.
  code.insert(code.begin() + 5, on(3, {}, phx::testing::makeLoad()));
  EXPECT_EQ(errorOnEight(code), "accepted");
  code.erase(code.begin() + 1, code.begin() + 4);
  code.insert(code.begin(), {loop(8), load, end()});
  code[1].arrays.digits[0].loop = 0;
  getAs<CoreProgram>(code[1].body).rowStart.terms[0].loop = 0;
  expectContains(errorOnEight(code), "found another for array 3 at loop "
                                     "counters (1, 0");
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

TEST(ArrayTokens, AreOfOneGroup) {
  auto run = [](Instruction signal, Instruction second, Instruction wait) {
    Program program =
        withCode({signal, wait, loop(2), second, wait, end()});
    program.groups.push_back(program.groups[0]);
    program.groups[1].name = "other";
    return structureError(program);
  };
  Instruction all = on(0, {{}, 2}, Signal{0});
  Instruction one = on(0, {{digit(0, 1)}, 1}, Signal{0});
  Instruction wait = make(vec, Wait{0, false});
  EXPECT_EQ(run(all, one, wait), "accepted");
  EXPECT_EQ(run(all, one, on(0, {{}, 2}, Wait{0, false})), "accepted");
  Instruction other = all;
  other.engine.group = 1;
  expectContains(run(other, one, wait),
                 "engine: expected other[0 lanes 2], which signals token 0 at "
                 "instruction 0, found core[0 + 1 * l0]");
  // Whichever of its instructions names several: the order makes no difference.
  auto inOrder = [](std::vector<Instruction> signals) {
    std::vector<Instruction> code;
    for (Instruction &signal : signals) {
      code.push_back(std::move(signal));
      code.push_back(make(vec, Wait{0, false}));
    }
    return errorOf(std::move(code));
  };
  Instruction first = make(core0, Signal{0}), second = make(core1, Signal{0});
  EXPECT_EQ(inOrder({first, all, second}), "accepted");
  EXPECT_EQ(inOrder({all, first, second}), "accepted");
  EXPECT_EQ(inOrder({first, second, all}), "accepted");
  // Of single arrays it is still the same one.
  expectContains(run(make(core0, Signal{0}), make(core1, Signal{0}), wait),
                 "engine: expected core[0], which signals token 0");
}
