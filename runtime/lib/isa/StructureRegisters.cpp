//===- StructureRegisters.cpp - Validation of count registers ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What registers hold is known when a program runs. Two things are certain
// before: how far a loop goes does not change while it runs, and what an
// instruction finds in an array is what it expects there.
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "phx/isa/Instructions.h"
#include "phx/isa/Registers.h"

#include <algorithm>

using namespace phx;

namespace {
struct RegisterWrite {
  size_t instruction = 0;
  uint32_t registerIndex = 0;
};
} // namespace

/// The first in code[begin, end) of one of `registers`.
static std::optional<RegisterWrite>
findWrite(const Program &program, const std::vector<uint32_t> &registers,
          size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i)
    for (uint32_t written : getWrittenRegisters(program.code[i]))
      if (std::find(registers.begin(), registers.end(), written) !=
          registers.end())
        return RegisterWrite{i, written};
  return std::nullopt;
}

static std::string describeWriter(const Program &program, size_t index) {
  return std::string(getMnemonic(program.code[index].body)) +
         " at instruction " + std::to_string(index);
}

/// The register that bounds a loop stays as it is inside, and reaches as far as
/// the loop.
static Status checkLoop(const LoopTree &tree, const LoopNode &node) {
  const Program &program = tree.program;
  const auto &loop = getAs<Loop>(program.code[node.begin].body);
  if (!loop.below)
    return Status::success();
  const CountRegister &bound = program.registers[*loop.below];
  if (loop.count > bound.most)
    return failAt(program, node.begin, "count",
                  "at most " + std::to_string(bound.most) +
                      ", the largest value of " +
                      describeRegister(program, *loop.below),
                  loop.count);
  std::optional<RegisterWrite> write =
      findWrite(program, {*loop.below}, node.begin, node.end);
  if (!write)
    return Status::success();
  return failAt(program, node.begin, "below",
                "a register that nothing in the loop writes",
                describeRegister(program, *loop.below) + ", which " +
                    describeWriter(program, write->instruction) + " writes");
}

Status phx::checkRegisters(const LoopTree &tree) {
  for (const LoopNode &node : tree.loops)
    if (Status status = checkLoop(tree, node); !status)
      return status;
  return Status::success();
}

/// Where the latest of the executions of `user` for one of `programmed` is
/// over: behind the outermost loop around the one and not around the other.
static size_t getEnd(const LoopTree &tree, size_t user, size_t programmed) {
  size_t end = user;
  for (int loop = tree.enclosing[user];
       loop >= 0 && tree.loops[loop].begin > programmed;
       loop = tree.loops[loop].parent)
    end = tree.loops[loop].end;
  return end;
}

Status phx::checkSharedRegisters(const LoopTree &tree, size_t user,
                                 size_t programmed) {
  const Program &program = tree.program;
  const Instruction &u = program.code[user], &p = program.code[programmed];
  // Equal as expressions, they name the same registers. Whether `programmed` is
  // executed decides about `user` as well.
  std::vector<uint32_t> registers = getReadRegisters(p);
  for (const FieldDescription *field : u.getDescription().matched)
    for (uint32_t index : getReadRegisters(*field, u.body))
      registers.push_back(index);
  if (registers.empty())
    return Status::success();
  std::optional<RegisterWrite> write = findWrite(
      program, registers, programmed, getEnd(tree, user, programmed));
  if (!write)
    return Status::success();
  return failAt(program, user, "engine",
                "no instruction that writes " +
                    describeRegister(program, write->registerIndex) +
                    " between it and the " +
                    getMnemonic(p.body) + " at instruction " +
                    std::to_string(programmed) +
                    ", which both depend on what the register holds",
                describeWriter(program, write->instruction));
}
