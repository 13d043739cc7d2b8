//===- ProgramTarget.cpp - The target of a program and its module ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/Machine/Machine.h"
#include "photonic/Target/PHX/PHX.h"

using namespace mlir;
using namespace photonic;

LogicalResult photonic::checkTarget(pisa::ProgramOp program) {
  auto module = program->getParentOfType<ModuleOp>();
  if (!module || !hasTarget(module))
    return success();
  FailureOr<const phx::Target *> target = getTarget(module);
  if (failed(target))
    return failure();
  const phx::Target &machine = **target;
  // As the text of programs has them.
  auto expected = static_cast<int64_t>(machine.structuralHash),
       found = static_cast<int64_t>(program.getHash());
  if (program.getTarget() == machine.spec.name() && expected == found)
    return success();
  return program.emitError("is made for target '")
         << program.getTarget() << "' with hash " << found
         << ", and the module carries target '" << machine.spec.name()
         << "' with hash " << expected
         << "; compile the model again for the target that is meant";
}
