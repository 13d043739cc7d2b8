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
// Mostly the text says it: the two name their arrays alike, and stand in one
// loop body. Where arrays are loaded one by one and used together, or the other
// way round, the program is gone through (ArrayStates.cpp).
//
//===----------------------------------------------------------------------===//

#include "ArrayStates.h"
#include "Structure.h"

#include "phx/isa/InstructionSet.h"
#include "phx/isa/Instructions.h"

#include <algorithm>
#include <map>

using namespace phx;

namespace {

/// Arrays [begin, end) of a group: all that an instruction may run on.
struct Arrays {
  uint16_t group = 0;
  int64_t begin = 0, end = 0;
};

/// Which instruction last programmed which arrays, where that is certain.
class Loaded {
public:
  /// The latest instruction that programmed these arrays; null if that is none,
  /// or several.
  const size_t *find(const Arrays &arrays) const {
    auto entry = entries.find({arrays.group, arrays.begin});
    return entry != entries.end() && entry->second.end == arrays.end
               ? &entry->second.instruction
               : nullptr;
  }
  void set(const Arrays &arrays, size_t instruction) {
    forget(arrays);
    entries[{arrays.group, arrays.begin}] = {arrays.end, instruction};
  }
  void forget(const Arrays &arrays) {
    auto entry = entries.lower_bound({arrays.group, arrays.begin});
    if (entry != entries.begin() &&
        std::prev(entry)->first.first == arrays.group &&
        std::prev(entry)->second.end > arrays.begin)
      --entry;
    while (entry != entries.end() && entry->first.first == arrays.group &&
           entry->first.second < arrays.end)
      entry = entries.erase(entry);
  }

private:
  struct Entry {
    int64_t end = 0;
    size_t instruction = 0;
  };
  std::map<std::pair<uint16_t, int64_t>, Entry> entries; ///< disjoint
};

} // namespace

static Arrays getArrays(const LoopTree &tree, size_t index) {
  const Instruction &i = tree.program.code[index];
  if (i.arrays.isPlain())
    return {i.engine.group, i.engine.index, int64_t(i.engine.index) + 1};
  Range first = Form(Affine{i.engine.index, i.arrays.digits})
                    .over(tree.getBox(index));
  return {i.engine.group, int64_t(std::max<Int>(first.lo, 0)),
          int64_t(std::max<Int>(first.hi, 0)) + i.arrays.lanes};
}

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
  if (!field && (p.engine != u.engine || p.arrays != u.arrays))
    field = "engine";
  if (!field)
    return Status::success();
  return failAt(program, user, field,
                "the same as in the " + std::string(getMnemonic(p.body)) +
                    " at instruction " + std::to_string(programmed) +
                    ", the latest of this array",
                "another");
}

/// By what the text says.
static Status checkText(const LoopTree &tree) {
  const Program &program = tree.program;
  // Arrays that each loop body programs, nested bodies included.
  std::vector<std::vector<Arrays>> programs(tree.loops.size());
  auto getUse = [](const Instruction &i) { return i.getDescription().state; };
  for (size_t i = 0; i < program.code.size(); ++i)
    if (getUse(program.code[i]) == ArrayStateUse::Programs)
      for (int l = tree.enclosing[i]; l >= 0; l = tree.loops[l].parent)
        programs[l].push_back(getArrays(tree, i));

  // Entering or leaving a loop that programs an array leaves it unknown: it
  // holds what another iteration put there.
  Loaded loaded;
  std::vector<size_t> open;
  size_t nextLoop = 0;
  auto forget = [&](size_t loop) {
    for (const Arrays &arrays : programs[loop])
      loaded.forget(arrays);
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
      loaded.set(getArrays(tree, i), i);
    } else if (getUse(instruction) == ArrayStateUse::Uses) {
      const size_t *programmed = loaded.find(getArrays(tree, i));
      if (!programmed)
        return failAt(program, i, "engine",
                      "an instruction before it in the same loop body that "
                      "programs the same array",
                      "none");
      if (Status s = compare(program, i, *programmed); !s)
        return s;
      if (Status s = checkSharedRegisters(tree, i, *programmed); !s)
        return s;
    }
  }
  return Status::success();
}

Status phx::checkStationary(const LoopTree &tree) {
  Status status = checkText(tree);
  if (status)
    return status;
  // Instructions that name single arrays are held to what the text says.
  bool isPlain = std::all_of(
      tree.program.code.begin(), tree.program.code.end(),
      [](const Instruction &i) {
        return i.arrays.isPlain() ||
               i.getDescription().state == ArrayStateUse::None;
      });
  return isPlain ? status : checkArrayStates(tree);
}

Status phx::checkClasses(const LoopTree &tree) {
  for (auto check : InstructionSet::get().listChecks())
    if (Status status = check(tree); !status)
      return status;
  return Status::success();
}
