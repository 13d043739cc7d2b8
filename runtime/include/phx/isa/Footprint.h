//===- Footprint.h - Bytes that an instruction touches -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_FOOTPRINT_H
#define PHX_ISA_FOOTPRINT_H

#include "phx/isa/Registers.h"

#include <optional>
#include <vector>

namespace phx {

/// A set of bytes in one memory: sorted, disjoint, non-adjacent [begin, end).
struct Interval {
  int64_t begin = 0, end = 0;
  friend bool operator==(const Interval &, const Interval &) = default;
};
using IntervalSet = std::vector<Interval>;

/// One operand's bytes at given loop counters.
struct Access {
  uint32_t memory = 0;
  bool write = false;
  /// Set for the accumulating output of a product: accesses of equal products
  /// are no hazard among themselves.
  std::optional<uint32_t> accumulatesInto;
  /// Exact up to 2^22 intervals of one operand and 2^26 steps to find them;
  /// beyond that more than what is touched.
  IntervalSet bytes;
};

/// Reads and writes of code[index], by all its lanes, at `counters`; empty if
/// it is skipped or touches no memory.
std::vector<Access> getAccesses(const LargestCounts &program, size_t index,
                                const Counters &counters);

/// Union of the accesses of code[begin, end) (a whole number of loops), for
/// each engine, over all iterations of the loops inside, `counters` fixing the
/// enclosing ones (`depth` of them).
struct EngineAccesses {
  EngineId engine;
  ArrayRange arrays; ///< as the instructions name them
  std::vector<Access> accesses;
};
std::vector<EngineAccesses> getAccesses(const LargestCounts &program,
                                        size_t begin, size_t end,
                                        unsigned depth,
                                        const Counters &counters);

/// The bytes of `memory` that a run writes, and perhaps more: those of inputs,
/// of mutable regions, and of what instructions write.
IntervalSet getWrittenBytes(const LargestCounts &program, uint32_t memory);

/// True if the sets share a byte.
bool overlaps(const IntervalSet &a, const IntervalSet &b);

} // namespace phx

#endif // PHX_ISA_FOOTPRINT_H
