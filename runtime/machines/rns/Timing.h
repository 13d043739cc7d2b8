//===- Timing.h - Time of residue cores -------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_TIMING_H
#define MACHINES_RNS_TIMING_H

#include "phx/timing/ClassDurations.h"

namespace phx::rns {

/// Of all groups of a target that are of this class.
std::unique_ptr<ClassDurations> makeDurations(const Target &target);

} // namespace phx::rns

#endif // MACHINES_RNS_TIMING_H
