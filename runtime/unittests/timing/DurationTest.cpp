//===- DurationTest.cpp - Timing classes ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTiming.h"
#include "../support/TestMemories.h"

using namespace phx;
using namespace phx::testing;

static Femtoseconds getTime(const Body &body, const Target &target,
                            const Counters &counters = {}) {
  Instruction instruction;
  instruction.body = body;
  Program program;
  program.memories = makeMemories();
  return getDuration(program, instruction, counters, target);
}

TEST(Duration, CoresProgramAndStream) {
  Target target = makeTarget();
  EXPECT_EQ(getTime(makeTile(), target), 5 * ns);
  EXPECT_EQ(getTime(makeStream(256), target), 25'600'000);
  EXPECT_EQ(getTime(makeStream(0), target), 0);
  editArrays(target,
             [](auto &machine) { machine.mutable_fill_ns()->set_value(1.5); });
  EXPECT_EQ(getTime(makeStream(1), target), 1'600'000);
}

TEST(Duration, ConvertersTakeAGroupPerPeriod) {
  Target target = makeTarget();
  editArrays(target,
             [](auto &machine) { machine.mutable_fill_ns()->set_value(1.5); });
  Program program;
  program.memories = makeMemories();
  program.groups = {{"core", "rns", 1, 32, 16}};
  program.conversions = {Bfp{4, 16}, Bfp{4, 5}, Bfp{4, 40}};
  CoreConvert convert;
  Instruction instruction;
  instruction.engine = core(0);
  auto time = [&](uint32_t conversion, int64_t rows, int64_t cols) {
    convert.conversion = conversion;
    convert.rows.cap = rows;
    convert.cols.cap = cols;
    instruction.body = convert;
    return getDuration(program, instruction, {}, target);
  };
  constexpr Femtoseconds period = 100'000, fill = 1'500'000;
  EXPECT_EQ(time(0, 1, 16), period + fill);
  EXPECT_EQ(time(0, 7, 33), 7 * 3 * period + fill);
  // A group shorter than the array takes a period of its own, a longer one
  // several.
  EXPECT_EQ(time(1, 2, 12), 2 * 3 * period + fill);
  EXPECT_EQ(time(2, 2, 85), 2 * (3 + 3 + 1) * period + fill);
  EXPECT_EQ(time(0, 0, 16), 0);
}

