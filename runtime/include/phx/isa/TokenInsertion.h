//===- TokenInsertion.h - Placement of signals and waits -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_TOKENINSERTION_H
#define PHX_ISA_TOKENINSERTION_H

#include "phx/isa/Registers.h"
#include "phx/support/Result.h"

namespace phx {

/// A signal or wait, and the instruction of the program without tokens that it
/// stands directly in front of: its index, or the length of the code.
struct TokenPlacement {
  size_t before = 0;
  Instruction instruction;
};

/// Tokens that a program without any needs.
struct TokenPlan {
  uint32_t tokens = 0; ///< numbered [0, tokens)
  /// In the order in which they stand in the stream.
  std::vector<TokenPlacement> placements;
};

/// Takes all signals and waits out of `program`. Loop nests of products move
/// along.
void removeTokens(Program &program);

/// A minimal set of signals and waits that orders every cross-engine hazard
/// (see Validator.h) of `program`, which has none. A token signals directly
/// behind the instruction or loop that produces, and is awaited directly before
/// the one that consumes. Tokens whose order follows from others are left out,
/// so no wait needs to be marked redundant. Hazards between iterations i and
/// i + d of a loop get credits: d signals before the loop and d waits behind
/// it; distances above 4 are shortened to 4. Errors: unbalanced loops, a table
/// index or number out of range, a loop that takes more than 2^26 steps to find
/// its order.
///
/// A step is an instruction in one iteration, a stretch of bytes entered,
/// compared or described, or four entries of what an engine knows of others.
/// Iterations that repeat themselves are not counted
/// again.
Result<TokenPlan> planTokens(const LargestCounts &program);

/// Puts the tokens of `plan`, made for `program`, into it. Loop nests of
/// products move along.
void applyTokens(Program &program, const TokenPlan &plan);

/// All of these: replaces the tokens of `program`. Post-condition:
/// validateHazards(program) succeeds, and so does validate() if the program was
/// well formed but for its tokens. After an error `program` has no tokens.
Status insertTokens(Program &program);

} // namespace phx

#endif // PHX_ISA_TOKENINSERTION_H
