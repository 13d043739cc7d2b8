//===- JumpLimits.cpp - How long durations stay as they are -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JumpLimits.h"

#include <algorithm>
#include <numeric>

using namespace phx;
using namespace phx::detail;

/// Values of a term while its counter runs from `from` to `to`, a superset.
static Range getRange(const DigitTerm &term, int64_t from, int64_t to) {
  auto quotient = [&](int64_t counter) {
    return (static_cast<__int128>(counter) * term.scale + term.offset) /
           term.divisor;
  };
  __int128 low = quotient(from), high = quotient(to);
  if (term.modulus != 0) {
    if (low / term.modulus == high / term.modulus) {
      low %= term.modulus;
      high %= term.modulus;
    } else { // wraps on the way
      low = 0;
      high = term.modulus - 1;
    }
  }
  low *= term.weight;
  high *= term.weight;
  return {std::min(low, high), std::max(low, high)};
}

/// The term has the same value in each block.
static bool repeats(const DigitTerm &term, int64_t period) {
  if (term.weight == 0 || term.scale == 0)
    return true;
  return term.modulus != 0 &&
         static_cast<__int128>(term.scale) * period %
                 (static_cast<__int128>(term.divisor) * term.modulus) ==
             0;
}

JumpLimits::JumpLimits(const Program &program, const Layout &layout,
                       const CountPlayer &player, bool withPower)
    : numbers(program.code.size()) {
  OpenLoops open;
  for (size_t i = 0; i < layout.halt; ++i) {
    const Instruction &instruction = program.code[i];
    if (holds<Loop>(instruction.body)) {
      numbers[i] = static_cast<uint32_t>(views.size());
      views.emplace_back();
      digitPeriods.push_back(1);
      wanders.push_back(false);
      depths.push_back(static_cast<uint8_t>(open.size()));
      open.push_back(i);
      const auto &loop = getAs<Loop>(instruction.body);
      if (loop.below)
        addViews(program, open, instruction,
                 getDependency(Guard{depths.back(), 1, 0, loop.count, 0,
                                     loop.below}));
    } else if (holds<End>(instruction.body)) {
      open.pop_back();
    } else if (!open.empty()) {
      addWrites(open, player, i);
      for (const Dependency &dependency :
           getDependencies(instruction, withPower)) {
        addViews(program, open, instruction, dependency);
        addDigits(program, open, instruction, dependency);
      }
      if (auto arrays = getArrayDependency(instruction)) {
        addViews(program, open, instruction, *arrays);
        addDigits(program, open, instruction, *arrays);
        addArrays(program, open, *arrays);
      }
    }
  }
}

static int64_t getTrips(const Program &program, size_t loop) {
  return getAs<Loop>(program.code[loop].body).count;
}

/// Values of a term over all iterations of its loop, or over all lanes.
static Range getWholeRange(const Program &program,
                           const std::vector<size_t> &open,
                           const Instruction &instruction,
                           const DigitTerm &term) {
  int64_t trips = term.loop == laneLoop
                      ? int64_t(instruction.arrays.lanes)
                      : getTrips(program, open[term.loop]);
  return getRange(term, 0, trips - 1);
}

void JumpLimits::addViews(const Program &program, const OpenLoops &open,
                          const Instruction &instruction,
                          const Dependency &dependency) {
  for (size_t depth = 0; depth < open.size(); ++depth) {
    View view;
    view.inner = {dependency.value.base, dependency.value.base};
    for (const DigitTerm &term : dependency.value.terms) {
      if (term.loop == depth) {
        view.own.push_back(term);
      } else if (term.loop < depth) {
        view.outer.push_back(term);
      } else {
        Range range = getWholeRange(program, open, instruction, term);
        view.inner.low += range.low;
        view.inner.high += range.high;
      }
    }
    if (view.own.empty())
      continue;
    view.flat = dependency.flat;
    view.registerIndex = dependency.registerIndex;
    view.bound = dependency.guard;
    if (dependency.isGuarded && instruction.guard &&
        instruction.guard->loop <= depth)
      view.guard = &*instruction.guard;
    views[numbers[open[depth]]].push_back(std::move(view));
  }
}

/// A loop in which an array is another one after at most this many iterations
/// has no stretches that are worth a jump.
static constexpr int64_t shortStay = 4;

