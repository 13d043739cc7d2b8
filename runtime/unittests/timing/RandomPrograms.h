//===- RandomPrograms.h - Random programs with loops, tokens and counts ---===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_TIMING_RANDOMPROGRAMS_H
#define PHX_UNITTESTS_TIMING_RANDOMPROGRAMS_H

#include "TestTiming.h"
#include "../support/TestMemories.h"

#include <random>

namespace phx::testing {

/// Structurally valid programs: loops up to 3 deep, engines of unequal rates,
/// tokens inside bodies and with credits from outside, guards and counts that
/// change on the way, arrays that change with the iterations and ranges of them
/// in lockstep.
class RandomPrograms {
public:
  /// `mostTrips`: of nested loops, multiplied.
  explicit RandomPrograms(uint64_t seed, int64_t mostTrips = 3000)
      : random(seed), mostTrips(mostTrips) {}

  /// Counts, guards and loops that depend on count registers.
  bool registers = false;

  Program makeProgram() {
    program = Program();
    program.registers = {{"few", 4}, {"some", 40}, {"many", 3000}};
    program.groups = {
        {"core", "rns", uint32_t(chance(70) ? pick(1, 4) : pick(5, 40)), 32,
         16}};
    program.memories = makeMemories();
    // Groups of the array's width, of half of it, and of three times that.
    program.conversions = {Bfp{4, 16}, Bfp{4, 8}, Bfp{2, 48}};
    program.layers.resize(size_t(pick(1, 3)));
    trips.clear();
    steps = 1;
    program.code = flatten(makeBody(int(pick(1, 5))));
    program.code.push_back({{}, noLayer, std::nullopt, Halt()});
    return std::move(program);
  }

  /// Prices that share few factors, or many.
  Target makePrices() {
    Target target = makeTarget();
    if (chance(50))
      return target;
    proto::Target &spec = target.spec;
    editArrays(target, [&](rns::Machine &machine) {
      machine.mutable_clock_ghz()->set_value(double(pick(1, 30)));
      machine.mutable_program_ns()->set_value(double(pick(0, 9)));
      machine.mutable_fill_ns()->set_value(double(pick(0, 2)));
    });
    spec.mutable_vector_unit()->mutable_lanes()->set_value(pick(1, 300));
    spec.mutable_dma()->mutable_latency_ns()->set_value(double(pick(0, 20)));
    spec.mutable_dma()->mutable_bytes_per_ns()->set_value(double(pick(1, 64)));
    return target;
  }

private:
  using Code = std::vector<Instruction>;
  using Items = std::vector<Code>; ///< of one body, in order

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }
  bool chance(int percent) { return pick(0, 99) < percent; }

  EngineId pickEngine() {
    int64_t number = pick(0, 1 + program.groups[0].count);
    return number == 0 ? dma : number == 1 ? vec : core(unsigned(number - 2));
  }

  static Code flatten(const Items &items) {
    Code code;
    for (const Code &item : items)
      code.insert(code.end(), item.begin(), item.end());
    return code;
  }

  /// Others than the one that the engine names; in half of the cases.
  void spread(Instruction &instruction) {
    if (instruction.engine.kind != EngineKind::Core || chance(50))
      return;
    int64_t count = program.groups[0].count;
    int64_t size = chance(40) ? 1 : pick(1, count);
    instruction.arrays.lanes = uint32_t(size);
    instruction.engine.index = uint32_t(pick(0, count - size));
    int64_t room = count - size - instruction.engine.index;
    if (trips.empty() || room == 0 || chance(30))
      return;
    DigitTerm digit;
    digit.loop = uint8_t(pick(0, int64_t(trips.size()) - 1));
    digit.scale = pick(1, 2);
    digit.offset = pick(0, 3);
    digit.divisor = chance(50) ? 1 : pick(1, 40);
    digit.weight = pick(1, room);
    digit.modulus = room / digit.weight + 1;
    if (chance(30)) {
      instruction.engine.index += uint32_t(digit.weight * (digit.modulus - 1));
      digit.weight = -digit.weight;
    }
    instruction.arrays.digits = {digit};
  }

  /// An index that leaves the arrays behind those iterations in which a guard
  /// lets the instruction be executed.
  void leaveGroup(Instruction &instruction) {
    DigitTerm &digit = instruction.arrays.digits.front();
    int64_t last =
        int64_t(program.groups[0].count) - instruction.arrays.lanes;
    bool isFalling = chance(50);
    int64_t weight = pick(1, 4), first = pick(0, last);
    digit = {digit.loop, 1, 0, 1, 0, isFalling ? -weight : weight};
    instruction.engine.index = uint32_t(first);
    int64_t there = (isFalling ? first : last - first) / weight + 1;
    instruction.guard = Guard{digit.loop, 1, 0, pick(1, there)};
  }

