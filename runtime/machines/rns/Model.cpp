//===- Model.cpp - Registration of the simulation ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/CoreUnit.h"
#include "machines/rns/Energy.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Timing.h"

#include <algorithm>

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

/// Its passes are in the residues that the arrays have.
static Status checkProgram(const Program &program, const Target &target,
                           size_t group) {
  const auto &moduli = getArrays(target, group).getModuli();
  for (const OperationList &pass : program.passes)
    if (const ModularDot *dot = findIn<ModularDot>(pass);
        dot && !std::equal(dot->moduli.begin(), dot->moduli.end(),
                           moduli.begin(), moduli.end()))
      return Error{"the program's products use other moduli than target '" +
                   target.spec.name() + "' has (" +
                   target.spec.groups(static_cast<int>(group)).name() +
                   ".moduli); recompile the model for this target"};
  return Status::success();
}

void rns::registerModel() {
  exec::registerMachineUnit("rns", exec::CoreUnit::create,
                            /*bypassesFormats=*/true);
  registerDurations("rns", makeDurations);
  getArrayCounters();
  registerMachineModel(
      {Machine::descriptor(), charge, addStaticPower, addArea, getPeakMacs,
       getPaperFigures,
       "products only: latency is the sum over layers of core_ns; energy is "
       "the dynamic energy of core instructions without scratchpads and "
       "DRAM, plus the lasers of all cores over that latency; digital "
       "operations, memories and transfers are free",
       "lasers of all cores over the whole run", checkProgram});
}
