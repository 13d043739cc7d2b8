//===- InstructionTest.cpp - Tests of instruction helpers -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Instruction.h"
#include "phx/isa/Program.h"
#include "phx/support/Math.h"

#include <gtest/gtest.h>

using namespace phx;

TEST(Instruction, OpcodesAndMnemonics) {
  EXPECT_EQ(getOpcode(Halt{}), Opcode::Halt);
  EXPECT_EQ(getOpcode(CoreStream{}), Opcode::CoreStream);
  EXPECT_STREQ(getMnemonic(VecPool{}), "vec.pool");
  EXPECT_STREQ(getMnemonic(DmaCopy{}), "dma.copy");
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
      CoreStream{0, 0, 0, {}, {}, {}, {}, {}, {1, {}}, {1, {}}, {0, {}}, 0};
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

TEST(Instruction, ByteWidths) {
  EXPECT_EQ(byteWidth(ElementType::F32), 4);
  EXPECT_EQ(byteWidth(ElementType::I64), 8);
  EXPECT_EQ(byteWidth(ElementType::Bool), 1);
}
