//===- StructureMemoryTest.cpp - What accesses reach ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"
#include "StructureTestUtils.h"
#include "machines/rns/Instructions.h"

using namespace phx;
using namespace phx::testing;

TEST(StructureMemory, OutOfBounds) {
  VecMap map = makeRelu();
  map.dst.offset.base = 1024 - 64;
  EXPECT_EQ(errorOf(vec, map), "accepted");
  map.dst.offset.base += 4;
  EXPECT_EQ(errorOf(vec, map),
            "instruction 0 (vec.map): dst: expected bytes inside [0, 1024) of "
            "act, found [964, 1028) at loop counters (0, 0, 0, 0, 0, 0, "
            "0, 0)");
  map.dst.offset.base = -4;
  EXPECT_EQ(errorOf(vec, map),
            "instruction 0 (vec.map): dst: expected bytes inside [0, 1024) of "
            "act, found [-4, 60) at loop counters (0, 0, 0, 0, 0, 0, 0, "
            "0)");
}

TEST(StructureMemory, ClippedCountsAreConsidered) {
  // 250 elements in blocks of 16: the last block has 10.
  VecMap map = makeRelu();
  map.dst.offset.terms = {{0, 1, 0, 1, 0, 64}};
  map.shape[3].remaining = Affine{250, {{0, 1, 0, 1, 0, -16}}};
  auto run = [&](int64_t bytes) {
    Program program =
        withCode({make({}, Loop{16}), make(vec, map), make({}, End{})});
    program.memories[mem::act].bytes = bytes;
    return structureError(program);
  };
  EXPECT_EQ(run(1000), "accepted");
  EXPECT_EQ(run(996),
            "instruction 1 (vec.map): dst: expected bytes inside [0, 996) of "
            "act, found [960, 1000) at loop counters (15, 0, 0, 0, 0, "
            "0, 0, 0)");
  // Without the clip the last block ends at 1024.
  map.shape[3].remaining.reset();
  EXPECT_NE(run(1000), "accepted");
  EXPECT_EQ(run(1024), "accepted");
}

TEST(StructureMemory, GuardsAreConsidered) {
  Instruction i = make(vec, makeRelu());
  getAs<VecMap>(i.body).dst.offset.terms = {{0, 1, 0, 1, 0, 64}};
  i.guard = Guard{0, 1, 0, 16};
  EXPECT_EQ(errorOf({make({}, Loop{100}), i, make({}, End{})}), "accepted");
  i.guard->extent = 17;
  EXPECT_NE(errorOf({make({}, Loop{100}), i, make({}, End{})}), "accepted");
  i.guard->extent = 0; // never runs
  getAs<VecMap>(i.body).dst.offset.base = 1 << 20;
  EXPECT_EQ(errorOf({make({}, Loop{100}), i, make({}, End{})}), "accepted");
}

TEST(StructureMemory, ZeroFillMovesNothingOutside) {
  DmaCopy copy = makeCopy();
  copy.src.offset.base = 1024 - 40;
  copy.zeroFill = ZeroFill{3, Affine{-3, {}}, 10};
  EXPECT_EQ(errorOf(dma, copy), "accepted");
  copy.zeroFill->extent = 11;
  EXPECT_EQ(errorOf(dma, copy),
            "instruction 0 (dma.copy): src: expected bytes inside [0, 1024) of "
            "dram, found [984, 1028) at loop counters (0, 0, 0, 0, 0, 0, 0, "
            "0)");
  copy.zeroFill->start.base = 11; // all of it outside
  EXPECT_EQ(errorOf(dma, copy), "accepted");
}

TEST(StructureMemory, Spaces) {
  VecMap map = makeRelu();
  map.a.memory = mem::dram;
  EXPECT_EQ(errorOf(vec, map),
            "instruction 0 (vec.map): a: expected a "
            "memory on chip (only dma reaches one off chip), found dram");
  map.fn = VecFn::Fill; // has no operand a, which is in dram if not given
  map.a = {};
  map.aStride = {};
  EXPECT_EQ(errorOf(vec, map), "accepted");
  CoreProgram load = makeLoad();
  load.src.memory = mem::dram;
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): src: expected a memory on chip "
            "(only dma reaches one off chip), found dram");
  Program program = withCode({make(dma, makeCopy())});
  program.memoryModel = MemoryModel::Ideal;
  EXPECT_EQ(structureError(program),
            "instruction 0 (dma.copy): src: expected a memory on chip (the "
            "ideal memory model has no other), found dram");
  getAs<DmaCopy>(program.code[0].body).src.memory = mem::wgt;
  EXPECT_EQ(structureError(program), "accepted");
}

