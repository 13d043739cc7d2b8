//===- Footprint.cpp - Bytes that an instruction touches -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Footprint.h"

#include "UnitFootprints.h"

#include "phx/isa/Registers.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

// Sets of more intervals are rounded up under Precision::Fast and Hull.
static constexpr size_t fastIntervals = 512;
static constexpr size_t hullIntervals = 8;
static constexpr size_t refinedIntervals = size_t(1) << 22;
// Precision::Fast steps through at most so many iterations.
static constexpr int64_t fastIterations = 8;

static int64_t countIterations(const CounterBox &box, unsigned loops) {
  int64_t count = 1;
  for (size_t level = 0; level < box.low.size(); ++level)
    if (loops >> level & 1) {
      int64_t trips = box.high[level] - box.low[level] + 1;
      if (trips > fastIterations)
        return trips;
      count *= trips;
    }
  return count;
}

void UnitFootprints::append(const Operand &operand, size_t limit,
                            UnitAccessList &list) {
  UnitAccess &access = list.append();
  access.slot = operand.slot;
  access.memory = operand.memory;
  access.kind = operand.product ? AccessKind::Accumulate
                : operand.write ? AccessKind::Write
                                : AccessKind::Read;
  access.product = operand.product.value_or(0);
  access.exact = operand.exact;
  cache.materialize(operand, limit, access.bytes, access.exact);
  if (access.bytes.empty())
    --list.used;
}

void UnitFootprints::enumerate(size_t index, const CounterBox &box,
                               size_t limit, unsigned slots,
                               UnitAccessList &list) {
  struct Sum {
    Operand last;
    IntervalSet bytes;
    size_t compacted = 0;
    bool any = false, exact = true;
  };
  std::array<Sum, numSlots> sums;
  IntervalSet bytes;
  unsigned loops = usedLoops(program, index);
  forEachCounters(box, loops, [&](const Counters &counters) {
    if (!work.spend(1))
      return false;
    operands.clear();
    collectOperands(program, index, CounterBox::point(counters), operands);
    for (const Operand &operand : operands) {
      Sum &sum = sums[operand.slot];
      if (!(slots >> operand.slot & 1) || (sum.any && sum.last == operand))
        continue;
      sum.last = operand;
      sum.any = true;
      cache.materialize(operand, limit, bytes, sum.exact);
      sum.bytes.insert(sum.bytes.end(), bytes.begin(), bytes.end());
      if (sum.bytes.size() > 2 * sum.compacted + 65536) {
        normalize(sum.bytes);
        sum.exact &= !coarsen(sum.bytes, limit);
        sum.compacted = sum.bytes.size();
      }
    }
    return true;
  });
  for (Sum &sum : sums) {
    normalize(sum.bytes);
    sum.exact &= !coarsen(sum.bytes, limit);
    if (sum.bytes.empty())
      continue;
    UnitAccess &access = list.append();
    access.slot = sum.last.slot;
    access.memory = sum.last.memory;
    access.kind = sum.last.product ? AccessKind::Accumulate
                  : sum.last.write ? AccessKind::Write
                                   : AccessKind::Read;
    access.product = sum.last.product.value_or(0);
    access.exact = sum.exact;
    access.bytes = std::move(sum.bytes);
  }
}

void UnitFootprints::compute(size_t index, const CounterBox &box,
                             Precision precision, unsigned slots,
                             UnitAccessList &list) {
  list.used = 0;
  computeMore(index, box.overLanes(program.code[index]), precision, slots,
              list);
}

void UnitFootprints::computeLane(size_t index, const Counters &counters,
                                 UnitAccessList &list) {
  list.used = 0;
  computeMore(index, CounterBox::point(counters), Precision::Refined, ~0u,
              list);
}

void UnitFootprints::computeMixed(size_t index, const CounterBox &box,
                                  unsigned slots, unsigned refined,
                                  UnitAccessList &list) {
  list.used = 0;
  CounterBox all = box.overLanes(program.code[index]);
  computeMore(index, all, Precision::Refined, slots & refined, list);
  computeMore(index, all, Precision::Fast, slots & ~refined, list);
}

void UnitFootprints::computeMore(size_t index, const CounterBox &box,
                                 Precision precision, unsigned slots,
                                 UnitAccessList &list) {
  if (slots == 0)
    return;
  operands.clear();
  collectOperands(program, index, box, operands);
  std::erase_if(operands,
                [&](const Operand &o) { return !(slots >> o.slot & 1); });
  bool exact = std::all_of(operands.begin(), operands.end(),
                           [](const Operand &o) { return o.exact; });
  static constexpr size_t limits[] = {fastIntervals, hullIntervals,
                                      refinedIntervals};
  size_t limit = limits[static_cast<size_t>(precision)];
  // Which loops an instruction uses takes a walk over its fields.
  auto isFew = [&] {
    return countIterations(box, usedLoops(program, index)) <= fastIterations;
  };
  if (!exact && precision != Precision::Hull &&
      (precision != Precision::Fast || isFew())) {
    enumerate(index, box, limit, slots, list);
    return;
  }
  for (const Operand &operand : operands)
    append(operand, limit, list);
}

