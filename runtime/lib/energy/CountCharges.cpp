//===- CountCharges.cpp - What a whole program charges ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The charges of an instruction depend on loop counters only through its
// guard, its counts, whether the first group starts, zero filling, and the
// fields that its class says charges follow. Loops that influence none of them
// multiply. Along each of the others, the longest one innermost, these
// quantities are constant or periodic except where something is clipped: the
// range is cut there, and of each piece one period is enumerated. Instructions
// that depend on count registers are summed in the same way while registers
// keep what they hold (RegisterCharges.cpp).
//
//===----------------------------------------------------------------------===//

#include "ChargeInputs.h"
#include "ChargeSums.h"

#include "phx/isa/Bounds.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace phx;
using phx::detail::ChargeSteps;

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

/// The digit without its modulus where it does not wrap in `range`: a modulus
/// that is never reached may be too large to compute with.
DigitTerm straighten(DigitTerm term, std::pair<int64_t, int64_t> range) {
  if (term.modulus == 0)
    return term;
  Int low = (Int(range.first) * term.scale + term.offset) / term.divisor;
  Int high = (Int(range.second) * term.scale + term.offset) / term.divisor;
  Int turns = low / term.modulus;
  if (turns != high / term.modulus)
    return term;
  term.offset -= static_cast<int64_t>(turns * term.modulus * term.divisor);
  term.modulus = 0;
  return term;
}

/// An affine field along one loop, the other counters anywhere in `box`.
class Along {
public:
  Along(const Affine &affine, uint8_t loop, const Box &box)
      : low(affine.base), high(affine.base) {
    for (const DigitTerm &term : affine.terms)
      if (term.loop == loop)
        addTerm(straighten(term, box[loop]));
      else
        addRange(getDigitRange(term, box), term.weight);
  }

  /// Of the terms that wrap.
  int64_t getPeriod() const { return period; }
  /// True if the terms that do not wrap move in one direction.
  bool isMonotone() const { return !(rising && falling); }
  bool isRising() const { return rising; }
  bool isBounded() const { return !rising && !falling; }

  /// Bounds over every phase of the terms that wrap.
  Int getLow(int64_t counter) const { return low + getTrend(counter); }
  Int getHigh(int64_t counter) const { return high + getTrend(counter); }

private:
  void addRange(Range digit, int64_t weight) {
    low += std::min(digit.lo * weight, digit.hi * weight);
    high += std::max(digit.lo * weight, digit.hi * weight);
  }
  void addTerm(const DigitTerm &term) {
    if (term.modulus == 0) {
      trend.push_back(term);
      rising |= term.weight > 0;
      falling |= term.weight < 0;
      return;
    }
    // The digit repeats when counter * scale passes divisor * modulus.
    Int cycle = Int(term.divisor) * term.modulus;
    auto shared =
        std::gcd(term.scale, static_cast<int64_t>(cycle % term.scale));
    period = combine(period, cycle / shared);
    addRange({0, term.modulus - 1}, term.weight);
  }
  Int getTrend(int64_t counter) const {
    Int sum = 0;
    for (const DigitTerm &term : trend)
      sum += (Int(counter) * term.scale + term.offset) / term.divisor *
             term.weight;
    return sum;
  }

  Int low, high;
  int64_t period = 1;
  bool rising = false, falling = false;
  std::vector<DigitTerm> trend;
};

/// First counter in [begin, end] from which a predicate, once true, stays true.
template <typename Predicate>
int64_t findFirst(int64_t begin, int64_t end, Predicate predicate) {
  while (begin < end) {
    int64_t middle = begin + (end - begin) / 2;
    if (predicate(middle))
      end = middle;
    else
      begin = middle + 1;
  }
  return begin;
}

/// Sums the charges of one instruction over its loops.
class Summation {
public:
  Summation(const Program &program, const Instruction &instruction,
            const Target &target, const std::vector<int64_t> &loopTrips,
            ChargeSteps &steps)
      : program(program), instruction(instruction), target(target),
        steps(steps) {
    for (size_t i = 0; i < loopTrips.size(); ++i)
      box[i].second = loopTrips[i] - 1;
    box[laneLoop].second = int64_t(instruction.arrays.lanes) - 1;
    collect();
  }

  /// Nothing if it takes too many steps.
  std::optional<Counters64> run() {
    if (!narrow())
      return total;
    uint64_t factor = 1;
    std::vector<uint8_t> loops;
    for (size_t i = 0; i < box.size(); ++i) {
      counters[i] = box[i].first;
      if (influential[i])
        loops.push_back(static_cast<uint8_t>(i));
      else
        factor *= static_cast<uint64_t>(getTrips(i));
    }
    // The longest loop is the one worth cutting into pieces.
    std::sort(loops.begin(), loops.end(),
              [&](uint8_t a, uint8_t b) { return getTrips(a) < getTrips(b); });
    if (!sum(loops, 0, factor))
      return std::nullopt;
    return total;
  }

private:
  void collect();
  bool narrow();
  void mark(const Affine &affine) {
    for (const DigitTerm &term : affine.terms)
      influential[term.loop] = true;
  }
  int64_t getTrips(size_t loop) const {
    return box[loop].second - box[loop].first + 1;
  }

