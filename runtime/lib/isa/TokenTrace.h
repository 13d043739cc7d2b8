//===- TokenTrace.h - Which accesses tokens must order -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_TOKENTRACE_H
#define PHX_LIB_ISA_TOKENTRACE_H

#include "ProgramTree.h"

namespace phx::detail {

/// In iteration i + distance of a block, `to` must come after what `from` did
/// in iteration i. Both are instructions somewhere inside the block, in
/// different children of it or, if the distance is positive, perhaps in one.
struct Dependence {
  uint32_t from = 0, to = 0;
  uint32_t distance = 0;
};

/// Dependences of longer distance are recorded with this one: an order that is
/// stricter than necessary, for fewer credits.
inline constexpr uint32_t maxDistance = 4;

/// Dependences between engines. A block is a loop, or the program.
struct DependenceGraph {
  /// By node of the tree: loops whose iterations are told apart. Inside all
  /// others no two engines conflict.
  std::vector<bool> expanded;
  /// By block. Ordering these orders every hazard.
  std::vector<std::vector<Dependence>> dependences;
};

/// Steps through `program`, which has no tokens, in stream order. Errors: more
/// steps than `work` allows.
Result<DependenceGraph> traceDependences(const Program &program,
                                         const ProgramTree &tree,
                                         WorkLimit &work);

} // namespace phx::detail

#endif // PHX_LIB_ISA_TOKENTRACE_H
