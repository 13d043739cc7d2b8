//===- Oracle.cpp - Races by brute force ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"
#include "phx/isa/Instructions.h"

#include <algorithm>
#include <bitset>
#include <deque>
#include <map>

using namespace phx;
using namespace phx::test;

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

std::vector<OracleEvent> phx::test::expand(const Program &program) {
  std::vector<OracleEvent> events;
  Counters counters{};
  std::vector<size_t> open;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Body &body = program.code[i].body;
    if (holds<Loop>(body)) {
      counters[open.size()] = 0;
      open.push_back(i);
    } else if (holds<End>(body)) {
      const Loop &loop = getAs<Loop>(program.code[open.back()].body);
      if (++counters[open.size() - 1] < loop.count) {
        i = open.back();
      } else {
        counters[open.size() - 1] = 0;
        open.pop_back();
      }
    } else if (!holds<Halt>(body)) {
      events.push_back({i, counters, open});
    }
  }
  return events;
}

static bool conflict(const OracleAccess &a, const OracleAccess &b) {
  return (a.write || b.write) && !(a.product && a.product == b.product);
}

/// Kind and number of everything that executes an instruction.
static std::set<std::pair<int, int64_t>>
listEngines(const Instruction &instruction, const Counters &counters) {
  int64_t first = instruction.engine.index;
  for (const DigitTerm &digit : instruction.arrays.digits) {
    int64_t value = (counters[digit.loop] * digit.scale + digit.offset) /
                    digit.divisor;
    first += (digit.modulus ? value % digit.modulus : value) * digit.weight;
  }
  std::set<std::pair<int, int64_t>> engines;
  for (int64_t lane = 0; lane < instruction.arrays.lanes; ++lane)
    engines.insert({int(instruction.engine.kind), first + lane});
  return engines;
}

