//===- TokenPlacement.h - Where signals and waits go -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_TOKENPLACEMENT_H
#define PHX_LIB_ISA_TOKENPLACEMENT_H

#include "Teams.h"
#include "TokenTrace.h"

namespace phx::detail {

/// One token; engines are teams (Teams.h): `fromEngine` signals directly after
/// `fromNode`, `toEngine` waits directly before `toNode`; both nodes are children of `block`. With a
/// positive distance the wait takes the signal of so many iterations earlier:
/// `fromEngine` gives that many signals before the loop, `toEngine` takes the
/// last ones behind it.
struct TokenSite {
  uint32_t block = 0, fromNode = 0, toNode = 0;
  uint32_t fromEngine = 0, toEngine = 0;
  uint32_t distance = 0;
  uint32_t from = 0, to = 0; ///< instructions that it keeps in order
  /// Beside these, only the arrays of `from` signal, or those of `to` wait.
  bool isNarrowSignal = false, isNarrowWait = false;
};

/// Chooses tokens that order all dependences, blocks inside first. None of them
/// follows from the others as far as the clock model can tell. Errors: more
/// steps than `work` allows.
Result<std::vector<TokenSite>> placeTokens(const Program &program,
                                           const ProgramTree &tree,
                                           const Teams &teams,
                                           const DependenceGraph &graph,
                                           WorkLimit &work);

} // namespace phx::detail

#endif // PHX_LIB_ISA_TOKENPLACEMENT_H
