//===- TestMemories.h - The memories of hand-built programs -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_TESTMEMORIES_H
#define PHX_UNITTESTS_SUPPORT_TESTMEMORIES_H

#include "phx/isa/Program.h"

namespace phx {

/// Numbers in the table of makeMemories, that of the reference machine.
namespace mem {
inline constexpr uint32_t dram = 0, act = 1, wgt = 2, grad = 3;
inline constexpr uint32_t count = 4;
} // namespace mem

/// Off-chip memory and three on chip as those of the reference machine, of
/// which `bytes` are used.
inline std::vector<ProgramMemory>
makeMemories(std::array<int64_t, mem::count> bytes = {}) {
  std::vector<ProgramMemory> memories;
  for (const char *name : {"dram", "act", "wgt", "grad"}) {
    bool isOffChip = memories.empty();
    ProgramMemory memory;
    memory.name = name;
    memory.kind = isOffChip ? MemoryKind::OffChip : MemoryKind::OnChip;
    memory.bytes = bytes[memories.size()];
    memory.capacity = isOffChip ? int64_t(1) << 34 : int64_t(1) << 23;
    memory.types = {ElementType::F32, ElementType::I32,  ElementType::I64,
                    ElementType::U8,  ElementType::Bool, ElementType::Block};
    memories.push_back(memory);
  }
  return memories;
}

} // namespace phx

#endif // PHX_UNITTESTS_SUPPORT_TESTMEMORIES_H
