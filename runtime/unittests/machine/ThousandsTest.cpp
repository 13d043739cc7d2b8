//===- ThousandsTest.cpp - Thousands of arrays ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ten thousand arrays in lockstep cost what ten do; ten thousand by affine
// index cost one step each. Sizes and steps are counted, never time.
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/Encoding.h"
#include "../../lib/isa/Hazards.h"
#include "../timing/TestTiming.h"
#include "Network.h"
#include "phx/isa/EngineBlocks.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"
#include "phx/report/Report.h"

using namespace phx;
using namespace phx::testing;

namespace {

constexpr int64_t height = 4, width = 8;

/// A matrix of `arrays` row blocks, each on an array of its own, times one
/// vector, `rounds` times; then vec takes the results, and makes the next
/// vector.
class Tall {
public:
  Tall(uint32_t arrays, int64_t rounds, bool isTogether)
      : arrays(arrays), isTogether(isTogether) {
    Program &program = builder.program;
    program.name = "tall";
    program.groups = {{"narrow", "crossbar", arrays, 4, 8},
                      {"wide", "crossbar", 2, 16, 16}};
    addRegions();
    makeBodies();
    builder.loop(rounds);
    if (!isTogether)
      builder.loop(arrays);
    builder.add(narrow0, load).arrays = getArrays();
    builder.add(narrow0, dot).arrays = getArrays();
    if (!isTogether)
      builder.end();
    builder.add(EngineId{EngineKind::Vec}, next);
    builder.end();
    program = builder.finish();
    Status status = insertTokens(program);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  }

  const Program &get() const { return builder.program; }

private:
  DigitTerm getBlock(int64_t weight) const {
    return isTogether ? DigitTerm{laneLoop, 1, 0, 1, 0, weight}
                      : DigitTerm{1, 1, 0, 1, 0, weight};
  }
  ArrayRange getArrays() const {
    return isTogether ? ArrayRange{{}, arrays} : ArrayRange{{getBlock(1)}, 1};
  }
  Address at(uint32_t region, int64_t step) {
    Address address = builder.at(region);
    address.offset.terms = {getBlock(step)};
    return address;
  }
  void addRegions() {
    std::vector<int64_t> rows{int64_t(arrays) * height};
    auto add = [&](const char *name, std::vector<int64_t> shape,
                   uint32_t memory, ElementType type) {
      return builder.addRegion(name, Role::Workspace, std::move(shape), memory,
                               type);
    };
    list = add("list", {width}, mem::act, ElementType::I32);
    x = add("x", {width}, mem::act, ElementType::I32);
    weights = add("w", {rows[0], width}, mem::wgt, ElementType::I32);
    scale = add("scale", rows, mem::wgt, ElementType::F32);
    acc = add("acc", rows, mem::grad, ElementType::I64);
    y = add("y", rows, mem::grad, ElementType::F32);
  }
  void makeBodies() {
    AccessMap map;
    map.rows = {{int64_t(arrays) * height, 0, 1}};
    map.cols = {{width, 1, 1}};
    map.axes = {{int64_t(arrays) * height, width * 4, 0, 0, 0},
                {width, 4, 0, 0, 0}};
    load.map = builder.addMap(map);
    load.src = builder.at(weights);
    load.rowStart.terms = {getBlock(height)};
    load.rows.cap = height;
    load.cols.cap = width;
    dot.pass = crossbar::addPass(builder.program, {8, 1000});
    dot.list = builder.at(list);
    dot.in = builder.at(x);
    dot.extent = 4 * width;
    dot.scale = at(scale, 4 * height);
    dot.acc = at(acc, 8 * height);
    dot.out = at(y, 4 * height);
    dot.rows = load.rows;
    dot.cols = load.cols;
    next.fn = VecFn::Copy;
    next.dst = builder.at(x);
    next.a = builder.at(y);
    next.shape = {Count{1}, Count{1}, Count{1}, Count{width}};
    next.dstStride = next.aStride = {4 * width, 4 * width, 4 * width, 4};
  }

