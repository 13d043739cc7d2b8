//===- ProgramTree.cpp - Loop structure of a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramTree.h"

#include "Magnitudes.h"
#include "Structure.h"

#include <limits>
#include <map>

using namespace phx;
using namespace phx::detail;

std::string detail::describeInstruction(const Program &program, size_t index) {
  const Instruction &instruction = program.code[index];
  std::string text = "instruction " + std::to_string(index) + " (" +
                     getMnemonic(instruction.body) + " on " +
                     getEngineName(program, instruction.engine);
  if (instruction.layer < program.layers.size())
    text += ", layer '" + program.layers[instruction.layer].name + "'";
  return text + ")";
}

Error detail::makeTooMuchWorkError(const Program &program,
                                   const ProgramTree &tree, size_t index) {
  uint32_t longest = ProgramTree::root;
  for (uint32_t node = tree.nodeAt(index); node != ProgramTree::root;
       node = tree[node].parent)
    if (tree[node].count > tree[longest].count)
      longest = node;
  std::string where = describeInstruction(program, index);
  if (longest == ProgramTree::root)
    return {where + ": finding out what it has to wait for takes more than " +
            std::to_string(maxAnalysisSteps) +
            " steps; let engines share fewer separate stretches of bytes, or "
            "cut the program in two"};
  return {where + ", in the loop of " + std::to_string(tree[longest].count) +
          " iterations at instruction " + std::to_string(tree[longest].begin) +
          ": finding out which iterations have to wait for each other takes "
          "more than " +
          std::to_string(maxAnalysisSteps) +
          " steps; give the loop fewer iterations, let the addresses inside "
          "repeat after fewer of them (the least common multiple of divisor * "
          "modulus of their digits), or let engines use separate bytes"};
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

static Error errorAt(size_t index, const std::string &text) {
  return {"instruction " + std::to_string(index) + ": " + text};
}

static bool usesKnownMaps(const Body &body, size_t numMaps) {
  for (const FieldDescription &field : body.getDescription().fields)
    if (field.table == TableKind::Maps &&
        field.as<uint32_t>(body.data()) >= numMaps)
      return false;
  return true;
}

Result<ProgramTree> ProgramTree::build(const Program &program) {
  for (size_t m = 0; m < program.maps.size(); ++m)
    if (std::string wrong = findMagnitude(program.maps[m]); !wrong.empty())
      return Error{"map " + std::to_string(m) + " " + wrong};
  ProgramTree tree;
  LastCounters last{};
  // Of the loops that are open, and of all around them.
  std::vector<Int> iterations{1};
  tree.engines = getNumEngines(program);
  tree.nodeOf.assign(program.code.size(), 0);
  tree.nodes.push_back({0, program.code.size(), 0, 0, 1, false, {}});
  std::vector<uint32_t> open{root};
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    uint32_t depth = open.size() - 1;
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
      if (depth == 8)
        return errorAt(i, "loops are nested more than 8 deep");
      if (loop->count < 1)
        return errorAt(i, "a loop needs at least one trip");
      tree.nodes[node].count = loop->count;
      open.push_back(node);
      last[depth] = loop->count - 1;
      iterations.push_back(iterations.back() * loop->count);
      if (iterations.back() > limits::index)
        return errorAt(i, "expected at most 2^62 iterations with the loops "
                          "around it, found " +
                              toText(iterations.back()));
      continue;
    }
    if (holds<Halt>(instruction.body))
      continue;
    if (!hasEngine(program, instruction.engine))
      return errorAt(i, "there is no engine " + getEngineName(program, instruction.engine));
    if (!usesKnownMaps(instruction.body, program.maps.size()))
      return errorAt(i, "access map out of range");
    if (usedLoops(instruction) >> depth)
      return errorAt(i, "a field depends on a loop that does not enclose it");
    if (std::string wrong = findMagnitude(instruction, last); !wrong.empty())
      return Error{describeInstruction(program, i) + ": " + wrong};
    if (holds<Signal>(instruction.body) ||
        holds<Wait>(instruction.body))
      for (uint32_t ancestor : open)
        tree.nodes[ancestor].hasTokens = true;
  }
  if (open.size() > 1)
    return errorAt(tree.nodes[open.back()].begin, "loop without an end");
  return tree;
}

//===----------------------------------------------------------------------===//
// Shared operands
//===----------------------------------------------------------------------===//

namespace {

/// Who reads and who writes a stretch of a memory.
class Users {
public:
  void add(uint32_t engine, bool write) {
    Set &set = write ? writers : readers;
    if (set.engine != engine)
      set = {engine, set.engine != nobody || set.several};
  }
  /// Whether an access of `engine` may conflict with another engine.
  bool conflictsWith(uint32_t engine, bool write) const {
    return writers.hasOther(engine) || (write && readers.hasOther(engine));
  }

private:
  static constexpr uint32_t nobody = ~0u;
  struct Set {
    uint32_t engine = nobody;
    bool several = false;
    bool hasOther(uint32_t e) const {
      return several || (engine != nobody && engine != e);
    }
  };
  Set readers, writers;
};

/// Users of every byte of a memory, piecewise constant.
class UserMap {
public:
  UserMap() { pieces[std::numeric_limits<int64_t>::min()]; }

  void add(Interval range, uint32_t engine, bool write) {
    auto end = cut(range.end);
    for (auto it = cut(range.begin); it != end; ++it)
      it->second.add(engine, write);
  }

  bool conflicts(Interval range, uint32_t engine, bool write) const {
    auto it = std::prev(pieces.upper_bound(range.begin));
    for (; it != pieces.end() && it->first < range.end; ++it)
      if (it->second.conflictsWith(engine, write))
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

std::vector<uint8_t> detail::findSharedSlots(const Program &program,
                                             const ProgramTree &tree,
                                             UnitFootprints &footprints) {
  std::vector<UserMap> users(program.memories.size());
  std::vector<std::vector<UnitAccess>> hulls(program.code.size());
  UnitAccessList list;
  CounterBox box;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    const ProgramTree::Node &node = tree[tree.nodeAt(i)];
    if (const Loop *loop = getIf<Loop>(instruction.body))
      box.high[node.depth] = loop->count - 1;
    footprints.compute(instruction, box, Precision::Hull, ~0u, list);
    hulls[i].assign(list.begin(), list.end());
    for (const UnitAccess &access : list)
      for (Interval range : access.bytes)
        users[access.memory].add(
            range, getEngineNumber(program, instruction.engine),
            access.kind != AccessKind::Read);
  }
  std::vector<uint8_t> slots(program.code.size());
  for (size_t i = 0; i < program.code.size(); ++i)
    for (const UnitAccess &access : hulls[i])
      for (Interval range : access.bytes)
        if (users[access.memory].conflicts(
                range, getEngineNumber(program, program.code[i].engine),
                access.kind != AccessKind::Read))
          slots[i] |= 1u << access.slot;
  return slots;
}
