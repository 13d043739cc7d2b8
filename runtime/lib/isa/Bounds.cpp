//===- Bounds.cpp - Ranges of fields over loop iterations -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Bounds.h"

#include <algorithm>

using namespace phx;

//===----------------------------------------------------------------------===//
// Affine fields
//===----------------------------------------------------------------------===//

static bool isSameDigit(const DigitTerm &a, const DigitTerm &b) {
  return a.loop == b.loop && a.scale == b.scale && a.offset == b.offset &&
         a.divisor == b.divisor && a.modulus == b.modulus;
}

void Form::add(const Affine &affine, Int factor) {
  base += affine.base * factor;
  for (const DigitTerm &digit : affine.terms) {
    auto same = std::find_if(terms.begin(), terms.end(), [&](const Term &term) {
      return isSameDigit(term.digit, digit);
    });
    if (same == terms.end())
      terms.push_back({digit, digit.weight * factor});
    else
      same->weight += digit.weight * factor;
  }
}

Range phx::getDigitRange(const DigitTerm &digit, const Box &box) {
  auto [first, last] = box[digit.loop];
  Int low = (Int(first) * digit.scale + digit.offset) / digit.divisor;
  Int high = (Int(last) * digit.scale + digit.offset) / digit.divisor;
  if (digit.modulus == 0)
    return {low, high};
  if (low / digit.modulus == high / digit.modulus)
    return {low % digit.modulus, high % digit.modulus};
  return {0, digit.modulus - 1};
}

Int phx::getReach(const Affine &affine, const Box &box) {
  Int reach = affine.base < 0 ? -Int(affine.base) : Int(affine.base);
  for (const DigitTerm &digit : affine.terms) {
    if (reach > limits::index)
      break; // 128 bits hold one more
    reach += getDigitRange(digit, box).hi *
             (digit.weight < 0 ? -Int(digit.weight) : Int(digit.weight));
  }
  return reach;
}

Range Form::over(const Box &box) const {
  Range sum{base, base};
  for (const Term &term : terms) {
    Range digit = getDigitRange(term.digit, box);
    Int a = digit.lo * term.weight, b = digit.hi * term.weight;
    sum = sum + Range{std::min(a, b), std::max(a, b)};
  }
  return sum;
}

