//===- TranslateMain.h - The tool that translates files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_TRANSLATEMAIN_H
#define PHOTONIC_SUPPORT_TRANSLATEMAIN_H

namespace photonic {

/// Performs the one registered translation that the command line names, from a
/// file to a file. MLIR's own main function has its output file truncated
/// before it knows that the input is good. Returns the exit code.
int translateMain(int argc, char **argv);

} // namespace photonic

#endif // PHOTONIC_SUPPORT_TRANSLATEMAIN_H
