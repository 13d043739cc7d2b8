//===- MachineRecord.h - What stages took from the target -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Behind `format` the IR follows from facts of the target. The module carries
// those that its stages used, so that who goes on with another target is told,
// and does not get a program for half of each.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PIPELINES_MACHINERECORD_H
#define PHOTONIC_PIPELINES_MACHINERECORD_H

#include "photonic/Pipelines/Pipelines.h"

namespace photonic {

/// The attribute of a module: an array of "field=value", sorted.
inline constexpr llvm::StringLiteral machineAttrName = "photonic.machine";

/// Notes in `module` what `stage`, which has just been run, and those before it
/// took from `machine`. A program has the hash of all, so that `schedule` takes
/// the note off.
void recordMachine(mlir::ModuleOp module, const phx::Target &machine,
                   Stage stage);

/// Fails after a diagnostic at `loc` if a stage took something else than
/// `machine` has. IR without a note is not checked: it was written by hand.
mlir::LogicalResult checkMachine(mlir::ModuleOp module,
                                 const phx::Target &machine,
                                 mlir::Location loc);

} // namespace photonic

#endif // PHOTONIC_PIPELINES_MACHINERECORD_H
