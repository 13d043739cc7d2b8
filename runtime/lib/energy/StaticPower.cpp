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
  for (const proto::Memory &memory : target.spec.memories()) {
    bool isOffChip = memory.kind().value() == getKindName(MemoryKind::OffChip);
    // Under the ideal model there is no off-chip memory.
    if (isOffChip && memoryModel == MemoryModel::Ideal)
      continue;
    Component component =
        isOffChip ? components::dram : components::scratchpad;
    watts[component.index] += memory.static_mw().value() * 1e-3;
  }
  return watts;
}
