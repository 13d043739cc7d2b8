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

std::vector<ProgramMemory> phx::getMemories(const Target &target) {
  const std::vector<ElementType> types = {ElementType::F32, ElementType::I32,
                                          ElementType::I64, ElementType::U8,
                                          ElementType::Bool};
  const proto::Scratchpads &pads = target.spec.scratchpads();
  auto make = [&](const char *name, MemoryKind kind, int64_t capacity) {
    return ProgramMemory{name, kind, std::nullopt, capacity, 0, types};
  };
  return {make("dram", MemoryKind::OffChip,
               target.spec.dram().capacity_bytes().value()),
          make("act", MemoryKind::OnChip, pads.activation_bytes().value()),
          make("wgt", MemoryKind::OnChip, pads.weight_bytes().value()),
          make("grad", MemoryKind::OnChip, pads.gradient_bytes().value())};
}

std::optional<uint32_t> phx::findMemory(const Target &target, MemoryRole role) {
  if (!target.spec.has_scratchpads())
    return std::nullopt;
  switch (role) {
  case MemoryRole::Streamed:
    return 1;
  case MemoryRole::Stationary:
    return 2;
  case MemoryRole::Result:
    return 3;
  }
  return std::nullopt;
}

std::optional<uint32_t> phx::findOffChipMemory(const Target &target) {
  return target.spec.has_dram() ? std::optional<uint32_t>(0) : std::nullopt;
}
