//===- NestSums.cpp - How much the instructions of a nest do ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/NestSums.h"

#include <algorithm>

using namespace phx;

Int phx::multiply(Int a, Int b) {
  return b != 0 && a > mostSummed / b ? mostSummed : a * b;
}

Int phx::addUp(Int a, Int b) { return std::min(a + b, mostSummed); }

/// Loops whose counters change a field.
static unsigned getLoops(const std::optional<Affine> &affine) {
  unsigned loops = 0;
  if (affine)
    for (const DigitTerm &digit : affine->terms)
      loops |= 1u << digit.loop;
  return loops;
}

namespace {

/// A clipped count over boxes of iterations.
class Factor {
public:
  explicit Factor(const Count &count) : cap(count.cap) {
    if (count.remaining)
      remaining.emplace(*count.remaining);
  }
  Range over(const Box &box) const {
    if (!remaining)
      return {cap, cap};
    Range range = remaining->over(box);
    auto clip = [&](Int value) { return std::clamp<Int>(value, 0, cap); };
    return {clip(range.lo), clip(range.hi)};
  }

private:
  int64_t cap;
  std::optional<Form> remaining;
};

} // namespace

/// Appends the halves of `box`, cut along its widest loop of those that count;
/// false where none is wider than 1.
static bool cutWidest(const Box &box, unsigned loops, std::vector<Box> &open) {
  unsigned widest = 0;
  int64_t most = 0;
  for (unsigned l = 0; l < numCounters; ++l)
    if (int64_t width = box[l].second - box[l].first;
        (loops >> l & 1) && width > most) {
      widest = l;
      most = width;
    }
  if (most == 0)
    return false;
  Box low = box, high = box;
  low[widest].second = box[widest].first + most / 2;
  high[widest].first = low[widest].second + 1;
  open.push_back(high);
  open.push_back(low);
  return true;
}

/// Sum of the product of `counts` over the counters of `loops` in `box`;
/// nothing if it takes more than `boxesLeft`. Counts are full almost
/// everywhere: boxes are cut only until each count is the same all over one.
static std::optional<Int> sumOver(const Box &box, unsigned loops,
                                  const std::vector<const Count *> &counts,
                                  int64_t &boxesLeft) {
  std::vector<Factor> factors;
  for (const Count *count : counts)
    factors.emplace_back(*count);
  Int sum = 0;
  std::vector<Box> open{box};
  while (!open.empty()) {
    if (--boxesLeft < 0)
      return std::nullopt;
    Box current = open.back();
    open.pop_back();
    Int product = 1;
    bool isConstant = true;
    for (const Factor &factor : factors) {
      Range range = factor.over(current);
      isConstant &= range.lo == range.hi;
      product = multiply(product, range.hi);
    }
    for (unsigned l = 0; l < numCounters; ++l)
      if (loops >> l & 1)
        product =
            multiply(product, Int(current[l].second) - current[l].first + 1);
    // One factor that is zero throughout makes the others irrelevant.
    if (isConstant || product == 0 || !cutWidest(current, loops, open))
      sum = addUp(sum, product);
  }
  return sum;
}

/// Counts that share no loop are summed apart, other loops multiply.
std::optional<Int> phx::sumProducts(const LoopTree &tree, size_t instruction,
                                    const Box &window,
                                    std::vector<const Count *> counts,
                                    int64_t &boxesLeft) {
  std::optional<Box> box = getExecutedBox(tree, instruction);
  if (!box)
    return 0;
  for (unsigned l = 0; l < maxLoopDepth; ++l) {
    auto &[first, last] = (*box)[l];
    first = std::max(first, window[l].first);
    last = std::min(last, window[l].second);
    if (first > last)
      return 0;
  }
  Int total = 1;
  unsigned done = 0;
  while (!counts.empty()) {
    std::vector<const Count *> together{counts.back()};
    unsigned loops = getLoops(counts.back()->remaining);
    counts.pop_back();
    for (bool grown = true; grown;) {
      grown = false;
      for (auto it = counts.begin(); it != counts.end(); ++it)
        if (getLoops((*it)->remaining) & loops) {
          loops |= getLoops((*it)->remaining);
          together.push_back(*it);
          counts.erase(it);
          grown = true;
          break;
        }
    }
    std::optional<Int> sum = sumOver(*box, loops, together, boxesLeft);
    if (!sum)
      return std::nullopt;
    total = multiply(total, *sum);
    done |= loops;
  }
  for (unsigned l = 0; l < numCounters; ++l)
    if (!(done >> l & 1))
      total = multiply(total, Int((*box)[l].second) - (*box)[l].first + 1);
  return total;
}

Box phx::getWindow(const LoopTree &tree, const ProductNest &nest,
                   const NestPart &part) {
  Box window;
  window.fill({0, limits::index});
  for (unsigned l = 0; l < tree.getDepth(nest.loopBegin); ++l)
    window[l] = {part.counters[l], part.counters[l]};
  return window;
}
