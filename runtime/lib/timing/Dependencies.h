//===- Dependencies.h - How instructions depend on loop counters ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_DEPENDENCIES_H
#define PHX_LIB_TIMING_DEPENDENCIES_H

#include "phx/isa/Instruction.h"

#include <vector>

namespace phx::detail {

/// Closed range of integers, wide enough for sums of products.
struct Range {
  __int128 low = 0, high = 0;
  bool contains(const Range &other) const {
    return low <= other.low && other.high <= high;
  }
};

/// One value computed from loop counters on which an instruction's execution or
/// duration (or power) depends. As long as the value stays inside one of
/// `flat`, nothing changes.
struct Dependency {
  Affine value;
  std::vector<Range> flat;
  /// A count register that is added to the value.
  std::optional<uint32_t> registerIndex = std::nullopt;
  /// Of a guard that a register bounds: `flat` follows from it.
  std::optional<Guard> guard = std::nullopt;
  /// Without effect where the instruction's guard does not hold: all but the
  /// guard's own index.
  bool isGuarded = true;
};

/// All of them that vary at all. `withPower`: also what only the power depends
/// on, which is each count, and whether a stream starts an accumulation.
std::vector<Dependency> getDependencies(const Instruction &instruction,
                                        bool withPower);

/// The dependency of executing something where a guard holds.
Dependency getDependency(const Guard &guard);
/// Where the index of a guard without registers stays on one side of its
/// bounds.
std::vector<Range> getFlat(const Guard &guard);

/// Which arrays execute the instruction, if that varies: nothing stays as it is
/// when their number changes.
std::optional<Dependency> getArrayDependency(const Instruction &instruction);

/// Whether one of the dependencies is on loop counters, and not only on lanes,
/// or on count registers.
bool varies(const Instruction &instruction, bool withPower);

} // namespace phx::detail

#endif // PHX_LIB_TIMING_DEPENDENCIES_H
