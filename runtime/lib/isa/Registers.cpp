//===- Registers.cpp - What depends on count registers ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Registers.h"

#include <algorithm>

using namespace phx;

static void makeUnique(std::vector<uint32_t> &list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// Appends the registers that a field reads.
static void addRead(const FieldDescription &field, const Body &body,
                    std::vector<uint32_t> &list) {
  auto add = [&](const std::optional<uint32_t> &index) {
    if (index)
      list.push_back(*index);
  };
  if (field.kind == FieldKind::Register)
    add(field.as<std::optional<uint32_t>>(body.data()));
  if (field.kind == FieldKind::Count)
    add(field.as<Count>(body.data()).registerIndex);
  if (field.kind == FieldKind::Shape)
    for (const Count &count : field.as<Shape4>(body.data()))
      add(count.registerIndex);
}

std::vector<uint32_t> phx::getReadRegisters(const FieldDescription &field,
                                            const Body &body) {
  std::vector<uint32_t> list;
  addRead(field, body, list);
  makeUnique(list);
  return list;
}

std::vector<uint32_t> phx::getReadRegisters(const Instruction &instruction) {
  std::vector<uint32_t> list;
  if (instruction.guard && instruction.guard->registerIndex)
    list.push_back(*instruction.guard->registerIndex);
  for (const FieldDescription &field : instruction.getDescription().fields)
    addRead(field, instruction.body, list);
  makeUnique(list);
  return list;
}

std::vector<uint32_t> phx::getWrittenRegisters(const Instruction &instruction) {
  std::vector<uint32_t> list;
  for (const FieldDescription &field : instruction.getDescription().fields)
    if (field.table == TableKind::Registers)
      list.push_back(field.as<uint32_t>(instruction.body.data()));
  makeUnique(list);
  return list;
}

std::vector<RegisterUse> phx::listRegisterUses(const Program &program) {
  std::vector<RegisterUse> uses(program.code.size());
  std::vector<std::optional<uint32_t>> open;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const Loop *loop = getIf<Loop>(instruction.body))
      open.push_back(loop->below);
    else if (holds<End>(instruction.body) && !open.empty())
      open.pop_back();
    if (isControl(instruction.body))
      continue;
    uses[i].reads = getReadRegisters(instruction);
    uses[i].writes = getWrittenRegisters(instruction);
    for (const std::optional<uint32_t> &below : open)
      if (below)
        uses[i].reads.push_back(*below);
    makeUnique(uses[i].reads);
  }
  return uses;
}

//===----------------------------------------------------------------------===//
// Values put in
//===----------------------------------------------------------------------===//

/// Of registers that there are none of, as of others at the start, 0: programs
/// that were not validated name them.
static int64_t getValue(const RegisterValues &values, uint32_t index) {
  return index < values.size() ? values[index] : 0;
}

static void putIn(Count &count, const RegisterValues &values) {
  if (!count.registerIndex)
    return;
  int64_t value = getValue(values, *count.registerIndex);
  if (!count.remaining)
    count.remaining.emplace();
  if (__builtin_add_overflow(count.remaining->base, value,
                             &count.remaining->base))
    count.remaining->base = std::numeric_limits<int64_t>::max();
}

static void putIn(Guard &guard, const RegisterValues &values) {
  if (guard.registerIndex)
    guard.extent =
        std::min(guard.extent, getValue(values, *guard.registerIndex));
}

/// Calls `visit(count)` for each count of a body, to change it.
template <typename Visitor>
static void changeCounts(Body &body, Visitor visit) {
  for (const FieldDescription &field : body.getDescription().fields) {
    if (field.kind == FieldKind::Count)
      visit(field.as<Count>(body.data()));
    if (field.kind == FieldKind::Shape)
      for (Count &count : field.as<Shape4>(body.data()))
        visit(count);
  }
}

static void putIn(Instruction &instruction, const RegisterValues &values) {
  if (instruction.guard)
    putIn(*instruction.guard, values);
  changeCounts(instruction.body, [&](Count &count) { putIn(count, values); });
}

Instruction phx::resolve(const Instruction &instruction,
                         const RegisterValues &values) {
  Instruction result = instruction;
  putIn(result, values);
  if (result.guard)
    result.guard->registerIndex.reset();
  changeCounts(result.body,
               [](Count &count) { count.registerIndex.reset(); });
  return result;
}

Guard phx::resolve(Guard guard, const RegisterValues &values) {
  putIn(guard, values);
  guard.registerIndex.reset();
  return guard;
}

int64_t phx::countTrips(const Loop &loop, const RegisterValues &values) {
  return loop.below ? std::min(loop.count, getValue(values, *loop.below))
                    : loop.count;
}

ResolvedCode::ResolvedCode(const Program &program) : program(program) {
  for (const Instruction &instruction : program.code)
    namesRegisters.push_back(!getReadRegisters(instruction).empty());
}

const Instruction &ResolvedCode::get(size_t index,
                                     const RegisterValues &values) {
  if (!namesRegisters[index])
    return program.code[index];
  resolved = resolve(program.code[index], values);
  return resolved;
}

LargestCounts::LargestCounts(const Program &program) : original(program) {
  if (program.registers.empty())
    return;
  RegisterValues values;
  for (const CountRegister &each : program.registers)
    values.push_back(each.most);
  copy = program;
  for (Instruction &instruction : copy->code)
    putIn(instruction, values);
}

std::string phx::describeRegister(const Program &program, uint32_t index) {
  std::string text = "register " + std::to_string(index);
  if (index < program.registers.size())
    text += " ('" + program.registers[index].name + "')";
  return text;
}
