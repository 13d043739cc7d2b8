//===- IntervalSets.cpp - Arithmetic of interval sets -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntervalSets.h"

#include "SaturatingMath.h"

#include <algorithm>
#include <cstdlib>

using namespace phx;
using namespace phx::detail;

/// Appends `next`, which does not begin before the last interval does.
static void appendSorted(IntervalSet &set, Interval next) {
  if (!set.empty() && next.begin <= set.back().end)
    set.back().end = std::max(set.back().end, next.end);
  else
    set.push_back(next);
}

void detail::normalize(IntervalSet &set) {
  auto less = [](const Interval &a, const Interval &b) {
    return a.begin < b.begin;
  };
  if (!std::is_sorted(set.begin(), set.end(), less))
    std::sort(set.begin(), set.end(), less);
  size_t kept = 0;
  for (const Interval &interval : set) {
    if (interval.begin >= interval.end)
      continue;
    if (kept && interval.begin <= set[kept - 1].end)
      set[kept - 1].end = std::max(set[kept - 1].end, interval.end);
    else
      set[kept++] = interval;
  }
  set.resize(kept);
}

bool detail::coarsen(IntervalSet &set, size_t limit) {
  if (set.size() <= limit)
    return false;
  std::vector<int64_t> gaps;
  for (size_t i = 1; i < set.size(); ++i)
    gaps.push_back(set[i].begin - set[i - 1].end);
  // Only gaps wider than the limit-th widest stay open.
  size_t rank = limit - 1;
  std::nth_element(gaps.begin(), gaps.begin() + rank, gaps.end(),
                   std::greater<>());
  int64_t widest = gaps[rank];
  size_t kept = 0;
  for (size_t i = 1; i < set.size(); ++i) {
    if (set[i].begin - set[kept].end <= widest)
      set[kept].end = set[i].end;
    else
      set[++kept] = set[i];
  }
  set.resize(kept + 1);
  return true;
}

static void shift(IntervalSet &set, int64_t offset) {
  for (Interval &interval : set) {
    interval.begin = addSaturated(interval.begin, offset);
    interval.end = addSaturated(interval.end, offset);
  }
}

void detail::addProgression(IntervalSet &set, Progression p, size_t limit,
                            bool &exact) {
  if (p.count <= 0)
    set.clear();
  if (set.empty() || p.count == 1 || p.stride == 0)
    return;
  if (p.stride < 0) {
    shift(set, multiplySaturated(p.stride, p.count - 1));
    p.stride = -p.stride;
  }
  int64_t reach = multiplySaturated(p.stride, p.count - 1);
  if (set.size() == 1 && set[0].end - set[0].begin >= p.stride) {
    set[0].end = addSaturated(set[0].end, reach);
    return;
  }
  if (static_cast<size_t>(p.count) > limit / set.size()) {
    exact = false;
    int64_t inside = set.back().end - set.front().begin;
    if (set.size() == 1 || inside < p.stride) {
      // The copies are further apart than their own gaps: fill those first.
      set = {{set.front().begin, set.back().end}};
      if (static_cast<size_t>(p.count) > limit || inside >= p.stride) {
        set[0].end = addSaturated(set[0].end, reach);
        return;
      }
    } else {
      set = {{set.front().begin, addSaturated(set.back().end, reach)}};
      return;
    }
  }
  IntervalSet result;
  result.reserve(set.size() * p.count);
  bool separate = set.back().end - set.front().begin <= p.stride;
  for (int64_t i = 0; i < p.count; ++i) {
    int64_t offset = multiplySaturated(i, p.stride);
    for (const Interval &interval : set) {
      Interval copy{addSaturated(interval.begin, offset),
                    addSaturated(interval.end, offset)};
      if (separate)
        appendSorted(result, copy);
      else
        result.push_back(copy);
    }
  }
  if (!separate)
    normalize(result);
  set = std::move(result);
}

//===----------------------------------------------------------------------===//
// Access maps
//===----------------------------------------------------------------------===//

