//===- StructureArrays.cpp - What instructions find in arrays --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The state of an array is what the latest instruction left there that programs
// it. Which one that is must be certain wherever an instruction uses it.
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "phx/isa/InstructionSet.h"
#include "phx/isa/Instructions.h"

#include <map>

using namespace phx;

namespace {

/// Arrays by group and number.
using ArrayId = std::pair<uint16_t, uint32_t>;
/// The instruction that last programmed each array; absent if none is certain.
using Loaded = std::map<ArrayId, size_t>;

ArrayId getArray(const Instruction &i) {
  return {i.engine.group, i.engine.index};
}

} // namespace

static bool isEqual(const FieldDescription &used, const Body &user,
                    const Body &programmer) {
  const FieldDescription *other =
      programmer.getDescription().find(used.attribute);
  if (!other || other->kind != used.kind)
    return false;
  bool equal = false;
  visitField(used, user.data(), [&](const FieldDescription &, const auto &a) {
    visitField(*other, programmer.data(),
               [&](const FieldDescription &, const auto &b) {
                 if constexpr (std::is_same_v<decltype(a), decltype(b)>)
                   equal = a == b;
               });
  });
  return equal;
}

static Status compare(const Program &program, size_t user, size_t programmed) {
  const Instruction &u = program.code[user], &p = program.code[programmed];
  const char *field = nullptr;
  for (const FieldDescription *matched : u.getDescription().matched)
    if (!field && !isEqual(*matched, u.body, p.body))
      field = matched->name;
  if (!field && p.guard && p.guard != u.guard)
    field = "guard";
  if (!field)
    return Status::success();
  return failAt(program, user, field,
                "the same as in the " + std::string(getMnemonic(p.body)) +
                    " at instruction " + std::to_string(programmed) +
                    ", the latest of this array",
                "another");
}

Status phx::checkStationary(const LoopTree &tree) {
  const Program &program = tree.program;
  // Arrays that each loop body programs, nested bodies included.
  std::vector<std::map<ArrayId, bool>> programs(tree.loops.size());
  auto getUse = [](const Instruction &i) { return i.getDescription().state; };
  for (size_t i = 0; i < program.code.size(); ++i)
    if (getUse(program.code[i]) == ArrayStateUse::Programs)
      for (int l = tree.enclosing[i]; l >= 0; l = tree.loops[l].parent)
        programs[l][getArray(program.code[i])] = true;

  // Entering or leaving a loop that programs an array leaves it unknown: it
  // holds what another iteration put there.
  Loaded loaded;
  std::vector<size_t> open;
  size_t nextLoop = 0;
  auto forget = [&](size_t loop) {
    for (const auto &[array, unused] : programs[loop])
      loaded.erase(array);
  };
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (holds<Loop>(instruction.body)) {
      forget(nextLoop);
      open.push_back(nextLoop++);
    } else if (holds<End>(instruction.body)) {
      forget(open.back());
      open.pop_back();
    } else if (getUse(instruction) == ArrayStateUse::Programs) {
      loaded[getArray(instruction)] = i;
    } else if (getUse(instruction) == ArrayStateUse::Uses) {
      auto programmed = loaded.find(getArray(instruction));
      if (programmed == loaded.end())
        return failAt(program, i, "engine",
                      "an instruction before it in the same loop body that "
                      "programs the same array",
                      "none");
      if (Status s = compare(program, i, programmed->second); !s)
        return s;
    }
  }
  return Status::success();
}

Status phx::checkClasses(const LoopTree &tree) {
  for (auto check : InstructionSet::get().listChecks())
    if (Status status = check(tree); !status)
      return status;
  return Status::success();
}
