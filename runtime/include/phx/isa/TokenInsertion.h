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
/// every cross-engine hazard (see Validator.h). Waits that another chain makes
/// superfluous are removed, or marked redundant where loops keep them from
/// being removed. Loop-carried hazards get credits: signals before the loop and
/// waits behind it. Post-condition: validate(program) succeeds.
Status insertTokens(Program &program);

} // namespace phx

#endif // PHX_ISA_TOKENINSERTION_H
