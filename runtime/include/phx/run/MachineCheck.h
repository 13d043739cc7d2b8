//===- MachineCheck.h - Does a program fit a machine -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_MACHINECHECK_H
#define PHX_RUN_MACHINECHECK_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"
#include "phx/target/Target.h"

namespace phx {

/// Checks what a program states against the machine it is to run on: groups of
/// arrays, what their class asks for (see MachineModel::checkProgram) and, under
/// `hierarchy`, the capacity of every memory. The structural hash vouches for the target that the compiler
/// saw; this vouches for the instructions. Errors name the field of the target,
/// what the program needs and what there is.
Status checkMachine(const Program &program, const Target &target);

} // namespace phx

#endif // PHX_RUN_MACHINECHECK_H
