//===- Model.cpp - Registration of the simulation ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/CoreUnit.h"
#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Timing.h"

#include <algorithm>
#include <set>
#include <string>

using namespace phx;
using namespace phx::rns;

static void addStaticPower(const Target &target, size_t group,
                           Energies &watts) {
  watts[getArrayComponents().laser.index] +=
      getLaserPower(getArrays(target, group));
}

static double getPeakMacs(const Target &target, size_t group) {
  Arrays arrays = getArrays(target, group);
  return static_cast<double>(arrays.count) * static_cast<double>(arrays.rows) *
         static_cast<double>(arrays.columns) *
         arrays.machine->clock_ghz().value();
}

/// Products only, as the paper counts: no digital operations, no memory.
static PaperFigures getPaperFigures(const Target &target, size_t group,
                                    const Energies &dynamic, double latencyNs) {
  PaperFigures figures;
  figures.scratchpadPj = get(dynamic, components::scratchpad);
  double laserPj = getLaserPower(getArrays(target, group)) * latencyNs * 1e3;
  figures.energyPj = sum(dynamic) - figures.scratchpadPj -
                     get(dynamic, components::dram) + laserPj;
  return figures;
}

/// The passes that arrays of the group are asked for.
static std::set<uint32_t> listPasses(const Program &program, size_t group) {
  std::set<uint32_t> passes;
  for (const Instruction &instruction : program.code)
    RnsInstructions::forEach([&]<typename T>() {
      const T *body = getIf<T>(instruction.body);
      if constexpr (requires { body->pass; })
        if (body && instruction.engine.group == group)
          passes.insert(body->pass);
    });
  return passes;
}

/// "[31, 32, 33]".
template <typename Moduli> static std::string toText(const Moduli &moduli) {
  std::string text;
  for (int64_t modulus : moduli)
    text += (text.empty() ? "[" : ", ") + std::to_string(modulus);
  return text + "]";
}

/// They are in the residues that these arrays have; other groups have others.
static Status checkProgram(const Program &program, const Target &target,
                           size_t group) {
  const auto &moduli = getArrays(target, group).getModuli();
  for (uint32_t pass : listPasses(program, group)) {
    const ModularDot *dot = findIn<ModularDot>(program.passes[pass]);
    if (!dot || std::equal(dot->moduli.begin(), dot->moduli.end(),
                           moduli.begin(), moduli.end()))
      continue;
    const std::string &name =
        target.spec.groups(static_cast<int>(group)).name();
    return Error{"the program's products on arrays of '" + name +
                 "' use other moduli, " + toText(dot->moduli) +
                 ", than target '" + target.spec.name() + "' has, " +
                 toText(moduli) + " (" + name +
                 ".moduli); recompile the model for this target"};
  }
  return Status::success();
}

void rns::registerModel() {
  exec::registerMachineUnit("rns", CoreUnit::create,
                            /*bypassesFormats=*/true);
  registerDurations("rns", makeDurations);
  getArrayCounters();
  getArrayParts();
  registerMachineModel(
      {Machine::descriptor(), charge, addStaticPower, addArea, getPeakMacs,
       getPaperFigures,
       "products only: latency is the sum over layers of core_ns; energy is "
       "the dynamic energy of core instructions without scratchpads and "
       "DRAM, plus the lasers of all cores over that latency; digital "
       "operations, memories and transfers are free",
       "lasers of all cores over the whole run", checkProgram, addWarnings});
}
