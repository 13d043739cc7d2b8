//===- ProgramFile.h - Reading and writing .phx files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_PROGRAMFILE_H
#define PHX_ISA_PROGRAMFILE_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <string>

namespace phx {

/// Writes `program` to `path` through a temporary file beside it that is
/// renamed when complete: readers see the old file or the whole new one.
/// Deterministic: equal programs give equal bytes.
Status writeProgram(const Program &program, const std::string &path);

/// Maps `path` copy-on-write and decodes it. Every byte of the file is covered
/// by a checksum, which is verified first: a single flipped bit anywhere is an
/// error. The program's data sections point into the mapping and keep it
/// alive. Errors: not a .phx file, written by another format version, truncated
/// (expected and found size), checksum mismatch (which section).
Result<Program> readProgram(const std::string &path);

} // namespace phx

#endif // PHX_ISA_PROGRAMFILE_H
