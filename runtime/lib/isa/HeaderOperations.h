//===- HeaderOperations.h - Operations of tables in a file ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_HEADEROPERATIONS_H
#define PHX_LIB_ISA_HEADEROPERATIONS_H

#include "phx/isa/Program.h"

#include "program.pb.h"

namespace phx {

/// Conversions, passes and combines.
void putOperations(const Program &program, proto::Program &out);
/// Errors: an operation that is not registered, or parameters that are not
/// those of its description.
Status getOperations(const proto::Program &in, Program &program);

} // namespace phx

#endif // PHX_LIB_ISA_HEADEROPERATIONS_H
