//===- LaneHazards.cpp - Races inside one instruction -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mostly a proof by distances does: bytes of different operands lie apart over
// all iterations, and those of one operand move from lane to lane by more than
// they span. What is left is enumerated, iteration by iteration.
//
//===----------------------------------------------------------------------===//

#include "LaneHazards.h"

#include "AccessHistory.h"
#include "LoopPeriod.h"

#include "phx/isa/LoopTree.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

namespace {

class LaneChecker {
public:
  LaneChecker(const Program &program, const ProgramTree &tree, size_t index,
              WorkLimit &work)
      : program(program), tree(tree), index(index),
        instruction(program.code[index]), work(work),
        footprints(program, work) {}

  Status run(const CounterBox &box);

private:
  /// What lanes touch of one space: a race if one of two writes.
  static bool mayConflict(const UnitAccess &a, const UnitAccess &b) {
    if (a.memory != b.memory ||
        (a.kind == AccessKind::Read && b.kind == AccessKind::Read))
      return false;
    return a.kind != AccessKind::Accumulate ||
           b.kind != AccessKind::Accumulate || a.product != b.product;
  }
  bool liesApart(const UnitAccess &a, const UnitAccess &b) const;
  std::optional<int64_t> getSpan(const AccessDescription &access) const;
  Status enumerate(CounterBox box);
  Status enumerate(unsigned loop, Counters &counters);
  Status runIteration(Counters counters);

  const Program &program;
  const ProgramTree &tree;
  size_t index;
  const Instruction &instruction;
  WorkLimit &work;
  UnitFootprints footprints;
  CounterBox executed; ///< counters that the guard leaves
  /// By loop: iterations in [first, second) do what earlier ones do.
  std::array<std::pair<int64_t, int64_t>, maxLoopDepth> repeated;
};

} // namespace

/// The most bytes from the address on; nothing if that depends on starts.
std::optional<int64_t>
LaneChecker::getSpan(const AccessDescription &access) const {
  const void *body = instruction.body.data();
  Int span = 0;
  switch (access.pattern) {
  case AccessPattern::Strided: {
    if (access.zeroFill &&
        access.zeroFill->as<std::optional<ZeroFill>>(body))
      return std::nullopt;
    span = access.width;
    const Shape4 &shape = access.shape->as<Shape4>(body);
    const Stride4 &strides = access.strides->as<Stride4>(body);
    for (size_t d = 0; d < shape.size(); ++d)
      if (strides[d] < 0)
        return std::nullopt;
      else
        span += Int(std::max<int64_t>(shape[d].cap - 1, 0)) * strides[d];
    break;
  }
  case AccessPattern::Elements:
  case AccessPattern::MaskWords: {
    int64_t count = access.count ? access.count->as<Count>(body).cap
                                 : access.fixedCount;
    span = access.pattern == AccessPattern::Elements
               ? Int(count) * access.width
               : Int(getMaskWords(count)) * 4;
    break;
  }
  case AccessPattern::Listed:
    span = access.extent->as<int64_t>(body);
    break;
  case AccessPattern::Mapped:
  case AccessPattern::RowBytes:
    return std::nullopt;
  }
  if (span > limits::index)
    return std::nullopt;
  return static_cast<int64_t>(span);
}

/// Where lanes begin, relative to the first, in order; nothing if two of them
/// begin at one place.
static std::optional<int64_t> getLeastDistance(const Affine &offset,
                                               int64_t lanes) {
  std::vector<int64_t> begins;
  Counters counters{};
  for (int64_t lane = 0; lane < lanes; ++lane) {
    counters[laneLoop] = lane;
    int64_t begin = 0;
    for (const DigitTerm &digit : offset.terms)
      if (digit.loop == laneLoop)
        begin += evaluate(digit, counters);
    begins.push_back(begin);
  }
  std::sort(begins.begin(), begins.end());
  std::optional<int64_t> least;
  for (size_t i = 1; i < begins.size(); ++i)
    least = std::min(least.value_or(begins[i] - begins[i - 1]),
                     begins[i] - begins[i - 1]);
  return least;
}

