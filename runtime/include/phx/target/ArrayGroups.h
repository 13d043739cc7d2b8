//===- ArrayGroups.h - Arrays and memories in programs ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_TARGET_ARRAYGROUPS_H
#define PHX_TARGET_ARRAYGROUPS_H

#include "phx/isa/Program.h"
#include "phx/target/Target.h"

namespace phx {

/// The groups of a program that is made for `target`, in the target's order.
std::vector<ArrayGroup> getArrayGroups(const Target &target);

/// Its memories, in the target's order; nothing is used of them.
std::vector<ProgramMemory> getMemories(const Target &target);

/// What a memory on chip holds for the arrays; one may have several roles.
enum class MemoryRole : uint8_t {
  Stationary, ///< operands that stay in the arrays, and parameters
  Streamed,   ///< operands that pass the arrays
  Result,     ///< results and partial sums
};
inline constexpr unsigned numMemoryRoles = 3;
/// "stationary", "streamed", "result".
const char *getRoleName(MemoryRole role);
/// The memory of that role, an index into getMemories; the first of several.
std::optional<uint32_t> findMemory(const Target &target, MemoryRole role);
/// The first memory off chip.
std::optional<uint32_t> findOffChipMemory(const Target &target);

} // namespace phx

#endif // PHX_TARGET_ARRAYGROUPS_H
