//===- All.cpp - Every machine class ----------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/All.h"

#include "machines/AllTargets.h"
#include "machines/rns/Energy.h"

void phx::registerAllMachines() {
  static const bool once = [] {
    registerAllMachineTargets();
    rns::registerModel();
    return true;
  }();
  static_cast<void>(once);
}
