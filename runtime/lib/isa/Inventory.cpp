//===- Inventory.cpp - What a program consists of -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Inventory.h"

#include "Structure.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/NestSums.h"
#include "phx/isa/Registers.h"

#include <algorithm>
#include <limits>

using namespace phx;

static uint64_t saturate(Int value) {
  constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
  return value > Int(most) ? most : static_cast<uint64_t>(value);
}

static void add(uint64_t &sum, uint64_t value) {
  sum = saturate(Int(sum) + Int(value));
}

/// All iterations.
static Box getWholeRun() {
  Box box;
  box.fill({0, limits::index});
  return box;
}

static std::string getEngine(const Program &program,
                             const Instruction &instruction) {
  const ArrayGroup *group = findGroup(program, instruction);
  return group ? group->name : getEngineWord(instruction.engine.kind);
}

/// The sum of the product of `counts` over the iterations at which the
/// instruction at `index` runs.
static Result<Int> sumOverRun(const LoopTree &tree, size_t index,
                              std::vector<const Count *> counts) {
  int64_t boxesLeft = maxSumBoxes;
  std::optional<Int> sum =
      sumProducts(tree, index, getWholeRun(), std::move(counts), boxesLeft);
  if (!sum)
    return failAt(tree.program, index, "counts",
                  "what it does in a run takes too many steps to add up, "
                  "because its counts change with almost every iteration; "
                  "split the loops around it");
  return *sum;
}

/// How often the instruction at `index` is executed in a run.
static Result<uint64_t> countExecutions(const LoopTree &tree, size_t index) {
  // With a count of zero it is skipped: of each count whether it is above.
  std::vector<Count> above;
  visitCounts(tree.program.code[index].body,
              [&](const FieldDescription &, const Count &count) {
                above.push_back(count);
                above.back().cap = std::min<int64_t>(count.cap, 1);
              });
  std::vector<const Count *> counts;
  for (const Count &count : above)
    counts.push_back(&count);
  Result<Int> sum = sumOverRun(tree, index, std::move(counts));
  if (!sum)
    return sum.error();
  return saturate(*sum);
}

/// Bytes that `copy`, the instruction at `index`, writes in a run.
static Result<uint64_t> countBytes(const LoopTree &tree, size_t index,
                                   const DmaCopy &copy) {
  std::vector<const Count *> counts;
  for (const Count &count : copy.shape)
    counts.push_back(&count);
  Result<Int> elements = sumOverRun(tree, index, std::move(counts));
  if (!elements)
    return elements.error();
  return saturate(multiply(*elements, copy.width));
}

/// Adds the instruction at `index`.
static Status count(const LoopTree &tree, size_t index, LayerInventory &layer) {
  const Instruction &instruction = tree.program.code[index];
  InstructionCount &kind =
      layer.instructions[{instruction.body.getDescription().mnemonic,
                          getEngine(tree.program, instruction)}];
  ++kind.instructions;
  Result<uint64_t> executions = countExecutions(tree, index);
  if (!executions)
    return executions.error();
  add(kind.executions, *executions);
  const DmaCopy *copy = getIf<DmaCopy>(instruction.body);
  if (!copy)
    return Status::success();
  Result<uint64_t> bytes = countBytes(tree, index, *copy);
  if (!bytes)
    return bytes.error();
  add(layer.transferred[{copy->src.memory, copy->dst.memory}], *bytes);
  return Status::success();
}

Result<Inventory> phx::takeInventory(const Program &program) {
  LargestCounts largest(program);
  Result<LoopTree> tree = buildLoopTree(largest.get());
  if (!tree)
    return tree.error();
  Inventory inventory;
  inventory.layers.resize(program.layers.size());
  for (const RegisterUse &use : listRegisterUses(program))
    inventory.isBound |= use.isConditional();
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    // Of the stream itself.
    if (instruction.body.getDescription().place == EnginePlace::None)
      continue;
    LayerInventory &layer = instruction.layer == noLayer
                                ? inventory.rest
                                : inventory.layers[instruction.layer];
    if (Status status = count(*tree, i, layer); !status)
      return status.error();
  }
  return inventory;
}
