//===- UnitFootprints.h - Accesses of instructions over loops -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_UNITFOOTPRINTS_H
#define PHX_LIB_ISA_UNITFOOTPRINTS_H

#include "IntervalSets.h"
#include "Operands.h"

namespace phx::detail {

enum class AccessKind : uint8_t { Read, Write, Accumulate };

/// Bytes of one operand of one instruction.
struct UnitAccess {
  uint8_t slot = 0;
  uint32_t memory = 0;
  AccessKind kind = AccessKind::Read;
  uint32_t product = 0; ///< of an Accumulate
  bool exact = true;    ///< false: `bytes` may be more than what is touched
  IntervalSet bytes;
};

/// How much effort a footprint is worth.
enum class Precision : uint8_t {
  /// Bounded time; a superset where the exact set is costly.
  Fast,
  /// As Fast, and with at most a handful of intervals.
  Hull,
  /// Exact up to millions of intervals, by enumeration where nothing else
  /// helps. Beyond that the smallest gaps are filled.
  Refined,
};

/// A list of accesses whose storage is reused.
struct UnitAccessList {
  std::vector<UnitAccess> items;
  size_t used = 0;
  UnitAccess &append() {
    if (used == items.size())
      items.emplace_back();
    return items[used++];
  }
  const UnitAccess *begin() const { return items.data(); }
  const UnitAccess *end() const { return items.data() + used; }
};

/// Computes footprints of the instructions of one program.
class UnitFootprints {
public:
  /// Counts its steps in `work`. Once that is exceeded, the accesses that it
  /// gives are of no use.
  UnitFootprints(const Program &program, WorkLimit &work)
      : program(program), cache(program, work), work(work) {}

  /// The accesses of code[index] over all counters of `box` and all lanes.
  /// Operands whose bit is not set in `slots` are left out.
  void compute(size_t index, const CounterBox &box, Precision precision,
               unsigned slots, UnitAccessList &list);
  /// The same with Precision::Refined for `refined`, Fast for other `slots`.
  void computeMixed(size_t index, const CounterBox &box, unsigned slots,
                    unsigned refined, UnitAccessList &list);

  /// The exact accesses at one point, of the one lane that `counters` names.
  void computeLane(size_t index, const Counters &counters,
                   UnitAccessList &list);

private:
  void computeMore(size_t index, const CounterBox &box, Precision precision,
                   unsigned slots, UnitAccessList &list);
  void enumerate(size_t index, const CounterBox &box, size_t limit,
                 unsigned slots, UnitAccessList &list);
  void append(const Operand &operand, size_t limit, UnitAccessList &list);

  const Program &program;
  FootprintCache cache;
  WorkLimit &work;
  std::vector<Operand> operands; ///< scratch
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_UNITFOOTPRINTS_H
