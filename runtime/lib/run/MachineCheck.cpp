//===- MachineCheck.cpp - Does a program fit a machine -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/MachineCheck.h"

#include "phx/energy/MachineModel.h"
#include "phx/target/ArrayGroups.h"

#include <algorithm>

using namespace phx;

/// "the program needs X of FIELD, target 'NAME' has Y".
static Error makeError(const std::string &field, int64_t needed,
                       int64_t available, const Target &target,
                       const char *remedy) {
  return Error{"the program needs " + std::to_string(needed) + " (" + field +
               "), target '" + target.spec.name() + "' has " +
               std::to_string(available) + "; " + remedy};
}

/// "'act' (on_chip; f32, i32)".
static std::string describe(const ProgramMemory &memory) {
  std::string text = "'" + memory.name + "' (" + getKindName(memory.kind);
  if (memory.group)
    text += " in group " + std::to_string(*memory.group);
  for (size_t t = 0; t < memory.types.size(); ++t)
    text += (t ? ", " : "; ") + std::string(getTypeWord(memory.types[t]));
  return text + ")";
}

/// The groups of arrays are those of the target, one by one.
static Status checkArrays(const Program &program, const Target &target) {
  const char *remedy = "recompile the model for this target";
  std::vector<ArrayGroup> groups = getArrayGroups(target);
  if (program.groups.size() != groups.size())
    return makeError("groups of arrays",
                     static_cast<int64_t>(program.groups.size()),
                     static_cast<int64_t>(groups.size()), target, remedy);
  for (size_t g = 0; g < groups.size(); ++g) {
    const ArrayGroup &needed = program.groups[g], &found = groups[g];
    if (needed.machineClass != found.machineClass)
      return Error{"the program needs arrays of class '" +
                   needed.machineClass + "' (" + needed.name + "), target '" +
                   target.spec.name() + "' has '" + found.machineClass +
                   "' (" + found.name + "); " + remedy};
    if (needed.count != found.count)
      return makeError(found.name + ".count", needed.count, found.count, target,
                       remedy);
    if (needed.rows != found.rows)
      return makeError(found.name + ".rows", needed.rows, found.rows, target,
                       remedy);
    if (needed.columns != found.columns)
      return makeError(found.name + ".columns", needed.columns, found.columns,
                       target, remedy);
    const MachineModel *model = findMachineModel(target, g);
    if (model && model->checkProgram)
      if (Status status = model->checkProgram(program, target, g); !status)
        return status;
  }
  return Status::success();
}

/// Instructions of an extension need a machine that declares it.
static Status checkExtensions(const Program &program, const Target &target) {
  const auto &extensions = target.spec.extensions();
  for (size_t i = 0; i < program.code.size(); ++i) {
    const std::string &name = program.code[i].getDescription().machineClass;
    if (name.empty() ||
        std::find(extensions.begin(), extensions.end(), name) !=
            extensions.end())
      continue;
    return Error{"instruction " + std::to_string(i) + " (" +
                 getMnemonic(program.code[i].body) +
                 ") belongs to the extension '" + name + "', which target '" +
                 target.spec.name() + "' does not declare"};
  }
  return Status::success();
}

/// Arrays that are described, but that nothing here simulates.
static Status checkModels(const Target &target) {
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (!findMachineModel(target, group))
      return Error{"target '" + target.spec.name() + "' has arrays of type '" +
                   target.machines[group]->GetDescriptor()->full_name() +
                   "' (group '" +
                   target.spec.groups(static_cast<int>(group)).name() +
                   "'), whose simulation is not registered in this program; "
                   "call phx::registerAllMachines, or the class's own "
                   "registration, before targets are loaded"};
  return Status::success();
}

/// Engines and memories that a target need not have.
static Status checkParts(const Program &program, const Target &target) {
  const proto::Target &spec = target.spec;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    EngineKind engine = instruction.engine.kind;
    const char *missing = nullptr;
    if (isControl(instruction.body))
      continue; // control, whose engine says nothing
    if (engine == EngineKind::Vec && !spec.has_vector_unit())
      missing = "vector_unit";
    if (engine == EngineKind::Dma && !spec.has_dma())
      missing = "dma";
    if (missing)
      return Error{"instruction " + std::to_string(i) + " (" +
                   getMnemonic(instruction.body) + ") needs the part '" +
                   missing + "', which target '" + spec.name() +
                   "' does not have"};
  }
  return Status::success();
}

/// The memories are those of the target, one by one, and large enough.
static Status checkMemories(const Program &program, const Target &target) {
  const char *remedy = "recompile the model for this target";
  std::vector<ProgramMemory> memories = getMemories(target);
  if (program.memories.size() != memories.size())
    return makeError("memories", static_cast<int64_t>(program.memories.size()),
                     static_cast<int64_t>(memories.size()), target, remedy);
  for (size_t m = 0; m < memories.size(); ++m) {
    const ProgramMemory &needed = program.memories[m], &found = memories[m];
    ProgramMemory same = needed;
    same.capacity = found.capacity;
    same.bytes = found.bytes;
    if (same != found)
      return Error{"the program needs memory " + std::to_string(m) + " to be " +
                   describe(needed) + ", target '" + target.spec.name() +
                   "' has " + describe(found) + "; " + remedy};
    if (program.memoryModel == MemoryModel::Hierarchy &&
        needed.bytes > found.capacity)
      return makeError(found.name + ".capacity_bytes", needed.bytes,
                       found.capacity, target,
                       "choose a smaller batch or a target with more memory");
  }
  return Status::success();
}

Status phx::checkMachine(const Program &program, const Target &target) {
  if (Status s = checkDeclarations(); !s)
    return s;
  if (Status s = checkExtensions(program, target); !s)
    return s;
  if (Status s = checkModels(target); !s)
    return s;
  if (Status s = checkParts(program, target); !s)
    return s;
  if (Status s = checkArrays(program, target); !s)
    return s;
  return checkMemories(program, target);
}
