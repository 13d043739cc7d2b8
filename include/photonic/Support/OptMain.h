//===- OptMain.h - The tool that runs passes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_OPTMAIN_H
#define PHOTONIC_SUPPORT_OPTMAIN_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace photonic {

/// mlir-opt for the dialects of `registry` and all passes registered. Text that
/// goes beyond the limits of TextLimits.h is an error. Returns the exit code.
int optMain(int argc, char **argv, mlir::DialectRegistry &registry);

} // namespace photonic

#endif // PHOTONIC_SUPPORT_OPTMAIN_H
