//===- ArrayStates.h - What arrays hold, iteration by iteration -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_ARRAYSTATES_H
#define PHX_LIB_ISA_ARRAYSTATES_H

#include "phx/isa/LoopTree.h"

namespace phx {

/// Goes through the program and compares, for every use of an array, what it
/// expects with what the latest programming of that array left there, value by
/// value. Errors: a use that finds another tile or none, named with its array
/// and counters; more than 2^20 programmings and uses of single arrays.
Status checkArrayStates(const LoopTree &tree);

} // namespace phx

#endif // PHX_LIB_ISA_ARRAYSTATES_H
