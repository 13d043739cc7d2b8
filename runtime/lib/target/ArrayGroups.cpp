//===- ArrayGroups.cpp - The arrays of a target in programs -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/target/ArrayGroups.h"

#include "phx/target/MachineClass.h"

#include <algorithm>

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

/// The group of that name, as programs number it.
static std::optional<uint32_t> findGroupIndex(const Target &target,
                                              const std::string &name) {
  for (int g = 0; g < target.spec.groups_size(); ++g)
    if (target.spec.groups(g).name() == name)
      return static_cast<uint32_t>(g);
  return std::nullopt;
}

static MemoryKind getKind(const proto::Memory &memory) {
  for (MemoryKind kind : {MemoryKind::OffChip, MemoryKind::Resident})
    if (memory.kind().value() == getKindName(kind))
      return kind;
  return MemoryKind::OnChip;
}

std::vector<ProgramMemory> phx::getMemories(const Target &target) {
  std::vector<ProgramMemory> memories;
  for (const proto::Memory &spec : target.spec.memories()) {
    ProgramMemory memory;
    memory.name = spec.name();
    memory.kind = getKind(spec);
    if (memory.kind == MemoryKind::Resident)
      memory.group = findGroupIndex(target, spec.group().value());
    memory.capacity = spec.capacity_bytes().value();
    for (const std::string &name : spec.types().values())
      if (std::optional<ElementType> type = findType(name))
        memory.types.push_back(*type);
    std::sort(memory.types.begin(), memory.types.end());
    memories.push_back(std::move(memory));
  }
  return memories;
}

const char *phx::getRoleName(MemoryRole role) {
  static const char *const names[numMemoryRoles] = {"stationary", "streamed",
                                                    "result"};
  return names[static_cast<unsigned>(role)];
}

std::optional<uint32_t> phx::findMemory(const Target &target, MemoryRole role) {
  for (int m = 0; m < target.spec.memories_size(); ++m) {
    const auto &roles = target.spec.memories(m).roles().values();
    if (std::find(roles.begin(), roles.end(), getRoleName(role)) != roles.end())
      return static_cast<uint32_t>(m);
  }
  return std::nullopt;
}

std::optional<uint32_t> phx::findOffChipMemory(const Target &target) {
  for (int m = 0; m < target.spec.memories_size(); ++m)
    if (getKind(target.spec.memories(m)) == MemoryKind::OffChip)
      return static_cast<uint32_t>(m);
  return std::nullopt;
}