LoopSet phx::getCoupledLoops(const std::vector<const Affine *> &free,
                             const std::vector<const Affine *> &coupled,
                             const Box &box) {
  LoopSet result{};
  LoopSet seen{};
  for (const Affine *affine : coupled)
    for (const DigitTerm &digit : affine->terms)
      result[digit.loop] = true;
  for (const Affine *affine : free)
    for (const DigitTerm &digit : affine->terms) {
      Int low = Int(box[digit.loop].first) * digit.scale + digit.offset;
      Int high = Int(box[digit.loop].second) * digit.scale + digit.offset;
      bool wraps = digit.modulus && low / digit.divisor / digit.modulus !=
                                        high / digit.divisor / digit.modulus;
      if (wraps || seen[digit.loop])
        result[digit.loop] = true;
      seen[digit.loop] = true;
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Access maps
//===----------------------------------------------------------------------===//

/// One range per digit, independent of each other.
using DigitBox = std::vector<Range>;

/// Cuts [low, high] of a mixed-radix number into boxes of digits. `level`: the
/// most significant digit not yet in `current`.
static void cutRange(const std::vector<MapDigit> &digits, size_t level, Int low,
                     Int high, DigitBox &current, std::vector<DigitBox> &out) {
  if (level == 0) {
    out.push_back(current);
    return;
  }
  Int place = 1;
  for (size_t i = 0; i + 1 < level; ++i)
    place *= digits[i].radix;
  auto recurse = [&](Int first, Int last, Int from, Int to) {
    current[level - 1] = {first, last};
    cutRange(digits, level - 1, from, to, current, out);
  };
  Int first = low / place, last = high / place;
  if (first == last)
    return recurse(first, first, low % place, high % place);
  if (low % place != 0) {
    recurse(first, first, low % place, place - 1);
    ++first;
  }
  bool tail = high % place != place - 1;
  if (first <= last - (tail ? 1 : 0))
    recurse(first, last - (tail ? 1 : 0), 0, place - 1);
  if (tail)
    recurse(last, last, 0, high % place);
}

static std::vector<DigitBox> cutRange(const std::vector<MapDigit> &digits,
                                      Range range) {
  Int product = 1;
  for (const MapDigit &digit : digits)
    product *= digit.radix;
  std::vector<DigitBox> boxes;
  range.hi = std::min(range.hi, product - 1);
  if (range.lo > range.hi)
    return boxes;
  DigitBox current(digits.size());
  cutRange(digits, digits.size(), range.lo, range.hi, current, boxes);
  return boxes;
}

namespace {

/// step * digit along one axis.
struct Contribution {
  Int step;
  Range digit;
  Int size() const { return digit.hi - digit.lo + 1; }
};

} // namespace

static Int divideFloor(Int a, Int b) {
  Int q = a / b;
  return q * b > a ? q - 1 : q;
}

/// Widens [lo, hi] by the coordinates start + step * digit in [0, extent).
static void widen(std::optional<Range> &range, Int start,
                  const Contribution &last, Int extent) {
  Int step = last.step;
  Range digit = last.digit;
  if (step < 0) {
    start += step * (digit.lo + digit.hi);
    step = -step;
  }
  if (step == 0)
    digit.hi = digit.lo;
  if (step > 0) {
    digit.lo = std::max(digit.lo, divideFloor(-start + step - 1, step));
    digit.hi = std::min(digit.hi, divideFloor(extent - 1 - start, step));
  }
  if (digit.lo > digit.hi)
    return;
  Int low = start + step * digit.lo, high = start + step * digit.hi;
  if (low < 0 || high >= extent)
    return;
  if (!range)
    range = Range{low, high};
  range->lo = std::min(range->lo, low);
  range->hi = std::max(range->hi, high);
}

/// Lowest and highest reachable coordinate inside [0, extent).
static std::optional<Range> getAxisRange(const MapAxis &axis,
                                         std::vector<Contribution> parts,
                                         int64_t &steps) {
  Range whole{axis.offset, axis.offset};
  for (const Contribution &part : parts) {
    Int a = part.step * part.digit.lo, b = part.step * part.digit.hi;
    whole = whole + Range{std::min(a, b), std::max(a, b)};
  }
  if (whole.lo >= 0 && whole.hi < axis.extent)
    return whole;
  if (whole.hi < 0 || whole.lo >= axis.extent)
    return std::nullopt;
  // Clipping lets digits interact: try all values of all but the longest one.
  if (parts.empty())
    return std::nullopt;
  auto longest =
      std::max_element(parts.begin(), parts.end(),
                       [](auto &a, auto &b) { return a.size() < b.size(); });
  std::swap(*longest, parts.back());
  Int combinations = 1;
  for (size_t i = 0; i + 1 < parts.size(); ++i)
    combinations *= std::min<Int>(parts[i].size(), 1 << 20);
  if (combinations > 4096)
    return Range{std::max<Int>(whole.lo, 0),
                 std::min<Int>(whole.hi, axis.extent - 1)};
  steps += static_cast<int64_t>(combinations);
  std::optional<Range> range;
  for (Int c = 0; c < combinations; ++c) {
    Int rest = c, start = axis.offset;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      start += parts[i].step * (parts[i].digit.lo + rest % parts[i].size());
      rest /= parts[i].size();
    }
    widen(range, start, parts.back(), axis.extent);
  }
  return range;
}

/// Range of one pair of boxes.
static std::optional<Range> getBoxRange(const AccessMap &map,
                                        const DigitBox &rows,
                                        const DigitBox &cols, int64_t &steps) {
  ++steps;
  Range sum;
  for (size_t axis = 0; axis < map.axes.size(); ++axis) {
    std::vector<Contribution> parts;
    for (size_t i = 0; i < rows.size(); ++i)
      if (map.rows[i].axis == axis)
        parts.push_back({map.rows[i].step, rows[i]});
    for (size_t i = 0; i < cols.size(); ++i)
      if (map.cols[i].axis == axis)
        parts.push_back({map.cols[i].step, cols[i]});
    std::optional<Range> range =
        getAxisRange(map.axes[axis], std::move(parts), steps);
    if (!range)
      return std::nullopt;
    Int stride = map.axes[axis].stride;
    sum = sum + Range{range->lo * stride, range->hi * stride};
  }
  return sum;
}

std::optional<Range> phx::getMapRange(const AccessMap &map, Range rows,
                                      Range cols, int64_t &steps) {
  std::optional<Range> result;
  std::vector<DigitBox> colBoxes = cutRange(map.cols, cols);
  for (const DigitBox &rowBox : cutRange(map.rows, rows))
    for (const DigitBox &colBox : colBoxes) {
      std::optional<Range> range = getBoxRange(map, rowBox, colBox, steps);
      if (!range)
        continue;
      if (!result)
        result = range;
      result->lo = std::min(result->lo, range->lo);
      result->hi = std::max(result->hi, range->hi);
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

/// The loop with most iterations left among `allowed`; -1 if all are fixed.
static int findWidest(const Box &box, const LoopSet &allowed) {
  int widest = -1;
  int64_t most = 0;
  for (int loop = 0; loop < int(numCounters); ++loop) {
    int64_t width = box[loop].second - box[loop].first;
    if (!allowed[loop] || width <= most)
      continue;
    widest = loop;
    most = width;
  }
  return widest;
}

std::optional<Box>
phx::findViolation(const Box &box, const LoopSet &coupled,
                   const std::function<bool(const Box &)> &isProved,
                   int64_t &stepsLeft) {
  LoopSet allLoops;
  allLoops.fill(true);
  std::vector<Box> open{box};
  while (!open.empty()) {
    Box current = open.back();
    open.pop_back();
    bool proved = isProved(current);
    --stepsLeft;
    if (proved && stepsLeft >= 0)
      continue;
    int widest = findWidest(current, coupled);
    // Exact without fixing the other loops: only to name one bad iteration.
    if (widest < 0)
      widest = findWidest(current, allLoops);
    if (widest < 0 || stepsLeft < 0)
      return current;
    auto [first, last] = current[widest];
    int64_t middle = first + (last - first) / 2;
    Box low = current, high = current;
    low[widest].second = middle;
    high[widest].first = middle + 1;
    open.push_back(high);
    open.push_back(low);
  }
  return std::nullopt;
}