  bool sum(const std::vector<uint8_t> &loops, size_t next, uint64_t factor);
  bool sumPiece(const std::vector<uint8_t> &loops, size_t next, int64_t begin,
                int64_t end, int64_t period, uint64_t factor);
  bool charge(uint64_t factor) {
    if (!steps.spend())
      return false;
    Counters64 charges = getLaneCharges(program, instruction, counters, target);
    for (size_t i = 0; i < numCounters; ++i)
      total[i] += charges[i] * factor;
    for (size_t i = maxCounters; i < numAllCounters; ++i)
      total[i] += charges[i] * factor;
    return true;
  }
  Behaviour getBehaviour(uint8_t loop) const;
  void analyseCount(const Count &count, uint8_t loop,
                    Behaviour &behaviour) const;
  void analyseValue(const Affine &value, uint8_t loop,
                    Behaviour &behaviour) const;
  void analyseFirstGroup(uint8_t loop, Behaviour &behaviour) const;

  const Program &program;
  const Instruction &instruction;
  const Target &target;
  ChargeSteps &steps;

  std::vector<const Count *> counts;
  std::vector<const Affine *> values; ///< charges follow them
  const Affine *firstGroup = nullptr; ///< compared with zero
  const Affine *fillStart = nullptr;
  /// Counters of the enclosing loops, and of the lanes, at which the guard
  /// holds; those of the loops that are gone through are fixed.
  Box box{};
  std::array<bool, std::tuple_size_v<Box>> influential{};
  Counters counters{};
  Counters64 total{};
  const size_t numCounters = getCounters().size();
};
} // namespace

void Summation::collect() {
  detail::ChargeInputs fields(instruction);
  for (const Count *count : fields.counts)
    if (count->remaining)
      counts.push_back(count);
  values = std::move(fields.values);
  firstGroup = fields.start;
  fillStart = fields.fillStart;
  for (const Affine *value : values)
    mark(*value);
  for (const Count *count : counts)
    mark(*count->remaining);
  if (firstGroup)
    mark(*firstGroup);
  if (fillStart)
    mark(*fillStart);
}

/// Leaves the counters at which the guard holds; false if it never does.
bool Summation::narrow() {
  const std::optional<Guard> &guard = instruction.guard;
  if (!guard)
    return true;
  auto &[first, last] = box[guard->loop];
  std::optional<CounterRange> inside = getCountersInside(*guard, last);
  if (inside) {
    first = inside->first;
    last = inside->last;
  }
  return inside.has_value();
}

/// Over the counters of loops[next] and of those behind it.
bool Summation::sum(const std::vector<uint8_t> &loops, size_t next,
                    uint64_t factor) {
  if (next == loops.size())
    return charge(factor);
  auto [first, last] = box[loops[next]];
  Behaviour behaviour = getBehaviour(loops[next]);
  std::vector<int64_t> &cuts = behaviour.cuts;
  cuts.insert(cuts.end(), {first, last + 1});
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    int64_t begin = cuts[i], end = cuts[i + 1];
    bool irregular = false;
    for (auto [from, to] : behaviour.irregular)
      irregular |= from < end && begin < to;
    if (!sumPiece(loops, next, begin, end,
                  irregular ? end - begin : behaviour.period, factor))
      return false;
  }
  return true;
}

bool Summation::sumPiece(const std::vector<uint8_t> &loops, size_t next,
                         int64_t begin, int64_t end, int64_t period,
                         uint64_t factor) {
  uint8_t loop = loops[next];
  auto whole = box[loop];
  int64_t length = end - begin;
  int64_t distinct = std::min(period, length);
  auto repeats = static_cast<uint64_t>(length / distinct);
  int64_t remainder = length % distinct;
  bool done = true;
  for (int64_t i = 0; i < distinct && done; ++i) {
    counters[loop] = begin + i;
    box[loop] = {begin + i, begin + i};
    done = sum(loops, next + 1, factor * (repeats + (i < remainder ? 1 : 0)));
  }
  box[loop] = whole;
  return done;
}

void Summation::analyseCount(const Count &count, uint8_t loop,
                             Behaviour &behaviour) const {
  Along along(*count.remaining, loop, box);
  if (along.isBounded()) {
    behaviour.period = combine(behaviour.period, along.getPeriod());
    return;
  }
  int64_t begin = box[loop].first, end = box[loop].second + 1;
  if (!along.isMonotone()) {
    behaviour.irregular.push_back({begin, end});
    return;
  }
  auto isFull = [&](int64_t c) { return along.getLow(c) >= count.cap; };
  auto isEmpty = [&](int64_t c) { return along.getHigh(c) <= 0; };
  int64_t first, last;
  if (along.isRising()) {
    first = findFirst(begin, end, [&](int64_t c) { return !isEmpty(c); });
    last = findFirst(begin, end, isFull);
  } else {
    first = findFirst(begin, end, [&](int64_t c) { return !isFull(c); });
    last = findFirst(begin, end, isEmpty);
  }
  behaviour.cuts.insert(behaviour.cuts.end(), {first, last});
  // Between the two ends the count follows the loop itself.
  behaviour.irregular.push_back({first, last});
}

