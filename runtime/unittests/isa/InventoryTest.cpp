//===- InventoryTest.cpp - What a program consists of ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StructureTestUtils.h"

#include "phx/isa/Inventory.h"

using namespace phx;
using namespace phx::testing;

static Inventory take(const Program &program) {
  EXPECT_EQ(structureError(program), "accepted");
  Result<Inventory> inventory = takeInventory(program);
  EXPECT_TRUE(inventory.ok());
  return inventory.ok() ? *inventory : Inventory();
}

static Instruction inLayer(Instruction instruction) {
  instruction.layer = 0;
  return instruction;
}

TEST(Inventory, CountsByKindEngineAndLayer) {
  Inventory inventory = take(
      withCode({inLayer(make(dma, makeCopy())), inLayer(make(vec, makeRelu())),
                inLayer(make(vec, makeRelu())), make(vec, makeRelu())}));
  ASSERT_EQ(inventory.layers.size(), 1u);
  auto &counts = inventory.layers[0].instructions;
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ((counts[{"vec_map", "vec"}].instructions), 2u);
  EXPECT_EQ((counts[{"vec_map", "vec"}].executions), 2u);
  EXPECT_EQ((counts[{"dma_copy", "dma"}].instructions), 1u);
  EXPECT_EQ((inventory.layers[0].transferred[{mem::dram, mem::act}]), 64u);
  // The halt is not counted.
  ASSERT_EQ(inventory.rest.instructions.size(), 1u);
  EXPECT_EQ((inventory.rest.instructions[{"vec_map", "vec"}].executions), 1u);
  EXPECT_FALSE(inventory.isBound);
}

TEST(Inventory, LoopsAndGuardsMultiply) {
  // Iterations 2, 3 and 4 of 0 to 4, three times.
  Instruction guarded = make(dma, makeCopy());
  guarded.guard = Guard{1, 1, 0, 5, 2};
  Inventory inventory =
      take(withCode({make({}, Loop{3}), make({}, Loop{5}), guarded,
                     make(vec, makeRelu()), make({}, End{}), make({}, End{})}));
  auto &counts = inventory.rest.instructions;
  EXPECT_EQ((counts[{"dma_copy", "dma"}].instructions), 1u);
  EXPECT_EQ((counts[{"dma_copy", "dma"}].executions), 9u);
  EXPECT_EQ((counts[{"vec_map", "vec"}].executions), 15u);
  EXPECT_EQ((inventory.rest.transferred[{mem::dram, mem::act}]), 9u * 64);
}

TEST(Inventory, CountsThatRunOutAreAddedUp) {
  // 16, 16, 8 and 0 elements.
  DmaCopy copy = makeCopy();
  copy.shape[3].remaining = Affine{40, {{0, 1, 0, 1, 0, -16}}};
  Inventory inventory =
      take(withCode({make({}, Loop{4}), make(dma, copy), make({}, End{})}));
  EXPECT_EQ((inventory.rest.transferred[{mem::dram, mem::act}]), 40u * 4);
  EXPECT_EQ((inventory.rest.instructions[{"dma_copy", "dma"}].executions), 3u);
}

TEST(Inventory, LanesAreCountedEach) {
  Instruction load = make(core0, makeLoad());
  load.arrays.lanes = 2;
  Inventory inventory = take(withCode({load}));
  EXPECT_EQ((inventory.rest.instructions[{"core_program", "core"}].executions),
            2u);
}

TEST(Inventory, RegistersGiveABound) {
  Program program =
      withCode({make({}, Loop{3, 0}), make(dma, makeCopy()), make({}, End{})});
  program.registers = {{"rows", 3}};
  Inventory inventory = take(program);
  EXPECT_TRUE(inventory.isBound);
  EXPECT_EQ((inventory.rest.instructions[{"dma_copy", "dma"}].executions), 3u);
}
