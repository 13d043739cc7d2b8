//===- Validator.h - Proof that a program is well formed and race free -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_VALIDATOR_H
#define PHX_ISA_VALIDATOR_H

#include "phx/isa/Registers.h"
#include "phx/support/Result.h"

namespace phx {

/// Checks structure: nesting, field ranges, table indices, engines that exist,
/// one signalling and one awaiting engine per token, tokens balanced per loop
/// body and over the program, k-th wait after k-th signal, accesses inside the
/// spaces, products that match their loop nests, Halt last.
Status validateStructure(const Program &program);

/// Proves that every read-after-write, write-after-read and write-after-write
/// between engines is ordered by a chain of tokens, by happens-before over the
/// expanded program (loops without tokens are summarised). The error names both
/// instructions (index, layer), their engines, the bytes and the missing order.
/// Exact: accepts every program without a race, rejects every one with a race,
/// but for those that take more than 2^26 steps to decide (see
/// TokenInsertion.h); the error then names the loop and says what to change.
Status validateHazards(const LargestCounts &program);

/// That a structurally valid program is what it says: losses are outputs of one
/// number, gradients have the shape of what they belong to, knobs are mutable
/// states of one number, each at most once; training writes a mutable region
/// beside the random key, the other kinds write none; inference has nothing
/// mutable beside it, no loss and no gradient, evaluation has.
Status validatePurpose(const Program &program);

/// That conversions, passes and combines are operations of their tables with
/// parameters in range, and that products name entries that exist. Part of the
/// structure.
Status checkOperations(const Program &program);

/// All of these.
Status validate(const Program &program);

} // namespace phx

#endif // PHX_ISA_VALIDATOR_H
