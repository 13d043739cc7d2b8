//===- LoopPeriod.cpp - Iterations that repeat themselves -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopPeriod.h"

#include "phx/isa/Bounds.h"

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
  PeriodFinder(const Program &program, uint8_t depth, int64_t count,
               const CounterBox &outer)
      : box(outer), program(program), depth(depth) {
    result.until = count;
    box.low[depth] = 0;
    box.high[depth] = count - 1;
  }

  /// Along `depth` in `box`.
  PeriodFinder(const Program &program, uint8_t depth, const CounterBox &box)
      : box(box), program(program), depth(depth) {
    result.until = box.high[depth] + 1;
  }

  CounterBox box; ///< counters of the instruction looked at
  LoopPeriod result;
  bool found = true;

  void visit(size_t index, SlotMask sharedSlots) {
    const Instruction &instruction = program.code[index];
    slots = sharedSlots;
    box.high[laneLoop] = int64_t(instruction.arrays.lanes) - 1;
    if (instruction.guard)
      guard(*instruction.guard);
    for (const DigitTerm &digit : instruction.arrays.digits)
      found &= isPeriodic(digit);
    fields(index);
  }

  /// Its fields alone, all operands.
  void visitFields(size_t index) {
    slots = SlotMask(~0u);
    fields(index);
  }

private:
  void guard(const Guard &g) {
    if (g.loop != depth)
      return;
    std::optional<CounterRange> inside = getCountersInside(g, box.high[depth]);
    // From the first iteration on it holds up to there, or does not hold up to
    // there; the iterations behind are stepped through.
    if (!inside)
      return;
    int64_t change = inside->first == 0 ? inside->last + 1 : inside->first;
    result.until = std::min(result.until, change);
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

  void count(const Count &n) {
    if (!n.remaining || isPeriodic(*n.remaining))
      return;
    // As long as plenty remains the count is its cap.
    limit([&](const CounterBox &part) {
      return smallest(*n.remaining, part) >= n.cap;
    });
  }

  /// Groups along a contraction axis are whole as long as plenty of it remains.
  void cut(const ElementLayout &layout, const IndexFields &columns,
           const void *body) {
    if (!layout.before || isPeriodic(*layout.before))
      return;
    int64_t last = columns.start ? largest(columns.start->as<Affine>(body), box)
                                 : 0;
    if (columns.count)
      last += std::max<int64_t>(getMost(*columns.count, body) - 1, 0);
    int64_t end = (last / layout.shared + 1) * layout.shared;
    limit([&](const CounterBox &part) {
      return largest(*layout.before, part) <= layout.axisEnd - end;
    });
  }

  static int64_t getMost(const FieldDescription &count, const void *body) {
    return count.kind == FieldKind::Number ? count.as<int64_t>(body)
                                           : count.as<Count>(body).cap;
  }

  /// Until the last iteration up to which `holds` of all of them.
  template <typename Predicate> void limit(Predicate holds) {
    CounterBox part = box;
    int64_t low = box.low[depth] - 1, high = result.until - 1;
    while (low < high) {
      int64_t middle = low + (high - low + 1) / 2;
      part.high[depth] = middle;
      if (holds(part))
        low = middle;
      else
        high = middle - 1;
    }
    result.until = std::min(result.until, low + 1);
  }

  void fields(size_t index) {
    const Body &body = program.code[index].body;
    const void *data = body.data();
    const InstructionDescription &description = body.getDescription();
    for (size_t slot = 0; slot < description.accesses.size(); ++slot) {
      const AccessDescription &access = description.accesses[slot];
      if (!(slots >> slot & 1))
        continue;
      start(access.address->as<Address>(data).offset);
      cut(getLayout(program, index, access), access.cols, data);
      if (!access.zeroFill)
        continue;
      if (const auto &f = access.zeroFill->as<std::optional<ZeroFill>>(data))
        start(f->start);
    }
    visitCounts(body, [&](const FieldDescription &, const Count &n) {
      count(n);
    });
    for (const FieldDescription &field : description.fields)
      if (field.kind == FieldKind::Affine && movesBytes(field))
        start(field.as<Affine>(data));
  }

  const Program &program;
  uint8_t depth;
  SlotMask slots = 0;
};

} // namespace

std::optional<LoopPeriod>
detail::findLoopPeriod(const Program &program, const ProgramTree &tree,
                       uint32_t index, const std::vector<SlotMask> &sharedSlots,
                       const CounterBox &outer) {
  const ProgramTree::Node &node = tree[index];
  if (node.count < minTrips)
    return std::nullopt;
  PeriodFinder finder(program, node.depth, node.count, outer);
  uint32_t depth = node.depth + 1;
  for (size_t i = node.begin + 1; i + 1 < node.end && finder.found; ++i) {
    const Instruction &instruction = program.code[i];
    bool isToken = holds<Signal>(instruction.body) ||
                   holds<Wait>(instruction.body);
    if (const Loop *loop = getIf<Loop>(instruction.body)) {
      finder.box.low[depth] = 0;
      finder.box.high[depth++] = loop->count - 1;
    } else if (holds<End>(instruction.body)) {
      --depth;
      finder.box.low[depth] = finder.box.high[depth] = 0;
    } else if (isToken || sharedSlots[i] || tree.engines().joinsBlocks(i)) {
      finder.visit(i, sharedSlots[i]);
    }
  }
  int64_t least =
      finder.result.period > shortPeriod ? minLongPeriods : minPeriods;
  if (!finder.found || finder.result.until / least < finder.result.period)
    return std::nullopt;
  return finder.result;
}

std::optional<LoopPeriod> detail::findLanePeriod(const Program &program,
                                                 size_t index, uint8_t loop,
                                                 const CounterBox &box) {
  PeriodFinder finder(program, loop, box.overLanes(program.code[index]));
  finder.visitFields(index);
  if (!finder.found)
    return std::nullopt;
  return finder.result;
}
