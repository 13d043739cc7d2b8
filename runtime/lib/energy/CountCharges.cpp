//===- CountCharges.cpp - What a whole program charges ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The charges of an instruction depend on loop counters only through its
// guard, its counts, whether the first group starts, and zero filling. Loops
// that influence none of them multiply. Along the longest of the others, these
// quantities are constant or periodic except where something is clipped: the
// range is cut there, and of each piece one period is enumerated.
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace phx;

/// Least common multiple, saturating: a period beyond every range is none.
static int64_t combine(__int128 a, __int128 b) {
  constexpr int64_t limit = std::numeric_limits<int64_t>::max();
  if (a >= limit || b >= limit)
    return limit;
  auto x = static_cast<int64_t>(a), y = static_cast<int64_t>(b);
  __int128 multiple = __int128(x) / std::gcd(x, y) * y;
  return multiple >= limit ? limit : static_cast<int64_t>(multiple);
}

namespace {

/// How a quantity behaves along one loop.
struct Behaviour {
  std::vector<int64_t> cuts; ///< where it changes its kind of behaviour
  int64_t period = 1;        ///< of what wraps
  /// Pieces between cuts that have no period.
  std::vector<std::pair<int64_t, int64_t>> irregular;
};

/// An affine field along one loop, the other counters held.
class Along {
public:
  Along(const Affine &affine, uint8_t loop, const Counters &counters)
      : low(affine.base), high(affine.base) {
    for (const DigitTerm &term : affine.terms)
      addTerm(term, loop, counters);
  }

  /// Of the terms that wrap.
  int64_t getPeriod() const { return period; }
  /// True if the terms that do not wrap move in one direction.
  bool isMonotone() const { return !(rising && falling); }
  bool isRising() const { return rising; }
  bool isBounded() const { return !rising && !falling; }

  /// Bounds over every phase of the terms that wrap.
  int64_t getLow(int64_t counter) const { return low + getTrend(counter); }
  int64_t getHigh(int64_t counter) const { return high + getTrend(counter); }

private:
  void addTerm(const DigitTerm &term, uint8_t loop, const Counters &counters) {
    if (term.loop != loop) {
      int64_t value = evaluate(term, counters);
      low += value;
      high += value;
    } else if (term.modulus == 0) {
      trend.push_back(term);
      rising |= term.weight > 0;
      falling |= term.weight < 0;
    } else {
      // The digit repeats when counter * scale passes divisor * modulus.
      __int128 cycle = __int128(term.divisor) * term.modulus;
      auto shared =
          std::gcd(term.scale, static_cast<int64_t>(cycle % term.scale));
      period = combine(period, cycle / shared);
      int64_t reach = (term.modulus - 1) * term.weight;
      low += std::min<int64_t>(reach, 0);
      high += std::max<int64_t>(reach, 0);
    }
  }
  int64_t getTrend(int64_t counter) const {
    int64_t sum = 0;
    for (const DigitTerm &term : trend)
      sum += (counter * term.scale + term.offset) / term.divisor * term.weight;
    return sum;
  }

