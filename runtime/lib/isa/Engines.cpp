//===- Engines.cpp - Engines of a program -----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Program.h"

#include <limits>

using namespace phx;

static constexpr uint32_t firstArray = 2;

uint32_t phx::getNumEngines(const Program &program) {
  uint32_t number = firstArray;
  for (const ArrayGroup &group : program.groups)
    number += group.count;
  return number;
}

bool phx::hasEngine(const Program &program, EngineId engine) {
  if (engine.kind != EngineKind::Core)
    return engine.kind < EngineKind::Core && engine.index == 0 &&
           engine.group == 0;
  return engine.group < program.groups.size() &&
         engine.index < program.groups[engine.group].count;
}

uint32_t phx::getEngineNumber(const Program &program, EngineId engine) {
  if (!hasEngine(program, engine))
    return std::numeric_limits<uint32_t>::max();
  if (engine.kind != EngineKind::Core)
    return static_cast<uint32_t>(engine.kind);
  uint32_t number = firstArray + engine.index;
  for (uint16_t group = 0; group < engine.group; ++group)
    number += program.groups[group].count;
  return number;
}

EngineId phx::getEngine(const Program &program, uint32_t number) {
  if (number < firstArray)
    return {static_cast<EngineKind>(number), 0};
  number -= firstArray;
  uint16_t group = 0;
  while (group + 1u < program.groups.size() &&
         number >= program.groups[group].count)
    number -= program.groups[group++].count;
  return {EngineKind::Core, number, group};
}

std::string phx::getEngineName(const Program &program, EngineId engine) {
  switch (engine.kind) {
  case EngineKind::Dma:
  case EngineKind::Vec: {
    std::string name = getEngineWord(engine.kind);
    // There is one of each; a wrong number is worth naming.
    return engine.index ? name + "[" + std::to_string(engine.index) + "]"
                        : name;
  }
  case EngineKind::Core:
    break;
  }
  std::string name = engine.group < program.groups.size()
                         ? program.groups[engine.group].name
                         : "group " + std::to_string(engine.group) + " ";
  return name + "[" + std::to_string(engine.index) + "]";
}

/// " + 8 * l0(1, 0, 1, 4)".
static std::string toText(const DigitTerm &digit) {
  auto text = [](int64_t number) { return std::to_string(number); };
  std::string result = " + " + text(digit.weight) + " * l" + text(digit.loop);
  if (digit.scale != 1 || digit.offset != 0 || digit.divisor != 1 ||
      digit.modulus != 0)
    result += "(" + text(digit.scale) + ", " + text(digit.offset) + ", " +
              text(digit.divisor) + ", " + text(digit.modulus) + ")";
  return result;
}

std::string phx::getEngineName(const Program &program,
                               const Instruction &instruction) {
  std::string name = getEngineName(program, instruction.engine);
  if (instruction.arrays.isPlain() ||
      instruction.engine.kind != EngineKind::Core)
    return name;
  name.pop_back();
  for (const DigitTerm &digit : instruction.arrays.digits)
    name += toText(digit);
  if (instruction.arrays.lanes != 1)
    name += " lanes " + std::to_string(instruction.arrays.lanes);
  return name + "]";
}

bool phx::hasEngines(const Program &program, const Instruction &instruction) {
  if (instruction.arrays.isPlain())
    return hasEngine(program, instruction.engine);
  const ArrayGroup *group = findGroup(program, instruction);
  return group && instruction.arrays.lanes >= 1 &&
         instruction.arrays.lanes <= group->count;
}

const ArrayGroup *phx::findGroup(const Program &program,
                                 const Instruction &instruction) {
  const EngineId &engine = instruction.engine;
  if (engine.kind != EngineKind::Core || engine.group >= program.groups.size())
    return nullptr;
  return &program.groups[engine.group];
}
