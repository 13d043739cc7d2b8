//===- LaneHazards.h - Races inside one instruction -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_LANEHAZARDS_H
#define PHX_LIB_ISA_LANEHAZARDS_H

#include "ProgramTree.h"

namespace phx::detail {

/// The lanes of an instruction run at the same time, and no token can come
/// between them: no lane writes what another one touches, but for the sums of
/// one product. Errors: a byte that two lanes share, or more steps than `work`
/// allows.
Status checkLanes(const Program &program, const ProgramTree &tree,
                  WorkLimit &work);

} // namespace phx::detail

#endif // PHX_LIB_ISA_LANEHAZARDS_H