  ProgramBuilder builder;
  uint32_t arrays;
  bool isTogether;
  uint32_t list = 0, x = 0, weights = 0, scale = 0, acc = 0, y = 0;
  CrossbarLoad load;
  CrossbarDot dot;
  VecMap next;
};

void expectValid(const Program &program) {
  Status status = validateStructure(program);
  ASSERT_TRUE(status.ok()) << status.error().message;
  status = validateHazards(program);
  ASSERT_TRUE(status.ok()) << status.error().message;
}

/// Steps of the proof that there is no race.
int64_t countProofSteps(const Program &program) {
  auto tree = detail::ProgramTree::build(program);
  EXPECT_TRUE(tree.ok());
  detail::HazardChecker checker(program, *tree);
  EXPECT_TRUE(checker.run().ok());
  return checker.steps();
}

Target makeTallTarget(uint32_t arrays) {
  return makeCrossbarTarget({"narrow.count=" + std::to_string(arrays)});
}

} // namespace

TEST(Thousands, InLockstepCostWhatTenDo) {
  const int64_t rounds = 100'000;
  Tall few(10, rounds, true), many(10'000, rounds, true);
  expectValid(few.get());
  expectValid(many.get());
  EXPECT_EQ(encodeCode(many.get().code).size(),
            encodeCode(few.get().code).size());
  EXPECT_EQ(EngineBlocks(many.get()).size(), EngineBlocks(few.get()).size());
  EXPECT_EQ(countProofSteps(many.get()), countProofSteps(few.get()));

  TimingResult small = runBoth(few.get(), makeTallTarget(10));
  auto large = simulate(many.get(), makeTallTarget(10'000));
  ASSERT_TRUE(large.ok()) << large.error().message;
  EXPECT_EQ(large->stepped, small.stepped);
  EXPECT_LT(large->stepped, 200u);
  EXPECT_EQ(large->latency, small.latency);
  ASSERT_EQ(large->engines.size(), 2u + 10'000 + 2);
  EXPECT_EQ(large->engines[10'001].busy, small.engines[2].busy);
  EXPECT_EQ(large->engines[10'001].instructions, 2u * rounds);
  EXPECT_EQ(large->engines[10'002].busy, 0);
}

TEST(Thousands, ChargeAsManyTimes) {
  Tall few(10, 3, true), many(10'000, 3, true);
  std::vector<Counters64> small =
      *countCharges(few.get(), makeTallTarget(10));
  std::vector<Counters64> large =
      *countCharges(many.get(), makeTallTarget(10'000));
  auto total = [](const std::vector<Counters64> &charges, Counter counter) {
    uint64_t sum = 0;
    for (const Counters64 &each : charges)
      sum += get(each, counter);
    return sum;
  };
  for (Counter counter : {crossbar::getReadouts(), crossbar::getCellWrites()})
    EXPECT_EQ(total(large, counter), 1000 * total(small, counter));
  EXPECT_EQ(total(small, crossbar::getReadouts()), 3u * 10 * height);
}

TEST(Thousands, ByAffineIndexTakeAStepEach) {
  const uint32_t arrays = 10'000;
  const int64_t rounds = 3;
  Tall tall(arrays, rounds, false), few(10, rounds, false);
  expectValid(tall.get());
  EXPECT_EQ(encodeCode(tall.get().code).size(),
            encodeCode(few.get().code).size());
  EXPECT_LT(countProofSteps(tall.get()), 12 * rounds * arrays);
  TimingResult result = runBoth(tall.get(), makeTallTarget(arrays));
  EXPECT_LT(result.stepped, 5u * rounds * arrays);
  // They do not wait for each other.
  TimingResult small = runBoth(few.get(), makeTallTarget(10));
  EXPECT_EQ(result.latency, small.latency);
  EXPECT_EQ(result.engines[5'000].instructions, 2u * rounds);
}

TEST(Thousands, AreSummarisedInTheTextReport) {
  Tall tall(10'000, 3, true);
  Target target = makeTallTarget(10'000);
  auto timing = simulate(tall.get(), target);
  ASSERT_TRUE(timing.ok()) << timing.error().message;
  std::string text =
      makeTextReport({tall.get(), target, *timing,
                      *countCharges(tall.get(), target), nullptr, {},
                      std::nullopt},
                     100, false);
  for (const char *row :
       {"narrow, mean of 10000", "narrow[0], busiest", "wide[1]"})
    EXPECT_NE(text.find(row), std::string::npos) << text;
  EXPECT_EQ(text.find("narrow[1]"), std::string::npos) << text;
}
