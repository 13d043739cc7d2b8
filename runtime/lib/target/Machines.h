//===- Machines.h - Machines in a description ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TARGET_MACHINES_H
#define PHX_LIB_TARGET_MACHINES_H

#include "phx/target/Target.h"

namespace phx::target {

/// What Protocol Buffers put before the name of a message in an Any.
inline constexpr const char *anyPrefix = "type.googleapis.com/";

/// "this program knows rns (type.googleapis.com/phx.proto.rns.Machine)".
std::string listMachineClasses();

/// Fills target.machines[group] from the text form; what is wrong with it, or
/// nothing.
std::string unpackMachine(Target &target, size_t group);

} // namespace phx::target

#endif // PHX_LIB_TARGET_MACHINES_H