TEST(Duration, PricesAreRoundedOnce) {
  Target target = makeTarget();
  editArrays(target,
             [](auto &machine) { machine.mutable_clock_ghz()->set_value(3); });
  EXPECT_EQ(getTime(makeStream(3), target), 3 * 333'333);
}

TEST(Duration, VectorUnitByLanes) {
  Target target = makeTarget();
  EXPECT_EQ(getTime(makeMap(1), target), 1 * ns);
  EXPECT_EQ(getTime(makeMap(256), target), 1 * ns);
  EXPECT_EQ(getTime(makeMap(257), target), 2 * ns);
  VecMap exp = getAs<VecMap>(makeMap(257));
  exp.fn = VecFn::Exp;
  EXPECT_EQ(getTime(exp, target), 2 * getOpsPerElement(VecFn::Exp) * ns);
}

TEST(Duration, VectorUnitByPort) {
  Target target = makeTarget();
  target.spec.mutable_vector_unit()->mutable_port_bytes_per_ns()->set_value(8);
  VecMap map = getAs<VecMap>(makeMap(256));
  EXPECT_EQ(getTime(map, target), 256 * ns); // one read, one write
  map.fn = VecFn::Add;
  EXPECT_EQ(getTime(map, target), 384 * ns);
  map.fn = VecFn::Fill;
  EXPECT_EQ(getTime(map, target), 128 * ns);
  VecReduce reduce;
  reduce.shape = makeShape({16, std::nullopt});
  reduce.shape[2].cap = 10;
  EXPECT_EQ(getTime(reduce, target), 85 * ns); // 160 read, 10 written
}

TEST(Duration, PoolsCompareOrAddAndDivide) {
  Target target = makeTarget();
  VecPool pool;
  pool.window = 9;
  pool.rows.cap = 257;
  EXPECT_EQ(getTime(pool, target), 10 * ns); // ceil(2313 / 256)
  pool.fn = PoolFn::AverageValid;
  EXPECT_EQ(getTime(pool, target), 12 * ns);
  VecReduce reduce;
  reduce.shape = makeShape({512, std::nullopt});
  EXPECT_EQ(getTime(reduce, target), 2 * ns);
}

TEST(Duration, InstructionsOfTraining) {
  Target target = makeTarget(); // 256 lanes at 1 GHz
  Count elements{257, {}};
  EXPECT_EQ(getTime(VecPack{{}, {}, elements}, target), 2 * ns);
  EXPECT_EQ(getTime(VecGateMask{{}, {}, {}, elements}, target), 2 * ns);
  EXPECT_EQ(getTime(VecRandom{{}, {}, {}, elements, 0}, target), 36 * ns);
  VecPoolPositions pool;
  pool.window = 9;
  pool.rows.cap = 257;
  EXPECT_EQ(getTime(pool, target), 20 * ns); // 2 ceil(2313 / 256)
  VecUnpool unpool;
  unpool.window = 9;
  unpool.rows.cap = 257;
  EXPECT_EQ(getTime(unpool, target), 2 * ns);
  unpool.fn = PoolFn::AverageAll;
  EXPECT_EQ(getTime(unpool, target), 12 * ns);
  VecReduce reduce;
  reduce.shape = makeShape({512, std::nullopt});
  reduce.dims = 2;
  EXPECT_EQ(getTime(reduce, target), 2 * ns);
  // By the port, bytes count.
  target.spec.mutable_vector_unit()->mutable_port_bytes_per_ns()->set_value(1);
  EXPECT_EQ(getTime(pool, target), (4 * (2313 + 257) + 257) * ns);
  EXPECT_EQ(getTime(VecPack{{}, {}, elements}, target), 4 * (257 + 9) * ns);
}

TEST(Duration, CopiesPayLatencyAndBytes) {
  Target target = makeTarget();
  target.spec.mutable_dma()->mutable_latency_ns()->set_value(100);
  EXPECT_EQ(getTime(makeCopy(10), target), 110 * ns);
  DmaCopy copy = getAs<DmaCopy>(makeCopy(10));
  copy.src.memory = mem::wgt; // on chip to on chip
  EXPECT_EQ(getTime(copy, target), 110 * ns);
  copy.dst.memory = mem::dram;
  EXPECT_EQ(getTime(copy, target), 110 * ns);
  target.spec.mutable_dma()->mutable_bytes_per_ns()->set_value(3);
  EXPECT_EQ(getTime(makeCopy(1), target), 100 * ns + 1'333'334);
}

TEST(Duration, CopiesPayForTheWidthOfTheirElements) {
  Target target = makeTarget();
  Femtoseconds word = getTime(makeCopy(16), target);
  for (int64_t width : {1, 2, 4, 8}) {
    DmaCopy copy = getAs<DmaCopy>(makeCopy(16));
    copy.width = width;
    EXPECT_EQ(getTime(copy, target), word * width / 4);
  }
}

TEST(Duration, ZeroFillMovesNoByteFromItsSource) {
  Target target = makeTarget();
  DmaCopy copy = getAs<DmaCopy>(makeCopy(10));
  copy.shape[2].cap = 3;
  copy.zeroFill = ZeroFill{2, Affine{-1, {}}, 100};
  EXPECT_EQ(getTime(copy, target), 20 * ns);
  copy.zeroFill->start.base = 98;
  EXPECT_EQ(getTime(copy, target), 20 * ns);
  copy.zeroFill->start.base = -5;
  EXPECT_EQ(getTime(copy, target), 0);
  copy.zeroFill = ZeroFill{2, Affine{-1, {}}, 1}; // only the middle one
  EXPECT_EQ(getTime(copy, target), 10 * ns);
  copy.src.memory = mem::wgt;
  copy.dst.memory = mem::dram; // zeros are written all the same
  EXPECT_EQ(getTime(copy, target), 30 * ns);
}

TEST(Duration, SkippedTakesNone) {
  Target target = makeTarget();
  Instruction instruction;
  instruction.body = makeCopy(10);
  instruction.guard = Guard{0, 2, 1, 6};
  EXPECT_EQ(getDuration({}, instruction, {2}, target), 10 * ns);
  EXPECT_EQ(getDuration({}, instruction, {3}, target), 0);
  Count count{10, Affine{15, {{0, 1, 0, 1, 0, -10}}}};
  EXPECT_EQ(getTime(makeCopy(count), target, {0}), 10 * ns);
  EXPECT_EQ(getTime(makeCopy(count), target, {1}), 5 * ns);
  EXPECT_EQ(getTime(makeCopy(count), target, {2}), 0);
}

TEST(Duration, BeyondTheRangeIsAnError) {
  ProgramBuilder b;
  b.loop(1'000'000'000);
  b.loop(1'000'000'000);
  b.add(core(0), makeStream(10));
  b.end();
  b.end();
  auto result = simulate(b.finish(), makeTarget());
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("2.5 hours"), std::string::npos);
  ProgramBuilder once;
  once.add(core(0), makeStream(int64_t(1) << 62));
  Program program = once.finish();
  EXPECT_EQ(getDuration(program, program.code[0], {}, makeTarget()),
            std::numeric_limits<int64_t>::max());
  for (TimingMode mode : {TimingMode::Closed, TimingMode::Stepped}) {
    TimingOptions options;
    options.mode = mode;
    EXPECT_TRUE(simulate(program, makeTarget(), options).ok());
  }
}

TEST(Duration, LongestTimeIsExact) {
  // 2^63 - 1 = 7^2 * 73 * 127 * 337 * 92737 * 649657; one more is too long.
  Target target = makeTarget();
  editArrays(target, [](auto &machine) {
    machine.mutable_clock_ghz()->set_value(1e6); // 1 fs
  });
  for (int64_t extra : {0, 1}) {
    ProgramBuilder b;
    b.loop(int64_t(92737) * 649657);
    b.add(core(0), makeStream(49 * 73 * 127 * 337));
    b.end();
    if (extra)
      b.add(core(0), makeStream(extra));
    auto result = simulate(b.finish(), target);
    EXPECT_EQ(result.ok(), extra == 0);
    if (result.ok())
      EXPECT_EQ(result->latency, std::numeric_limits<int64_t>::max());
  }
}