  bool hasDigits() const { return !trips.empty() || lanes > 1; }
  int64_t getTrips(uint8_t loop) const {
    return loop == laneLoop ? lanes : trips[loop];
  }

  DigitTerm makeTerm(int64_t weight) {
    DigitTerm term;
    bool isLane = lanes > 1 && (trips.empty() || chance(30));
    term.loop = isLane ? laneLoop
                       : uint8_t(pick(0, int64_t(trips.size()) - 1));
    term.scale = pick(1, 4);
    term.offset = pick(0, 3);
    term.divisor = chance(50) ? 1 : pick(1, 9);
    term.modulus = chance(50) ? 0 : pick(1, 12);
    term.weight = weight;
    return term;
  }

  Count makeCount(int64_t cap) {
    Count count{cap, std::nullopt};
    count.registerIndex = pickRegister(25);
    if (!hasDigits() || chance(70))
      return count;
    Affine left{pick(0, 4 * cap), {}};
    for (int64_t terms = pick(1, 2); terms > 0; --terms)
      left.terms.push_back(makeTerm(pick(-cap, cap / 3)));
    // Often: enough for most of the loop, then less.
    if (chance(60)) {
      DigitTerm &term = left.terms[0];
      term.modulus = 0;
      term.weight = -pick(1, 4);
      left.base =
          getTrips(term.loop) * term.scale / term.divisor * 3 + pick(0, cap);
    }
    count.remaining = left;
    return count;
  }

  /// Where an accumulation starts: always, never, or where digits that rise
  /// or fall are zero together.
  Affine makeStart() {
    Affine start{pick(0, 1), {}};
    if (!hasDigits())
      return start;
    for (int64_t terms = pick(0, 2); terms > 0; --terms) {
      DigitTerm term = makeTerm(pick(1, 3));
      if (chance(30)) { // falls to zero at the end of its range
        int64_t largest =
            ((getTrips(term.loop) - 1) * term.scale + term.offset) / term.divisor;
        if (term.modulus)
          largest = std::min(largest, term.modulus - 1);
        start.base += term.weight * largest;
        term.weight = -term.weight;
      }
      start.terms.push_back(term);
    }
    return start;
  }

  Body makeVecWork() {
    Count count = makeCount(pick(1, 3000));
    switch (pick(0, registers ? 13 : 9)) {
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
      return makeReadCount();
    case 0:
      return VecPack{{}, {}, count};
    case 1:
      return VecGateMask{{}, {}, {}, count};
    case 2:
      return VecRandom{{}, {}, {}, count, 0};
    case 3: {
      VecPoolPositions pool;
      pool.rows = count;
      pool.window = pick(1, 9);
      return pool;
    }
    case 4: {
      VecUnpool unpool;
      unpool.fn = static_cast<PoolFn>(pick(0, 2));
      unpool.rows = count;
      unpool.window = pick(1, 9);
      return unpool;
    }
    case 5: {
      VecPool pool;
      pool.fn = static_cast<PoolFn>(pick(0, 2));
      pool.rows = count;
      pool.window = pick(1, 9);
      return pool;
    }
    case 6: {
      VecReduce reduce;
      reduce.shape = {Count{pick(1, 3)}, Count{1}, Count{1}, count};
      reduce.dims = pick(1, 3);
      return reduce;
    }
    default:
      return makeMap(count);
    }
  }

  std::optional<uint32_t> pickRegister(int percent) {
    if (!registers || !chance(percent))
      return std::nullopt;
    return uint32_t(pick(0, 2));
  }
  /// Into one that bounds no loop around it.
  Body makeReadCount() {
    VecReadCount read;
    read.into = uint32_t(pick(0, 2));
    while (std::count(bounds.begin(), bounds.end(), read.into))
      read.into = (read.into + 1) % 3;
    return read;
  }

  Body makeWork(EngineId engine) {
    if (engine.kind == EngineKind::Vec)
      return makeVecWork();
    if (engine.kind == EngineKind::Core) {
      if (chance(20)) {
        CoreConvert convert;
        convert.conversion = uint32_t(pick(0, 2));
        convert.rows = makeCount(pick(1, 60));
        convert.cols = makeCount(pick(1, 90));
        return convert;
      }
      if (chance(50)) {
        CoreStream stream =
            getAs<CoreStream>(makeStream(makeCount(pick(1, 200))));
        stream.start = makeStart();
        return stream;
      }
      CoreProgram tile = getAs<CoreProgram>(makeTile());
      tile.rows = makeCount(pick(1, 4));
      return tile;
    }
    DmaCopy copy = getAs<DmaCopy>(makeCopy(makeCount(pick(1, 40))));
    copy.width = int64_t(1) << pick(0, 3);
    if (!trips.empty() && chance(15))
      copy.zeroFill = ZeroFill{3, Affine{pick(-20, 5), {makeTerm(pick(0, 3))}},
                               pick(5, 100)};
    return copy;
  }

