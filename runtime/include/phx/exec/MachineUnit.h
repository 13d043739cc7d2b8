//===- MachineUnit.h - What executes a class's instructions -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_EXEC_MACHINEUNIT_H
#define PHX_EXEC_MACHINEUNIT_H

#include "phx/exec/Context.h"
#include "phx/exec/Executor.h"

#include <memory>

namespace phx::exec {

/// How values are computed; equal bits either way, but for `bypassFormats`.
struct UnitOptions {
  /// Binary32 products instead of those of the number formats.
  bool bypassFormats = false;
  /// No detour over residues or passes where the result provably is the same.
  bool plainIntegers = false;
};

/// All arrays of one machine class, with their state, during one run.
class MachineUnit {
public:
  virtual ~MachineUnit() = default;
  /// Executes an instruction of the class that is not skipped, by one array:
  /// the engine of the context, which also holds place and counters. Of several
  /// lanes one comes after the other. `statistics`: of the instruction's layer,
  /// or null.
  virtual Status execute(const Instruction &instruction,
                         LayerStatistics *statistics) = 0;
};

/// Makes the unit of one run. Errors: the program's tables ask for what the
/// unit cannot compute.
using MachineUnitFactory =
    Result<std::unique_ptr<MachineUnit>> (*)(Context &context,
                                             const UnitOptions &options);

/// Makes executors know a class; once more does nothing. The process ends if the
/// class has another factory. `bypassesFormats`: its units compute in binary32
/// where UnitOptions ask for it. Without that a program with instructions of the
/// class is compared to nothing, and cannot be run in binary32.
void registerMachineUnit(const std::string &machineClass,
                         MachineUnitFactory factory,
                         bool bypassesFormats = false);
/// Whether all units of a program do.
bool canBypassFormats(const Program &program);
/// Errors: the class is not registered; it has no bypass and is asked for it.
Result<std::unique_ptr<MachineUnit>>
makeMachineUnit(const std::string &machineClass, Context &context,
                const UnitOptions &options);

} // namespace phx::exec

#endif // PHX_EXEC_MACHINEUNIT_H
