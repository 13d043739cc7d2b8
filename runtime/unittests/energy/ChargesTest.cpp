//===- ChargesTest.cpp - What one instruction charges ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"

#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "phx/isa/BaseOperations.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace phx;

namespace {
class Charges : public ::testing::Test {
protected:
  Charges() : target(*loadTarget("mirage")) {
    program.groups = {{"core", "rns", 8, 32, 16}};
    program.memories = makeMemories();
    program.conversions = {Bfp{}, Fp32{}};
    program.products.resize(2);
  }

  /// What is declared. The bytes of single memories add up to it.
  Counters64 charge(Body body, Counters counters = {}) {
    Instruction instruction;
    instruction.body = std::move(body);
    if (instruction.getDescription().place == EnginePlace::Array)
      instruction.engine = {EngineKind::Core, 0};
    Counters64 charges = getCharges(program, instruction, counters, target);
    uint64_t offChip = 0, onChip = 0;
    for (uint32_t m = 0; m < program.memories.size(); ++m)
      (isOffChip(program, m) ? offChip : onChip) +=
          get(charges, getReadCounter(m)) + get(charges, getWriteCounter(m));
    EXPECT_EQ(offChip, get(charges, counters::dramBytes));
    EXPECT_EQ(onChip, get(charges, counters::scratchpadBytes));
    std::fill(charges.begin() + maxCounters, charges.end(), 0);
    return charges;
  }
  static uint64_t get(const Counters64 &charges, Counter counter) {
    return charges[counter.index];
  }
  static Counters64 make(std::vector<std::pair<Counter, uint64_t>> list) {
    Counters64 charges{};
    for (auto [counter, value] : list)
      charges[counter.index] = value;
    return charges;
  }
  static Shape4 shape(int64_t a, int64_t b, int64_t c, int64_t d) {
    return {Count{a, {}}, Count{b, {}}, Count{c, {}}, Count{d, {}}};
  }

  Target target;
  Program program;
};
} // namespace

TEST_F(Charges, ProgrammingConvertsTheWholeArray) {
  CoreProgram tile;
  tile.src.memory = mem::wgt;
  tile.rows.cap = 10;
  tile.cols.cap = 7;
  Counters64 expected =
      make({{rns::getArrayCounters().dacConversions, 32 * 16 * 3},
            {rns::getArrayCounters().bfpConversions, 10},
            {rns::getArrayCounters().forwardConversions, 10},
            {counters::scratchpadBytes, 10 * 7 * 4}});
  EXPECT_EQ(charge(tile), expected);
  tile.conversion = 1; // the bypass costs the same
  EXPECT_EQ(charge(tile), expected);
}

TEST_F(Charges, StreamingDetectsTheWholeArray) {
  CoreStream stream;
  stream.in.memory = mem::act;
  stream.out.memory = mem::grad;
  stream.rows.cap = 10;
  stream.cols.cap = 7;
  stream.length.cap = 5;
  stream.start.base = 16;
  auto expect = [](uint64_t partials) {
    return make({{rns::getArrayCounters().bfpConversions, 5},
                 {rns::getArrayCounters().forwardConversions, 5},
                 {rns::getArrayCounters().modulatedElements, 5 * 16},
                 {rns::getArrayCounters().tiaSymbols, 5 * 32 * 3 * 2},
                 {rns::getArrayCounters().adcConversions, 5 * 32 * 3 * 2},
                 {rns::getArrayCounters().reverseConversions, 5 * 32},
                 {rns::getArrayCounters().accumulations, 5 * 10},
                 {counters::scratchpadBytes, 5 * (7 * 4 + 10 * 4 * partials)},
                 {counters::macs, 5 * 10 * 7}});
  };
  EXPECT_EQ(charge(stream), expect(2));
  stream.start.base = 0; // nothing to continue
  EXPECT_EQ(charge(stream), expect(1));
  stream.length.cap = 0;
  EXPECT_EQ(charge(stream), Counters64{});
}

TEST_F(Charges, StreamsThatNeverStartReadFromTheBeginning) {
  CoreStream stream;
  stream.out.memory = stream.in.memory = mem::grad;
  stream.rows.cap = 10;
  stream.cols.cap = 7;
  stream.length.cap = 5;
  stream.start.base = 1; // never
  EXPECT_EQ(get(charge(stream), counters::scratchpadBytes),
            5u * (7 * 4 + 10 * 4 * 2));
}

