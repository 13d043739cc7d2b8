//===- MachineModel.cpp - What arrays of a class cost -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/MachineModel.h"

#include <google/protobuf/descriptor.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace phx;

static std::vector<MachineModel> &getRegistry() {
  static std::vector<MachineModel> registry;
  return registry;
}

void phx::registerMachineModel(const MachineModel &model) {
  if (!model.machine || !model.charge) {
    // Work would be free without a word.
    std::fprintf(stderr,
                 "the model of machine class '%s' does not say %s; give its "
                 "MachineModel both before registerMachineModel\n",
                 model.machine ? std::string(model.machine->full_name()).c_str()
                               : "?",
                 model.machine ? "what instructions charge"
                               : "which message its machines are");
    std::abort();
  }
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

std::vector<std::string> phx::listMachineWarnings(const Target &target) {
  std::vector<std::string> warnings;
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (const MachineModel *model = findMachineModel(target, group);
        model && model->addWarnings)
      model->addWarnings(target, group, warnings);
  return warnings;
}
