//===- InstructionTest.cpp - Tests of instruction helpers -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "phx/isa/Instruction.h"
#include "phx/isa/Program.h"
#include "phx/support/Math.h"

#include <gtest/gtest.h>

using namespace phx;

TEST(Instruction, OpcodesAndMnemonics) {
  EXPECT_EQ(Body(Halt{}).getOpcode(), Halt::opcode);
  EXPECT_EQ(Body(CoreStream{}).getOpcode(), CoreStream::opcode);
  EXPECT_STREQ(getMnemonic(VecPool{}), "vec.pool");
  EXPECT_STREQ(getMnemonic(DmaCopy{}), "dma.copy");
  EXPECT_EQ(int(Body(VecPoolPositions{}).getOpcode()), 19);
  EXPECT_EQ(int(Body(VecUnpool{}).getOpcode()), 20);
  EXPECT_EQ(int(Body(VecPack{}).getOpcode()), 21);
  EXPECT_EQ(int(Body(VecGateMask{}).getOpcode()), 22);
  EXPECT_EQ(int(Body(VecRandom{}).getOpcode()), 23);
  EXPECT_STREQ(getMnemonic(VecGateMask{}), "vec.gate_mask");
}

TEST(Instruction, DigitsFollowTheOdometer) {
  // Linear index 3c + 2 in base (4, 5): low digit, then high digit.
  DigitTerm low{0, 3, 2, 1, 4, 10}, high{0, 3, 2, 4, 0, 1};
  for (int64_t c = 0; c < 20; ++c) {
    Counters counters{c};
    EXPECT_EQ(evaluate(low, counters), (3 * c + 2) % 4 * 10);
    EXPECT_EQ(evaluate(high, counters), (3 * c + 2) / 4);
  }
}

TEST(Instruction, SkippedByGuardOrByAnEmptyCount) {
  Instruction i;
  VecMap map;
  map.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}},
               Count{4, Affine{8, {{0, 1, 0, 1, 0, -4}}}}};
  i.body = map;
  EXPECT_TRUE(isExecuted(i, {1}));
  EXPECT_FALSE(isExecuted(i, {2})); // nothing remains
  EXPECT_FALSE(isExecuted(i, {3})); // less than nothing
  i.guard = Guard{0, 2, 1, 3};      // 2c + 1 < 3
  EXPECT_TRUE(isExecuted(i, {0}));
  EXPECT_FALSE(isExecuted(i, {1}));
  i.body =
      CoreStream{0, 0, 0, 0, 0, {}, {}, {}, {}, {}, {1, {}}, {1, {}}, {0, {}}, 0};
  EXPECT_FALSE(isExecuted(i, {0}));
}

TEST(Instruction, VectorWork) {
  EXPECT_EQ(getOpsPerElement(VecFn::Copy), 1u);
  EXPECT_EQ(getOpsPerElement(VecFn::Clip), 2u);
  EXPECT_EQ(getOpsPerElement(VecFn::Tanh), tanhOps);
  Instruction i;
  VecMap map;
  map.fn = VecFn::LeakyRelu;
  map.shape = {Count{2, {}}, Count{3, {}}, Count{4, {}}, Count{5, {}}};
  i.body = map;
  EXPECT_EQ(getVecWork(i, {}).elements, 120);
  EXPECT_EQ(getVecWork(i, {}).opsPerElement, 2u);
  VecPool pool;
  pool.rows = {7, {}};
  pool.window = 9;
  i.body = pool;
  EXPECT_EQ(getVecWork(i, {}).elements, 63);
  i.guard = Guard{0, 1, 0, 0};
  EXPECT_EQ(getVecWork(i, {}).elements, 0);
  i.guard.reset();
  i.body = DmaCopy{};
  EXPECT_EQ(getVecWork(i, {}).elements, 0);
}

TEST(Instruction, WorkOfTrainingInstructions) {
  EXPECT_EQ(getOpsPerElement(VecFn::Equal), 1u);
  EXPECT_EQ(getOpsPerElement(VecFn::Gate), 2u);
  EXPECT_EQ(getOpsPerElement(VecFn::GateRange), 3u);
  EXPECT_EQ(getOpsPerElement(VecFn::Drop), 2u);
  EXPECT_EQ(getOpsPerElement(VecFn::Offset), 1u);
  for (VecFn fn :
       {VecFn::Equal, VecFn::Gate, VecFn::GateRange, VecFn::Drop, VecFn::Add})
    EXPECT_EQ(getSourceCount(fn), 2u);
  EXPECT_EQ(getSourceCount(VecFn::Offset), 1u);
  EXPECT_EQ(getSourceCount(VecFn::Fill), 0u);
  struct Case {
    Body body;
    int64_t elements;
    unsigned ops;
    int64_t rows, read, written;
  };
  VecReduce reduce;
  reduce.shape = {Count{2, {}}, Count{3, {}}, Count{4, {}}, Count{5, {}}};
  reduce.dims = 3;
  VecPoolPositions pool;
  pool.rows = {7, {}};
  pool.window = 9;
  VecUnpool max, average;
  max.rows = average.rows = {7, {}};
  max.window = average.window = 9;
  average.fn = PoolFn::AverageAll;
  const Case cases[] = {
      {reduce, 120, 1, 0, 4 * 120, 4 * 2},
      {pool, 63, 2, 0, 4 * 63, 4 * 7 + 7},
      {max, 7, 1, 0, 7 * (4 + 4 + 1), 7 * 4},
      {average, 63, 1, 7, 63 * 4 + 7 * 4, 63 * 4},
      {VecPack{{}, {}, {65, {}}}, 65, 1, 0, 4 * 65, 4 * 3},
      {VecGateMask{{}, {}, {}, {64, {}}}, 64, 1, 0, 4 * (64 + 2), 4 * 64},
      {VecRandom{{}, {}, {}, {10, {}}, 0}, 10, 18, 0, 4 * 3, 4 * 10},
  };
  for (const Case &c : cases) {
    Instruction i;
    i.body = c.body;
    VecWork work = getVecWork(i, {});
    EXPECT_EQ(work.elements, c.elements) << getMnemonic(c.body);
    EXPECT_EQ(work.opsPerElement, c.ops) << getMnemonic(c.body);
    EXPECT_EQ(work.rows, c.rows) << getMnemonic(c.body);
    ASSERT_EQ(work.numMemories, 1u) << getMnemonic(c.body);
    EXPECT_EQ(work.traffic[0].read, c.read) << getMnemonic(c.body);
    EXPECT_EQ(work.traffic[0].written, c.written) << getMnemonic(c.body);
    i.guard = Guard{0, 1, 0, 0};
    EXPECT_EQ(getVecWork(i, {}).numMemories, 0u);
  }
}

TEST(Instruction, ByteWidths) {
  EXPECT_EQ(byteWidth(ElementType::F32), 4);
  EXPECT_EQ(byteWidth(ElementType::I64), 8);
  EXPECT_EQ(byteWidth(ElementType::Bool), 1);
}