/// Each value counts: nothing is known between two of them.
void Summation::analyseValue(const Affine &value, uint8_t loop,
                             Behaviour &behaviour) const {
  Along along(value, loop, box);
  if (along.isBounded())
    behaviour.period = combine(behaviour.period, along.getPeriod());
  else
    behaviour.irregular.push_back({box[loop].first, box[loop].second + 1});
}

void Summation::analyseFirstGroup(uint8_t loop, Behaviour &behaviour) const {
  Along along(*firstGroup, loop, box);
  if (along.isBounded()) {
    behaviour.period = combine(behaviour.period, along.getPeriod());
    return;
  }
  int64_t begin = box[loop].first, end = box[loop].second + 1;
  if (!along.isMonotone() || !along.isRising()) {
    behaviour.irregular.push_back({begin, end});
    return;
  }
  int64_t first =
      findFirst(begin, end, [&](int64_t c) { return along.getHigh(c) >= 0; });
  int64_t last =
      findFirst(begin, end, [&](int64_t c) { return along.getLow(c) > 0; });
  behaviour.cuts.insert(behaviour.cuts.end(), {first, last});
  behaviour.irregular.push_back({first, last});
}

Behaviour Summation::getBehaviour(uint8_t loop) const {
  Behaviour behaviour;
  for (const Count *count : counts)
    analyseCount(*count, loop, behaviour);
  if (firstGroup)
    analyseFirstGroup(loop, behaviour);
  for (const Affine *value : values)
    analyseValue(*value, loop, behaviour);
  if (fillStart)
    analyseValue(*fillStart, loop, behaviour);
  return behaviour;
}

std::optional<Counters64> detail::sumCharges(const Program &program,
                                             const Instruction &instruction,
                                             const Target &target,
                                             const std::vector<int64_t> &trips,
                                             ChargeSteps &steps) {
  return Summation(program, instruction, target, trips, steps).run();
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

static std::string describeWithLoop(const Program &program, size_t index,
                                    size_t depth) {
  std::vector<size_t> open;
  for (size_t i = 0; i <= index; ++i) {
    if (holds<Loop>(program.code[i].body))
      open.push_back(i);
    if (holds<End>(program.code[i].body))
      open.pop_back();
  }
  open.resize(std::min(open.size(), depth));
  auto getTrips = [&](size_t loop) {
    return getAs<Loop>(program.code[loop].body).count;
  };
  auto longest =
      std::max_element(open.begin(), open.end(), [&](size_t a, size_t b) {
        return getTrips(a) < getTrips(b);
      });
  std::string text = "instruction " + std::to_string(index) + " (" +
                     getMnemonic(program.code[index].body) + ")";
  if (longest == open.end())
    return text;
  return text + " in the loop of " + std::to_string(getTrips(*longest)) +
         " iterations at instruction " + std::to_string(*longest);
}

Error detail::makeTooManyStepsError(const Program &program, size_t index,
                                    size_t depth, const ChargeSteps &steps,
                                    const std::string &reason,
                                    const std::string &remedy) {
  return Error{"what " + describeWithLoop(program, index, depth) + " charges " +
                   reason + ": more than " + std::to_string(steps.most) +
                   " executions of the program were added up one by one; give "
                   "the loop fewer iterations, or " +
                   remedy,
               ProgramEntry{"instruction", index}};
}

Error detail::makeTooManyChargesError(const Program &program, size_t index,
                                      const ChargeSteps &steps) {
  return makeTooManyStepsError(
      program, index, maxLoopDepth, steps,
      "changes too irregularly to be multiplied",
      "let its counts and digits repeat after fewer of them");
}

//===----------------------------------------------------------------------===//
// Whole
//===----------------------------------------------------------------------===//

Result<std::vector<Counters64>> phx::countCharges(const Program &program,
                                                  const Target &target,
                                                  const RunCounts &counts,
                                                  int64_t maxSteps) {
  if (Status status = checkCounts(program, counts); !status)
    return status.error();
  ChargeSteps steps{maxSteps, 0};
  std::vector<Counters64> charges(program.code.size(), Counters64{});
  std::vector<RegisterUse> uses = listRegisterUses(program);
  std::vector<int64_t> trips;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const auto *loop = getIf<Loop>(instruction.body)) {
      trips.push_back(loop->count);
    } else if (holds<End>(instruction.body)) {
      trips.pop_back();
    } else if (!uses[i].isConditional()) {
      auto sum = Summation(program, instruction, target, trips, steps).run();
      if (!sum)
        return detail::makeTooManyChargesError(program, i, steps);
      charges[i] = *sum;
    }
  }
  if (program.registers.empty())
    return charges;
  if (Status status =
          detail::addRegisterCharges(program, target, counts, charges, steps);
      !status)
    return status.error();
  return charges;
}
