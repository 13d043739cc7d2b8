//===- StoredOperandsTest.cpp - Operands that are blocks --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductHelpers.h"

#include "phx/isa/Validator.h"

#include <functional>

using namespace phx;
using namespace phx::testing;

namespace {
const std::array<bool, 2> combinations[] = {
    {true, false}, {false, true}, {true, true}};
const ProductKind kinds[] = {ProductKind::Forward, ProductKind::InputGradient,
                             ProductKind::WeightGradient};

void expectError(const Result<Arrays> &result,
                 std::initializer_list<const char *> texts) {
  for (const char *text : texts)
    EXPECT_ERROR(result, text);
}

/// The first operand, the second and both in blocks, against the oracle, which
/// converts where it multiplies.
void checkStored(uint64_t seed, const ProductFormat &format, Values values,
                 TestMachine machine = {}) {
  ProductCase c =
      makeRandomCase(seed, format, values, machine, kinds[seed % 3]);
  for (std::array<bool, 2> stored : combinations) {
    SCOPED_TRACE(std::to_string(seed) + (stored[0] ? " first" : "") +
                 (stored[1] ? " second" : ""));
    c.stored = stored;
    check(c, machine);
  }
}
} // namespace

TEST(StoredOperands, SameBits) {
  for (uint64_t seed = 0; seed < 9; ++seed) {
    checkStored(seed, mirageFormat(), Values::Mixed);
    checkStored(seed, mirageFormat(), Values::AllExponents, {0, 0, 0});
    checkStored(seed, makeFormat(7, 5, {127, 128, 129}), Values::Plain,
                {2, 32, 16});
    checkStored(seed, makeFormat(15, 16, {65536, 65535}), Values::Tiny);
  }
}

TEST(StoredOperands, SameBitsWhateverTheRounding) {
  for (uint64_t seed = 20; seed < 29; ++seed)
    for (Rounding rounding : {Rounding::Nearest, Rounding::Stochastic})
      checkStored(seed,
                  {{6, 16, Rounding::Stochastic}, {4, 16, rounding},
                   {127, 128, 129}},
                  Values::Mixed, {0, 0, 0});
}

TEST(StoredOperands, SameBitsWhereGroupsDiffer) {
  // Blocks that several terms share, or several passes, or both.
  for (uint64_t seed = 40; seed < 46; ++seed)
    for (auto [shorter, longer] :
         {std::pair(4, 16), {8, 24}, {16, 64}, {24, 48}, {32, 4096}}) {
      ProductFormat format{{4, shorter}, {5, longer, Rounding::Nearest},
                           {63, 64, 65}};
      if (seed % 2)
        std::swap(format.first, format.second);
      checkStored(seed, format, Values::Mixed, {2, 32, 16});
      checkStored(seed, format, Values::Plain, {0, 0, 0});
    }
}

namespace {
/// y = W x with both operands in blocks.
Program makeLinear(std::array<bool, 2> stored = {true, true},
                   const ProductFormat &format = mirageFormat()) {
  ProductCase c{ProductKind::Forward, linearSpec(5, 40, 3), format};
  c.stored = stored;
  return buildProduct(c, Stationary::First, {});
}

Arrays makeOperands(float value = 1) {
  return {{"a", toArray(std::vector<float>(120, value), {3, 40, 1, 1})},
          {"b", toArray(std::vector<float>(200, 0.5f), {5, 40, 1, 1})}};
}
} // namespace