//===----------------------------------------------------------------------===//
// Public interface
//===----------------------------------------------------------------------===//

static Access toAccess(const UnitAccess &unit) {
  Access access;
  access.memory = unit.memory;
  access.write = unit.kind != AccessKind::Read;
  if (unit.kind == AccessKind::Accumulate)
    access.accumulatesInto = unit.product;
  access.bytes = unit.bytes;
  return access;
}

/// The accesses of one instruction: exact if that takes no more steps than an
/// analysis may, otherwise a hull.
static void computeBounded(const Program &program, size_t index,
                           const CounterBox &box, UnitAccessList &list) {
  for (Precision precision : {Precision::Refined, Precision::Hull}) {
    WorkLimit work;
    UnitFootprints footprints(program, work);
    footprints.compute(index, box, precision, ~0u, list);
    if (!work.isExceeded())
      return;
  }
}

std::vector<Access> phx::getAccesses(const LargestCounts &largest, size_t index,
                                     const Counters &counters) {
  UnitAccessList list;
  computeBounded(largest.get(), index, CounterBox::point(counters), list);
  std::vector<Access> accesses;
  for (const UnitAccess &unit : list)
    accesses.push_back(toAccess(unit));
  return accesses;
}

static void merge(std::vector<Access> &accesses, const UnitAccess &unit) {
  Access access = toAccess(unit);
  for (Access &other : accesses)
    if (other.memory == access.memory && other.write == access.write &&
        other.accumulatesInto == access.accumulatesInto) {
      other.bytes.insert(other.bytes.end(), access.bytes.begin(),
                         access.bytes.end());
      return;
    }
  accesses.push_back(std::move(access));
}

std::vector<EngineAccesses> phx::getAccesses(const LargestCounts &largest,
                                             size_t begin, size_t end,
                                             unsigned depth,
                                             const Counters &counters) {
  const Program &program = largest.get();
  UnitAccessList list;
  std::vector<EngineAccesses> engines;
  CounterBox box = CounterBox::point(counters);
  for (size_t i = begin; i < end; ++i) {
    const Instruction &instruction = program.code[i];
    if (const Loop *loop = getIf<Loop>(instruction.body)) {
      box.low[depth] = 0;
      box.high[depth++] = loop->count - 1;
      continue;
    }
    if (holds<End>(instruction.body)) {
      --depth;
      box.low[depth] = box.high[depth] = 0;
      continue;
    }
    computeBounded(program, i, box, list);
    if (list.used == 0)
      continue;
    auto found = std::find_if(engines.begin(), engines.end(),
                              [&](const EngineAccesses &e) {
                                return e.engine == instruction.engine &&
                                       e.arrays == instruction.arrays;
                              });
    if (found == engines.end())
      found =
          engines.insert(found, {instruction.engine, instruction.arrays, {}});
    for (const UnitAccess &unit : list)
      merge(found->accesses, unit);
  }
  for (EngineAccesses &engine : engines)
    for (Access &access : engine.accesses)
      normalize(access.bytes);
  return engines;
}

IntervalSet phx::getWrittenBytes(const LargestCounts &largest,
                                 uint32_t memory) {
  const Program &program = largest.get();
  WorkLimit work;
  UnitFootprints footprints(program, work);
  UnitAccessList list;
  IntervalSet bytes;
  CounterBox box;
  size_t depth = 0;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const Loop *loop = getIf<Loop>(instruction.body))
      box.high[depth++] = loop->count - 1;
    if (holds<End>(instruction.body))
      box.high[--depth] = 0;
    footprints.compute(i, box, Precision::Hull, ~0u, list);
    for (const UnitAccess &access : list)
      if (access.kind != AccessKind::Read && access.memory == memory)
        bytes.insert(bytes.end(), access.bytes.begin(), access.bytes.end());
  }
  for (const Region &region : program.regions)
    if (region.memory == memory &&
        (region.role == Role::Input || region.isMutable))
      bytes.push_back({region.address, region.address + region.bytes});
  normalize(bytes);
  return bytes;
}

bool phx::overlaps(const IntervalSet &a, const IntervalSet &b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i].end <= b[j].begin)
      ++i;
    else if (b[j].end <= a[i].begin)
      ++j;
    else
      return true;
  }
  return false;
}
