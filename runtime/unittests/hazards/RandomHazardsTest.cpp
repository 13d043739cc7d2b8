//===- RandomHazardsTest.cpp - Random programs against the oracle -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Registers.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include "../support/InstructionCoverage.h"
#include "../support/RandomProgram.h"
#include "../support/RandomShare.h"
#include "Oracle.h"
#include "RandomCode.h"

#include <gtest/gtest.h>
#include <cstdio>
#include <map>

using namespace phx;
using namespace phx::test;
using phx::testing::getRandomShare;

/// The validator's verdict equals the oracle's; true if there is no race.
static bool agree(const Program &program, uint64_t seed) {
  bool race = hasRace(program);
  Status status = validateHazards(program);
  EXPECT_EQ(status.ok(), !race)
      << "seed " << seed << ": "
      << (status.ok() ? "accepted" : status.error().message);
  return !race;
}

/// Inserts tokens; false where lanes of one instruction race, which is refused.
static bool insertOrRefuse(Program &program, uint64_t seed) {
  bool isHopeless = hasLaneRace(program);
  Status status = insertTokens(program);
  EXPECT_EQ(status.ok(), !isHopeless)
      << "seed " << seed << ": "
      << (status.ok() ? "accepted" : status.error().message);
  return status.ok();
}

/// Every block signals each token as often as it awaits it.
static bool isBalanced(const Program &program) {
  std::vector<std::map<uint32_t, int>> open(1);
  auto isZero = [&] {
    for (auto &[token, sum] : open.back())
      if (sum != 0)
        return false;
    return true;
  };
  for (const Instruction &i : program.code) {
    if (holds<Loop>(i.body))
      open.emplace_back();
    if (const auto *s = getIf<Signal>(i.body))
      ++open.back()[s->token];
    if (const auto *w = getIf<Wait>(i.body))
      --open.back()[w->token];
    if (holds<End>(i.body)) {
      if (!isZero())
        return false;
      open.pop_back();
    }
  }
  return isZero();
}

TEST(RandomHazards, VerdictEqualsOracle) {
  const uint64_t programs = getRandomShare(10000);
  size_t clean = 0, races = 0;
  phx::testing::InstructionCoverage coverage;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomCode random(seed);
    Program program = random.program(80);
    (agree(program, seed) ? clean : races)++;
    for (int64_t n = random.pick(1, 8); n > 0; --n)
      random.addToken(program);
    (agree(program, seed) ? clean : races)++;
    coverage.add(program);
    if (HasFailure())
      return;
  }
  coverage.expectAll("rns", "RandomCode::body");
  RecordProperty("clean", clean);
  EXPECT_GT(clean, programs / 10);
  EXPECT_GT(races, programs / 10);
}

TEST(RandomHazards, InsertionIsCompleteAndMinimal) {
  const uint64_t programs = getRandomShare(10000);
  size_t tokens = 0, races = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomCode random(seed);
    Program program = random.program(80);
    for (int64_t n = random.pick(0, 2); n > 0; --n)
      random.addToken(program); // to be replaced
    Program bare = program;
    races += hasRace(bare);
    bool isOrdered = insertOrRefuse(program, seed);
    ASSERT_FALSE(HasFailure());
    if (!isOrdered)
      continue;
    ASSERT_FALSE(hasRace(program)) << "seed " << seed;
    ASSERT_TRUE(validateHazards(program).ok()) << "seed " << seed;
    ASSERT_TRUE(isBalanced(program)) << "seed " << seed;
    ASSERT_TRUE(hasArraysOfTokens(program)) << "seed " << seed;
    tokens += program.tokens;
    for (uint32_t token = 0; token < program.tokens; ++token) {
      Program without = removeToken(program, token);
      ASSERT_FALSE(validateHazards(without).ok())
          << "seed " << seed << ", token " << token;
      ASSERT_TRUE(hasRace(without)) << "seed " << seed << ", token " << token;
    }
  }
  EXPECT_GT(races, programs / 10);
  EXPECT_GT(tokens, programs);
}

