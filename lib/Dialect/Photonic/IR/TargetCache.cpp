//===- TargetCache.cpp - Targets by attribute ----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TargetCache.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace photonic::phot;

const phx::Result<phx::Target> &TargetCache::get(TargetAttr attribute) {
  std::lock_guard<std::mutex> lock(mutex);
  auto &target = targets[attribute];
  if (!target)
    target = std::make_unique<phx::Result<phx::Target>>(makeTarget(attribute));
  return *target;
}

const phx::Result<phx::Target> &PhotonicDialect::getMachine(TargetAttr target) {
  return targets->get(target);
}

static LogicalResult verifyMemory(Operation *op, Attribute value) {
  if (!isa<FunctionOpInterface>(op))
    return op->emitError("'") << PhotonicDialect::memoryAttrName
                              << "' belongs to a function, found it at '"
                              << op->getName() << "'; move it there";
  if (!isa<MemoryModelAttr>(value))
    return op->emitError("'") << PhotonicDialect::memoryAttrName
                              << "' has to be #photonic.memory<ideal> or "
                                 "#photonic.memory<hierarchy>, found "
                              << value;
  return success();
}

LogicalResult
PhotonicDialect::verifyOperationAttribute(Operation *op,
                                          NamedAttribute attribute) {
  if (attribute.getName() == memoryAttrName)
    return verifyMemory(op, attribute.getValue());
  if (attribute.getName() != targetAttrName)
    return success();
  if (!isa<ModuleOp>(op))
    return op->emitError("'")
           << targetAttrName << "' belongs to a module, found it at '"
           << op->getName() << "'; move it there";
  auto target = dyn_cast<TargetAttr>(attribute.getValue());
  if (!target)
    return op->emitError("'")
           << targetAttrName << "' has to be a #photonic.target<...>, found "
           << attribute.getValue()
           << "; remove it, and let photonic-opt --photonic-set-target write "
              "it";
  const phx::Result<phx::Target> &machine = getMachine(target);
  return machine ? success() : op->emitError(machine.error().message);
}
