//===- StaticPower.cpp - Power drawn whatever runs --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

using namespace phx;

Energies phx::getStaticPower(const Target &target, MemoryModel memoryModel) {
  Energies watts{};
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (const MachineModel *model = findMachineModel(target, group);
        model && model->addStaticPower)
      model->addStaticPower(target, group, watts);
  watts[components::scratchpad.index] =
      target.spec.scratchpads().static_mw().value() * 1e-3;
  // Under the ideal model there is no off-chip memory.
  if (memoryModel == MemoryModel::Hierarchy)
    watts[components::dram.index] =
        target.spec.dram().static_mw().value() * 1e-3;
  return watts;
}
