//===- MachineCheck.cpp - Does a program fit a machine -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/MachineCheck.h"

#include <algorithm>

using namespace phx;

/// "the program needs X of FIELD, target 'NAME' has Y".
static Error makeError(const char *field, int64_t needed, int64_t available,
                       const Target &target, const char *remedy) {
  return Error{"the program needs " + std::to_string(needed) + " (" + field +
               "), target '" + target.spec.name() + "' has " +
               std::to_string(available) + "; " + remedy};
}

static Status checkCores(const Program &program, const Target &target) {
  const proto::Core &core = target.spec.core();
  const char *remedy = "recompile the model for this target";
  if (program.cores != core.count().value())
    return makeError("core.count", program.cores, core.count().value(), target,
                     remedy);
  if (program.arrayRows != core.rows().value())
    return makeError("core.rows", program.arrayRows, core.rows().value(),
                     target, remedy);
  if (program.arrayCols != core.columns().value())
    return makeError("core.columns", program.arrayCols, core.columns().value(),
                     target, remedy);
  const auto &moduli = core.moduli().values();
  for (const NumberFormat &format : program.formats)
    if (format.kind == FormatKind::Bfp &&
        !std::equal(format.moduli.begin(), format.moduli.end(), moduli.begin(),
                    moduli.end(), [](uint32_t a, int64_t b) { return a == b; }))
      return Error{"the program's products use other moduli than target '" +
                   target.spec.name() + "' has (core.moduli); " + remedy};
  return Status::success();
}

/// Instructions of an extension need a machine that declares it.
static Status checkExtensions(const Program &program, const Target &target) {
  const auto &extensions = target.spec.extensions();
  bool hasRns = std::find(extensions.begin(), extensions.end(), "rns") !=
                extensions.end();
  for (size_t i = 0; i < program.code.size(); ++i) {
    Opcode opcode = getOpcode(program.code[i].body);
    if ((opcode == Opcode::CoreProgram || opcode == Opcode::CoreStream) &&
        !hasRns)
      return Error{"instruction " + std::to_string(i) + " (" +
                   getMnemonic(program.code[i].body) +
                   ") belongs to the extension 'rns', which target '" +
                   target.spec.name() + "' does not declare"};
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
  if (Status s = checkCores(program, target); !s)
    return s;
  return checkCapacities(program, target);
}