TEST(RandomHazards, LongLoopsEqualOracle) {
  const uint64_t programs = getRandomShare(3000);
  size_t clean = 0, races = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomCode random(seed);
    random.longLoops = true;
    Program program = random.program(300);
    if (expand(program).size() < 50)
      continue;
    bool isOrdered = insertOrRefuse(program, seed);
    ASSERT_FALSE(HasFailure());
    if (!isOrdered)
      continue;
    ASSERT_FALSE(hasRace(program)) << "seed " << seed;
    for (int i = 0; i < 2 && program.tokens; ++i) {
      Program without =
          removeToken(program, random.pick(0, program.tokens - 1));
      (agree(without, seed) ? clean : races)++;
      random.addToken(without);
      (agree(without, seed) ? clean : races)++;
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(races, programs / 3);
}

TEST(RandomHazards, InsertionKeepsEverythingElse) {
  const uint64_t programs = getRandomShare(10000);
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomCode random(seed);
    Program program = random.program(80);
    Program original = program;
    if (!insertOrRefuse(program, seed))
      continue;
    Program again = program;
    ASSERT_TRUE(insertTokens(again).ok());
    EXPECT_EQ(again.code, program.code) << "seed " << seed;
    for (uint32_t token = 0; token < program.tokens; ++token)
      again = removeToken(again, token);
    EXPECT_EQ(again.code, original.code) << "seed " << seed;
  }
}

//===----------------------------------------------------------------------===//
// Count registers
//===----------------------------------------------------------------------===//

/// Any value behind each write, and before the first: that they are proved for
/// all.
static Holds holdAnything(const Program &program, uint64_t seed) {
  return [&program, seed](uint32_t index, size_t writes) {
    phx::testing::Random random(seed * 1000003 + index * 1009 + writes);
    int64_t most = program.registers[index].most;
    return random.between(0, 3) ? random.between(0, std::min<int64_t>(most, 3))
                                : most;
  };
}

/// Whether engines race for some of the values tried.
static bool racesForSome(const Program &program, uint64_t seed) {
  if (hasRace(program) ||
      hasRace(program, [](uint32_t, size_t) { return int64_t(0); }))
    return true;
  for (uint64_t trial = 0; trial < 4; ++trial)
    if (hasRace(program, holdAnything(program, 4 * seed + trial)))
      return true;
  return false;
}

/// Several arrays execute an instruction together, or not at all: that it
/// brings them together is not counted on, though it may always do so.
static bool hasWeakOrder(const Program &program) {
  std::vector<RegisterUse> uses = listRegisterUses(program);
  for (size_t i = 0; i < program.code.size(); ++i)
    if (uses[i].isConditional() && program.code[i].arrays.lanes > 1)
      return true;
  return false;
}

TEST(RandomHazards, RegistersEqualOracle) {
  const uint64_t programs = getRandomShare(6000);
  size_t ordered = 0, races = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomCode random(seed);
    random.registers = true;
    random.longLoops = seed % 4 == 0;
    Program program = random.program(random.longLoops ? 200 : 80);
    bool isOrdered = insertOrRefuse(program, seed);
    ASSERT_FALSE(HasFailure());
    if (!isOrdered)
      continue;
    ASSERT_FALSE(racesForSome(program, seed)) << "seed " << seed;
    ASSERT_TRUE(isBalanced(program)) << "seed " << seed;
    ++ordered;
    // Races for some values are races for the largest: what orders
    // instructions is there whatever registers hold, but for lanes.
    for (int i = 0; i < 2 && program.tokens; ++i) {
      Program without =
          removeToken(program, random.pick(0, program.tokens - 1));
      bool race = hasRace(without), someRace = racesForSome(without, seed);
      Status status = validateHazards(without);
      ASSERT_FALSE(status.ok() && someRace) << "seed " << seed;
      if (!hasWeakOrder(without)) {
        ASSERT_EQ(status.ok(), !race)
            << "seed " << seed << ": "
            << (status.ok() ? "accepted" : status.error().message);
      }
      races += someRace;
    }
  }
  std::printf("%zu programs without a race, %zu with one\n", ordered, races);
  EXPECT_GT(ordered, programs / 3);
  EXPECT_GT(races, programs / 2);
}
