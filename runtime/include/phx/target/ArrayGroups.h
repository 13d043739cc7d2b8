//===- ArrayGroups.h - The arrays of a target in programs -------*- C++ -*-===//
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

} // namespace phx

#endif // PHX_TARGET_ARRAYGROUPS_H