namespace {

/// Digit d of one index takes every value of [low[d], high[d]].
using DigitBox = std::vector<Interval>;

/// Cuts the index range [low, high) into boxes of digits.
class DigitSplitter {
public:
  DigitSplitter(const std::vector<MapDigit> &digits) : digits(digits) {
    units.push_back(1);
    for (const MapDigit &digit : digits)
      units.push_back(units.back() * digit.radix);
  }

  std::vector<DigitBox> split(int64_t low, int64_t high) {
    low = std::max<int64_t>(low, 0);
    high = std::min(high, units.back());
    boxes.clear();
    current.assign(digits.size(), {0, 1});
    if (low < high)
      recurse(digits.size(), low, high);
    return std::move(boxes);
  }

private:
  /// The digits below `level` form an index in [low, high).
  void recurse(size_t level, int64_t low, int64_t high) {
    if (level == 0) {
      boxes.push_back(current);
      return;
    }
    int64_t unit = units[level - 1];
    if (low == 0 && high == units[level]) {
      for (size_t d = 0; d < level; ++d)
        current[d] = {0, digits[d].radix};
      boxes.push_back(current);
      return;
    }
    int64_t first = low / unit, last = high / unit;
    if (first == last || (high % unit == 0 && first + 1 == last)) {
      current[level - 1] = {first, first + 1};
      recurse(level - 1, low - first * unit, high - first * unit);
      return;
    }
    if (low % unit != 0) {
      current[level - 1] = {first, first + 1};
      recurse(level - 1, low % unit, unit);
      ++first;
    }
    if (first < last) {
      current[level - 1] = {first, last};
      recurse(level - 1, 0, unit);
    }
    if (high % unit != 0) {
      current[level - 1] = {last, last + 1};
      recurse(level - 1, 0, high % unit);
    }
  }

  const std::vector<MapDigit> &digits;
  std::vector<int64_t> units; ///< index distance of each digit
  DigitBox current;
  std::vector<DigitBox> boxes;
};

/// Bytes of the elements whose row and column digits lie in given boxes. Each
/// digit moves along one axis, so the elements are a product over the axes.
class MapBox {
public:
  MapBox(const AccessMap &map, int64_t width, size_t limit)
      : map(map), width(width), limit(limit) {
    for (size_t a = 0; a < map.axes.size(); ++a)
      order.push_back(a);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::abs(map.axes[a].stride) < std::abs(map.axes[b].stride);
    });
  }

  /// Appends to `bytes`, unsorted.
  void append(const DigitBox &rows, const DigitBox &cols, IntervalSet &bytes,
              bool &exact) {
    IntervalSet set{{0, width}};
    for (size_t a : order) {
      IntervalSet coordinates = axisCoordinates(a, rows, cols, exact);
      if (coordinates.empty())
        return;
      addAxis(set, coordinates, map.axes[a].stride, exact);
    }
    bytes.insert(bytes.end(), set.begin(), set.end());
  }

