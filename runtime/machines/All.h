//===- All.h - Every machine class ------------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_ALL_H
#define MACHINES_ALL_H

namespace phx {

/// Makes every machine class known, its targets and its simulation. Safe to
/// call more than once and from several threads, before targets are loaded.
void registerAllMachines();

} // namespace phx

#endif // MACHINES_ALL_H
