//===- EncodingTest.cpp - Tests of the binary form of instructions -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/Encoding.h"
#include "../support/RandomProgram.h"
#include "../support/RandomShare.h"
#include "phx/isa/InstructionSet.h"

#include <gtest/gtest.h>

using namespace phx;
using phx::testing::getRandomShare;
using phx::testing::makeRandomProgram;
using phx::testing::Random;

namespace {

/// Instructions with every field arbitrary, legal or not.
struct Arbitrary {
  Random random;

  int64_t number() {
    return random.oneIn(3) ? random.between(-5, 5)
                           : static_cast<int64_t>(random.next());
  }
  uint32_t index() { return static_cast<uint32_t>(random.next()); }
  Affine affine() {
    Affine a{number(), {}};
    for (int64_t t = random.between(0, 3); t > 0; --t)
      a.terms.push_back({static_cast<uint8_t>(random.between(0, 7)), number(),
                         number(), number(), number(), number()});
    return a;
  }
  Count count() {
    Count c{number(), std::nullopt};
    if (random.oneIn(2))
      c.remaining = affine();
    if (random.oneIn(3))
      c.registerIndex = index();
    return c;
  }
  Address address() {
    return {uint32_t(random.between(0, 3)), affine()};
  }
  Stride4 strides() { return {number(), number(), number(), number()}; }
  Shape4 shape() { return {count(), count(), count(), count()}; }

  std::optional<ZeroFill> zeroFill() {
    if (random.oneIn(2))
      return std::nullopt;
    return ZeroFill{static_cast<uint8_t>(random.between(0, 3)), affine(),
                    number()};
  }

  void fill(const FieldDescription &, int64_t &f) { f = number(); }
  void fill(const FieldDescription &, uint32_t &f) { f = index(); }
  void fill(const FieldDescription &, bool &f) { f = random.oneIn(2); }
  void fill(const FieldDescription &, float &f) { f = float(number()); }
  void fill(const FieldDescription &, Affine &f) { f = affine(); }
  void fill(const FieldDescription &, Count &f) { f = count(); }
  void fill(const FieldDescription &, Address &f) { f = address(); }
  void fill(const FieldDescription &, Stride4 &f) { f = strides(); }
  void fill(const FieldDescription &, Shape4 &f) { f = shape(); }
  void fill(const FieldDescription &, std::optional<ZeroFill> &f) {
    f = zeroFill();
  }
  void fill(const FieldDescription &, std::optional<uint32_t> &f) {
    if (random.oneIn(2)) // every number but the last
      f = index() >> random.between(1, 31);
  }
  void fill(const FieldDescription &field, uint8_t &f) {
    auto last = static_cast<int64_t>(field.words->entries.size()) - 1;
    f = static_cast<uint8_t>(random.between(0, last));
  }

  Body body() {
    const auto &all = InstructionSet::get().list();
    Body body(*all[size_t(random.between(0, int64_t(all.size()) - 1))]);
    for (const FieldDescription &field : body.getDescription().fields)
      visitField(field, body.data(), [&](const FieldDescription &f,
                                         auto &value) { fill(f, value); });
    return body;
  }
  Instruction instruction() {
    Instruction i;
    i.body = body();
    Opcode opcode = i.body.getOpcode();
    if (opcode != Halt::opcode && opcode != Loop::opcode &&
        opcode != End::opcode)
      i.engine = {static_cast<EngineKind>(random.between(0, 2)), index(),
                  static_cast<uint16_t>(random.next())};
    if (random.oneIn(2))
      i.layer = index();
    if (random.oneIn(3))
      i.guard = Guard{static_cast<uint8_t>(random.between(0, 7)), number(),
                      number(), number(), number()};
    if (i.guard && random.oneIn(2))
      i.guard->registerIndex = index();
    return i;
  }
};

std::vector<uint64_t> encode(const Instruction &instruction) {
  std::vector<uint64_t> words;
  encodeInstruction(instruction, words);
  return words;
}

/// Decoding never crashes, and what it accepts encodes to the same words.
void expectCanonical(std::span<const uint64_t> words) {
  Result<Instruction> instruction = decodeInstruction(words);
  if (!instruction) {
    EXPECT_FALSE(instruction.error().message.empty());
    return;
  }
  std::vector<uint64_t> again = encode(*instruction);
  ASSERT_LE(again.size(), words.size());
  EXPECT_TRUE(std::equal(again.begin(), again.end(), words.begin()));
}

std::string decodeError(std::vector<uint64_t> words) {
  Result<Instruction> instruction = decodeInstruction(words);
  return instruction ? "accepted" : instruction.error().message;
}

} // namespace

