//===- AllTargets.h - What targets can be made of ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_ALLTARGETS_H
#define MACHINES_ALLTARGETS_H

namespace phx {

/// Makes every machine class known to loadTarget, and its instructions to the
/// instruction set: what the compiler needs. Safe to call more than once and from several threads.
void registerAllMachineTargets();

} // namespace phx

#endif // MACHINES_ALLTARGETS_H
