//===- ArrayGroups.cpp - The arrays of a target in programs -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/target/ArrayGroups.h"

#include "phx/target/MachineClass.h"

using namespace phx;

std::vector<ArrayGroup> phx::getArrayGroups(const Target &target) {
  std::vector<ArrayGroup> groups;
  for (size_t g = 0; g < target.machines.size(); ++g) {
    const proto::Group &spec = target.spec.groups(static_cast<int>(g));
    const MachineClass *machineClass =
        target.machines[g]
            ? findMachineClass(target.machines[g]->GetDescriptor())
            : nullptr;
    groups.push_back({spec.name(), machineClass ? machineClass->name : "",
                      static_cast<uint32_t>(spec.count().value()),
                      static_cast<uint32_t>(spec.rows().value()),
                      static_cast<uint32_t>(spec.columns().value())});
  }
  return groups;
}
