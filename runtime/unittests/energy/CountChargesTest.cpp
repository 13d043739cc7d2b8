//===- CountChargesTest.cpp - Closed forms against expansion ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"
#include "phx/energy/Energy.h"
#include "../support/InstructionCoverage.h"
#include "../support/RandomShare.h"
#include "../support/TestMemories.h"
#include "../support/Unroll.h"
#include "ChargeGenerator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace phx;
using phx::testing::ChargeGenerator;

namespace {

/// Executes every iteration, one by one.
class Expansion {
public:
  Expansion(const Program &program, const Target &target)
      : program(program), target(target),
        charges(program.code.size(), Counters64{}) {
    run(0, 0);
  }
  std::vector<Counters64> take() { return std::move(charges); }

private:
  size_t run(size_t at, unsigned depth) {
    for (; at < program.code.size(); ++at) {
      const Instruction &instruction = program.code[at];
      if (holds<End>(instruction.body))
        return at;
      if (const auto *loop = getIf<Loop>(instruction.body)) {
        size_t end = at;
        for (counters[depth] = 0; counters[depth] < loop->count;
             ++counters[depth])
          end = run(at + 1, depth + 1);
        counters[depth] = 0;
        at = end;
        continue;
      }
      Counters64 one = getCharges(program, instruction, counters, target);
      for (unsigned i = 0; i < numAllCounters; ++i)
        charges[at][i] += one[i];
    }
    return at;
  }

  const Program &program;
  const Target &target;
  std::vector<Counters64> charges;
  Counters counters{};
};

} // namespace

TEST(CountCharges, EqualsExpansionOnRandomPrograms) {
  Target target = *loadTarget("mirage");
  const uint64_t programs = phx::testing::getRandomShare(10000);
  phx::testing::InstructionCoverage coverage;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    // Expansion takes as long as the loops: now and then 8 million iterations,
    // otherwise as many as show each kind of change.
    int64_t mostTrips = seed % 250 ? 2400 : 8'000'000;
    Program program =
        ChargeGenerator(static_cast<unsigned>(seed), mostTrips).make();
    coverage.add(program);
    ASSERT_EQ(*countCharges(program, target), Expansion(program, target).take())
        << "seed " << seed;
  }
  // Control and tokens charge nothing.
  coverage.expectAll("rns", "ChargeGenerator::addLeaf", {"signal", "wait"});
}

TEST(CountCharges, EqualsUnrollingWithRegisters) {
  Target target = *loadTarget("mirage");
  const uint64_t programs = phx::testing::getRandomShare(2000);
  uint64_t compared = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    ChargeGenerator generator(static_cast<unsigned>(seed), 600);
    generator.registers = true;
    Program program = generator.make();
    std::mt19937_64 random(seed);
    bool isConstant = seed % 3 == 0;
    auto choose = [&](uint32_t index) {
      int64_t most = program.registers[index].most;
      return isConstant
                 ? most / 2
                 : std::uniform_int_distribution<int64_t>(0, most)(random);
    };
    auto unrolled = phx::testing::Unroller(program, choose).run(20000);
    if (!unrolled)
      continue;
    ++compared;
    std::vector<Counters64> expected(program.code.size(), Counters64{});
    for (size_t i = 0; i < unrolled->origins.size(); ++i) {
      Counters64 one =
          getCharges(program, unrolled->program.code[i], {}, target);
      for (unsigned c = 0; c < numAllCounters; ++c)
        expected[unrolled->origins[i]][c] += one[c];
    }
    ASSERT_EQ(*countCharges(program, target, unrolled->getCounts()), expected)
        << "seed " << seed;
  }
  EXPECT_GT(compared, programs / 2);
}

/// An assumption is the same as an execution that finds it before it needs it.
TEST(CountCharges, AssumedCounts) {
  Target target = *loadTarget("mirage");
  Program program;
  program.memories = makeMemories();
  program.groups = {{"core", "rns", 8, 32, 16}};
  program.registers = {{"nonzeros", 100}};
  VecPack pack;
  pack.count = Count{64, Affine{0, {{0, 1, 0, 1, 0, -32}}}, 0};
  program.code = {{{}, noLayer, {}, Loop{4, 0}},
                  {{EngineKind::Vec, 0}, noLayer, {}, pack},
                  {{}, noLayer, {}, End{}},
                  {{}, noLayer, {}, Halt{}}};
  auto charge = [&](int64_t value) {
    RunCounts counts = *assumeCounts(program, {{"nonzeros", value}});
    auto charges = *countCharges(program, target, counts);
    return charges[1][counters::vectorOps.index];
  };
  EXPECT_EQ(charge(0), 0u);
  EXPECT_EQ(charge(1), 1u);
  EXPECT_EQ(charge(2), 2u); // the second iteration finds nothing
  EXPECT_EQ(charge(50), 50u + 18u);
  EXPECT_EQ(charge(100), 64u + 64u + 36u + 4u);
}

