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

#include <concepts>
#include <gtest/gtest.h>

namespace phx::testing {

/// Calls `visit` with the struct that `body` holds. A visitor has no catch-all,
/// so that an instruction which it does not know does not compile; one of a
/// list that is missing here fails the test.
template <typename Visitor> void visitBody(const Body &body, Visitor &&visit) {
  bool isKnown = false;
  auto visitOne = [&]<typename T>() {
    if (const T *value = getIf<T>(body)) {
      isKnown = true;
      visit(*value);
    }
  };
  ControlInstructions::forEach(visitOne);
  InstructionList<DmaCopy>::forEach(visitOne);
  VecInstructions::forEach(visitOne);
  RnsInstructions::forEach(visitOne);
  if (!isKnown)
    ADD_FAILURE() << "oracles do not know instruction '"
                  << body.getDescription().mnemonic
                  << "': add its list to visitBody";
}

/// For visitors: instructions that touch no memory.
template <typename T>
concept TouchesNothing =
    std::same_as<T, Halt> || std::same_as<T, Loop> || std::same_as<T, End> ||
    std::same_as<T, Signal> || std::same_as<T, Wait>;

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_VISITBODY_H
