//===- AccessMaps.cpp - Walking access maps without divisions -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/AccessMaps.h"

#include <algorithm>

using namespace phx;
using namespace phx::exec;

int64_t exec::getTotal(const std::vector<MapDigit> &digits) {
  int64_t total = 1;
  for (const MapDigit &digit : digits)
    total *= digit.radix;
  return total;
}

void Odometer::seek(int64_t target) {
  index = target;
  at = {};
  for (size_t d = 0; d < digits.size(); ++d) {
    values[d] = target % digits[d].radix;
    target /= digits[d].radix;
    at[digits[d].axis] += values[d] * digits[d].step;
  }
}

void Odometer::next() {
  ++index;
  for (size_t d = 0; d < digits.size(); ++d) {
    const MapDigit &digit = digits[d];
    at[digit.axis] += digit.step;
    if (++values[d] < digit.radix)
      return;
    values[d] = 0;
    at[digit.axis] -= digit.radix * digit.step;
  }
}

/// Adds the smallest and largest contribution of indices [begin, end).
static void addRange(const std::vector<MapDigit> &digits, int64_t begin,
                     int64_t end, Coordinates &low, Coordinates &high) {
  int64_t divisor = 1;
  for (const MapDigit &digit : digits) {
    int64_t first = begin / divisor, last = (end - 1) / divisor;
    int64_t a = first % digit.radix, b = last % digit.radix;
    if (last - first >= digit.radix || b < a) {
      a = 0;
      b = digit.radix - 1;
    }
    low[digit.axis] += std::min(a * digit.step, b * digit.step);
    high[digit.axis] += std::max(a * digit.step, b * digit.step);
    divisor *= digit.radix;
  }
}

std::optional<ByteRange> exec::getBounds(const AccessMap &map, int64_t rowBegin,
                                         int64_t rowEnd, int64_t colBegin,
                                         int64_t colEnd, int64_t width) {
  rowEnd = std::min(rowEnd, getTotal(map.rows));
  colEnd = std::min(colEnd, getTotal(map.cols));
  if (rowBegin >= rowEnd || colBegin >= colEnd)
    return std::nullopt;
  Coordinates low{}, high{};
  addRange(map.rows, rowBegin, rowEnd, low, high);
  addRange(map.cols, colBegin, colEnd, low, high);
  ByteRange range{0, width};
  for (size_t a = 0; a < map.axes.size(); ++a) {
    const MapAxis &axis = map.axes[a];
    int64_t first = std::max<int64_t>(low[a] + axis.offset, 0);
    int64_t last = std::min(high[a] + axis.offset, axis.extent - 1);
    if (first > last)
      return std::nullopt;
    range.low += std::min(first * axis.stride, last * axis.stride);
    range.high += std::max(first * axis.stride, last * axis.stride);
  }
  return range;
}

std::optional<int64_t> exec::getElementOffset(const AccessMap &map, int64_t row,
                                              int64_t col) {
  if (row < 0 || col < 0 || row >= getTotal(map.rows) ||
      col >= getTotal(map.cols))
    return std::nullopt;
  Odometer rows(map.rows), cols(map.cols);
  rows.seek(row);
  cols.seek(col);
  int64_t bytes = 0;
  for (size_t a = 0; a < map.axes.size(); ++a) {
    const MapAxis &axis = map.axes[a];
    int64_t x = rows.coordinates()[a] + cols.coordinates()[a] + axis.offset;
    if (x < 0 || x >= axis.extent)
      return std::nullopt;
    bytes += x * axis.stride;
  }
  return bytes;
}

void UnrolledDigits::unroll(const AccessMap &map,
                            const std::vector<MapDigit> &digits, int64_t first,
                            int64_t count) {
  begin = first;
  coordinates.resize(size_t(count));
  bytes.resize(size_t(count));
  active.resize(size_t(count));
  allActive = true;
  low.fill(INT64_MAX / 4);
  high.fill(INT64_MIN / 4);
  Odometer odometer(digits);
  odometer.seek(first);
  for (int64_t i = 0; i < count; ++i, odometer.next()) {
    const Coordinates &at = odometer.coordinates();
    coordinates[i] = at;
    active[i] = odometer.inside();
    allActive &= odometer.inside();
    bytes[i] = 0;
    for (size_t a = 0; a < map.axes.size(); ++a) {
      bytes[i] += at[a] * map.axes[a].stride;
      if (!active[i])
        continue;
      low[a] = std::min(low[a], at[a]);
      high[a] = std::max(high[a], at[a]);
    }
  }
}