TEST(StoredOperands, AreValid) {
  Program program = makeLinear();
  Status status = validateStructure(program);
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(StoredOperands, MayBeOfAProductOfOthers) {
  // What residue arrays cannot compute, they convert all the same.
  for (bool floats : {false, true})
    for (Stationary stationary : {Stationary::First, Stationary::Result}) {
      Program program = makeLinear();
      Product other = program.products[0];
      other.nests.clear();
      other.stationary = stationary;
      if (floats) {
        other.pass = uint32_t(program.passes.size());
        other.combine = uint32_t(program.combines.size());
        program.passes.push_back({FloatDot{}});
        program.combines.push_back({FloatAdd{}});
      }
      program.products.push_back(other);
      int changed = 0;
      for (Instruction &instruction : program.code)
        if (CoreConvert *convert = getIf<CoreConvert>(instruction.body)) {
          convert->product = 1;
          ++changed;
        }
      ASSERT_EQ(changed, 2);
      Status status = validateStructure(program);
      ASSERT_TRUE(status.ok()) << status.error().message;
      auto result = runProgram(program, makeOperands(), threads(1));
      ASSERT_TRUE(result.ok()) << result.error().message;
      EXPECT_EQ(toVector(result->at("y")), std::vector<float>(15, 20.0f));
    }
}

TEST(StoredOperands, AreTheSameWhereTheirBlocksMeet) {
  // All rows go to the same blocks, which threads would write at once.
  constexpr int64_t rows = 20000;
  ProductCase c{ProductKind::Forward, linearSpec(rows, 40, 1), mirageFormat()};
  Generator generate(17);
  fill(c, generate, Values::Plain, Values::Plain);
  c.stored = {true, false};
  // The last row is what stays.
  std::vector<float> expected(rows, getExpected(c).back());
  Program program = buildProduct(c, Stationary::First, {});
  auto convert = std::find_if(
      program.code.begin(), program.code.end(),
      [](const Instruction &i) { return holds<CoreConvert>(i.body); });
  ASSERT_NE(convert, program.code.end());
  const AccessMap blocks =
      program.maps[getAs<CoreConvert>(convert->body).dstMap];
  for (AccessMap &map : program.maps)
    if (map == blocks)
      map.axes[0].stride = 0;
  Arrays inputs{{"a", toArray(c.first, getShape(c, 0))},
                {"b", toArray(c.second, getShape(c, 1))}};
  for (unsigned count : {1, 8, 8, 8, 8}) {
    auto result = runProgram(program, inputs, threads(count));
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(firstDifference(toVector(result->at("y")), expected), -1);
  }
}

TEST(StoredOperands, AreTheBytesThatTheFormatSays) {
  // Copied byte by byte to where the host can read them. Rows of 40 are two
  // groups of 16, and one of 8; those of row 0 are zeros.
  constexpr int64_t rows = 5, length = 40, group = 16, bytes = 11;
  std::vector<float> weights(rows * length);
  std::vector<uint8_t> expected(rows * 3 * bytes);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t g = 0; g < 3; ++g) {
      int64_t count = std::min(group, length - g * group);
      int exponent = int(r - 2 * g);
      std::vector<int16_t> mantissas(size_t(count), 0);
      for (int64_t j = 0; j < count && r != 0; ++j) {
        mantissas[size_t(j)] =
            j == 3 ? 15 : int16_t((7 * r + 5 * j + g) % 31 - 15);
        weights[size_t(r * length + g * group + j)] =
            std::ldexp(float(mantissas[size_t(j)]), exponent - 3);
      }
      packBlock({4, group}, r == 0 ? 0 : exponent + blockBias,
                mantissas.data(), count, 1,
                expected.data() + (3 * r + g) * bytes);
    }
  Program program = makeLinear({true, false});
  auto blocks = std::find_if(
      program.regions.begin(), program.regions.end(),
      [](const Region &r) { return r.type == ElementType::Block; });
  ASSERT_NE(blocks, program.regions.end());
  ASSERT_EQ(blocks->bytes, int64_t(expected.size()));
  Region copy;
  copy.name = "bytes";
  copy.role = Role::Output;
  copy.type = ElementType::U8;
  copy.shape = {int64_t(expected.size())};
  copy.memory = mem::grad;
  int64_t &top = program.memories[mem::grad].bytes;
  copy.address = (top + 63) / 64 * 64;
  copy.bytes = int64_t(expected.size());
  top = copy.address + copy.bytes;
  DmaCopy move;
  move.dst = {copy.memory, {copy.address, {}}};
  move.src = {blocks->memory, {blocks->address, {}}};
  move.dstStride = move.srcStride = {0, 0, 0, 1};
  move.shape = {Count{1}, Count{1}, Count{1}, Count{copy.bytes}};
  move.width = 1;
  program.regions.push_back(copy);
  program.code.insert(program.code.end() - 1,
                      {{EngineKind::Dma, 0}, noLayer, {}, move});
  Status status = validateStructure(program);
  ASSERT_TRUE(status.ok()) << status.error().message;
  Arrays inputs = makeOperands();
  inputs["b"] = toArray(weights, {rows, length, 1, 1});
  for (const char *executor : {"reference", "fast"}) {
    auto result = runProgram(program, inputs, threads(1), executor);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->at("bytes").bytes, expected) << executor;
  }
}