TEST(StructureMemory, Alignment) {
  VecMap map = makeRelu();
  map.a.offset.base = 2;
  EXPECT_EQ(errorOf(vec, map),
            "instruction 0 (vec.map): a: expected an address whose base and "
            "weights are multiples of 4, found others");
  map = makeRelu();
  map.aStride[3] = 6;
  EXPECT_EQ(errorOf(vec, map), "instruction 0 (vec.map): a stride: expected a "
                               "multiple of 4, found 6");
}

TEST(StructureMemory, Widths) {
  DmaCopy copy = makeCopy();
  copy.width = 8;
  EXPECT_EQ(errorOf(dma, copy), "instruction 0 (dma.copy): dst stride: "
                                "expected a multiple of 8, found 4");
  copy.dstStride[3] = copy.srcStride[3] = 8;
  EXPECT_EQ(errorOf(dma, copy), "accepted");
  copy.src.offset.base = 4;
  EXPECT_EQ(errorOf(dma, copy),
            "instruction 0 (dma.copy): src: expected an address whose base and "
            "weights are multiples of 8, found others");
  copy = makeCopy();
  copy.width = 1;
  copy.src.offset.base = 3;
  copy.srcStride[3] = 1;
  EXPECT_EQ(errorOf(dma, copy), "accepted");
  for (int64_t width : {3, 5, 6, 7}) {
    copy.width = width;
    EXPECT_EQ(errorOf(dma, copy), "instruction 0 (dma.copy): width: expected "
                                  "1, 2, 4 or 8, found " +
                                      std::to_string(width));
  }
  for (int64_t width : {0, 9}) {
    copy.width = width;
    EXPECT_EQ(errorOf(dma, copy), "instruction 0 (dma.copy): width: expected "
                                  "1 to 8, found " +
                                      std::to_string(width));
  }
}

TEST(StructureMemory, WidthsThatAMemoryHolds) {
  DmaCopy copy = makeCopy();
  copy.width = 2;
  EXPECT_EQ(errorOf(dma, copy),
            "instruction 0 (dma.copy): dst: expected elements that act can "
            "hold (f32, i32, i64, u8, bool, block), found elements of 2 bytes");
  Program program = withCode({make(dma, copy)});
  for (ProgramMemory &memory : program.memories)
    memory.types.insert(memory.types.end() - 1, ElementType::BF16);
  EXPECT_EQ(structureError(program), "accepted");
  program.memories[mem::dram].types = {ElementType::I64};
  EXPECT_EQ(structureError(program),
            "instruction 0 (dma.copy): src: expected elements that dram can "
            "hold (i64), found elements of 2 bytes");
}

/// Elements behind a map are aligned as others are.
TEST(StructureMemory, StridesOfMaps) {
  Program program = withCode({make(core0, makeLoad())});
  program.maps[0].axes[1].stride = 6;
  EXPECT_EQ(structureError(program),
            "instruction 0 (core.program): map axis 1 stride: expected a "
            "multiple of 4, found 6");
}

TEST(StructureMemory, Starts) {
  CoreProgram load = makeLoad();
  load.rowStart.base = -1;
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): row start: expected at least 0, "
            "found -1 at loop counters (0, 0, 0, 0, 0, 0, 0, 0)");
  load = makeLoad();
  load.kStart = {16, {{0, 1, 0, 1, 0, -16}}};
  auto run = [&](int64_t trip) {
    return errorOf({make({}, Loop{trip}), make(core0, load), make({}, End{})});
  };
  EXPECT_EQ(run(2), "accepted");
  EXPECT_EQ(run(3),
            "instruction 1 (core.program): k start: expected at least 0, found "
            "-16 at loop counters (2, 0, 0, 0, 0, 0, 0, 0)");
  CoreStream stream = makeStream();
  stream.vecStart.base = -8;
  EXPECT_EQ(errorOf({make(core0, makeLoad()), make(core0, stream)}),
            "instruction 1 (core.stream): vec start: expected at least 0, "
            "found -8 at loop counters (0, 0, 0, 0, 0, 0, 0, 0)");
}

