//===- ToolMain.h - What every tool does around its work -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_TOOLMAIN_H
#define PHOTONIC_SUPPORT_TOOLMAIN_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace photonic {

/// Runs `body` and returns its exit code, so that whatever happens to the
/// process ends in one line "NAME: error: ..." on standard error, exit code 1
/// and no temporary file:
///   * standard output that cannot be written (a full device, closed), also if
///     the process leaves with exit() as --help does;
///   * no memory, in LLVM or elsewhere;
///   * errors that LLVM holds for fatal.
/// An interrupt (SIGINT, SIGTERM, SIGHUP) ends in "NAME: interrupted" and the
/// exit code 128 + signal. Files that the work in progress has given to
/// llvm::sys::RemoveFileOnSignal are removed. Once per process.
int runTool(const char *name, llvm::function_ref<int()> body);

} // namespace photonic

#endif // PHOTONIC_SUPPORT_TOOLMAIN_H
