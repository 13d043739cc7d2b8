//===- OutputLanes.h - Where results of 64 vectors go --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One index of the output's access map numbers lanes, the other one rows. Rows
// mostly see the same lanes inside the extents: then a row is a few runs of
// memory, the same for all rows but for an offset.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_OUTPUTLANES_H
#define MACHINES_RNS_OUTPUTLANES_H

#include "phx/exec/AccessMaps.h"
#include "phx/exec/Context.h"
#include "machines/rns/Kernels.h"

namespace phx::rns {

class OutputLanes {
public:
  /// Lanes [first, first + count) of `digits`; `rows` is the other index.
  void set(const AccessMap &map, const std::vector<MapDigit> &digits,
           int64_t first, int count, const exec::UnrolledDigits &rows);

  /// acc[l] = the element of lane l and row `row`; +0 for what is outside, and
  /// for lanes from `count` to laneCount.
  void load(const exec::TargetView &view, size_t row, float *acc) const;
  void store(const exec::TargetView &view, size_t row, const float *acc) const;
  /// Offset of the element of lane l and row `row`, if it is inside.
  std::optional<int64_t> offsetOf(size_t row, int lane) const;

private:
  /// Lanes [first, first + count) at offset, offset + stepBytes, ...
  struct Run {
    int first, count;
    int64_t offset;
  };
  template <typename Visitor> void forEachRun(size_t row, Visitor visit) const;

  const AccessMap *map = nullptr;
  const exec::UnrolledDigits *rows = nullptr;
  exec::IndexRuns lanes;
  int count = 0;
  bool uniform = false; ///< `runs` holds for every row
  std::vector<Run> runs;
};

template <typename Visitor>
void OutputLanes::forEachRun(size_t row, Visitor visit) const {
  if (uniform) {
    for (const Run &run : runs)
      visit(run.first, run.count, run.offset + rows->bytes[row]);
    return;
  }
  if (!rows->active[row])
    return;
  for (const exec::IndexRun &run : lanes.runs) {
    exec::ClippedRun part =
        lanes.clip(*map, run, rows->coordinates[row], rows->bytes[row]);
    if (part.begin < part.end)
      visit(run.first + part.begin, part.end - part.begin, part.bytes);
  }
}

} // namespace phx::rns

#endif // MACHINES_RNS_OUTPUTLANES_H
