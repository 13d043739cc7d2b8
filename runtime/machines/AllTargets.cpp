//===- AllTargets.cpp - What targets can be made of ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/AllTargets.h"

#include "machines/rns/Instructions.h"
#include "machines/rns/Target.h"

void phx::registerAllMachineTargets() {
  static const bool once = [] {
    rns::registerTargetClass();
    rns::registerInstructions();
    return true;
  }();
  static_cast<void>(once);
}
