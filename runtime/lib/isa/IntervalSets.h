//===- IntervalSets.h - Arithmetic of interval sets -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_INTERVALSETS_H
#define PHX_LIB_ISA_INTERVALSETS_H

#include "Operands.h"
#include "WorkLimit.h"
#include "phx/isa/Footprint.h"

#include <unordered_map>

namespace phx::detail {

/// Sorts and merges overlapping and adjacent intervals.
void normalize(IntervalSet &set);

/// Fills the smallest gaps until at most `limit` intervals are left. Returns
/// whether a gap was filled.
bool coarsen(IntervalSet &set, size_t limit);

/// Replaces `set` by the union of its copies shifted by the offsets of
/// `progression`. Where that would exceed `limit` intervals, gaps are filled
/// and `exact` becomes false.
void addProgression(IntervalSet &set, Progression progression, size_t limit,
                    bool &exact);

/// Turns operands into bytes, and remembers what access maps gave.
class FootprintCache {
public:
  /// Intervals made count as steps of `work`; once it is exceeded, what
  /// materialize() gives is of no use.
  FootprintCache(const Program &program, WorkLimit &work)
      : program(program), work(work) {}

  /// The bytes of `operand`. `exact` becomes false if the result has more
  /// bytes than the operand describes, which happens only beyond `limit`
  /// intervals.
  void materialize(const Operand &operand, size_t limit, IntervalSet &bytes,
                   bool &exact);

private:
  struct Key {
    uint32_t map;
    int64_t rowBegin, rowEnd, colBegin, colEnd;
    size_t limit;
    int64_t width;
    friend bool operator==(const Key &, const Key &) = default;
  };
  struct Hash {
    size_t operator()(const Key &key) const;
  };
  struct Value {
    IntervalSet bytes;
    bool exact = true;
  };
  const Value &lookup(const Operand &operand, size_t limit);

  const Program &program;
  WorkLimit &work;
  std::unordered_map<Key, Value, Hash> values;
  size_t storedIntervals = 0;
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_INTERVALSETS_H