private:
  struct Step {
    Interval digits;
    int64_t step;
  };

  IntervalSet axisCoordinates(size_t a, const DigitBox &rows,
                              const DigitBox &cols, bool &exact) {
    const MapAxis &axis = map.axes[a];
    std::vector<Step> steps;
    for (size_t d = 0; d < rows.size(); ++d)
      if (map.rows[d].axis == a)
        steps.push_back({rows[d], map.rows[d].step});
    for (size_t d = 0; d < cols.size(); ++d)
      if (map.cols[d].axis == a)
        steps.push_back({cols[d], map.cols[d].step});
    std::sort(steps.begin(), steps.end(), [](const Step &x, const Step &y) {
      return std::abs(x.step) < std::abs(y.step);
    });
    IntervalSet set{{axis.offset, axis.offset + 1}};
    for (const Step &s : steps) {
      shift(set, multiplySaturated(s.digits.begin, s.step));
      addProgression(set, {s.digits.end - s.digits.begin, s.step}, limit,
                     exact);
    }
    for (Interval &run : set) {
      run.begin = std::max<int64_t>(run.begin, 0);
      run.end = std::min(run.end, axis.extent);
    }
    std::erase_if(set, [](const Interval &r) { return r.begin >= r.end; });
    return set;
  }

  void addAxis(IntervalSet &set, const IntervalSet &runs, int64_t stride,
               bool &exact) {
    int64_t length = runs[0].end - runs[0].begin;
    int64_t distance = runs.size() > 1 ? runs[1].begin - runs[0].begin : 0;
    bool regular = true;
    for (size_t i = 0; i < runs.size(); ++i)
      regular &= runs[i].end - runs[i].begin == length &&
                 runs[i].begin == runs[0].begin + int64_t(i) * distance;
    if (regular) {
      shift(set, multiplySaturated(runs[0].begin, stride));
      addProgression(set, {length, stride}, limit, exact);
      addProgression(
          set, {int64_t(runs.size()), multiplySaturated(distance, stride)},
          limit, exact);
      return;
    }
    IntervalSet result;
    for (const Interval &run : runs) {
      IntervalSet copy = set;
      shift(copy, multiplySaturated(run.begin, stride));
      addProgression(copy, {run.end - run.begin, stride}, limit, exact);
      result.insert(result.end(), copy.begin(), copy.end());
    }
    normalize(result);
    exact &= !coarsen(result, limit);
    set = std::move(result);
  }

  const AccessMap &map;
  int64_t width; ///< bytes of an element
  size_t limit;
  std::vector<size_t> order; ///< axes, nearest elements first
};

} // namespace

size_t FootprintCache::Hash::operator()(const Key &key) const {
  uint64_t hash = key.map;
  for (uint64_t part :
       {uint64_t(key.rowBegin), uint64_t(key.rowEnd), uint64_t(key.colBegin),
        uint64_t(key.colEnd), uint64_t(key.limit), uint64_t(key.width)}) {
    hash = (hash ^ part) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 29;
  }
  return hash;
}

const FootprintCache::Value &FootprintCache::lookup(const Operand &operand,
                                                    size_t limit) {
  Key key{operand.map,      operand.rowBegin, operand.rowEnd,
          operand.colBegin, operand.colEnd,   limit, operand.width};
  auto found = values.find(key);
  if (found != values.end())
    return found->second;
  if (storedIntervals > (1u << 20)) {
    values.clear();
    storedIntervals = 0;
  }
  Value &value = values[key];
  const AccessMap &map = program.maps[operand.map];
  MapBox box(map, operand.width, limit);
  auto rows = DigitSplitter(map.rows).split(operand.rowBegin, operand.rowEnd);
  auto cols = DigitSplitter(map.cols).split(operand.colBegin, operand.colEnd);
  size_t compacted = 0;
  for (const DigitBox &row : rows)
    for (const DigitBox &col : cols) {
      size_t before = value.bytes.size();
      box.append(row, col, value.bytes, value.exact);
      if (!work.spend(1 + int64_t(value.bytes.size() - before)))
        return value;
      if (value.bytes.size() / 2 <= compacted + 65536)
        continue;
      normalize(value.bytes);
      value.exact &= !coarsen(value.bytes, limit);
      compacted = value.bytes.size();
    }
  normalize(value.bytes);
  value.exact &= !coarsen(value.bytes, limit);
  storedIntervals += value.bytes.size() + 8;
  return value;
}

void FootprintCache::materialize(const Operand &operand, size_t limit,
                                 IntervalSet &bytes, bool &exact) {
  if (operand.map == noMap) {
    bytes.assign(1, {0, operand.width});
  } else {
    const Value &value = lookup(operand, limit);
    bytes = value.bytes;
    exact &= value.exact;
  }
  std::array<Progression, maxDims> dims = operand.dims;
  std::sort(dims.begin(), dims.begin() + operand.numDims,
            [](const Progression &a, const Progression &b) {
              return std::abs(a.stride) < std::abs(b.stride);
            });
  for (unsigned d = 0; d < operand.numDims; ++d)
    addProgression(bytes, dims[d], limit, exact);
  work.spend(int64_t(bytes.size()));
  shift(bytes, operand.base);
}
