//===- VisitBody.h - Instructions by their structs --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Oracles look at the structs of instructions, never at their descriptions.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_VISITBODY_H
#define PHX_UNITTESTS_SUPPORT_VISITBODY_H

#include "machines/rns/Instructions.h"
#include "phx/isa/Instructions.h"

namespace phx::testing {

/// Calls `visit` with the struct that `body` holds.
template <typename Visitor> void visitBody(const Body &body, Visitor &&visit) {
  auto visitOne = [&]<typename T>() {
    if (const T *value = getIf<T>(body))
      visit(*value);
  };
  ControlInstructions::forEach(visitOne);
  InstructionList<DmaCopy>::forEach(visitOne);
  VecInstructions::forEach(visitOne);
  RnsInstructions::forEach(visitOne);
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_VISITBODY_H
