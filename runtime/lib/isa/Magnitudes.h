//===- Magnitudes.h - Fields that analyses can compute with -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_MAGNITUDES_H
#define PHX_LIB_ISA_MAGNITUDES_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <array>
#include <string>

namespace phx::detail {

/// The last value of each loop counter, outermost first, and of the lane; 0
/// beyond the depth.
using LastCounters = Counters;

/// What is wrong with the numbers of code[index], as "dst: expected X, found
/// Y"; empty if none of its fields, and not the start of what the nest around
/// it computes, can leave 64 bits in the loops around it. These are the bounds
/// of V3, without those that depend on tables.
std::string findMagnitude(const Program &program, size_t index,
                          const LastCounters &last);

/// The same for the numbers of an access map.
std::string findMagnitude(const AccessMap &map);

} // namespace phx::detail

#endif // PHX_LIB_ISA_MAGNITUDES_H
