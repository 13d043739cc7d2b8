//===- InputTarget.cpp - The target of what is compiled -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InputTarget.h"

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace photonic;

LogicalResult photonic::settleTarget(const CompileRequest &request,
                                     const TargetChoice &choice,
                                     ModuleOp module, Location loc,
                                     std::string &warning) {
  if (module.getOps<pisa::ProgramOp>().empty() || hasTarget(module))
    return settleTarget(module, choice, request.spelling, loc, warning);
  if (!choice.isGiven())
    return success();
  return emitError(loc) << spell(request.spelling,
                                 choice.target ? "target" : "set")
                        << " comes too late: the IR holds a program, which "
                           "names the target that it was made for; leave it "
                           "out, or start from an earlier stage";
}