TEST(StoredOperands, AreCountedWhereTheyAreConverted) {
  for (auto [stored, converts] : {std::pair(std::array{false, false}, 0u),
                                  {std::array{true, true}, 2u}}) {
    Program program = makeLinear(stored);
    auto executor = createExecutor("reference", program);
    ASSERT_TRUE((*executor)->run(makeOperands(), threads(1)).ok());
    // Each element once: one array programs and streams each tile once.
    EXPECT_EQ((*executor)->getStatistics()[0].mantissas, 320u);
    unsigned found = 0;
    for (const Instruction &instruction : program.code)
      found += holds<CoreConvert>(instruction.body);
    EXPECT_EQ(found, converts);
  }
}

TEST(StoredOperands, AreConvertedFromFiniteNumbers) {
  Program program = makeLinear();
  Arrays inputs = makeOperands();
  float bad = -INFINITY;
  std::memcpy(inputs["a"].bytes.data() + 4 * 77, &bad, 4);
  auto result = runProgram(program, inputs, threads(1));
  expectError(result,
              {"core.convert", "tensor 'a' element [1, 37, 0, 0] is -inf"});
}

TEST(StoredOperands, HaveNoBypass) {
  Program program = makeLinear();
  ExecutionOptions options = threads(1);
  options.bypassFormats = true;
  auto result = runProgram(program, makeOperands(), options);
  expectError(result, {"keeps operands converted", "--fp32"});
  // Nothing to compare with, and so nothing compared.
  options = threads(1);
  options.compareToFp32 = true;
  auto executor = createExecutor("reference", program);
  ASSERT_TRUE((*executor)->run(makeOperands(), options).ok());
  EXPECT_FALSE((*executor)->getStatistics()[0].compared);
  Program plain = makeLinear({false, false});
  executor = createExecutor("reference", plain);
  ASSERT_TRUE((*executor)->run(makeOperands(), options).ok());
  EXPECT_TRUE((*executor)->getStatistics()[0].compared);
}

/// A product whose contraction is cut in two, against the whole.
static void checkParts(const ProductFormat &format) {
  // 40 contraction positions in two nests, of 32 and of 8, which is half a
  // group. Positions count from where a nest begins.
  ProductCase c{ProductKind::Forward, linearSpec(5, 40, 3), format};
  c.key = {{11, 3, 8}, 5};
  Generator generate(5);
  fill(c, generate, Values::Mixed, Values::Plain);
  c.stored = {true, false};
  Program program = buildProduct(c, Stationary::First, {});
  // Loop, convert, end; loop, program, stream, end; halt.
  ASSERT_EQ(program.code.size(), 8u);
  getIf<Loop>(program.code[3].body)->count = 2;
  std::vector<Instruction> second(program.code.begin() + 3,
                                  program.code.begin() + 7);
  getIf<Loop>(second[0].body)->count = 1;
  CoreProgram &load = *getIf<CoreProgram>(second[1].body);
  CoreStream &stream = *getIf<CoreStream>(second[2].body);
  load.kStart = stream.kStart = {};
  load.cols = stream.cols = {8, std::nullopt};
  load.src.offset.base += 2 * 11;
  stream.in.offset.base += 32 * 4;
  stream.start = {1, {}};
  for (Instruction *instruction :
       {&program.code[4], &program.code[5], &second[1], &second[2]})
    instruction->guard.reset();
  program.code.insert(program.code.begin() + 7, second.begin(), second.end());
  Product &product = program.products[0];
  product.nests = {product.nests[0], product.nests[0]};
  product.nests[0].contraction = {{}, {32}};
  product.nests[1].contraction = {{32, {}}, {8}};
  product.nests[1].loopBegin += 4;
  product.nests[1].loopEnd += 4;
  Status status = validateStructure(program);
  ASSERT_TRUE(status.ok()) << status.error().message;
  Arrays inputs{{"a", toArray(c.first, getShape(c, 0))},
                {"b", toArray(c.second, getShape(c, 1))}};
  for (const char *executor : {"reference", "fast"}) {
    auto result = runProgram(program, inputs, threads(1), executor);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(firstDifference(toVector(result->at("y")), getExpected(c)), -1);
  }
}