/// The product loops that tiling makes: tile number to row and column block.
static void addProduct(Program &program, int64_t m, int64_t n, int64_t k) {
  auto control = [&](Body body) {
    program.code.push_back({{}, noLayer, {}, std::move(body)});
  };
  int64_t columnBlocks = (k + 15) / 16, tiles = (m + 31) / 32 * columnBlocks;
  control(Loop{(tiles + 7) / 8});
  for (int64_t core = 0; core < 8; ++core) {
    DigitTerm row{0, 8, core, columnBlocks, 0, 1};
    DigitTerm column{0, 8, core, 1, columnBlocks, 1};
    auto scaled = [](int64_t base, DigitTerm term, int64_t weight) {
      term.weight = weight;
      return Affine{base, {term}};
    };
    Count rows{32, scaled(m, row, -32)}, cols{16, scaled(k, column, -16)};
    Guard guard{0, 8, core, tiles};
    CoreProgram load;
    load.rows = rows;
    load.cols = cols;
    load.kStart = scaled(0, column, 16);
    CoreStream stream;
    stream.rows = rows;
    stream.cols = cols;
    stream.length.cap = n;
    stream.kStart = load.kStart;
    stream.start = load.kStart;
    EngineId engine{EngineKind::Core, static_cast<uint8_t>(core)};
    program.code.push_back({engine, 0, guard, load});
    program.code.push_back({engine, 0, guard, stream});
  }
  control(End{});
}

/// The products of VGG-16 at 224 x 224.
static Program makeVgg16(int64_t batch) {
  Program program;
  program.memories = makeMemories();
  program.groups = {{"core", "rns", 8, 32, 16}};
  program.conversions = {Bfp{}};
  program.products.resize(1);
  int64_t channels = 3, size = 224;
  for (int64_t out : {64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512,
                      0, 512, 512, 512, 0}) {
    if (out == 0) {
      size /= 2;
      continue;
    }
    addProduct(program, out, batch * size * size, 9 * channels);
    channels = out;
  }
  addProduct(program, 4096, batch, 25088);
  addProduct(program, 4096, batch, 4096);
  addProduct(program, 1000, batch, 4096);
  return program;
}

TEST(CountCharges, LargeNetworks) {
  Target target = *loadTarget("mirage");
  Program program = makeVgg16(1);
  std::vector<Counters64> charges = *countCharges(program, target);
  Counters64 total{};
  for (const Counters64 &charge : charges)
    for (unsigned i = 0; i < numAllCounters; ++i)
      total[i] += charge[i];
  // 15.47 G multiply-accumulates, the literature's number.
  EXPECT_EQ(total[counters::macs.index], 15470264320u);
  EXPECT_EQ(charges, Expansion(program, target).take());
}

/// Copies inside of loops of `trips`: `elements` of a vector.
static Program makeCopies(const std::vector<int64_t> &trips, Count elements,
                          std::optional<Guard> guard = std::nullopt) {
  Program program;
  program.memories = makeMemories();
  program.groups = {{"core", "rns", 8, 32, 16}};
  for (int64_t count : trips)
    program.code.push_back({{}, noLayer, {}, Loop{count}});
  VecMap map;
  map.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}}, elements};
  program.code.push_back({{EngineKind::Vec, 0}, noLayer, guard, map});
  for (size_t i = 0; i < trips.size(); ++i)
    program.code.push_back({{}, noLayer, {}, End{}});
  program.code.push_back({{}, noLayer, {}, Halt{}});
  return program;
}

TEST(CountCharges, ModuliThatAreNeverReachedAreNone) {
  Target target = *loadTarget("mirage");
  auto make = [](int64_t modulus, int64_t offset) {
    DigitTerm falling{0, 1, 0, 1, 0, -1}, turning{0, 1, offset, 1, modulus, 4};
    return makeCopies({2000}, Count{1000, Affine{100, {falling, turning}}});
  };
  auto expected = *countCharges(make(0, 0), target);
  EXPECT_EQ(expected, Expansion(make(0, 0), target).take());
  for (int64_t modulus : {int64_t(1) << 62, int64_t(1) << 61, int64_t(2000)}) {
    EXPECT_EQ(*countCharges(make(modulus, 0), target), expected) << modulus;
    // Behind its first turn.
    if (modulus < int64_t(1) << 62)
      EXPECT_EQ(*countCharges(make(modulus, modulus), target), expected)
          << modulus;
  }
  EXPECT_EQ(*countCharges(make(1999, 0), target),
            Expansion(make(1999, 0), target).take());
}

