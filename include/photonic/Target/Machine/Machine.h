//===- Machine.h - The machine that a program is made for -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What products run on, what a target needs so that there can be a program for
// it, and how passes ask for the target that the module carries.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_TARGET_MACHINE_MACHINE_H
#define PHOTONIC_TARGET_MACHINE_MACHINE_H

#include "photonic/Support/Spelling.h"
#include "photonic/Target/Machine/MachineLowering.h"

#include "phx/target/ArrayGroups.h"
#include "phx/target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Location.h"

#include <memory>
#include <optional>

namespace photonic {

/// A group of arrays that the compiler knows how to use.
struct Arrays : ArrayGroupRef, ArrayGeometry {
  const MachineLowering *lowering = nullptr; ///< never null

  Arrays(const ArrayGroupRef &group, const MachineLowering &lowering)
      : ArrayGroupRef(group), ArrayGeometry(lowering.getGeometry(group)),
        lowering(&lowering) {}
};

/// Loads a target, as phx::loadTarget does, with every machine class known.
/// Refuses one that programs cannot be made for: products need one group of
/// arrays whose class has a lowering, the rest a vector unit and memories.
phx::Result<phx::Target> loadMachine(const std::string &nameOrPath,
                                     const std::vector<std::string> &overrides);

//===----------------------------------------------------------------------===//
// The target of a module
//===----------------------------------------------------------------------===//

/// The target of the module around `op`, or of `op`; lives as long as the
/// context. Fails after an error at `op` if there is none, or none that
/// programs can be made for. Costs nothing to ask, from several threads too.
mlir::FailureOr<const phx::Target *> getTarget(mlir::Operation *op);

/// True if `module` carries a target.
bool hasTarget(mlir::ModuleOp module);

/// Lets `module` carry `target`, in place of what it carried.
void setTarget(mlir::ModuleOp module, const phx::Target &target);

/// The target of modules that carry none, where none is chosen.
inline constexpr const char *defaultTarget = "mirage";

/// What a user says of the target.
struct TargetChoice {
  std::optional<std::string> target;         ///< name or file, if one was given
  std::vector<std::string> overrides;        ///< field=value
  std::shared_ptr<const phx::Target> loaded; ///< by loadChoice

  bool isGiven() const { return target || !overrides.empty(); }
};

/// Loads the target that was chosen, `defaultTarget` if none was, before there
/// is a module; settleTarget reads no file again.
phx::Status loadChoice(TargetChoice &choice);

/// Lets `module` carry the target that was chosen, `defaultTarget` if none was.
/// A module that carries one keeps it, and changes without a target are changes
/// of that one: what was chosen has to agree with it in every field. Otherwise
/// fails after an error at `loc`, in the words of `spelling`, that names the
/// first field that does not and both values. On success `warning` says which
/// prices do not follow the structure that was chosen here; empty if all do.
mlir::LogicalResult settleTarget(mlir::ModuleOp module,
                                 const TargetChoice &choice, Spelling spelling,
                                 mlir::Location loc, std::string &warning);

/// The number format of products that `format` names on `machine`, complete:
/// the target's own if it is empty; "fp32" sums in the order of that.
std::string getFormatName(llvm::StringRef format, const phx::Target &machine);

//===----------------------------------------------------------------------===//
// Parts of a target
//===----------------------------------------------------------------------===//

/// The arrays that products run on, of a target that loadMachine has accepted;
/// groups of classes without a lowering stand idle.
Arrays getArrays(const phx::Target &machine);
/// Those of the group called `name`; none if there is no such group, or if its
/// class has no lowering.
std::optional<Arrays> findArrays(const phx::Target &machine,
                                 llvm::StringRef name);

/// The memory of such a target that serves `role`, and the one off chip:
/// indices into phx::getMemories.
uint32_t getMemory(const phx::Target &machine, phx::MemoryRole role);
uint32_t getOffChipMemory(const phx::Target &machine);

} // namespace photonic

#endif // PHOTONIC_TARGET_MACHINE_MACHINE_H