TEST(StructureMemory, PassesStayInsideTheirGroup) {
  auto run = [](uint32_t group, Affine kStart, Count cols, int64_t trip) {
    CoreProgram load = makeLoad();
    load.kStart = std::move(kStart);
    load.cols = std::move(cols);
    Program program =
        withCode({make({}, Loop{trip}), make(core0, load), make({}, End{})});
    getIf<Bfp>(program.conversions[0])->group = group;
    return structureError(program);
  };
  // Groups of 8 in an array of 16 columns take a pass each.
  EXPECT_EQ(run(8, {0, {{0, 1, 0, 1, 0, 8}}}, fixed(8), 5), "accepted");
  EXPECT_EQ(run(8, {0, {{0, 1, 0, 1, 0, 16}}}, fixed(16), 5),
            "instruction 1 (core.program): cols: expected contraction "
            "positions of one group of 8, found 0 to 15 at loop counters (0, "
            "0, 0, 0, 0, 0, 0, 0)");
  // Groups of 24: passes of 16 and 8.
  Affine start{0, {{0, 1, 0, 1, 2, 16}, {0, 1, 0, 2, 0, 24}}};
  Count clipped{16, Affine{24, {{0, 1, 0, 1, 2, -16}}}};
  EXPECT_EQ(run(24, start, clipped, 6), "accepted");
  EXPECT_EQ(run(24, start, fixed(16), 6),
            "instruction 1 (core.program): cols: expected contraction "
            "positions of one group of 24, found 16 to 31 at loop counters (1, "
            "0, 0, 0, 0, 0, 0, 0)");
}

TEST(StructureMemory, MasksAndPositions) {
  // 100 elements: 4 words. 1000 bytes hold 250 elements.
  VecGateMask gate;
  gate.dst = gate.a = {mem::grad, {}};
  gate.mask = {mem::act, {1024 - 16, {}}};
  gate.count = fixed(100);
  EXPECT_EQ(errorOf(vec, gate), "accepted");
  gate.count = fixed(129);
  EXPECT_EQ(errorOf(vec, gate),
            "instruction 0 (vec.gate_mask): mask: expected bytes inside [0, "
            "1024) of act, found [1008, 1028) at loop counters (0, 0, "
            "0, 0, 0, 0, 0, 0)");
  // Two chunks of 64, the last one clipped to 36.
  VecPack pack;
  pack.dst = {mem::act, {1024 - 16, {{0, 1, 0, 1, 0, 8}}}};
  pack.a = {mem::grad, {0, {{0, 1, 0, 1, 0, 256}}}};
  pack.count = {64, Affine{100, {{0, 1, 0, 1, 0, -64}}}};
  auto inLoop = [](Body body) {
    return errorOf(
        {make({}, Loop{2}), make(vec, std::move(body)), make({}, End{})});
  };
  EXPECT_EQ(inLoop(pack), "accepted");
  pack.dst.offset.base += 4;
  EXPECT_EQ(inLoop(pack),
            "instruction 1 (vec.pack): dst: expected bytes inside [0, 1024) of "
            "act, found [1020, 1028) at loop counters (1, 0, 0, 0, 0, "
            "0, 0, 0)");
  pack.dst.offset.base += 1;
  EXPECT_NE(inLoop(pack).find("multiples of 4"), std::string::npos);
  // A byte per row, at any address.
  VecPoolPositions pool;
  pool.in = {mem::act, {}};
  pool.out = {mem::grad, {}};
  pool.positions = {mem::wgt, {1024 - 7, {}}};
  pool.rowStart.base = 1;
  pool.rows = fixed(6);
  pool.window = 4;
  EXPECT_EQ(errorOf(vec, pool), "accepted");
  pool.rows = fixed(7);
  EXPECT_EQ(errorOf(vec, pool),
            "instruction 0 (vec.pool_positions): positions: expected bytes "
            "inside [0, 1024) of wgt, found [1018, 1025) at loop counters "
            "(0, 0, 0, 0, 0, 0, 0, 0)");
  VecRandom random;
  random.dst = {mem::grad, {}};
  random.key = {mem::wgt, {1024 - 12, {}}};
  random.count = fixed(256);
  EXPECT_EQ(errorOf(vec, random), "accepted");
  random.key.offset.base += 4;
  EXPECT_NE(errorOf(vec, random).find("key: expected bytes inside"),
            std::string::npos);
  random.key.offset.base -= 4;
  random.first.base = -1;
  EXPECT_EQ(errorOf(vec, random),
            "instruction 0 (vec.random): first: expected at least 0, found -1 "
            "at loop counters (0, 0, 0, 0, 0, 0, 0, 0)");
}

