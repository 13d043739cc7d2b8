//===- InputTarget.h - The target of what is compiled -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DRIVER_INPUTTARGET_H
#define PHOTONIC_LIB_DRIVER_INPUTTARGET_H

#include "photonic/Driver/Request.h"
#include "photonic/Target/Machine/Machine.h"

namespace photonic {

/// Lets `module`, from which `request` goes on, carry its target; a program
/// need not. Fails after an error at `loc` if `choice` says something else than
/// the input. `warning`: prices that do not follow the structure that was
/// chosen.
mlir::LogicalResult settleTarget(const CompileRequest &request,
                                 const TargetChoice &choice,
                                 mlir::ModuleOp module, mlir::Location loc,
                                 std::string &warning);

} // namespace photonic

#endif // PHOTONIC_LIB_DRIVER_INPUTTARGET_H