  Instruction makeInstruction() {
    Instruction instruction;
    instruction.engine = pickEngine();
    if (chance(80))
      instruction.layer = uint32_t(pick(0, int64_t(program.layers.size()) - 1));
    spread(instruction);
    lanes = instruction.arrays.lanes;
    instruction.body = makeWork(instruction.engine);
    lanes = 1;
    if (!instruction.arrays.digits.empty() && chance(30)) {
      leaveGroup(instruction);
    } else if (!trips.empty() && chance(15)) {
      Guard guard;
      guard.loop = uint8_t(pick(0, int64_t(trips.size()) - 1));
      guard.scale = pick(1, 3);
      guard.offset = pick(0, 3);
      guard.extent = pick(0, trips[guard.loop] * guard.scale + 2);
      // A window that opens later; now and then one that never does.
      if (chance(50))
        guard.low = pick(0, guard.extent + 1);
      guard.registerIndex = pickRegister(40);
      instruction.guard = guard;
    }
    return instruction;
  }

  Instruction makeToken(EngineId engine, Body body) {
    Instruction token{engine, noLayer, std::nullopt, std::move(body)};
    spread(token);
    return token;
  }

  /// Signal before wait, both among `items`.
  void addPair(Items &items) {
    uint32_t token = program.tokens++;
    size_t signal = size_t(pick(0, int64_t(items.size())));
    size_t wait = size_t(pick(int64_t(signal), int64_t(items.size())));
    EngineId from = pickEngine(), to = pickEngine();
    items.insert(items.begin() + ptrdiff_t(wait),
                 Code{makeToken(to, Wait{token, false})});
    items.insert(items.begin() + ptrdiff_t(signal),
                 Code{makeToken(from, Signal{token})});
  }

  Items makeBody(int size) {
    Items items;
    for (int i = 0; i < size; ++i) {
      if (trips.size() < 3 && chance(trips.empty() ? 50 : 25))
        addLoop(items);
      else
        items.push_back({makeInstruction()});
    }
    for (int64_t pairs = pick(0, 2); pairs > 0; --pairs)
      addPair(items);
    return items;
  }

  void addLoop(Items &items) {
    int64_t most =
        std::max<int64_t>(2, std::min(mostTrips / 10, mostTrips / steps));
    int64_t count =
        chance(30) ? pick(1, std::min<int64_t>(most, 9)) : pick(1, most);
    Loop loop{count};
    if (bounds.size() < 2)
      loop.below = pickRegister(30);
    if (loop.below) {
      bounds.push_back(*loop.below);
      // As far as the register reaches.
      loop.count = count =
          std::min(count, program.registers[*loop.below].most);
    }
    trips.push_back(count);
    steps *= count;
    Items body = makeBody(int(pick(1, 6)));
    steps /= count;
    trips.pop_back();
    if (loop.below)
      bounds.pop_back();
    Code before, after;
    for (int64_t credits = pick(0, 2); credits > 0; --credits)
      addCredit(before, body, after);
    Code code = std::move(before);
    code.push_back({{}, noLayer, std::nullopt, loop});
    Code inside = flatten(body);
    code.insert(code.end(), inside.begin(), inside.end());
    code.push_back({{}, noLayer, std::nullopt, End()});
    code.insert(code.end(), after.begin(), after.end());
    items.push_back(std::move(code));
  }

  /// A token signalled a few times before the loop, awaited as often after.
  void addCredit(Code &before, Items &body, Code &after) {
    uint32_t token = program.tokens++;
    EngineId from = pickEngine(), to = pickEngine();
    for (int64_t k = pick(1, 5); k > 0; --k) {
      before.push_back(makeToken(from, Signal{token}));
      after.push_back(makeToken(to, Wait{token, false}));
    }
    auto insert = [&](Instruction instruction) {
      size_t at = size_t(pick(0, int64_t(body.size())));
      body.insert(body.begin() + ptrdiff_t(at), Code{std::move(instruction)});
    };
    insert(makeToken(to, Wait{token, false}));
    insert(makeToken(from, Signal{token}));
  }

  std::mt19937_64 random;
  int64_t mostTrips;
  Program program;
  std::vector<int64_t> trips; ///< of the loops around
  int64_t steps = 1;          ///< their product
  int64_t lanes = 1;          ///< of the instruction that is made
  std::vector<uint32_t> bounds; ///< registers of the loops around
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_TIMING_RANDOMPROGRAMS_H