TEST(StructureMemory, GroupsOfProducts) {
  auto run = [](Affine group, int64_t trip) {
    CoreProgram load = makeLoad();
    load.group = std::move(group);
    Program program =
        withCode({make({}, Loop{trip}), make(core0, load), make({}, End{})});
    program.products[0].groups = 3;
    return structureError(program);
  };
  EXPECT_EQ(run({0, {{0, 1, 0, 1, 0, 1}}}, 3), "accepted");
  EXPECT_EQ(run({0, {{0, 1, 0, 1, 0, 1}}}, 4),
            "instruction 1 (core.program): group: expected a group below 3, at "
            "least 0, found 3 at loop counters (3, 0, 0, 0, 0, 0, 0, 0)");
  EXPECT_NE(run({-1, {}}, 1).find("found -1"), std::string::npos);
}

TEST(StructureMemory, TilesDoNotMixKernelPositions) {
  // 4 positions of 8 rows in a map of 32 rows.
  auto run = [](Stationary stationary, int64_t start, int64_t count) {
    CoreProgram load = makeLoad();
    CoreStream stream = makeStream();
    bool isFirst = stationary == Stationary::First;
    (isFirst ? stream.rowStart : stream.vecStart).base = start;
    (isFirst ? stream.rows : stream.length) = fixed(count);
    load.rowStart = stream.rowStart;
    load.rows = stream.rows;
    Program program = withCode({make(core0, load), make(core0, stream)});
    program.products[0].positions = 4;
    program.products[0].stationary = stationary;
    return structureError(program);
  };
  for (Stationary stationary : {Stationary::First, Stationary::Second}) {
    EXPECT_EQ(run(stationary, 24, 8), "accepted");
    EXPECT_EQ(run(stationary, 12, 4), "accepted");
    EXPECT_EQ(run(stationary, 12, 5),
              std::string("instruction 1 (core.stream): ") +
                  (stationary == Stationary::First ? "rows" : "length") +
                  ": expected rows of one kernel position of 8, found 12 to 16 "
                  "at loop counters (0, 0, 0, 0, 0, 0, 0, 0)");
  }
}

TEST(StructureMemory, ConversionsReadWholeGroups) {
  // 4 columns of a group of 16 in each of 8 rows; 1 KiB of memory.
  auto error = [](bool isStream, int64_t at, int64_t k, bool isBlockFloat) {
    CoreProgram load = makeLoad();
    CoreStream stream = makeStream();
    load.kStart.base = stream.kStart.base = k;
    load.cols = stream.cols = fixed(4);
    load.map = stream.inMap = 1;
    (isStream ? stream.in : load.src).offset.base = at;
    Program program = withCode({make(core0, load), make(core0, stream)});
    // Two groups to a row; the second one is cut short by the axis.
    program.products[0].k = 24;
    AccessMap map;
    map.axes = {{8, 64, 0, 0, 0}, {32, 4, 0, 0, 0}};
    map.rows = {{8, 0, 1}};
    map.cols = {{32, 1, 1}};
    program.maps.push_back(map);
    if (!isBlockFloat) {
      program.conversions = {Fp32{16}};
      program.passes = {{FloatDot{}}};
      program.combines = {{FloatAdd{}}};
    }
    return structureError(program);
  };
  auto expectEnd = [](const std::string &message, const char *bytes) {
    EXPECT_NE(message.find(bytes), std::string::npos) << message;
  };
  for (bool isStream : {false, true}) {
    SCOPED_TRACE(isStream);
    // Row 7 begins at byte 448. Columns 0 to 15 end at 512, 16 to 23 at 544.
    EXPECT_EQ(error(isStream, 1024 - 512, 0, true), "accepted");
    expectEnd(error(isStream, 1024 - 508, 0, true), "[516, 1028)");
    EXPECT_EQ(error(isStream, 1024 - 464, 0, false), "accepted");
    EXPECT_EQ(error(isStream, 1024 - 544, 16, true), "accepted");
    expectEnd(error(isStream, 1024 - 540, 16, true), "[548, 1028)");
  }
}