TEST(Encoding, ArbitraryInstructionsRoundTrip) {
  Arbitrary arbitrary{Random(1)};
  for (int i = 0; i < 20000; ++i) {
    Instruction instruction = arbitrary.instruction();
    std::vector<uint64_t> words = encode(instruction);
    EXPECT_EQ(getWordCount(words[0]), words.size());
    Result<Instruction> decoded = decodeInstruction(words);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, instruction);
    EXPECT_EQ(encode(*decoded), words);
  }
}

TEST(Encoding, RandomProgramsRoundTrip) {
  const uint64_t programs = getRandomShare(10000);
  for (uint64_t seed = 0; seed < programs; ++seed) {
    Program program = makeRandomProgram(seed);
    auto decoded = decodeCode(encodeCode(program.code));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, program.code);
  }
}

TEST(Encoding, EveryPrefixIsRejected) {
  Arbitrary arbitrary{Random(2)};
  for (int i = 0; i < 300; ++i) {
    std::vector<uint64_t> words = encode(arbitrary.instruction());
    for (size_t length = 0; length < words.size(); ++length)
      EXPECT_FALSE(decodeInstruction(std::span(words).first(length)).ok());
    // The word count agrees, the fields do not fit.
    for (uint64_t length = 1; length < words.size(); ++length) {
      std::vector<uint64_t> cut(words.begin(), words.begin() + length);
      cut[0] = (cut[0] & 0xffffffffu) | length << 32;
      EXPECT_FALSE(decodeInstruction(cut).ok());
    }
  }
}

TEST(Encoding, FlippedBitsAreRejectedOrDecodeToOtherInstructions) {
  Arbitrary arbitrary{Random(3)};
  for (int i = 0; i < 100; ++i) {
    Instruction instruction = arbitrary.instruction();
    std::vector<uint64_t> words = encode(instruction);
    for (size_t bit = 0; bit < words.size() * 64; ++bit) {
      std::vector<uint64_t> flipped = words;
      flipped[bit / 64] ^= uint64_t(1) << (bit % 64);
      expectCanonical(flipped);
      Result<Instruction> decoded = decodeInstruction(flipped);
      EXPECT_TRUE(!decoded || !(encode(*decoded) == words));
    }
  }
}

TEST(Encoding, GarbageIsTotal) {
  Random random(4);
  const auto &instructions = InstructionSet::get().list();
  for (int i = 0; i < 100000; ++i) {
    std::vector<uint64_t> words(static_cast<size_t>(random.between(0, 60)));
    for (uint64_t &word : words)
      word = random.oneIn(2) ? random.next() : uint64_t(random.between(0, 3));
    if (!words.empty() && !random.oneIn(10))
      words[0] =
          uint64_t(random.pick(instructions)->opcode) |
          uint64_t(random.between(0, 3)) << 8 |
          uint64_t(random.between(0, 15)) << 24 | uint64_t(words.size()) << 32;
    expectCanonical(words);
    (void)decodeCode(words).ok();
  }
}

TEST(Encoding, ErrorsNameTheField) {
  EXPECT_EQ(decodeError({}),
            "expected an instruction, found the end of the code");
  EXPECT_EQ(decodeError({0}), "word count: expected 1 to 1, found 0");
  EXPECT_EQ(decodeError({uint64_t(2) << 32}),
            "word count: expected 1 to 1, found 2");
  auto first = [](uint64_t opcode, uint64_t flags, uint64_t words) {
    return opcode | flags << 16 | words << 32;
  };
  EXPECT_EQ(decodeError({first(3, 0, 3), 3, 0}),
            "engine kind: expected at most 2, found 3");
  EXPECT_EQ(decodeError({first(3, 0, 1)}),
            "engine: the instruction ends before it");
  EXPECT_EQ(decodeError({first(3, 16, 3), 0, 0}),
            "flags: reserved bits are set (16)");
  EXPECT_EQ(decodeError({first(3, 4, 5), 2, 2, 9, 0}),
            "engine: 9 terms do not fit in the instruction");
  EXPECT_EQ(decodeError({first(3, 0, 3), 0, uint64_t(1) << 32}),
            "token: expected at most 4294967295, found 4294967296");
  EXPECT_EQ(decodeError({first(3, 0, 4), 0, 0, 0}),
            "word count: expected 3, found 4");
  EXPECT_EQ(decodeError({first(3, 1, 4), 0, 0xffffffffu, 0}),
            "layer: expected at most 4294967294, found 4294967295");
  EXPECT_EQ(decodeError({first(4, 0, 4), 0, 0, 2}),
            "redundant: expected at most 1, found 2");
  auto last = static_cast<uint64_t>(lastVecFn);
  EXPECT_EQ(decodeError({first(16, 0, 3), 1, last + 1}),
            "function: expected at most " + std::to_string(last) + ", found " +
                std::to_string(last + 1));
  EXPECT_EQ(decodeError({first(20, 0, 3), 1, 3}),
            "function: expected at most 2, found 3");
  uint64_t stranger = 0; // the first opcode that nobody has taken
  while (InstructionSet::get().find(Opcode(stranger)))
    ++stranger;
  ASSERT_LT(stranger, 256u);
  EXPECT_EQ(decodeError({first(stranger, 0, 1)}),
            "opcode: " + std::to_string(stranger) +
                " is none of this instruction set");
  EXPECT_EQ(decodeError({first(8, 0, 3), 0, 16}),
            "dst: expected at most 15, found 16");
  EXPECT_EQ(decodeError({first(8, 0, 5), 0, 0, 9, 0}),
            "dst: 9 terms do not fit in the instruction");
  EXPECT_EQ(decodeError({first(3, 2, 8), 0, 9, 0, 0, 0, 0, 0}),
            "loop: expected at most 8, found 9");
  auto code = decodeCode(std::vector<uint64_t>{uint64_t(1) << 32, 99});
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().message,
            "instruction 1 (word 1): word count: expected 1 to 1, found 0");
}

