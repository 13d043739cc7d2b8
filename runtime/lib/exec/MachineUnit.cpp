//===- MachineUnit.cpp - What executes a class's instructions -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/MachineUnit.h"

#include <map>

using namespace phx;
using namespace phx::exec;

static std::map<std::string, MachineUnitFactory> &getFactories() {
  static std::map<std::string, MachineUnitFactory> factories;
  return factories;
}

void exec::registerMachineUnit(const std::string &machineClass,
                               MachineUnitFactory factory) {
  getFactories()[machineClass] = factory;
}

Result<std::unique_ptr<MachineUnit>>
exec::makeMachineUnit(const std::string &machineClass, Context &context,
                      const UnitOptions &options) {
  auto found = getFactories().find(machineClass);
  if (found != getFactories().end())
    return found->second(context, options);
  std::string known;
  for (const auto &[name, factory] : getFactories())
    known += (known.empty() ? "" : ", ") + name;
  return Error{"the program has instructions of machine class '" +
               machineClass + "', which this simulator does not execute; it "
               "has " + (known.empty() ? "none" : known)};
}