TEST_F(Charges, StoredOperandsAreReadInBlocks) {
  // Blocks of 11 bytes; nothing is converted to block floating point.
  CoreProgram tile;
  tile.src.memory = mem::wgt;
  tile.rows.cap = 10;
  tile.cols.cap = 7; // of a block, which is fetched whole
  tile.stored = true;
  EXPECT_EQ(charge(tile),
            make({{rns::getArrayCounters().dacConversions, 32 * 16 * 3},
                  {rns::getArrayCounters().forwardConversions, 10},
                  {counters::scratchpadBytes, 10 * 11}}));
  CoreStream stream;
  stream.in.memory = mem::act;
  stream.out.memory = mem::grad;
  stream.rows.cap = 10;
  stream.cols.cap = 7;
  stream.length.cap = 5;
  Counters64 converted = charge(stream);
  stream.stored = true;
  Counters64 stored = charge(stream);
  EXPECT_EQ(get(converted, rns::getArrayCounters().bfpConversions), 5u);
  EXPECT_EQ(get(stored, rns::getArrayCounters().bfpConversions), 0u);
  EXPECT_EQ(get(converted, counters::scratchpadBytes), 5u * (7 * 4 + 10 * 4));
  EXPECT_EQ(get(stored, counters::scratchpadBytes), 5u * (11 + 10 * 4));
  for (Counter counter : {rns::getArrayCounters().bfpConversions,
                          counters::scratchpadBytes})
    converted[counter.index] = stored[counter.index] = 0;
  EXPECT_EQ(stored, converted);
}

TEST_F(Charges, ConvertingChargesWhatTheArrayWould) {
  program.conversions.push_back(Bfp{4, 16, Rounding::Nearest});
  CoreConvert convert;
  convert.conversion = 2;
  convert.src.memory = mem::act;
  convert.dst.memory = mem::wgt;
  convert.rows.cap = 10;
  convert.cols.cap = 75; // four groups, and 11 of a fifth
  Counters64 once = charge(convert);
  EXPECT_EQ(once, make({{rns::getArrayCounters().bfpConversions, 10 * 5},
                        {rns::getArrayCounters().nearestRoundings, 10 * 75},
                        {counters::scratchpadBytes, 10 * (75 * 4 + 5 * 11)}}));
  Counters64 memories = getCharges(
      program, {{EngineKind::Core, 0}, noLayer, {}, convert}, {}, target);
  EXPECT_EQ(get(memories, getReadCounter(mem::act)), 10u * 75 * 4);
  EXPECT_EQ(get(memories, getWriteCounter(mem::wgt)), 10u * 5 * 11);
  // Tile by tile at the port.
  uint64_t conversions = 0, roundings = 0, read = 0;
  for (int64_t k = 0; k < 75; k += 16) {
    CoreProgram tile;
    tile.conversion = 2;
    tile.src.memory = mem::act;
    tile.rows.cap = 10;
    tile.cols.cap = std::min<int64_t>(16, 75 - k);
    Counters64 charges = charge(tile);
    conversions += get(charges, rns::getArrayCounters().bfpConversions);
    roundings += get(charges, rns::getArrayCounters().nearestRoundings);
    read += get(charges, counters::scratchpadBytes);
  }
  EXPECT_EQ(conversions, get(once, rns::getArrayCounters().bfpConversions));
  EXPECT_EQ(roundings, get(once, rns::getArrayCounters().nearestRoundings));
  EXPECT_EQ(read + 10 * 5 * 11, get(once, counters::scratchpadBytes));
}

TEST_F(Charges, GroupsOfOtherLengthsTakeOtherPasses) {
  program.conversions = {Bfp{4, 40}, Bfp{4, 5}};
  CoreConvert convert;
  convert.rows.cap = 3;
  convert.cols.cap = 85;
  auto count = [&] {
    return get(charge(convert), rns::getArrayCounters().bfpConversions);
  };
  // Three passes of 16 columns for each of two groups, and one for 5 elements.
  EXPECT_EQ(count(), 3u * (2 * 3 + 1));
  convert.conversion = 1;
  EXPECT_EQ(count(), 3u * 17);
  convert.cols.cap = 0;
  EXPECT_EQ(charge(convert), Counters64{});
}

