//===- Checks.h - Rules of residue arrays -----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_CHECKS_H
#define MACHINES_RNS_CHECKS_H

#include "phx/target/MachineClass.h"

namespace phx::rns {

/// Moduli, range of a pass, converters, the target's format and its memories.
void checkMachine(GroupChecker &checker);

} // namespace phx::rns

#endif // MACHINES_RNS_CHECKS_H
