//===- FootprintTest.cpp - Footprints against enumeration -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "phx/isa/Footprint.h"

#include "Oracle.h"
#include "RandomCode.h"
#include "../support/RandomShare.h"
#include "../support/TestMemories.h"

#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;
using phx::testing::getRandomShare;

static IntervalSet toIntervals(const std::set<int64_t> &bytes) {
  IntervalSet set;
  for (int64_t byte : bytes) {
    if (!set.empty() && set.back().end == byte)
      ++set.back().end;
    else
      set.push_back({byte, byte + 1});
  }
  return set;
}

/// Accesses with equal attributes merged, empty ones left out, as text.
static std::set<std::string> summarize(const std::vector<OracleAccess> &list) {
  std::map<std::string, std::set<int64_t>> merged;
  for (const OracleAccess &access : list) {
    if (access.bytes.empty())
      continue;
    std::string key = std::to_string(int(access.memory)) +
                      (access.write ? "w" : "r") +
                      (access.product ? std::to_string(*access.product) : "");
    merged[key].insert(access.bytes.begin(), access.bytes.end());
  }
  std::set<std::string> result;
  for (auto &[key, bytes] : merged) {
    std::string text = key;
    for (Interval i : toIntervals(bytes))
      text += " " + std::to_string(i.begin) + "-" + std::to_string(i.end);
    result.insert(text);
  }
  return result;
}

static std::vector<OracleAccess> toOracle(const std::vector<Access> &list) {
  std::vector<OracleAccess> result;
  for (const Access &access : list) {
    for (size_t i = 1; i < access.bytes.size(); ++i)
      EXPECT_LT(access.bytes[i - 1].end, access.bytes[i].begin);
    OracleAccess &copy = result.emplace_back(
        OracleAccess{access.memory, access.write, access.accumulatesInto, {}});
    for (Interval i : access.bytes) {
      EXPECT_LT(i.begin, i.end);
      for (int64_t b = i.begin; b < i.end; ++b)
        copy.bytes.insert(b);
    }
  }
  return result;
}

TEST(Footprint, RandomInstructionsEqualEnumeration) {
  size_t touched = 0;
  const uint64_t instructions = getRandomShare(20000);
  for (uint64_t seed = 0; seed < instructions; ++seed) {
    RandomCode random(seed);
    Program program = random.tables();
    Instruction instruction = random.instruction(2);
    Counters counters{};
    counters[0] = random.pick(0, 6);
    counters[1] = random.pick(0, 6);
    auto expected = enumerateAccesses(program, instruction, counters);
    program.code = {instruction};
    auto actual = getAccesses(program, size_t(0), counters);
    ASSERT_EQ(summarize(toOracle(actual)), summarize(expected))
        << "seed " << seed;
    touched += !actual.empty();
  }
  EXPECT_GT(touched, instructions * 9 / 20);
}

TEST(Footprint, UnionsOverLoopsEqualEnumeration) {
  const uint64_t programs = getRandomShare(10000);
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomCode random(seed);
    Program program = random.program(100);
    std::map<std::string, std::vector<OracleAccess>> expected;
    for (const OracleEvent &event : expand(program)) {
      const Instruction &i = program.code[event.index];
      for (OracleAccess &access : enumerateAccesses(program, i, event.counters))
        expected[getEngineName(program, i)].push_back(std::move(access));
    }
    auto actual = getAccesses(program, 0, program.code.size(), 0, {});
    size_t found = 0;
    for (const EngineAccesses &engine : actual) {
      Instruction named;
      named.engine = engine.engine;
      named.arrays = engine.arrays;
      auto it = expected.find(getEngineName(program, named));
      ASSERT_NE(it, expected.end());
      ASSERT_EQ(summarize(toOracle(engine.accesses)), summarize(it->second))
          << "seed " << seed;
      ++found;
    }
    for (auto &[engine, accesses] : expected)
      found += summarize(accesses).empty();
    ASSERT_GE(found, expected.size()) << "seed " << seed;
  }
}

TEST(Footprint, ConvolutionWithPaddingIsOneRunPerChannel) {
  // 3x3, padding 1, 16 channels of 56x56, all vectors and positions.
  Program program;
  program.memories = makeMemories();
  AccessMap map;
  map.rows = {{56, 2, 1}, {56, 1, 1}};
  map.cols = {{16, 0, 1}, {3, 2, 1}, {3, 1, 1}};
  map.axes = {
      {16, 56 * 56 * 4, 0, 0, 0}, {56, 56 * 4, -1, 0, 0}, {56, 4, -1, 0, 0}};
  program.maps = {map};
  CoreStream stream;
  stream.cols.cap = 8; // half of the channels of kernel position (0, 0)
  stream.length.cap = 56 * 56;
  stream.rows.cap = 0;
  program.code.resize(1);
  auto get = [&] {
    program.code[0].body = stream;
    return getAccesses(program, size_t(0), {});
  };
  EXPECT_TRUE(get().empty());
  stream.rows.cap = 1;
  auto accesses = get();
  ASSERT_EQ(accesses.size(), 2u);
  // Position (0, 0) reads rows and columns 0..54 of each channel.
  EXPECT_EQ(accesses[1].bytes.size(), 8u * 55);
  EXPECT_EQ(accesses[1].bytes[0], (Interval{0, 55 * 4}));
  stream.cols.cap = 16 * 9;
  accesses = get();
  EXPECT_EQ(accesses[1].bytes, (IntervalSet{{0, 16 * 56 * 56 * 4}}));
}

TEST(Footprint, OverlapsIsExactAtTheEdges) {
  IntervalSet a{{0, 4}, {8, 12}}, b{{4, 8}, {12, 16}}, c{{11, 12}};
  EXPECT_FALSE(overlaps(a, b));
  EXPECT_TRUE(overlaps(a, c));
  EXPECT_FALSE(overlaps(b, c));
  EXPECT_FALSE(overlaps({}, c));
}