TEST_F(Charges, RoundingAddsPerElement) {
  CoreProgram tile;
  tile.rows.cap = 10;
  tile.cols.cap = 7;
  CoreStream stream;
  stream.rows.cap = 10;
  stream.cols.cap = 7;
  stream.length.cap = 5;
  for (Rounding rounding :
       {Rounding::Truncate, Rounding::Nearest, Rounding::Stochastic}) {
    getIf<Bfp>(program.conversions[0])->rounding = rounding;
    bool nearest = rounding == Rounding::Nearest;
    bool random = rounding == Rounding::Stochastic;
    for (auto [body, elements] : {std::pair<Body, uint64_t>(tile, 70),
                                  std::pair<Body, uint64_t>(stream, 35)}) {
      Counters64 charges = charge(body);
      EXPECT_EQ(get(charges, rns::getArrayCounters().nearestRoundings),
                nearest ? elements : 0);
      EXPECT_EQ(get(charges, rns::getArrayCounters().stochasticRoundings),
                random ? elements : 0);
    }
  }
}

TEST_F(Charges, RedundantModuliAndSingleDetectionCount) {
  target = *loadTarget(
      "mirage", {"core.moduli=31,32,33,35,37", "core.detections_per_row=1"});
  CoreStream stream;
  stream.rows.cap = stream.cols.cap = stream.length.cap = 1;
  EXPECT_EQ(get(charge(stream), rns::getArrayCounters().adcConversions),
            32u * 5);
}

TEST_F(Charges, MapsReadTheOperandsTheyHave) {
  VecMap map;
  map.dst.memory = mem::grad;
  map.a.memory = mem::act;
  map.b.memory = mem::wgt;
  map.shape = shape(2, 3, 4, 5);
  map.fn = VecFn::Add;
  EXPECT_EQ(charge(map), make({{counters::vectorOps, 120},
                               {counters::scratchpadBytes, 120 * 12}}));
  map.fn = VecFn::Relu;
  EXPECT_EQ(charge(map), make({{counters::vectorOps, 120},
                               {counters::scratchpadBytes, 120 * 8}}));
  map.fn = VecFn::Fill;
  EXPECT_EQ(charge(map), make({{counters::vectorOps, 120},
                               {counters::scratchpadBytes, 120 * 4}}));
  map.fn = VecFn::Exp;
  EXPECT_EQ(get(charge(map), counters::vectorOps),
            120 * getOpsPerElement(VecFn::Exp));
  // A repeated operand is read for every element.
  map.fn = VecFn::Mul;
  map.bStride = {0, 0, 0, 0};
  EXPECT_EQ(get(charge(map), counters::scratchpadBytes), 120u * 12);
}

TEST_F(Charges, ReductionsWriteOncePerRow) {
  VecReduce reduce;
  reduce.dst.memory = reduce.a.memory = mem::act;
  reduce.shape = shape(1, 2, 3, 50);
  EXPECT_EQ(charge(reduce), make({{counters::vectorOps, 300},
                                  {counters::scratchpadBytes, 4 * (300 + 6)}}));
}

TEST_F(Charges, PoolsPayForTheWholeWindow) {
  VecPool pool;
  pool.in.memory = pool.out.memory = mem::act;
  pool.rows.cap = 10;
  pool.window = 9;
  EXPECT_EQ(charge(pool), make({{counters::vectorOps, 90},
                                {counters::scratchpadBytes, 4 * (90 + 10)}}));
  pool.fn = PoolFn::AverageAll; // one division more per output
  EXPECT_EQ(get(charge(pool), counters::vectorOps), 100u);
}

TEST_F(Charges, InstructionsOfTraining) {
  auto expect = [&](Body body, uint64_t ops, uint64_t bytes) {
    EXPECT_EQ(charge(body), make({{counters::vectorOps, ops},
                                  {counters::scratchpadBytes, bytes}}))
        << getMnemonic(body);
  };
  Address act{mem::act, {}};
  VecMap map;
  map.dst = map.a = map.b = act;
  map.shape = shape(2, 3, 4, 5);
  for (auto [fn, ops] : {std::pair(VecFn::Equal, 1),
                         {VecFn::Gate, 2},
                         {VecFn::GateRange, 3},
                         {VecFn::Drop, 2}}) {
    map.fn = fn;
    expect(map, 120 * uint64_t(ops), 120 * 12);
  }
  map.fn = VecFn::Offset;
  expect(map, 120, 120 * 8);
  VecReduce reduce;
  reduce.dst = reduce.a = act;
  reduce.shape = shape(2, 3, 4, 5);
  reduce.dims = 3;
  expect(reduce, 120, 4 * (120 + 2));
  Count rows{10, {}};
  expect(VecPoolPositions{0, 0, act, act, act, {}, rows, 9}, 180,
         4 * (90 + 10) + 10);
  expect(VecUnpool{PoolFn::Max, 0, 0, act, act, act, {}, rows, 9}, 10,
         10 * (8 + 4 + 1));
  expect(VecUnpool{PoolFn::AverageAll, 0, 0, act, act, {}, {}, rows, 9},
         90 + 10, 10 * (9 * 8 + 4));
  expect(VecPack{act, act, {70, {}}}, 70, 4 * (70 + 3));
  expect(VecGateMask{act, act, act, {64, {}}}, 64, 4 * (2 * 64 + 2));
  expect(VecRandom{act, act, {}, {100, {}}, 1}, 1800, 4 * 103);
}

