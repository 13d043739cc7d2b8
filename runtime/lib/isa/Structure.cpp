//===- Structure.cpp - Structural validation: tables, loops, fields -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "phx/isa/Instructions.h"
#include "phx/isa/Registers.h"
#include "phx/isa/Validator.h"

#include <algorithm>

using namespace phx;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

std::string phx::toText(Int value) {
  if (value < 0)
    return "-" + toText(-value);
  std::string text(1, static_cast<char>('0' + static_cast<int>(value % 10)));
  return value < 10 ? text : toText(value / 10) + text;
}

std::string phx::describeInstruction(const Program &program, size_t index,
                                     bool withEngine) {
  const Instruction &instruction = program.code[index];
  std::string text = "instruction " + std::to_string(index) + " (" +
                     getMnemonic(instruction.body);
  if (withEngine)
    text += " on " + getEngineName(program, instruction);
  if (instruction.layer < program.layers.size())
    text += ", layer '" + program.layers[instruction.layer].name + "'";
  return text + ")";
}

Error phx::failAt(const Program &program, size_t instruction,
                  const std::string &field, const std::string &message) {
  return Error{describeInstruction(program, instruction, false) + ": " + field +
                   ": " + message,
               ProgramEntry{"instruction", instruction}};
}

Error phx::failAt(const Program &program, size_t instruction,
                  const std::string &field, const std::string &expected,
                  const std::string &found) {
  return failAt(program, instruction, field,
                "expected " + expected + ", found " + found);
}

Error phx::failAt(const Program &program, size_t instruction,
                  const std::string &field, const std::string &expected,
                  int64_t found) {
  return failAt(program, instruction, field, expected, std::to_string(found));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

unsigned LoopTree::getDepth(size_t instruction) const {
  unsigned depth = 0;
  for (int loop = enclosing[instruction]; loop >= 0; loop = loops[loop].parent)
    ++depth;
  return depth;
}

Box LoopTree::getBox(size_t instruction) const {
  Box box{};
  unsigned depth = getDepth(instruction);
  for (int loop = enclosing[instruction]; loop >= 0; loop = loops[loop].parent)
    box[--depth].second = loops[loop].count - 1;
  box[laneLoop].second = int64_t(program.code[instruction].arrays.lanes) - 1;
  return box;
}

std::optional<Box> phx::getExecutedBox(const LoopTree &tree,
                                       size_t instruction) {
  Box box = tree.getBox(instruction);
  const std::optional<Guard> &guard = tree.program.code[instruction].guard;
  if (!guard)
    return box;
  auto &[first, last] = box[guard->loop];
  std::optional<CounterRange> inside = getCountersInside(*guard, last);
  if (!inside)
    return std::nullopt;
  first = inside->first;
  last = inside->last;
  return box;
}

Result<LoopTree> phx::buildLoopTree(const Program &program) {
  LoopTree tree{program, {}, {}};
  int current = -1;
  Int iterations = 1;
  std::vector<Int> outer;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Body &body = program.code[i].body;
    if (const Loop *loop = getIf<Loop>(body)) {
      tree.enclosing.push_back(current);
      if (loop->count < 1)
        return failAt(program, i, "count", "at least 1", loop->count);
      outer.push_back(iterations);
      iterations *= loop->count;
      if (iterations > limits::index)
        return failAt(program, i, "count",
                      "at most 2^62 iterations with the loops around it",
                      toText(iterations));
      if (outer.size() > maxLoopDepth)
        return failAt(program, i, "nesting",
                      "at most " + std::to_string(maxLoopDepth) + " loops",
                      static_cast<int64_t>(outer.size()));
      tree.loops.push_back({i, 0, loop->count, current});
      current = static_cast<int>(tree.loops.size()) - 1;
      continue;
    }
    if (holds<End>(body)) {
      if (current < 0)
        return failAt(program, i, "nesting", "an open loop", "none");
      tree.loops[current].end = i;
      current = tree.loops[current].parent;
      iterations = outer.back();
      outer.pop_back();
    }
    tree.enclosing.push_back(current);
    bool isLast = i + 1 == program.code.size();
    if (holds<Halt>(body) && (!isLast || current >= 0))
      return failAt(program, i, "position",
                    "the last instruction, outside of loops",
                    "instruction " + std::to_string(i) + " of " +
                        std::to_string(program.code.size()));
  }
  if (current >= 0)
    return failAt(program, tree.loops[current].begin, "nesting",
                  "a matching end", "the end of the program");
  if (program.code.empty() ||
      !holds<Halt>(program.code.back().body))
    return Error{"code: expected a halt as the last instruction, found " +
                 std::string(program.code.empty()
                                 ? "no instructions"
                                 : getMnemonic(program.code.back().body))};
  return tree;
}

//===----------------------------------------------------------------------===//
// Whole
//===----------------------------------------------------------------------===//

Status phx::validateStructure(const Program &program) {
  if (Status status = checkTables(program); !status)
    return status;
  Result<LoopTree> tree = buildLoopTree(program);
  if (!tree)
    return tree.error();
  for (auto check : {checkFields, checkTokens, checkRegisters})
    if (Status status = check(*tree); !status)
      return status;
  // With other counts instructions do a part of what they do with the largest.
  LargestCounts largest(program);
  LoopTree bounds{largest.get(), tree->loops, tree->enclosing};
  for (auto check : {checkStationary, checkNests, checkClasses, checkMemory})
    if (Status status = check(bounds); !status)
      return status;
  return Status::success();
}
