//===- Oracle.h - Races by brute force -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expands a program instruction by instruction and element by element, and
// computes the order of events by transitive closure. Shares nothing with the
// code under test.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_HAZARDS_ORACLE_H
#define PHX_UNITTESTS_HAZARDS_ORACLE_H

#include "phx/isa/Program.h"

#include <set>
#include <vector>

namespace phx::test {

/// One operand, byte by byte.
struct OracleAccess {
  uint32_t memory;
  bool write;
  std::optional<uint32_t> product;
  std::set<int64_t> bytes;
  int64_t lane = 0;
};

/// Operands of one instruction at given counters, of all its lanes.
std::vector<OracleAccess> enumerateAccesses(const Program &program,
                                            const Instruction &instruction,
                                            const Counters &counters);

/// One executed instruction.
struct OracleEvent {
  size_t index; ///< static
  Counters counters;
};
std::vector<OracleEvent> expand(const Program &program);

/// Whether two engines touch a byte without order.
bool hasRace(const Program &program);
/// Whether lanes of one instruction do, which no token can order.
bool hasLaneRace(const Program &program);

} // namespace phx::test

#endif // PHX_UNITTESTS_HAZARDS_ORACLE_H