TEST(StoredOperands, PartsOfAProductEndWhereItDoes) {
  checkParts(mirageFormat());
}

TEST(StoredOperands, PartsOfAProductRoundAsTheWhole) {
  checkParts(makeFormat(4, 16, {31, 32, 33}, Rounding::Stochastic));
}

namespace {
/// The weights are a constant in blocks: 5 rows of 3 blocks of 11 bytes, all
/// mantissas 8 = 0.5 under exponent 126. `change` may spoil them.
Result<Arrays> runConstant(
    const std::function<void(std::vector<uint8_t> &)> &change,
    const std::string &executor) {
  Program program = makeLinear({true, false});
  auto region = std::find_if(
      program.regions.begin(), program.regions.end(),
      [](const Region &r) { return r.type == ElementType::Block; });
  const Bfp &format = *findBlockFormat(program, *region->conversion);
  std::vector<int16_t> mantissas(16, 8);
  auto bytes = std::make_shared<std::vector<uint8_t>>(5 * 3 * 11);
  for (int64_t b = 0; b < 15; ++b)
    packBlock(format, 126, mantissas.data(), b % 3 == 2 ? 8 : 16, 1,
              bytes->data() + 11 * b);
  change(*bytes);
  region->role = Role::Constant;
  region->data = uint32_t(program.data.size());
  program.data.push_back({bytes->data(), bytes->size(), bytes});
  // They need no conversion.
  auto isConvert = [](const Instruction &i) {
    return holds<CoreConvert>(i.body);
  };
  auto convert =
      std::find_if(program.code.begin(), program.code.end(), isConvert);
  program.code.erase(convert - 1, convert + 2);
  program.products[0].nests.clear();
  return runProgram(program, makeOperands(3), threads(2), executor);
}
} // namespace

TEST(StoredOperands, MayBeConstants) {
  for (const char *executor : {"reference", "fast"}) {
    auto result = runConstant([](auto &) {}, executor);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(toVector(result->at("y")), std::vector<float>(15, 60.0f));
  }
}

TEST(StoredOperands, WhatIsNoBlockStopsTheRun) {
  struct Case {
    size_t byte;
    uint8_t value;
    const char *expected;
  };
  const Case cases[] = {
      {11 * 4, 255, "exponent: expected 0 to 254 (biased by 127), found 255"},
      {11 * 4, 0, "mantissa 0: expected 0 (the exponent says that all are)"},
      // The lowest five bits are mantissa 0.
      {11 * 4 + 1, 0x10, "mantissa 0: expected at least -15, found -16"}};
  for (const Case &c : cases)
    for (const char *executor : {"reference", "fast"}) {
      auto result = runConstant(
          [&](std::vector<uint8_t> &bytes) { bytes[c.byte] = c.value; },
          executor);
      expectError(result,
                  {"core.program", "tensor 'conv.blocks0' element [0, 1, 1]",
                   "bfp:4:16", c.expected});
    }
}

TEST(StoredOperands, StreamsNameTheBlock) {
  // Activations in blocks of 6 bytes, the last three bits of which are unused;
  // what converts them writes somewhere else.
  Program program =
      makeLinear({false, true}, makeFormat(4, 7, {31, 32, 33}));
  for (Instruction &instruction : program.code)
    if (CoreConvert *convert = getIf<CoreConvert>(instruction.body))
      convert->dst.offset.base -= 1;
  auto result = runProgram(program, makeOperands(), threads(1));
  expectError(result, {"core.stream", "tensor 'conv.blocks1' element [0, 0, 0]",
               "bfp:4:7"});
}
