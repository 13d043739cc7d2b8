//===- OutputLanes.cpp - Where results of 64 vectors go -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/OutputLanes.h"

#include <algorithm>
#include <cstring>

using namespace phx;
using namespace phx::exec;
using namespace phx::rns;

void OutputLanes::set(const AccessMap &outMap,
                      const std::vector<MapDigit> &digits, int64_t first,
                      int laneTotal, const UnrolledDigits &otherRows) {
  map = &outMap;
  rows = &otherRows;
  count = laneTotal;
  lanes.set(outMap, digits, first, laneTotal);
  runs.clear();
  uniform = otherRows.allActive && otherRows.size() > 0;
  for (const IndexRun &run : lanes.runs) {
    if (!uniform)
      return;
    if (lanes.isInside(outMap, run, otherRows)) {
      runs.push_back({run.first, run.count, run.bytes});
      continue;
    }
    // The lanes inside are the same for all rows if those have one place along
    // each axis that cuts lanes off.
    for (size_t a = 0; a < outMap.axes.size(); ++a) {
      int64_t low = run.at[a], high = low;
      if (a == lanes.axis) {
        low += std::min<int64_t>((run.count - 1) * lanes.step, 0);
        high += std::max<int64_t>((run.count - 1) * lanes.step, 0);
      }
      bool cut = low + otherRows.low[a] < 0 ||
                 high + otherRows.high[a] >= outMap.axes[a].extent;
      uniform &= !cut || otherRows.low[a] == otherRows.high[a];
    }
    ClippedRun part = lanes.clip(outMap, run, otherRows.coordinates[0], 0);
    if (part.begin < part.end)
      runs.push_back(
          {run.first + part.begin, part.end - part.begin, part.bytes});
  }
  // Neighbours in memory become one.
  size_t kept = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    Run *last = kept ? &runs[kept - 1] : nullptr;
    if (last && last->first + last->count == runs[i].first &&
        last->offset + last->count * lanes.stepBytes == runs[i].offset)
      last->count += runs[i].count;
    else
      runs[kept++] = runs[i];
  }
  runs.resize(kept);
}

void OutputLanes::load(const TargetView &view, size_t row, float *acc) const {
  bool whole = uniform && runs.size() == 1 && runs[0].count == laneCount;
  if (!whole)
    std::fill_n(acc, laneCount, 0.0f);
  forEachRun(row, [&](int first, int length, int64_t offset) {
    const uint8_t *from = view.at(offset);
    if (lanes.stepBytes == 4)
      std::memcpy(acc + first, from, size_t(length) * 4);
    else
      for (int i = 0; i < length; ++i)
        std::memcpy(acc + first + i, from + i * lanes.stepBytes, 4);
  });
}

void OutputLanes::store(const TargetView &view, size_t row,
                        const float *acc) const {
  forEachRun(row, [&](int first, int length, int64_t offset) {
    uint8_t *to = view.at(offset);
    if (lanes.stepBytes == 4)
      std::memcpy(to, acc + first, size_t(length) * 4);
    else
      for (int i = 0; i < length; ++i)
        std::memcpy(to + i * lanes.stepBytes, acc + first + i, 4);
  });
}

std::optional<int64_t> OutputLanes::offsetOf(size_t row, int lane) const {
  std::optional<int64_t> found;
  forEachRun(row, [&](int first, int length, int64_t offset) {
    if (lane >= first && lane < first + length)
      found = offset + (lane - first) * lanes.stepBytes;
  });
  return found;
}