TEST_F(Charges, CopiesChargeBothMemories) {
  DmaCopy copy;
  copy.dst.memory = mem::act;
  copy.src.memory = mem::dram;
  copy.shape = shape(1, 4, 10, 8);
  EXPECT_EQ(charge(copy), make({{counters::scratchpadBytes, 1280},
                                {counters::dramBytes, 1280}}));
  copy.dst.memory = mem::dram;
  EXPECT_EQ(charge(copy), make({{counters::dramBytes, 2560}}));
}

TEST_F(Charges, CopiesChargeTheWidthOfTheirElements) {
  DmaCopy copy;
  copy.dst.memory = mem::act;
  copy.src.memory = mem::dram;
  copy.shape = shape(1, 4, 10, 8);
  for (uint64_t width : {1, 2, 4, 8}) {
    copy.width = int64_t(width);
    EXPECT_EQ(charge(copy), make({{counters::scratchpadBytes, 320 * width},
                                  {counters::dramBytes, 320 * width}}));
  }
}

TEST_F(Charges, EachMemoryCountsItsBytes) {
  CoreStream stream;
  stream.in.memory = mem::act;
  stream.out.memory = mem::grad;
  stream.rows.cap = 10;
  stream.cols.cap = 7;
  stream.length.cap = 5;
  auto bytes = [&](int64_t start, Counter counter) {
    stream.start.base = start;
    Instruction instruction;
    instruction.engine = {EngineKind::Core, 0};
    instruction.body = stream;
    return phx::get(getCharges(program, instruction, {}, target), counter);
  };
  EXPECT_EQ(bytes(0, getReadCounter(mem::act)), 4u * 5 * 7);
  EXPECT_EQ(bytes(0, getReadCounter(mem::grad)), 0u);
  EXPECT_EQ(bytes(0, getWriteCounter(mem::grad)), 4u * 5 * 10);
  EXPECT_EQ(bytes(1, getReadCounter(mem::grad)), 4u * 5 * 10);
  EXPECT_EQ(bytes(1, getWriteCounter(mem::act)), 0u);
}

TEST_F(Charges, FilledElementsMoveNoSourceByte) {
  DmaCopy copy;
  copy.dst.memory = mem::act;
  copy.src.memory = mem::dram;
  copy.shape = shape(1, 4, 10, 8);
  auto read = [&](int64_t start, int64_t extent) {
    copy.zeroFill = ZeroFill{2, Affine{start, {}}, extent};
    Counters64 charges = charge(copy);
    EXPECT_EQ(get(charges, counters::scratchpadBytes), 1280u);
    return get(charges, counters::dramBytes);
  };
  EXPECT_EQ(read(0, 10), 1280u);
  EXPECT_EQ(read(-2, 100), 4u * 4 * 8 * 8);
  EXPECT_EQ(read(5, 10), 4u * 4 * 5 * 8);
  EXPECT_EQ(read(-2, 5), 4u * 4 * 5 * 8);
  EXPECT_EQ(read(-10, 100), 0u);
  EXPECT_EQ(read(10, 10), 0u);
}

TEST_F(Charges, GuardsAndControlChargeNothing) {
  EXPECT_EQ(charge(Halt{}), Counters64{});
  EXPECT_EQ(charge(Wait{}), Counters64{});
  VecMap map;
  map.shape = shape(1, 1, 1, 1);
  Instruction instruction;
  instruction.body = map;
  instruction.guard = Guard{0, 2, 1, 5};
  EXPECT_NE(getCharges(program, instruction, {1}, target), Counters64{});
  EXPECT_EQ(getCharges(program, instruction, {2}, target), Counters64{});
}
