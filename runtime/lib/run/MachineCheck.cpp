//===- MachineCheck.cpp - Does a program fit a machine -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/MachineCheck.h"

#include "machines/rns/Target.h"
#include "phx/energy/MachineModel.h"

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

static Status checkArrays(const Program &program, const Target &target) {
  auto arrays = rns::findArrays(target);
  if (!arrays)
    return Status::success();
  const char *remedy = "recompile the model for this target";
  const std::string group =
      target.spec.groups(static_cast<int>(arrays->group)).name() + ".";
  if (program.cores != arrays->count)
    return makeError(group + "count", program.cores, arrays->count, target,
                     remedy);
  if (program.arrayRows != arrays->rows)
    return makeError(group + "rows", program.arrayRows, arrays->rows, target,
                     remedy);
  if (program.arrayCols != arrays->columns)
    return makeError(group + "columns", program.arrayCols, arrays->columns,
                     target, remedy);
  const auto &moduli = arrays->getModuli();
  for (const NumberFormat &format : program.formats)
    if (format.kind == FormatKind::Bfp &&
        !std::equal(format.moduli.begin(), format.moduli.end(), moduli.begin(),
                    moduli.end(), [](uint32_t a, int64_t b) { return a == b; }))
      return Error{"the program's products use other moduli than target '" +
                   target.spec.name() + "' has (" + group + "moduli); " +
                   remedy};
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

static Status checkCapacities(const Program &program, const Target &target) {
  if (program.memoryModel == MemoryModel::Ideal)
    return Status::success();
  const proto::Scratchpads &pads = target.spec.scratchpads();
  const std::pair<const char *, int64_t> capacities[numSpaces] = {
      {"dram.capacity_bytes", target.spec.dram().capacity_bytes().value()},
      {"scratchpads.activation_bytes", pads.activation_bytes().value()},
      {"scratchpads.weight_bytes", pads.weight_bytes().value()},
      {"scratchpads.gradient_bytes", pads.gradient_bytes().value()}};
  for (unsigned space = 0; space < numSpaces; ++space)
    if (program.spaceBytes[space] > capacities[space].second)
      return makeError(capacities[space].first, program.spaceBytes[space],
                       capacities[space].second, target,
                       "choose a smaller batch or a target with more memory");
  return Status::success();
}

Status phx::checkMachine(const Program &program, const Target &target) {
  if (Status s = checkExtensions(program, target); !s)
    return s;
  if (Status s = checkModels(target); !s)
    return s;
  if (Status s = checkParts(program, target); !s)
    return s;
  if (Status s = checkArrays(program, target); !s)
    return s;
  return checkCapacities(program, target);
}
