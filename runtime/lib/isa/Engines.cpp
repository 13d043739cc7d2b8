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
    std::string name = engine.kind == EngineKind::Dma ? "dma" : "vec";
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

const ArrayGroup *phx::findGroup(const Program &program,
                                 const Instruction &instruction) {
  const EngineId &engine = instruction.engine;
  if (engine.kind != EngineKind::Core || engine.group >= program.groups.size())
    return nullptr;
  return &program.groups[engine.group];
}