RowOrigin exec::getOrigin(const AccessMap &map, const Coordinates &row,
                          const UnrolledDigits &columns) {
  RowOrigin origin;
  bool inside = columns.allActive;
  for (size_t a = 0; a < map.axes.size(); ++a) {
    const MapAxis &axis = map.axes[a];
    int64_t x = row[a] + axis.offset;
    origin.coordinates[a] = x;
    origin.bytes += x * axis.stride;
    inside &= x + columns.low[a] >= 0 && x + columns.high[a] < axis.extent;
  }
  origin.placement = inside ? Placement::Inside : Placement::Mixed;
  return origin;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

void IndexRuns::set(const AccessMap &map, const std::vector<MapDigit> &digits,
                    int64_t begin, int64_t count) {
  runs.clear();
  int64_t radix = digits.empty() ? 1 : digits[0].radix;
  axis = digits.empty() ? 0 : digits[0].axis;
  step = digits.empty() ? 0 : digits[0].step;
  stepBytes = step * map.axes[axis].stride;
  int64_t end = std::min(begin + count, getTotal(digits));
  for (int64_t index = begin; index < end;) {
    IndexRun run;
    run.first = int(index - begin);
    run.count = int(std::min(radix - index % radix, end - index));
    for (size_t a = 0; a < map.axes.size(); ++a)
      run.at[a] = map.axes[a].offset;
    int64_t rest = index;
    for (const MapDigit &digit : digits) {
      run.at[digit.axis] += rest % digit.radix * digit.step;
      rest /= digit.radix;
    }
    for (size_t a = 0; a < map.axes.size(); ++a)
      run.bytes += run.at[a] * map.axes[a].stride;
    runs.push_back(run);
    index += run.count;
  }
}

ClippedRun IndexRuns::clip(const AccessMap &map, const IndexRun &run,
                           const Coordinates &more, int64_t moreBytes) const {
  for (size_t a = 0; a < map.axes.size(); ++a) {
    int64_t x = run.at[a] + more[a];
    if ((a != axis || step == 0) && (x < 0 || x >= map.axes[a].extent))
      return {};
  }
  ClippedRun part{0, run.count, run.bytes + moreBytes};
  int64_t first = run.at[axis] + more[axis], extent = map.axes[axis].extent;
  int64_t last = first + (run.count - 1) * step;
  if (first >= 0 && first < extent && last >= 0 && last < extent)
    return part;
  // Only borders come here.
  int64_t low = 0, high = run.count; // of indices inside
  if (step > 0) {
    low = first >= 0 ? 0 : (-first + step - 1) / step;
    high = extent <= first ? 0 : (extent - first + step - 1) / step;
  } else if (step < 0) {
    low = first < extent ? 0 : (first - extent) / -step + 1;
    high = first < 0 ? 0 : first / -step + 1;
  }
  part.begin = int(std::min<int64_t>(low, run.count));
  part.end = int(std::clamp<int64_t>(high, part.begin, run.count));
  part.bytes += part.begin * stepBytes;
  return part;
}

bool IndexRuns::isInside(const AccessMap &map, const IndexRun &run,
                         const UnrolledDigits &others) const {
  if (!others.allActive)
    return false;
  for (size_t a = 0; a < map.axes.size(); ++a) {
    int64_t low = run.at[a], high = low;
    if (a == axis) {
      low += std::min<int64_t>((run.count - 1) * step, 0);
      high += std::max<int64_t>((run.count - 1) * step, 0);
    }
    if (low + others.low[a] < 0 || high + others.high[a] >= map.axes[a].extent)
      return false;
  }
  return true;
}
