//===- TokenInsertion.h - Placement of signals and waits -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_TOKENINSERTION_H
#define PHX_ISA_TOKENINSERTION_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

namespace phx {

/// Replaces all signals and waits of `program` by a minimal set that orders
/// every cross-engine hazard (see Validator.h). A token signals directly behind
/// the instruction or loop that produces, and is awaited directly before the
/// one that consumes. Tokens whose order follows from others are left out, so
/// no wait needs to be marked redundant. Hazards between iterations i and i + d
/// of a loop get credits: d signals before the loop and d waits behind it;
/// distances above 4 are shortened to 4. Loop nests of products move along.
/// Post-condition: validateHazards(program) succeeds, and so does validate() if
/// the program was well formed but for its tokens. Errors: unbalanced loops, a
/// table index or number out of range, a loop that takes more than 2^26 steps
/// to find its order (see below); `program` then has no tokens.
///
/// A step is an instruction in one iteration, or a stretch of bytes entered,
/// compared or described. Iterations that repeat themselves are not counted
/// again.
Status insertTokens(Program &program);

} // namespace phx

#endif // PHX_ISA_TOKENINSERTION_H
