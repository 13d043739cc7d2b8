//===- MachineRecord.cpp - What stages took from the target ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Pipelines/MachineRecord.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace photonic;

/// The stage that a structural field is used by first: number formats, then
/// arrays, then all that buffers and the order of instructions depend on.
static Stage getUser(StringRef field, const phx::Target &machine) {
  if (field.starts_with("format."))
    return Stage::Format;
  StringRef part = field.split('.').first;
  bool isGroup = llvm::any_of(machine.spec.groups(), [&](const auto &group) {
    return group.name() == part;
  });
  return isGroup ? Stage::Split : Stage::Schedule;
}

void photonic::recordMachine(ModuleOp module, const phx::Target &machine,
                             Stage stage) {
  if (stage < Stage::Format)
    return;
  if (stage >= Stage::Schedule) {
    module->removeAttr(machineAttrName);
    return;
  }
  Builder builder(module.getContext());
  SmallVector<Attribute> lines;
  for (const std::string &line : phx::listStructure(machine))
    if (getUser(StringRef(line).split('=').first, machine) <= stage)
      lines.push_back(builder.getStringAttr(line));
  module->setAttr(machineAttrName, builder.getArrayAttr(lines));
}

LogicalResult photonic::checkMachine(ModuleOp module,
                                     const phx::Target &machine, Location loc) {
  Attribute note = module->getDiscardableAttr(machineAttrName);
  if (!note)
    return success();
  auto lines = dyn_cast<ArrayAttr>(note);
  if (!lines || !llvm::all_of(lines, llvm::IsaPred<StringAttr>))
    return emitError(loc) << "'" << machineAttrName
                          << "' has to be an array of \"field=value\", found "
                          << note << "; remove it, or compile the model again";
  std::vector<std::string> structure = phx::listStructure(machine);
  llvm::StringMap<StringRef> now;
  for (StringRef line : structure)
    now[line.split('=').first] = line.split('=').second;
  for (StringRef line : lines.getAsValueRange<StringAttr>()) {
    auto [field, then] = line.split('=');
    auto it = now.find(field);
    if (it != now.end() && it->second == then)
      continue;
    Stage user = field.starts_with("format.") ? Stage::Format : Stage::Split;
    InFlightDiagnostic diagnostic = emitError(loc);
    diagnostic << "stage '" << getStageName(user) << "' was run for " << field
               << " " << then << ", and target '" << machine.spec.name()
               << "' has ";
    if (it == now.end())
      diagnostic << "no such field";
    else
      diagnostic << it->second;
    return diagnostic << ": give the target that the stages before were run "
                         "for, with its changes, or start from an earlier "
                         "stage";
  }
  return success();
}
