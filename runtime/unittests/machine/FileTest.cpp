//===- FileTest.cpp - Words and files of a class's instructions -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/Encoding.h"
#include "Network.h"
#include "../support/TestMemories.h"
#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/ProgramFile.h"
#include "phx/support/FileSystem.h"

#include <cstdlib>
#include <unistd.h>

using namespace phx;
using namespace phx::testing;

namespace {
/// Of a class that nobody registers, in the last block: no class gets there.
struct Stranger {
  static constexpr Opcode opcode{65280};
  int64_t number = 0;
  friend bool operator==(const Stranger &, const Stranger &) = default;
};

class CrossbarFile : public ::testing::Test {
protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "phx-crossbar-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
    path = directory + "/a.phx";
  }
  void TearDown() override {
    unlink(path.c_str());
    rmdir(directory.c_str());
  }
  std::string directory, path;
};
} // namespace

template <>
const InstructionDescription &phx::describeInstruction<Stranger>() {
  static const InstructionDescription description =
      DescribeInstruction<Stranger>("stranger", EnginePlace::Array)
          .ofClass("strange")
          .field(&Stranger::number, "number", "any")
          .build();
  return description;
}

TEST_F(CrossbarFile, InstructionsAreWordsAndBack) {
  Program program = makeOrderedProgram(Network(3));
  std::vector<uint64_t> words = encodeCode(program.code);
  auto code = decodeCode(words);
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(*code, program.code);
  EXPECT_EQ(encodeCode(*code), words);
}

TEST_F(CrossbarFile, AnUpdateIsTheseWords) {
  CrossbarUpdate update;
  update.cells = {mem::wgt, {64, {}}};
  update.delta = {mem::act, {128, {}}};
  update.count.cap = 20;
  update.shift = 3;
  update.limit = 100;
  update.overflow = Overflow::Refuse;
  std::vector<uint64_t> words;
  encodeInstruction({narrow1, noLayer, {}, update}, words);
  EXPECT_EQ(words[0] & 0xffff, 514u);
  EXPECT_EQ(words[0] >> 32, words.size());
  // Kind, group and number of the engine.
  EXPECT_EQ(words[1], uint64_t(EngineKind::Core) | uint64_t(1) << 32);
  auto back = decodeInstruction(words);
  ASSERT_TRUE(back.ok()) << back.error().message;
  ASSERT_TRUE(holds<CrossbarUpdate>(back->body));
  EXPECT_EQ(getAs<CrossbarUpdate>(back->body), update);
  EXPECT_EQ(back->engine, narrow1);
}

TEST_F(CrossbarFile, FilesHoldThem) {
  Program program = makeOrderedProgram(Network(3));
  Status status = writeProgram(program, path);
  ASSERT_TRUE(status.ok()) << status.error().message;
  std::string bytes = *readFile(path);
  auto again = readProgram(path);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->code, program.code);
  EXPECT_EQ(again->groups, program.groups);
  EXPECT_EQ(again->regions, program.regions);
  ASSERT_TRUE(writeProgram(*again, path).ok());
  EXPECT_EQ(*readFile(path), bytes);
}

TEST_F(CrossbarFile, InstructionsOfAnUnknownClassAreRefused) {
  Program program = makeOrderedProgram(Network(3));
  program.code.insert(program.code.begin(),
                      {narrow0, noLayer, {}, Stranger{7}});
  Status status = writeProgram(program, path);
  ASSERT_TRUE(status.ok()) << status.error().message;
  auto read = readProgram(path);
  EXPECT_ERROR(read, "instruction 0 (word 0): opcode: 65280 is none of this "
                     "instruction set; opcodes 65280 to 65535 belong to a "
                     "machine class that this program has not registered. It "
                     "knows: ");
  for (const char *known : {"crossbar", "rns"})
    EXPECT_ERROR(read, known);
}

TEST_F(CrossbarFile, AnInstructionThatTheClassDoesNotHaveIsRefused) {
  std::vector<uint64_t> words;
  encodeInstruction({narrow0, noLayer, {}, CrossbarUpdate{}}, words);
  words[0] += 255 - 2; // the last opcode of the block
  EXPECT_ERROR(decodeInstruction(words),
               "opcode: 767 is none of this instruction set; of opcodes 512 to "
               "767, those of machine class 'crossbar', this version does not "
               "have it");
}

TEST(CrossbarInstructions, AreRegisteredWithTheirClass) {
  for (const char *mnemonic :
       {"crossbar_load", "crossbar_dot", "crossbar_update"}) {
    const InstructionDescription *found =
        InstructionSet::get().find(std::string(mnemonic));
    ASSERT_NE(found, nullptr) << mnemonic;
    EXPECT_EQ(found->machineClass, "crossbar");
    EXPECT_EQ(InstructionSet::get().find(found->opcode), found);
  }
}

TEST(CrossbarInstructions, NobodyExecutesOrTimesThoseOfAnUnknownClass) {
  Network network(3);
  Program program = network.makeProgram();
  program.code.insert(program.code.begin(),
                      {narrow0, noLayer, {}, Stranger{7}});
  EXPECT_ERROR(runProgram(program, network.makeInputs(), threads(1)),
               "instructions of machine class 'strange'");
  for (TimingMode mode : {TimingMode::Stepped, TimingMode::Closed}) {
    TimingOptions options;
    options.mode = mode;
    EXPECT_ERROR(simulate(program, makeCrossbarTarget(), options),
                 "instruction 0 (stranger) belongs to machine class 'strange', "
                 "whose durations are not registered in this program");
  }
}

TEST(CrossbarInstructionsDeathTest, NobodyChargesForThoseOfAnUnknownClass) {
  Program program = Network(3).makeProgram();
  Target target = makeCrossbarTarget();
  target.machines.clear();
  Instruction stranger{narrow0, noLayer, {}, Stranger{7}};
  EXPECT_DEATH((void)getCharges(program, stranger, {}, target),
               "stranger is an instruction of machine class 'strange', whose "
               "charges are not registered");
}
