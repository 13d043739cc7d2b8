//===- ProgramAnalysis.cpp - The plain form of a program, made once -------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/ProgramAnalysis.h"

#include "photonic/Target/PHX/PHX.h"

using namespace mlir;

photonic::pisa::ProgramAnalysis::ProgramAnalysis(ModuleOp module)
    : op(getOnlyProgram(module)) {
  if (!op)
    return;
  FailureOr<phx::Program> exported = exportProgram(op);
  if (succeeded(exported))
    program = std::make_shared<phx::Program>(std::move(*exported));
  else
    op = {};
}
