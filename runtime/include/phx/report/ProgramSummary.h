//===- ProgramSummary.h - What a program file says --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_REPORT_PROGRAMSUMMARY_H
#define PHX_REPORT_PROGRAMSUMMARY_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <string>

namespace phx {

/// What a structurally valid program is and consists of, as JSON without a
/// target: "header" (name, target, memory model, kind, ...), "memories" and
/// "regions" (bytes), "layers" with "instructions", "transfers" and "products",
/// and "rest", what belongs to no layer. Executions and bytes are those of one
/// run; "is_bound" says that they are those of the largest counts. Errors: see
/// takeInventory.
Result<std::string> makeProgramSummary(const Program &program);

} // namespace phx

#endif // PHX_REPORT_PROGRAMSUMMARY_H