/// Whether the distance from lane to lane proves that no lane touches through
/// `b` what another touches through `a`.
bool LaneChecker::liesApart(const UnitAccess &a, const UnitAccess &b) const {
  const auto &accesses = instruction.getDescription().accesses;
  const AccessDescription &first = accesses[a.slot], &second = accesses[b.slot];
  const void *body = instruction.body.data();
  const Affine &from = first.address->as<Address>(body).offset;
  const Affine &to = second.address->as<Address>(body).offset;
  std::optional<int64_t> firstSpan = getSpan(first);
  std::optional<int64_t> secondSpan = getSpan(second);
  if (!firstSpan || !secondSpan || from.terms != to.terms)
    return false;
  int64_t shift = to.base - from.base;
  int64_t span = std::max(*firstSpan, shift + *secondSpan) -
                 std::min<int64_t>(0, shift);
  std::optional<int64_t> distance =
      getLeastDistance(from, instruction.arrays.lanes);
  return distance && *distance >= span;
}

Status LaneChecker::run(const CounterBox &box) {
  UnitAccessList list;
  footprints.compute(index, box, Precision::Hull, ~0u, list);
  for (const UnitAccess &a : list)
    for (const UnitAccess &b : list)
      if (a.kind != AccessKind::Read && mayConflict(a, b) &&
          overlaps(a.bytes, b.bytes) && !liesApart(a, b))
        return enumerate(box);
  return Status::success();
}

/// Goes through the iterations in which the instruction may be executed, of
/// those that repeat themselves through the first period.
Status LaneChecker::enumerate(CounterBox box) {
  if (const auto &g = instruction.guard; g && g->loop != laneLoop) {
    std::optional<CounterRange> inside =
        getCountersInside(*g, box.high[g->loop]);
    if (!inside)
      return Status::success();
    box.low[g->loop] = inside->first;
    box.high[g->loop] = inside->last;
  }
  executed = box;
  unsigned loops = usedLoops(program, index);
  for (uint8_t loop = 0; loop < maxLoopDepth; ++loop) {
    repeated[loop] = {0, 0};
    if (!(loops >> loop & 1))
      executed.high[loop] = executed.low[loop];
    else if (auto period = findLanePeriod(program, index, loop, box))
      repeated[loop] = {box.low[loop] + period->period, period->until};
  }
  Counters counters = executed.low;
  return enumerate(0, counters);
}

Status LaneChecker::enumerate(unsigned loop, Counters &counters) {
  if (loop == maxLoopDepth)
    return runIteration(counters);
  auto [first, end] = repeated[loop];
  for (int64_t c = executed.low[loop]; c <= executed.high[loop]; ++c) {
    if (c == first)
      c = std::max(c, end);
    if (c > executed.high[loop])
      break;
    counters[loop] = c;
    if (Status status = enumerate(loop + 1, counters); !status)
      return status;
  }
  return Status::success();
}

Status LaneChecker::runIteration(Counters counters) {
  std::vector<AccessHistory> histories(program.memories.size());
  UnitAccessList list;
  std::string found;
  for (uint32_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
    counters[laneLoop] = lane;
    // Also where it is skipped and touches nothing.
    if (!work.spend(1))
      return makeTooMuchWorkError(program, tree, index);
    footprints.computeLane(index, counters, list);
    for (const UnitAccess &access : list) {
      AccessEntry entry;
      entry.engines = {lane, lane + 1};
      entry.kind = access.kind;
      entry.product = access.product;
      auto visit = [&](const AccessEntry &old, bool conflicting, int64_t byte) {
        if (!work.spend(1))
          return AccessHistory::Answer::Stop;
        if (old.engines == entry.engines)
          return AccessHistory::Answer::Ordered;
        if (!conflicting)
          return AccessHistory::Answer::Unordered;
        found = "lanes " + std::to_string(old.engines.begin) + " and " +
                std::to_string(lane) + " share byte " + std::to_string(byte) +
                " of " + getMemoryName(program, access.memory) +
                " memory, and one of them writes it; lanes run at the same "
                "time, so give each lane bytes of its own";
        return AccessHistory::Answer::Stop;
      };
      work.spend(1);
      AccessHistory &history = histories[access.memory];
      bool done = history.record(access.bytes, entry, visit);
      work.spend(history.takePassed() / passedPerStep);
      if (!found.empty())
        return failInstruction(program, index, found);
      if (!done || work.isExceeded())
        return makeTooMuchWorkError(program, tree, index);
    }
  }
  return Status::success();
}

Status detail::checkLanes(const Program &program, const ProgramTree &tree,
                          WorkLimit &work) {
  CounterBox box;
  uint32_t depth = 0;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const Loop *loop = getIf<Loop>(instruction.body))
      box.high[depth++] = loop->count - 1;
    else if (holds<End>(instruction.body))
      box.high[--depth] = 0;
    else if (instruction.arrays.lanes > 1)
      if (Status status = LaneChecker(program, tree, i, work).run(box); !status)
        return status;
  }
  return Status::success();
}
