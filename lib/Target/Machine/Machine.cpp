//===- Machine.cpp - The machine that a program is made for ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/Machine/Machine.h"

#include "photonic/Dialect/Photonic/IR/Target.h"

#include "machines/AllTargets.h"
#include "machines/rns/Operations.h"

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

/// Why no program can be made for this target; empty if one can.
static std::string explainRefusal(const phx::Target &machine) {
  const phx::proto::Target &spec = machine.spec;
  std::string at = machine.path + ": ";
  if (spec.groups_size() != 1 || !phx::rns::findArrays(machine))
    return at +
           "the compiler maps products onto one group of arrays of class "
           "'rns'; target '" +
           spec.name() + "' has " + std::to_string(spec.groups_size()) +
           (spec.groups_size() == 1 ? " group, of another class" : " groups");
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
  const auto &own = machine.spec.format();
  std::string group = std::to_string(own.group().value());
  if (format.empty())
    return "bfp:" + std::to_string(own.mantissa_bits().value()) + ":" + group +
           ":" + own.rounding().value();
  return format == "fp32" ? "fp32:" + group : format.str();
}

//===----------------------------------------------------------------------===//
// Parts of a target
//===----------------------------------------------------------------------===//

Arrays photonic::getArrays(const phx::Target &machine) {
  return *phx::rns::findArrays(machine);
}

static std::string listModuli(ArrayRef<int64_t> moduli) {
  std::string text = "[";
  for (int64_t modulus : moduli)
    text += (text.size() > 1 ? ", " : "") + std::to_string(modulus);
  return text + "]";
}

phx::Status photonic::checkArrayPass(const phx::Target &machine, size_t group,
                                     const phx::OperationList &pass) {
  const phx::proto::Group &own = machine.spec.groups(static_cast<int>(group));
  std::string machineClass =
      phx::getArrayGroups(machine)[group].machineClass;
  for (const phx::TableOperation &operation : pass) {
    const std::string &wanted = operation.getDescription()->machineClass;
    if (!wanted.empty() && wanted != machineClass)
      return phx::Error{"expected what arrays of class '" + machineClass +
                        "' compute ('" + own.name() + "' of target '" +
                        machine.spec.name() + "'), found " +
                        phx::toAssembly(operation) + " of class '" + wanted +
                        "'"};
  }
  const auto *dot = phx::findIn<phx::rns::ModularDot>(pass);
  if (!dot)
    return phx::Status::success();
  Arrays arrays = phx::rns::getArrays(machine, group);
  ArrayRef<int64_t> moduli(arrays.getModuli().data(),
                           arrays.getModuli().size());
  if (ArrayRef<int64_t>(dot->moduli) == moduli)
    return phx::Status::success();
  return phx::Error{"expected moduli " + listModuli(moduli) +
                    ", which the arrays '" + own.name() + "' of target '" +
                    machine.spec.name() + "' have, found " +
                    listModuli(dot->moduli) +
                    "; run photonic-split-rns for this target"};
}

uint32_t photonic::getMemory(const phx::Target &machine, phx::MemoryRole role) {
  return *phx::findMemory(machine, role);
}

uint32_t photonic::getOffChipMemory(const phx::Target &machine) {
  return *phx::findOffChipMemory(machine);
}
