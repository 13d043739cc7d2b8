//===- RegisterMachines.cpp - Machine classes for tests --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/All.h"

/// Before main, so that no test needs a fixture for it.
[[maybe_unused]] static const bool registered = [] {
  phx::registerAllMachines();
  return true;
}();