/// Registers are there only where a flag says so.
TEST(Encoding, Registers) {
  EngineId vec{EngineKind::Vec, 0};
  EXPECT_EQ(encode({{}, noLayer, {}, Loop{8}}),
            (std::vector<uint64_t>{uint64_t(3) << 32 | 1, 8, 0}));
  EXPECT_EQ(encode({{}, noLayer, {}, Loop{8, 0}}),
            (std::vector<uint64_t>{uint64_t(3) << 32 | 1, 8, 1}));
  VecReadCount read{5, {1, {64, {}}}};
  EXPECT_EQ(encode({vec, noLayer, {}, read}),
            (std::vector<uint64_t>{uint64_t(6) << 32 | 24, 1, 5, 1, 0, 64}));
  auto tail = [&](Count count) {
    std::vector<uint64_t> words =
        encode({vec, noLayer, {}, VecPack{{}, {}, count}});
    words.erase(words.begin(), words.begin() + 8); // two addresses before
    return words;
  };
  EXPECT_EQ(tail({16}), (std::vector<uint64_t>{0, 16}));
  EXPECT_EQ(tail({16, Affine{3, {}}}), (std::vector<uint64_t>{1, 16, 0, 3}));
  EXPECT_EQ(tail({16, std::nullopt, 7}), (std::vector<uint64_t>{2, 16, 7}));
  EXPECT_EQ(tail({16, Affine{3, {}}, 7}),
            (std::vector<uint64_t>{3, 16, 0, 3, 7}));
  Guard guard{1, 2, 3, 40, 5};
  guard.registerIndex = 6;
  std::vector<uint64_t> words = encode({vec, noLayer, guard, read});
  EXPECT_EQ(std::vector<uint64_t>(words.begin() + 2, words.begin() + 8),
            (std::vector<uint64_t>{257, 2, 3, 5, 40, 6}));
  words[2] = 512 + 1;
  EXPECT_EQ(decodeError(words), "loop: expected at most 8, found 513");
  words[2] = 256 + 9;
  EXPECT_EQ(decodeError(words), "loop: expected at most 8, found 9");
  EXPECT_EQ(decodeError({uint64_t(3) << 32 | 1, 8, uint64_t(1) << 32}),
            "below: expected at most 4294967295, found 4294967296");
}

/// 2^32 - 1 is no register: one more would stand for none.
TEST(Encoding, RegistersThatThereCannotBe) {
  EngineId vec{EngineKind::Vec, 0};
  VecPack pack{{}, {}, {16, std::nullopt, 7}};
  Guard guard{1, 2, 3, 40, 5};
  guard.registerIndex = 6;
  std::vector<uint64_t> words = encode({vec, noLayer, guard, pack});
  ASSERT_EQ(words.back(), 7u);
  ASSERT_EQ(words[7], 6u);
  words.back() = words[7] = 0xfffffffeu;
  EXPECT_TRUE(decodeInstruction(words).ok());
  words.back() = 0xffffffffu;
  EXPECT_EQ(decodeError(words),
            "count: expected at most 4294967294, found 4294967295");
  words[7] = 0xffffffffu;
  EXPECT_EQ(decodeError(words),
            "guard register: expected at most 4294967294, found 4294967295");
}

TEST(Encoding, ExampleOfTheSpecification) {
  Instruction wait{{EngineKind::Core, 2}, 1, std::nullopt, Wait{5, false}};
  EXPECT_EQ(encode(wait), (std::vector<uint64_t>{0x0000000500010004, 0x0000000200000002,
                                  1, 5, 0}));
}
