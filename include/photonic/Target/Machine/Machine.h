//===- Machine.h - The machine that a program is made for -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place where the compiler meets machine classes: what products run on,
// and what a target needs so that there can be a program for it.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_TARGET_MACHINE_MACHINE_H
#define PHOTONIC_TARGET_MACHINE_MACHINE_H

#include "machines/rns/Target.h"
#include "phx/target/ArrayGroups.h"
#include "phx/target/Target.h"

namespace photonic {

/// Geometry and times of the arrays that products run on.
using Arrays = phx::rns::Arrays;

/// Loads a target, as phx::loadTarget does, with every machine class known.
/// Refuses one that programs cannot be made for: products need one group of
/// residue arrays, the rest a vector unit and memories.
phx::Result<phx::Target> loadMachine(const std::string &nameOrPath,
                                     const std::vector<std::string> &overrides);

/// The arrays of a target that loadMachine has accepted.
Arrays getArrays(const phx::Target &machine);

/// The memory of such a target that serves `role`, and the one off chip:
/// indices into phx::getMemories.
uint32_t getMemory(const phx::Target &machine, phx::MemoryRole role);
uint32_t getOffChipMemory(const phx::Target &machine);

} // namespace photonic

#endif // PHOTONIC_TARGET_MACHINE_MACHINE_H
