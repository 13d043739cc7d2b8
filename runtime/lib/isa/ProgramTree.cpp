//===- ProgramTree.cpp - Loop structure of a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramTree.h"

#include "Magnitudes.h"
#include "Structure.h"

#include <algorithm>
#include <limits>
#include <map>

using namespace phx;
using namespace phx::detail;

Error detail::failInstruction(const Program &program, size_t index,
                              const std::string &text) {
  return {describeInstruction(program, index, true) + ": " + text,
          ProgramEntry{"instruction", index}};
}

Error detail::makeTooMuchWorkError(const Program &program,
                                   const ProgramTree &tree, size_t index) {
  uint32_t longest = ProgramTree::root;
  for (uint32_t node = tree.nodeAt(index); node != ProgramTree::root;
       node = tree[node].parent)
    if (tree[node].count > tree[longest].count)
      longest = node;
  std::string where = describeInstruction(program, index, true);
  ProgramEntry entry{"instruction", index};
  if (longest == ProgramTree::root)
    return {
        where + ": finding out what it has to wait for takes more than " +
            std::to_string(maxAnalysisSteps) +
            " steps; let engines share fewer separate stretches of bytes, or "
            "cut the program in two",
        entry};
  return {
      where + ", in the loop of " + std::to_string(tree[longest].count) +
          " iterations at instruction " + std::to_string(tree[longest].begin) +
          ": finding out which iterations have to wait for each other takes "
          "more than " +
          std::to_string(maxAnalysisSteps) +
          " steps; give the loop fewer iterations, let the addresses inside "
          "repeat after fewer of them (the least common multiple of divisor * "
          "modulus of their digits), or let engines use separate bytes",
      entry};
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

static Error errorAt(size_t index, const std::string &text) {
  return {"instruction " + std::to_string(index) + ": " + text,
          ProgramEntry{"instruction", index}};
}

static bool usesKnownMaps(const Body &body, size_t numMaps) {
  for (const FieldDescription &field : body.getDescription().fields)
    if (field.table == TableKind::Maps &&
        field.as<uint32_t>(body.data()) >= numMaps)
      return false;
  return true;
}

/// A register that an instruction names and the program does not have.
static std::optional<uint32_t>
findUnknownRegister(const Instruction &instruction, size_t numRegisters) {
  for (const auto &list :
       {getReadRegisters(instruction), getWrittenRegisters(instruction)})
    for (uint32_t index : list)
      if (index >= numRegisters)
        return index;
  return std::nullopt;
}

/// Whether a field depends on something but the `depth` loops around it and,
/// where there are several, the lanes.
static bool usesOtherLoops(const Program &program, size_t index,
                           uint32_t depth) {
  const Instruction &instruction = program.code[index];
  unsigned around = (1u << depth) - 1;
  unsigned lane = instruction.arrays.lanes > 1 ? 1u << laneLoop : 0;
  unsigned ofEngine = 0;
  for (const DigitTerm &digit : instruction.arrays.digits)
    ofEngine |= 1u << digit.loop;
  return (usedLoops(program, index) & ~(around | lane)) || (ofEngine & ~around);
}

/// How many of the `open` nodes around an instruction have to be stepped
/// through for its sake, outermost first.
static size_t countStepped(const Instruction &instruction, size_t index,
                           const EngineBlocks &blocks, size_t open) {
  if (holds<Signal>(instruction.body) || holds<Wait>(instruction.body) ||
      blocks.joinsBlocks(index))
    return open;
  if (!blocks.isMoving(index))
    return 0;
  size_t deepest = 0;
  for (const DigitTerm &digit : instruction.arrays.digits)
    deepest = std::max<size_t>(deepest, digit.loop);
  return deepest + 2; // the root, and the loops up to that one
}

/// What keeps analyses of an instruction inside `depth` loops, control of loops
/// aside, within their tables and 64 bits.
static Status checkInstruction(const Program &program, size_t index,
                               uint32_t depth, LastCounters last) {
  const Instruction &instruction = program.code[index];
  if (!hasEngines(program, instruction))
    return errorAt(index,
                   "there is no engine " + getEngineName(program, instruction));
  if (!usesKnownMaps(instruction.body, program.maps.size()))
    return errorAt(index, "expected access maps below " +
                              std::to_string(program.maps.size()) +
                              " (number of maps), found another");
  if (usesOtherLoops(program, index, depth))
    return errorAt(index, "a field depends on a loop that does not enclose it");
  last[laneLoop] = int64_t(instruction.arrays.lanes) - 1;
  if (std::string wrong = findMagnitude(program, index, last); !wrong.empty())
    return failInstruction(program, index, wrong);
  return Status::success();
}

/// Of a loop inside `depth` others, with which it has so many iterations.
static Status checkLoop(size_t index, const Loop &loop, uint32_t depth,
                        Int iterations) {
  if (depth == maxLoopDepth)
    return errorAt(index, "expected at most " + std::to_string(maxLoopDepth) +
                              " nested loops, found more; merge some");
  if (loop.count < 1)
    return errorAt(index, "count: expected at least one trip, found " +
                              std::to_string(loop.count));
  if (iterations > limits::index)
    return errorAt(index, "expected at most 2^62 iterations with the loops "
                          "around it, found " +
                              toText(iterations));
  return Status::success();
}

static Status checkMaps(const Program &program) {
  for (size_t m = 0; m < program.maps.size(); ++m)
    if (std::string wrong = findMagnitude(program.maps[m]); !wrong.empty())
      return Error{"map " + std::to_string(m) + " " + wrong,
                   ProgramEntry{"map", m}};
  return Status::success();
}

Result<ProgramTree> ProgramTree::build(const Program &program) {
  if (Status s = checkMaps(program); !s)
    return s.error();
  ProgramTree tree;
  LastCounters last{};
  // Of the loops that are open, and of all around them.
  std::vector<Int> iterations{1};
  tree.blocks.emplace(program);
  tree.uses = listRegisterUses(program);
  tree.nodeOf.assign(program.code.size(), 0);
  tree.nodes.push_back({0, program.code.size(), 0, 0, 1, false, {}});
  std::vector<uint32_t> open{root};
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    uint32_t depth = open.size() - 1;
    if (auto unknown =
            findUnknownRegister(instruction, program.registers.size()))
      return errorAt(i, "there is no register " + std::to_string(*unknown));
    if (holds<End>(instruction.body)) {
      if (depth == 0)
        return errorAt(i, "end without a loop");
      tree.nodes[open.back()].end = i + 1;
      open.pop_back();
      iterations.pop_back();
      last[depth - 1] = 0;
      continue;
    }
    uint32_t node = tree.nodes.size();
    tree.nodeOf[i] = node;
    tree.nodes[open.back()].children.push_back(node);
    tree.nodes.push_back({i, i + 1, open.back(), depth, 0, false, {}});
    if (const Loop *loop = getIf<Loop>(instruction.body)) {
      iterations.push_back(iterations.back() * loop->count);
      if (Status s = checkLoop(i, *loop, depth, iterations.back()); !s)
        return s.error();
      tree.nodes[node].count = loop->count;
      open.push_back(node);
      last[depth] = loop->count - 1;
      continue;
    }
    if (holds<Halt>(instruction.body))
      continue;
    if (Status s = checkInstruction(program, i, depth, last); !s)
      return s.error();
    size_t stepped = countStepped(instruction, i, *tree.blocks, open.size());
    for (size_t level = 0; level < stepped; ++level)
      tree.nodes[open[level]].isStepped = true;
  }
  if (open.size() > 1)
    return errorAt(tree.nodes[open.back()].begin, "loop without an end");
  return tree;
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

void detail::appendRegisters(const Program &program, const RegisterUse &use,
                             unsigned slots, UnitAccessList &list) {
  auto append = [&](const std::vector<uint32_t> &registers, unsigned slot,
                    AccessKind kind) {
    if (registers.empty() || !(slots >> slot & 1))
      return;
    UnitAccess &access = list.append();
    access.slot = static_cast<uint8_t>(slot);
    access.memory = getRegisterMemory(program);
    access.kind = kind;
    access.product = 0;
    access.exact = true;
    access.bytes.clear();
    for (int64_t index : registers)
      access.bytes.push_back({index, index + 1});
    normalize(access.bytes);
  };
  append(use.reads, readRegistersSlot, AccessKind::Read);
  append(use.writes, writtenRegistersSlot, AccessKind::Write);
}

bool detail::namesEngines(const Program &program,
                          const Instruction &instruction,
                          const Counters &counters) {
  const ArrayGroup *group = findGroup(program, instruction);
  if (!group)
    return true;
  int64_t first = getFirstArray(instruction, counters);
  return first >= 0 &&
         first + int64_t(instruction.arrays.lanes) <= int64_t(group->count);
}

//===----------------------------------------------------------------------===//
// Shared operands
//===----------------------------------------------------------------------===//

namespace {

/// Who reads and who writes a stretch of a memory.
class Users {
public:
  /// `engines`: all that execute the instruction at any iteration.
  void add(BlockSpan engines, bool write) {
    Set &set = write ? writers : readers;
    uint32_t engine = engines.begin;
    if (set.engine != engine || !engines.isSingle())
      set = {engine,
             set.engine != nobody || set.several || !engines.isSingle()};
  }
  /// Whether an access of `engines` may conflict with another engine. Several
  /// may conflict with themselves.
  bool conflictsWith(BlockSpan engines, bool write) const {
    return writers.hasOther(engines) || (write && readers.hasOther(engines));
  }

private:
  static constexpr uint32_t nobody = ~0u;
  struct Set {
    uint32_t engine = nobody;
    bool several = false;
    bool hasOther(BlockSpan e) const {
      return several ||
             (engine != nobody && (engine != e.begin || !e.isSingle()));
    }
  };
  Set readers, writers;
};

/// Users of every byte of a memory, piecewise constant.
class UserMap {
public:
  UserMap() { pieces[std::numeric_limits<int64_t>::min()]; }

  void add(Interval range, BlockSpan engines, bool write) {
    auto end = cut(range.end);
    for (auto it = cut(range.begin); it != end; ++it)
      it->second.add(engines, write);
  }

  bool conflicts(Interval range, BlockSpan engines, bool write) const {
    auto it = std::prev(pieces.upper_bound(range.begin));
    for (; it != pieces.end() && it->first < range.end; ++it)
      if (it->second.conflictsWith(engines, write))
        return true;
    return false;
  }

private:
  using Pieces = std::map<int64_t, Users>;
  /// The piece that begins at `position`, made if need be.
  Pieces::iterator cut(int64_t position) {
    auto it = std::prev(pieces.upper_bound(position));
    if (it->first == position)
      return it;
    return pieces.emplace_hint(std::next(it), position, it->second);
  }
  Pieces pieces;
};

} // namespace

std::vector<SlotMask> detail::findSharedSlots(const Program &program,
                                              const ProgramTree &tree,
                                              UnitFootprints &footprints) {
  std::vector<UserMap> users(program.memories.size() + 1);
  std::vector<std::vector<UnitAccess>> hulls(program.code.size());
  UnitAccessList list;
  CounterBox box;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    const ProgramTree::Node &node = tree[tree.nodeAt(i)];
    if (const Loop *loop = getIf<Loop>(instruction.body))
      box.high[node.depth] = loop->count - 1;
    footprints.compute(i, box, Precision::Hull, ~0u, list);
    appendRegisters(program, tree.registers(i), ~0u, list);
    hulls[i].assign(list.begin(), list.end());
    for (const UnitAccess &access : list)
      for (Interval range : access.bytes)
        users[access.memory].add(range, tree.engines().getReach(i),
                                 access.kind != AccessKind::Read);
  }
  std::vector<SlotMask> slots(program.code.size());
  for (size_t i = 0; i < program.code.size(); ++i)
    for (const UnitAccess &access : hulls[i])
      for (Interval range : access.bytes)
        if (users[access.memory].conflicts(range, tree.engines().getReach(i),
                                           access.kind != AccessKind::Read))
          slots[i] |= 1u << access.slot;
  return slots;
}