TEST(CountCharges, OuterLoopsAreCutIntoPieces) {
  Target target = *loadTarget("mirage");
  constexpr int64_t many = int64_t(1) << 31;
  DigitTerm inner{1, 1, 0, 1, 2, 1};
  auto count = [&](const Program &program) -> uint64_t {
    auto charges = countCharges(program, target, {}, /*maxSteps=*/1000);
    EXPECT_TRUE(charges.ok()) << charges.error().message;
    return charges.ok() ? (*charges)[2][counters::vectorOps.index] : 0;
  };
  // The guard never holds, or in three iterations.
  Count elements{4, Affine{3, {inner}}};
  EXPECT_EQ(count(makeCopies({many, many}, elements, Guard{0, 1, 0, 0})), 0u);
  EXPECT_EQ(count(makeCopies({many, many}, elements, Guard{0, 1, 0, 5, 2})),
            3u * (many / 2) * 7);
  // Full at first, then empty.
  Count falling{4, Affine{103, {inner, {0, 1, 0, 1, 0, -1}}}};
  uint64_t expected = 0;
  for (int64_t c = 0; c < 104; ++c)
    for (int64_t odd : {0, 1})
      expected += uint64_t(std::clamp<int64_t>(103 + odd - c, 0, 4)) * many / 2;
  EXPECT_EQ(count(makeCopies({many, many}, falling)), expected);
  // Digits of both loops that wrap.
  Count turning{4, Affine{0, {inner, {0, 1, 0, 1, 3, 1}}}};
  EXPECT_EQ(count(makeCopies({3 * 1024, many}, turning)),
            uint64_t(1024) * (many / 2) * (0 + 1 + 1 + 2 + 2 + 3));
}

TEST(CountCharges, IrregularChargesAreGivenUp) {
  Target target = *loadTarget("mirage");
  DigitTerm falling{1, 1, 0, 1, 0, -1}, rising{1, 1, 0, 3, 0, 3};
  Program program = makeCopies(
      {3, 1'000'000}, Count{1000, Affine{100, {falling, rising}}});
  auto charges = countCharges(program, target, {}, /*maxSteps=*/100'000);
  ASSERT_FALSE(charges.ok());
  EXPECT_EQ(charges.error().message,
            "what instruction 2 (vec.map) in the loop of 1000000 iterations at "
            "instruction 1 charges changes too irregularly to be multiplied: "
            "more than 100000 executions of the program were added up one by "
            "one; give the loop fewer iterations, or let its counts and digits "
            "repeat after fewer of them");
  EXPECT_EQ(charges.error().entry, (ProgramEntry{"instruction", 2}));
}

/// Whatever is in a loop that writes registers is looked at each time.
TEST(CountCharges, LoopsThatWriteRegistersAreGivenUp) {
  Target target = *loadTarget("mirage");
  Program program;
  program.memories = makeMemories();
  program.registers = {{"nonzeros", 100}};
  auto vec = [](Body body) {
    return Instruction{{EngineKind::Vec, 0}, noLayer, {}, std::move(body)};
  };
  VecPack pack;
  pack.count = Count{64, std::nullopt, 0};
  program.code = {{{}, noLayer, {}, Loop{100}}, vec(VecReadCount{0, {}})};
  program.code.insert(program.code.end(), 8, vec(pack));
  program.code.push_back({{}, noLayer, {}, End{}});
  program.code.push_back({{}, noLayer, {}, Halt{}});
  auto trace = std::make_shared<CountTrace>(1);
  for (int64_t i = 0; i < 100; ++i)
    ASSERT_TRUE(trace->record(0, i));
  RunCounts counts{trace, {}};
  EXPECT_TRUE(countCharges(program, target, counts, /*maxSteps=*/2000).ok());
  auto charges = countCharges(program, target, counts, /*maxSteps=*/500);
  ASSERT_FALSE(charges.ok());
  EXPECT_EQ(charges.error().message,
            "what instruction 4 (vec.pack) in the loop of 100 iterations at "
            "instruction 0 charges was looked at again and again, because "
            "instructions in the loop write registers: more than 500 "
            "executions of the program were added up one by one; give the loop "
            "fewer iterations, or write the registers outside of it");
  EXPECT_EQ(charges.error().entry, (ProgramEntry{"instruction", 4}));
}

TEST(CountCharges, HugeTripsAreMultiplied) {
  Target target = *loadTarget("mirage");
  Program program = makeVgg16(1);
  program.code.insert(program.code.begin(),
                      {{}, noLayer, {}, Loop{1000000000}});
  VecMap map;
  map.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{2, {}}};
  program.code.insert(program.code.begin() + 1, {{}, noLayer, {}, map});
  program.code.insert(program.code.begin() + 2, {{}, noLayer, {}, End{}});
  EXPECT_EQ((*countCharges(program, target))[1][counters::vectorOps.index],
            2000000000u);
}
