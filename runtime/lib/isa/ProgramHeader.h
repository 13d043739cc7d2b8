//===- ProgramHeader.h - Program tables as a Protocol Buffers message -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_PROGRAMHEADER_H
#define PHX_LIB_ISA_PROGRAMHEADER_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"
#include "program.pb.h"

namespace phx {

/// All of `program` but code and contents of data sections. Errors: a name that
/// is not UTF-8.
Result<proto::Program> makeHeader(const Program &program);

/// The reverse: everything but code and data. Errors: a value outside its
/// type's range.
Result<Program> parseHeader(const proto::Program &header);

} // namespace phx

#endif // PHX_LIB_ISA_PROGRAMHEADER_H
