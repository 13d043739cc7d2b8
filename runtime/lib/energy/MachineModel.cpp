//===- MachineModel.cpp - What arrays of a class cost -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/MachineModel.h"

using namespace phx;

static std::vector<MachineModel> &getRegistry() {
  static std::vector<MachineModel> registry;
  return registry;
}

void phx::registerMachineModel(const MachineModel &model) {
  for (const MachineModel &known : getRegistry())
    if (known.machine == model.machine)
      return;
  getRegistry().push_back(model);
}

const MachineModel *phx::findMachineModel(const Target &target, size_t group) {
  if (group < target.machines.size() && target.machines[group])
    for (const MachineModel &known : getRegistry())
      if (known.machine == target.machines[group]->GetDescriptor())
        return &known;
  return nullptr;
}
