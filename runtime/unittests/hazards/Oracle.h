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

#include <functional>
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

/// Operands of one instruction at given counters, of all its lanes; none if no
/// lane executes it. Of the base set and of residue cores.
std::vector<OracleAccess> enumerateAccesses(const Program &program,
                                            const Instruction &instruction,
                                            const Counters &counters);

/// One executed instruction.
struct OracleEvent {
  size_t index; ///< static
  Counters counters;
  std::vector<size_t> loops; ///< around it, outermost first
};
std::vector<OracleEvent> expand(const Program &program);

/// As enumerateAccesses, for other machine classes.
using AccessEnumerator = std::vector<OracleAccess> (*)(
    const Program &program, const Instruction &instruction,
    const Counters &counters);

/// What a count register holds behind so many writes to it.
using Holds = std::function<int64_t(uint32_t registerIndex, size_t writes)>;
/// The most that it can, all the time.
Holds holdLargest(const Program &program);

/// Whether two engines touch a byte, or a register, without order.
bool hasRace(const Program &program, const Holds &holds,
             AccessEnumerator enumerate = enumerateAccesses);
inline bool hasRace(const Program &program,
                    AccessEnumerator enumerate = enumerateAccesses) {
  return hasRace(program, holdLargest(program), enumerate);
}
/// Whether the arrays of all signals and waits, which no guard leaves out, exist
/// at every iteration.
bool hasArraysOfTokens(const Program &program);
/// Whether lanes of one instruction do, which no token can order.
bool hasLaneRace(const Program &program,
                 AccessEnumerator enumerate = enumerateAccesses);

} // namespace phx::test

#endif // PHX_UNITTESTS_HAZARDS_ORACLE_H
