//===- ProgramNames.h - Names that can be written ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_PROGRAMNAMES_H
#define PHX_LIB_ISA_PROGRAMNAMES_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

namespace phx {

/// That every name in a program is UTF-8: its file, reports and other tools
/// have no place for others.
Status checkNames(const Program &program);

} // namespace phx

#endif // PHX_LIB_ISA_PROGRAMNAMES_H
