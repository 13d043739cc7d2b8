//===- Machine.cpp - The machine that a program is made for ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/Machine/Machine.h"

#include "photonic/Dialect/Photonic/IR/Target.h"

#include "machines/AllTargets.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace photonic;

static std::string describeMemory(phx::MemoryRole role) {
  return std::string("memories (one with the role ") + phx::getRoleName(role) +
         ")";
}

/// Parts without which there is no program; empty if nothing is missing.
static std::string listMissingParts(const phx::Target &machine) {
  const std::pair<std::string, bool> parts[] = {
      {"vector_unit", machine.spec.has_vector_unit()},
      {describeMemory(phx::MemoryRole::Stationary),
       phx::findMemory(machine, phx::MemoryRole::Stationary).has_value()},
      {describeMemory(phx::MemoryRole::Streamed),
       phx::findMemory(machine, phx::MemoryRole::Streamed).has_value()},
      {describeMemory(phx::MemoryRole::Result),
       phx::findMemory(machine, phx::MemoryRole::Result).has_value()},
      {"memories (one of kind off_chip)",
       phx::findOffChipMemory(machine).has_value()},
      {"dma", machine.spec.has_dma()}};
  std::string missing;
  for (const auto &[name, isThere] : parts)
    if (!isThere)
      missing += (missing.empty() ? "" : ", ") + name;
  return missing;
}

/// The groups of arrays whose class has a lowering.
static std::vector<Arrays> listArrays(const phx::Target &machine) {
  std::vector<Arrays> arrays;
  for (size_t g = 0; g < machine.machines.size(); ++g)
    if (const auto *lowering = findMachineLowering({machine, g}))
      arrays.emplace_back(ArrayGroupRef{machine, g}, *lowering);
  return arrays;
}

/// Why products have no arrays to run on; empty if they have.
static std::string explainArrays(const phx::Target &machine) {
  std::vector<Arrays> arrays = listArrays(machine);
  if (arrays.size() == 1)
    return "";
  std::string text =
      "the compiler maps products onto one group of arrays of class '" +
      llvm::join(listMachineLowerings(), "' or '") + "'; target '" +
      machine.spec.name() + "' has ";
  if (arrays.empty()) {
    int groups = machine.spec.groups_size();
    return text + std::to_string(groups) +
           (groups == 0   ? " groups"
            : groups == 1 ? " group, of another class"
                          : " groups, of other classes");
  }
  text += std::to_string(arrays.size()) + " of them";
  for (const Arrays &each : arrays)
    text += (&each == &arrays.front() ? ": '" : ", '") + each.getSpec().name() +
            "'";
  return text + "; leave one of them";
}

/// Why no program can be made for this target; empty if one can.
static std::string explainRefusal(const phx::Target &machine) {
  const phx::proto::Target &spec = machine.spec;
  std::string at = machine.path + ": ";
  if (std::string wrong = explainArrays(machine); !wrong.empty())
    return at + wrong;
  std::string missing = listMissingParts(machine);
  if (!missing.empty())
    return at + "programs need the parts " + missing + ", which target '" +
           spec.name() + "' does not have; add them to its description";
  return "";
}

phx::Result<phx::Target>
photonic::loadMachine(const std::string &nameOrPath,
                      const std::vector<std::string> &overrides) {
  phx::registerAllMachineTargets();
  phx::Result<phx::Target> machine = phx::loadTarget(nameOrPath, overrides);
  if (machine)
    if (std::string refusal = explainRefusal(*machine); !refusal.empty())
      return phx::Error{refusal};
  return machine;
}

//===----------------------------------------------------------------------===//
// The target of a module
//===----------------------------------------------------------------------===//

bool photonic::hasTarget(ModuleOp module) {
  return module->hasAttr(phot::PhotonicDialect::targetAttrName);
}

void photonic::setTarget(ModuleOp module, const phx::Target &target) {
  MLIRContext *context = module.getContext();
  context->getOrLoadDialect<phot::PhotonicDialect>();
  module->setAttr(phot::PhotonicDialect::targetAttrName,
                  phot::getTargetAttr(context, target));
}

/// The target that a module around `op` carries; null if none does.
static phot::TargetAttr findTarget(Operation *op) {
  for (; op; op = op->getParentOp())
    if (isa<ModuleOp>(op))
      if (auto target = op->getAttrOfType<phot::TargetAttr>(
              phot::PhotonicDialect::targetAttrName))
        return target;
  return {};
}

FailureOr<const phx::Target *> photonic::getTarget(Operation *op) {
  phot::TargetAttr attribute = findTarget(op);
  if (!attribute)
    return op->emitError("expected a module that carries its target, the "
                         "attribute '")
           << phot::PhotonicDialect::targetAttrName
           << "', and found none; write it with photonic-opt "
              "--photonic-set-target=target="
           << defaultTarget
           << " in front of the passes that need it, or compile with "
              "photonic-compile --target";
  auto *dialect =
      op->getContext()->getOrLoadDialect<phot::PhotonicDialect>();
  const phx::Result<phx::Target> &machine = dialect->getMachine(attribute);
  std::string problem =
      machine ? explainRefusal(*machine) : machine.error().message;
  if (!problem.empty())
    return op->emitError(problem);
  return &*machine;
}

std::string photonic::getFormatName(StringRef format,
                                    const phx::Target &machine) {
  if (format.empty()) {
    Arrays arrays = getArrays(machine);
    return arrays.lowering->getDefaultFormat(arrays);
  }
  return format == "fp32"
             ? "fp32:" + std::to_string(machine.spec.format().group().value())
             : format.str();
}

//===----------------------------------------------------------------------===//
// Parts of a target
//===----------------------------------------------------------------------===//

Arrays photonic::getArrays(const phx::Target &machine) {
  return listArrays(machine).front();
}

std::optional<Arrays> photonic::findArrays(const phx::Target &machine,
                                           StringRef name) {
  for (const Arrays &arrays : listArrays(machine))
    if (arrays.getSpec().name() == name)
      return arrays;
  return std::nullopt;
}

uint32_t photonic::getMemory(const phx::Target &machine, phx::MemoryRole role) {
  return *phx::findMemory(machine, role);
}

uint32_t photonic::getOffChipMemory(const phx::Target &machine) {
  return *phx::findOffChipMemory(machine);
}