  int64_t low, high;
  int64_t period = 1;
  bool rising = false, falling = false;
  std::vector<DigitTerm> trend;
};

/// First counter in [0, trip] from which a predicate, once true, stays true.
template <typename Predicate>
int64_t findFirst(int64_t trip, Predicate predicate) {
  int64_t low = 0, high = trip;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (predicate(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/// Sums the charges of one instruction over its loops.
class Summation {
public:
  Summation(const Program &program, const Instruction &instruction,
            const Target &target, const std::vector<int64_t> &loopTrips)
      : program(program), instruction(instruction), target(target) {
    trips.fill(1);
    std::copy(loopTrips.begin(), loopTrips.end(), trips.begin());
    trips[laneLoop] = instruction.arrays.lanes;
    collect();
  }

  Counters64 run() {
    uint64_t factor = 1;
    std::vector<uint8_t> loops;
    for (size_t i = 0; i < trips.size(); ++i) {
      if (influential[i])
        loops.push_back(static_cast<uint8_t>(i));
      else
        factor *= static_cast<uint64_t>(trips[i]);
    }
    // The longest loop is the one worth cutting into pieces.
    std::sort(loops.begin(), loops.end(),
              [&](uint8_t a, uint8_t b) { return trips[a] < trips[b]; });
    sum(loops, 0, factor);
    return total;
  }

private:
  void collect();
  void mark(const Affine &affine) {
    for (const DigitTerm &term : affine.terms)
      influential[term.loop] = true;
  }

  void sum(const std::vector<uint8_t> &loops, size_t next, uint64_t factor);
  void sumAlong(uint8_t loop, uint64_t factor);
  void sumPiece(uint8_t loop, int64_t begin, int64_t end, int64_t period,
                uint64_t factor);
  void charge(uint64_t factor) {
    Counters64 charges = getLaneCharges(program, instruction, counters, target);
    for (size_t i = 0; i < numCounters; ++i)
      total[i] += charges[i] * factor;
    for (size_t i = maxCounters; i < numAllCounters; ++i)
      total[i] += charges[i] * factor;
  }
  Behaviour getBehaviour(uint8_t loop, int64_t trip) const;
  void analyseCount(const Count &count, uint8_t loop, int64_t trip,
                    Behaviour &behaviour) const;
  void analyseFirstGroup(uint8_t loop, int64_t trip,
                         Behaviour &behaviour) const;

  const Program &program;
  const Instruction &instruction;
  const Target &target;
  Counters trips; ///< of the enclosing loops, and of the lanes

  std::vector<const Count *> counts;
  const Affine *firstGroup = nullptr; ///< compared with zero
  const Affine *fillStart = nullptr;
  std::array<bool, numCounters> influential{};
  Counters counters{};
  Counters64 total{};
  const size_t numCounters = getCounters().size();
};
} // namespace

void Summation::collect() {
  const Body &body = instruction.body;
  visitCounts(body, [&](const FieldDescription &, const Count &count) {
    if (count.remaining)
      counts.push_back(&count);
  });
  for (const FieldDescription &field : body.getDescription().fields) {
    if (field.role == FieldRole::AccumulationStart)
      firstGroup = &field.as<Affine>(body.data());
    if (field.kind == FieldKind::ZeroFill)
      if (const auto &fill = field.as<std::optional<ZeroFill>>(body.data()))
        fillStart = &fill->start;
  }
  for (const Count *count : counts)
    mark(*count->remaining);
  if (firstGroup)
    mark(*firstGroup);
  if (fillStart)
    mark(*fillStart);
  if (instruction.guard)
    influential[instruction.guard->loop] = true;
}

void Summation::sum(const std::vector<uint8_t> &loops, size_t next,
                    uint64_t factor) {
  if (next == loops.size())
    return charge(factor);
  uint8_t loop = loops[next];
  if (next + 1 == loops.size())
    return sumAlong(loop, factor);
  for (counters[loop] = 0; counters[loop] < trips[loop]; ++counters[loop])
    sum(loops, next + 1, factor);
}

void Summation::analyseCount(const Count &count, uint8_t loop, int64_t trip,
                             Behaviour &behaviour) const {
  Along along(*count.remaining, loop, counters);
  if (along.isBounded()) {
    behaviour.period = combine(behaviour.period, along.getPeriod());
    return;
  }
  if (!along.isMonotone()) {
    behaviour.irregular.push_back({0, trip});
    return;
  }
  auto isFull = [&](int64_t c) { return along.getLow(c) >= count.cap; };
  auto isEmpty = [&](int64_t c) { return along.getHigh(c) <= 0; };
  int64_t first, last;
  if (along.isRising()) {
    first = findFirst(trip, [&](int64_t c) { return !isEmpty(c); });
    last = findFirst(trip, isFull);
  } else {
    first = findFirst(trip, [&](int64_t c) { return !isFull(c); });
    last = findFirst(trip, isEmpty);
  }
  behaviour.cuts.insert(behaviour.cuts.end(), {first, last});
  // Between the two ends the count follows the loop itself.
  behaviour.irregular.push_back({first, last});
}

void Summation::analyseFirstGroup(uint8_t loop, int64_t trip,
                                  Behaviour &behaviour) const {
  Along along(*firstGroup, loop, counters);
  if (along.isBounded()) {
    behaviour.period = combine(behaviour.period, along.getPeriod());
    return;
  }
  if (!along.isMonotone() || !along.isRising()) {
    behaviour.irregular.push_back({0, trip});
    return;
  }
  int64_t first =
      findFirst(trip, [&](int64_t c) { return along.getHigh(c) >= 0; });
  int64_t last =
      findFirst(trip, [&](int64_t c) { return along.getLow(c) > 0; });
  behaviour.cuts.insert(behaviour.cuts.end(), {first, last});
  behaviour.irregular.push_back({first, last});
}

Behaviour Summation::getBehaviour(uint8_t loop, int64_t trip) const {
  Behaviour behaviour;
  for (const Count *count : counts)
    analyseCount(*count, loop, trip, behaviour);
  if (firstGroup)
    analyseFirstGroup(loop, trip, behaviour);
  if (fillStart) {
    Along along(*fillStart, loop, counters);
    if (along.isBounded())
      behaviour.period = combine(behaviour.period, along.getPeriod());
    else
      behaviour.irregular.push_back({0, trip});
  }
  if (const auto &guard = instruction.guard; guard && guard->loop == loop)
    for (int64_t end : {guard->low, guard->extent})
      behaviour.cuts.push_back(findFirst(trip, [&](int64_t c) {
        return c * guard->scale + guard->offset >= end;
      }));
  return behaviour;
}

void Summation::sumAlong(uint8_t loop, uint64_t factor) {
  int64_t trip = trips[loop];
  Behaviour behaviour = getBehaviour(loop, trip);
  std::vector<int64_t> &cuts = behaviour.cuts;
  cuts.insert(cuts.end(), {0, trip});
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    int64_t begin = cuts[i], end = cuts[i + 1];
    bool irregular = false;
    for (auto [from, to] : behaviour.irregular)
      irregular |= from < end && begin < to;
    sumPiece(loop, begin, end, irregular ? end - begin : behaviour.period,
             factor);
  }
}

void Summation::sumPiece(uint8_t loop, int64_t begin, int64_t end,
                         int64_t period, uint64_t factor) {
  int64_t length = end - begin;
  int64_t distinct = std::min(period, length);
  auto repeats = static_cast<uint64_t>(length / distinct);
  int64_t remainder = length % distinct;
  for (int64_t i = 0; i < distinct; ++i) {
    counters[loop] = begin + i;
    charge(factor * (repeats + (i < remainder ? 1 : 0)));
  }
}

std::vector<Counters64> phx::countCharges(const Program &program,
                                          const Target &target) {
  std::vector<Counters64> charges(program.code.size(), Counters64{});
  std::vector<int64_t> trips;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const auto *loop = getIf<Loop>(instruction.body))
      trips.push_back(loop->count);
    else if (holds<End>(instruction.body))
      trips.pop_back();
    else
      charges[i] = Summation(program, instruction, target, trips).run();
  }
  return charges;
}