/// Finds loops whose iterations lead from array to array, and not back within a
/// third of them.
void JumpLimits::addArrays(const Program &program, const OpenLoops &open,
                           const Dependency &dependency) {
  for (const DigitTerm &term : dependency.value.terms) {
    if (term.weight == 0 || term.divisor / term.scale > shortStay)
      continue;
    __int128 cycle = static_cast<__int128>(term.divisor) * term.modulus;
    int64_t trips = getTrips(program, open[term.loop]);
    if (term.modulus == 0 || cycle / term.scale > trips / 3)
      wanders[numbers[open[term.loop]]] = true;
  }
}

void JumpLimits::addWrites(const OpenLoops &open, const CountPlayer &player,
                           size_t index) {
  for (uint32_t written : player.getWrites(index))
    if (!player.isConstant(written))
      for (size_t loop : open)
        wanders[numbers[loop]] = true;
}

void JumpLimits::addDigits(const Program &program, const OpenLoops &open,
                           const Instruction &instruction,
                           const Dependency &dependency) {
  Range total = {dependency.value.base, dependency.value.base};
  for (const DigitTerm &term : dependency.value.terms) {
    Range range = getWholeRange(program, open, instruction, term);
    total.low += range.low;
    total.high += range.high;
  }
  if (dependency.registerIndex)
    total.high += program.registers[*dependency.registerIndex].most;
  for (const Range &flat : dependency.flat)
    if (flat.contains(total))
      return;
  for (const DigitTerm &term : dependency.value.terms) {
    if (term.modulus == 0 || term.loop == laneLoop || repeats(term, 1))
      continue;
    int64_t &period = digitPeriods[numbers[open[term.loop]]];
    __int128 cycle = static_cast<__int128>(term.divisor) * term.modulus;
    if (cycle >= endlessPeriod) {
      period = endlessPeriod;
      continue;
    }
    int64_t own = static_cast<int64_t>(cycle);
    own /= std::gcd(own, term.scale);
    __int128 common =
        static_cast<__int128>(period) / std::gcd(period, own) * own;
    period = static_cast<int64_t>(std::min<__int128>(common, endlessPeriod));
  }
}

bool JumpLimits::isFlat(const View &view, __int128 outer, Window window,
                        int64_t blocks) {
  Range total = {view.inner.low + outer, view.inner.high + outer};
  bool constant = true;
  int64_t last = window.first + blocks * window.period;
  for (const DigitTerm &term : view.own) {
    Range range = getRange(term, window.first,
                           repeats(term, window.period) ? window.first : last);
    constant &= range.low == range.high;
    total.low += range.low;
    total.high += range.high;
  }
  if (constant)
    return true;
  return std::any_of(view.flat.begin(), view.flat.end(),
                     [&](const Range &flat) { return flat.contains(total); });
}

int64_t JumpLimits::limit(const View &original, const Counters &counters,
                          const RegisterValues &values, unsigned depth,
                          Window window, int64_t blocks) {
  std::optional<View> bounded;
  if (original.bound) {
    bounded = original;
    bounded->flat = getFlat(resolve(*original.bound, values));
  }
  const View &view = bounded ? *bounded : original;
  // Where the guard is false nothing else matters; the view of the guard itself
  // limits the blocks to those in which it stays so.
  Counters at = counters;
  at[depth] = window.first;
  if (view.guard &&
      !evaluate(std::optional(resolve(*view.guard, values)), at))
    return blocks;
  __int128 outer = view.registerIndex ? values[*view.registerIndex] : 0;
  for (const DigitTerm &term : view.outer)
    outer += evaluate(term, counters);
  if (isFlat(view, outer, window, blocks))
    return blocks;
  if (!isFlat(view, outer, window, 1))
    return 0;
  int64_t good = 1, bad = blocks; // the set of values only grows with blocks
  while (bad - good > 1) {
    int64_t middle = good + (bad - good) / 2;
    (isFlat(view, outer, window, middle) ? good : bad) = middle;
  }
  return good;
}

int64_t JumpLimits::get(size_t loop, Counters counters,
                        const RegisterValues &values, int64_t first,
                        int64_t period, int64_t blocks) const {
  uint32_t number = numbers[loop];
  for (const View &view : views[number])
    for (int64_t i = first; i < first + period && blocks > 0; ++i)
      blocks =
          limit(view, counters, values, depths[number], {i, period}, blocks);
  return blocks;
}