bool phx::test::hasArraysOfTokens(const Program &program) {
  for (const OracleEvent &event : expand(program)) {
    const Instruction &instruction = program.code[event.index];
    if (!isControl(instruction.body) ||
        instruction.engine.kind != EngineKind::Core)
      continue;
    auto engines = listEngines(instruction, event.counters);
    if (engines.begin()->second < 0 ||
        engines.rbegin()->second >= program.groups[0].count)
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

namespace {

/// What registers hold, write by write.
class Registers {
public:
  Registers(const Program &program, const Holds &holds)
      : holds(holds), writes(program.registers.size()) {}

  int64_t get(uint32_t index) const { return holds(index, writes[index]); }
  void write(uint32_t index) { ++writes[index]; }

  /// The instruction with values in place of registers; those that it names.
  Instruction putIn(const Instruction &instruction,
                    std::set<int64_t> &names) const {
    Instruction result = instruction;
    auto change = [&](Count &n) {
      if (!n.registerIndex)
        return;
      names.insert(*n.registerIndex);
      Affine left = n.remaining.value_or(Affine());
      left.base += get(*n.registerIndex);
      n = {n.cap, left};
    };
    for (const FieldDescription &f : result.getDescription().fields) {
      if (f.kind == FieldKind::Count)
        change(f.as<Count>(result.body.data()));
      if (f.kind == FieldKind::Shape)
        for (Count &n : f.as<Shape4>(result.body.data()))
          change(n);
    }
    if (result.guard && result.guard->registerIndex) {
      names.insert(*result.guard->registerIndex);
      result.guard->extent = std::min(result.guard->extent,
                                      get(*result.guard->registerIndex));
    }
    return result;
  }

  /// The registers that an instruction writes.
  static std::set<int64_t> listWritten(const Instruction &instruction) {
    std::set<int64_t> written;
    for (const FieldDescription &f : instruction.getDescription().fields)
      if (f.table == TableKind::Registers)
        written.insert(f.as<uint32_t>(instruction.body.data()));
    return written;
  }

  /// Whether the loops around it let it be executed.
  bool areInside(const Program &program, const OracleEvent &event,
                 std::set<int64_t> &names) const {
    bool inside = true;
    for (size_t d = 0; d < event.loops.size(); ++d)
      if (auto below = getAs<Loop>(program.code[event.loops[d]].body).below) {
        names.insert(*below);
        inside &= event.counters[d] < get(*below);
      }
    return inside;
  }

private:
  const Holds &holds;
  std::vector<size_t> writes;
};

} // namespace

Holds phx::test::holdLargest(const Program &program) {
  return [&program](uint32_t index, size_t) {
    return program.registers[index].most;
  };
}

bool phx::test::hasLaneRace(const Program &program,
                            AccessEnumerator enumerate) {
  Holds holds = holdLargest(program);
  Registers registers(program, holds);
  for (const OracleEvent &event : expand(program)) {
    std::map<std::pair<int, int64_t>, std::vector<OracleAccess>> users;
    std::set<int64_t> names;
    for (const OracleAccess &access : enumerate(
             program, registers.putIn(program.code[event.index], names),
             event.counters))
      for (int64_t byte : access.bytes) {
        auto &list = users[{int(access.memory), byte}];
        for (const OracleAccess &other : list)
          if (other.lane != access.lane && conflict(other, access))
            return true;
        OracleAccess user = access;
        user.bytes.clear();
        list.push_back(user);
      }
  }
  return false;
}

/// Whether the engines that an instruction names are there: where it is not
/// executed, its arrays may be none of the group, and nobody looks.
static bool exist(const Program &program, const Instruction &instruction,
                  const std::set<std::pair<int, int64_t>> &engines) {
  if (instruction.engine.kind != EngineKind::Core)
    return true;
  int64_t count = program.groups[instruction.engine.group].count;
  return std::all_of(engines.begin(), engines.end(), [&](const auto &engine) {
    return engine.second >= 0 && engine.second < count;
  });
}

namespace {

using Engine = std::pair<int, int64_t>;

/// Goes through what is executed, with what precedes each of it.
class RaceFinder {
public:
  RaceFinder(const Program &program, const Holds &holds,
             AccessEnumerator enumerate)
      : program(program), enumerate(enumerate), registers(program, holds),
        events(expand(program)), before(events.size()),
        ofRegisters(uint32_t(program.memories.size())) {}

  bool run() {
    if (events.size() > maxEvents)
      std::abort();
    for (size_t i = 0; i < events.size(); ++i)
      if (races(i))
        return true;
    return false;
  }

private:
  bool races(size_t i);
  bool racesAtLook(size_t i, const Engine &engine,
                   const std::set<int64_t> &names);
  bool racesAt(size_t i, const std::vector<OracleAccess> &accesses);
  void advance(size_t i, const Body &body, const std::set<Engine> &engines,
               bool isExecuted, bool looks);

  static constexpr size_t maxEvents = 16384;
  // Of events by number, and behind them of looks: engine by engine, what an
  // instruction of several reads in registers.
  using Set = std::bitset<maxEvents>;
  struct User {
    size_t event;
    size_t number; ///< of the event, or of the look
    OracleAccess access;
  };

  const Program &program;
  AccessEnumerator enumerate;
  Registers registers;
  std::vector<OracleEvent> events;
  size_t numLooks = 0;
  std::vector<Set> before; ///< by event: what precedes it
  std::map<Engine, Set> past;
  std::map<uint32_t, std::deque<Set>> signals;
  std::map<std::pair<int, int64_t>, std::vector<User>> users; ///< by byte
  uint32_t ofRegisters; ///< a memory behind those that there are
};

} // namespace

/// Each engine looks at registers when it gets there, and knows no more.
bool RaceFinder::racesAtLook(size_t i, const Engine &engine,
                             const std::set<int64_t> &names) {
  size_t number = events.size() + numLooks++;
  if (number >= maxEvents)
    std::abort();
  for (int64_t index : names) {
    auto &list = users[{int(ofRegisters), index}];
    for (const User &user : list)
      if (user.access.write && !past[engine][user.number])
        return true;
    list.push_back({i, number, {ofRegisters, false, {}, {}, 0}});
  }
  past[engine].set(number);
  return false;
}

/// What the engines of event `i` know behind it.
void RaceFinder::advance(size_t i, const Body &body,
                         const std::set<Engine> &engines, bool isExecuted,
                         bool looks) {
  if (auto *s = getIf<Signal>(body)) {
    signals[s->token].push_back(before[i]);
  } else if (auto *w = getIf<Wait>(body)) {
    for (auto &engine : engines)
      past[engine] |= signals[w->token].front();
    signals[w->token].pop_front();
  } else if (isExecuted) {
    for (auto &engine : engines) {
      past[engine] |= before[i];
      past[engine].set(i);
    }
  } else if (looks) {
    // It has looked at the registers, whatever comes of it.
    for (auto &engine : engines)
      past[engine].set(i);
  }
}

/// Whether an access of event `i` and one before it conflict.
bool RaceFinder::racesAt(size_t i, const std::vector<OracleAccess> &accesses) {
  for (const OracleAccess &access : accesses)
    for (int64_t byte : access.bytes) {
      auto &list = users[{int(access.memory), byte}];
      for (const User &user : list) {
        bool isUnordered = user.event == i ? user.access.lane != access.lane
                                           : !before[i][user.number];
        if (isUnordered && conflict(user.access, access))
          return true;
      }
      OracleAccess user = access;
      user.bytes.clear();
      list.push_back({i, i, user});
    }
  return false;
}

bool RaceFinder::races(size_t i) {
  std::set<int64_t> names;
  const Instruction instruction =
      registers.putIn(program.code[events[i].index], names);
  bool isInside = registers.areInside(program, events[i], names);
  auto engines = listEngines(instruction, events[i].counters);
  std::vector<OracleAccess> accesses;
  if (isInside)
    accesses = enumerate(program, instruction, events[i].counters);
  bool isExecuted = !accesses.empty();
  bool readsRegisters = !names.empty() && !isControl(instruction.body) &&
                        exist(program, instruction, engines);
  bool isTogether = engines.size() > 1;
  if (readsRegisters && isTogether)
    for (auto &engine : engines)
      if (racesAtLook(i, engine, names))
        return true;
  for (auto &engine : engines)
    before[i] |= past[engine];
  advance(i, instruction.body, engines, isExecuted, !names.empty());
  if (readsRegisters && !isTogether)
    accesses.push_back({ofRegisters, false, {}, names, 0});
  if (isExecuted)
    for (int64_t written : Registers::listWritten(instruction)) {
      accesses.push_back({ofRegisters, true, {}, {written}, 0});
      registers.write(uint32_t(written));
    }
  return racesAt(i, accesses);
}

bool phx::test::hasRace(const Program &program, const Holds &holds,
                        AccessEnumerator enumerate) {
  return RaceFinder(program, holds, enumerate).run();
}
