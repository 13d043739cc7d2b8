//===- LoopPeriod.cpp - Iterations that repeat themselves -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopPeriod.h"

#include "Bounds.h"

#include <algorithm>
#include <utility>

using namespace phx;
using namespace phx::detail;

// Below this many trips, stepping is as good.
static constexpr int64_t minTrips = 8;
// A period is of use only if so many of them follow each other, because
// comparing states is work, too.
static constexpr int64_t minPeriods = 4;
static constexpr int64_t shortPeriod = 64;
static constexpr int64_t minLongPeriods = 32;

namespace {

Int gcd(Int a, Int b) {
  while (b != 0)
    a = std::exchange(b, a % b);
  return a;
}

/// Looks at every field that depends on the loop at `depth`.
class PeriodFinder {
public:
  PeriodFinder(uint8_t depth, int64_t count, const CounterBox &outer)
      : box(outer), depth(depth) {
    result.until = count;
    box.low[depth] = 0;
    box.high[depth] = count - 1;
  }

  CounterBox box; ///< counters of the instruction looked at
  LoopPeriod result;
  bool found = true;

  void visit(const Instruction &instruction, uint8_t sharedSlots) {
    slots = sharedSlots;
    if (instruction.guard)
      guard(*instruction.guard);
    std::visit([&](const auto &body) { fields(body); }, instruction.body);
  }

private:
  void guard(const Guard &g) {
    if (g.loop != depth || g.offset >= g.extent)
      return;
    // Holds up to there; the iterations behind are stepped through.
    result.until =
        std::min(result.until, (g.extent - g.offset - 1) / g.scale + 1);
  }

  bool isPeriodic(const DigitTerm &t) {
    if (t.loop != depth || t.weight == 0)
      return true;
    if (t.modulus == 0)
      return false;
    Int cycle = Int(t.divisor) * t.modulus;
    cycle /= gcd(cycle, t.scale);
    // A longer period than the loop is none.
    int64_t last = box.high[depth];
    if (cycle <= last)
      cycle *= result.period / gcd(result.period, cycle);
    found &= cycle <= last;
    if (found)
      result.period = static_cast<int64_t>(cycle);
    return true;
  }

  bool isPeriodic(const Affine &a) {
    return std::all_of(a.terms.begin(), a.terms.end(),
                       [&](const DigitTerm &t) { return isPeriodic(t); });
  }

  void start(const Affine &a) { found &= isPeriodic(a); }

  void address(uint8_t slot, const Address &a) {
    if (slots >> slot & 1)
      start(a.offset);
  }

  void count(const Count &n) {
    if (!n.remaining || isPeriodic(*n.remaining))
      return;
    // As long as plenty remains the count is its cap.
    CounterBox part = box;
    int64_t low = -1, high = result.until - 1; // last iteration that is full
    while (low < high) {
      int64_t middle = low + (high - low + 1) / 2;
      part.high[depth] = middle;
      if (smallest(*n.remaining, part) >= n.cap)
        low = middle;
      else
        high = middle - 1;
    }
    result.until = std::min(result.until, low + 1);
  }

  void shape(const Shape4 &s) {
    for (const Count &n : s)
      count(n);
  }

  void fields(const DmaCopy &i) {
    address(0, i.dst);
    address(1, i.src);
    shape(i.shape);
    if (i.zeroFill && slots >> 1 & 1)
      start(i.zeroFill->start);
  }
  void fields(const VecMap &i) {
    address(0, i.dst);
    address(1, i.a);
    address(2, i.b);
    shape(i.shape);
  }
  void fields(const VecReduce &i) {
    address(0, i.dst);
    address(1, i.a);
    shape(i.shape);
  }
  void fields(const VecPool &i) {
    address(0, i.out);
    address(1, i.in);
    start(i.rowStart);
    count(i.rows);
  }
  void fields(const VecPoolPositions &i) {
    address(0, i.out);
    address(1, i.in);
    address(2, i.positions);
    start(i.rowStart);
    count(i.rows);
  }
  void fields(const VecUnpool &i) {
    address(0, i.in);
    address(1, i.out);
    address(2, i.positions);
    start(i.rowStart);
    count(i.rows);
  }
  void fields(const VecPack &i) {
    address(0, i.dst);
    address(1, i.a);
    count(i.count);
  }
  void fields(const VecGateMask &i) {
    address(0, i.dst);
    address(1, i.a);
    address(2, i.mask);
    count(i.count);
  }
  void fields(const VecRandom &i) {
    address(0, i.dst);
    address(1, i.key);
    count(i.count);
  }
  void fields(const CoreProgram &i) {
    address(1, i.src);
    start(i.rowStart);
    start(i.kStart);
    count(i.rows);
    count(i.cols);
  }
  void fields(const CoreStream &i) {
    address(0, i.out);
    address(1, i.in);
    for (const Affine *a : {&i.rowStart, &i.kStart, &i.vecStart})
      start(*a);
    for (const Count *n : {&i.rows, &i.cols, &i.length})
      count(*n);
  }
  template <typename Other> void fields(const Other &) {}

  uint8_t depth;
  uint8_t slots = 0;
};

} // namespace

std::optional<LoopPeriod>
detail::findLoopPeriod(const Program &program, const ProgramTree &tree,
                       uint32_t index, const std::vector<uint8_t> &sharedSlots,
                       const CounterBox &outer) {
  const ProgramTree::Node &node = tree[index];
  if (node.count < minTrips)
    return std::nullopt;
  PeriodFinder finder(node.depth, node.count, outer);
  uint32_t depth = node.depth + 1;
  for (size_t i = node.begin + 1; i + 1 < node.end && finder.found; ++i) {
    const Instruction &instruction = program.code[i];
    bool isToken = std::holds_alternative<Signal>(instruction.body) ||
                   std::holds_alternative<Wait>(instruction.body);
    if (const Loop *loop = std::get_if<Loop>(&instruction.body)) {
      finder.box.low[depth] = 0;
      finder.box.high[depth++] = loop->count - 1;
    } else if (std::holds_alternative<End>(instruction.body)) {
      --depth;
      finder.box.low[depth] = finder.box.high[depth] = 0;
    } else if (isToken || sharedSlots[i]) {
      finder.visit(instruction, sharedSlots[i]);
    }
  }
  int64_t least =
      finder.result.period > shortPeriod ? minLongPeriods : minPeriods;
  if (!finder.found || finder.result.until / least < finder.result.period)
    return std::nullopt;
  return finder.result;
}
