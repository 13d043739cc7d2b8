//===- Oracle.cpp - Races by brute force -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/VisitBody.h"
#include "Oracle.h"
#include "phx/isa/BaseOperations.h"

#include <algorithm>
#include <bitset>
#include <deque>
#include <map>

using namespace phx;
using namespace phx::test;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static void addElement(std::set<int64_t> &bytes, int64_t address,
                       int64_t width = 4) {
  for (int64_t b = 0; b < width; ++b)
    bytes.insert(address + b);
}

/// Address of element (row, col), if it exists.
static std::optional<int64_t> locate(const AccessMap &map, int64_t row,
                                     int64_t col) {
  std::vector<int64_t> coordinates;
  for (const MapAxis &axis : map.axes)
    coordinates.push_back(axis.offset);
  auto decompose = [&](const std::vector<MapDigit> &digits, int64_t index) {
    if (index < 0)
      return false;
    for (const MapDigit &digit : digits) {
      coordinates[digit.axis] += index % digit.radix * digit.step;
      index /= digit.radix;
    }
    return index == 0;
  };
  if (!decompose(map.rows, row) || !decompose(map.cols, col))
    return std::nullopt;
  int64_t address = 0;
  for (size_t a = 0; a < map.axes.size(); ++a) {
    if (coordinates[a] < 0 || coordinates[a] >= map.axes[a].extent)
      return std::nullopt;
    address += coordinates[a] * map.axes[a].stride;
  }
  return address;
}

namespace {

struct Enumerator {
  const Program &program;
  const Counters &c;
  std::vector<OracleAccess> result;

  OracleAccess &add(const Address &address, bool write) {
    result.push_back({address.memory, write, {}, {}, c[laneLoop]});
    return result.back();
  }

  template <typename Visitor>
  void forShape(const Shape4 &shape, Visitor visit) {
    int64_t n[4];
    for (int d = 0; d < 4; ++d)
      n[d] = evaluate(shape[d], c);
    std::array<int64_t, 4> i;
    for (i[0] = 0; i[0] < n[0]; ++i[0])
      for (i[1] = 0; i[1] < n[1]; ++i[1])
        for (i[2] = 0; i[2] < n[2]; ++i[2])
          for (i[3] = 0; i[3] < n[3]; ++i[3])
            visit(i);
  }

  void addStrided(const Address &address, const Stride4 &stride,
                  const Shape4 &shape, bool write,
                  const std::optional<ZeroFill> &fill = {},
                  int64_t width = 4) {
    OracleAccess &access = add(address, write);
    forShape(shape, [&](std::array<int64_t, 4> i) {
      if (fill) {
        i[fill->dim] += evaluate(fill->start, c);
        if (i[fill->dim] < 0 || i[fill->dim] >= fill->extent)
          return;
      }
      int64_t at = evaluate(address.offset, c);
      for (int d = 0; d < 4; ++d)
        at += i[d] * stride[d];
      addElement(access.bytes, at, width);
    });
  }

  void addMapped(const Address &address, uint32_t map, int64_t row,
                 int64_t rows, int64_t col, int64_t cols, bool write,
                 std::optional<uint32_t> product = {}, int64_t width = 4) {
    OracleAccess &access = add(address, write);
    access.product = product;
    for (int64_t r = row; r < row + rows; ++r)
      for (int64_t k = col; k < col + cols; ++k)
        if (auto at = locate(program.maps[map], r, k))
          addElement(access.bytes, *at + evaluate(address.offset, c), width);
  }
  /// Elements that are converted: those that share an exponent with one of
  /// positions [k, k + cols) are looked at, too.
  void addConverted(const Address &address, uint32_t map, uint32_t conversion,
                    uint32_t product, int64_t row, int64_t rows, int64_t k,
                    int64_t cols) {
    int64_t first = k, last = k + cols - 1;
    if (const Bfp *format = conversion < program.conversions.size()
                                ? getIf<Bfp>(program.conversions[conversion])
                                : nullptr) {
      while (first % format->group)
        --first;
      while ((last + 1) % format->group &&
             last + 1 < program.products[product].k)
        ++last;
    }
    addMapped(address, map, row, rows, first, last - first + 1, false);
  }
  /// The blocks in which contraction positions [k, k + cols) are.
  void addBlocks(const Address &address, uint32_t map, uint32_t conversion,
                 int64_t row, int64_t rows, int64_t k, int64_t cols,
                 bool write) {
    const Bfp &format = *getIf<Bfp>(program.conversions[conversion]);
    std::set<int64_t> blocks;
    for (int64_t position = k; position < k + cols; ++position)
      blocks.insert(position / format.group);
    int64_t bits = format.group * (format.mantissa + 1);
    addMapped(address, map, row, rows, *blocks.begin(), int64_t(blocks.size()),
              write, {}, 1 + bits / 8 + (bits % 8 != 0));
  }

  void operator()(const DmaCopy &i) {
    addStrided(i.dst, i.dstStride, i.shape, true, {}, i.width);
    addStrided(i.src, i.srcStride, i.shape, false, i.zeroFill, i.width);
  }
  void operator()(const VecMap &i) {
    addStrided(i.dst, i.dstStride, i.shape, true);
    if (i.fn != VecFn::Fill)
      addStrided(i.a, i.aStride, i.shape, false);
    static const std::set<VecFn> binary{
        VecFn::Add, VecFn::Sub,   VecFn::Mul,  VecFn::Div,       VecFn::Max,
        VecFn::Min, VecFn::Equal, VecFn::Gate, VecFn::GateRange, VecFn::Drop};
    if (binary.count(i.fn))
      addStrided(i.b, i.bStride, i.shape, false);
  }
  void operator()(const VecReduce &i) {
    addStrided(i.dst, i.dstStride, i.shape, true);
    addStrided(i.a, i.aStride, i.shape, false);
  }
  void operator()(const VecPoolPositions &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    addMapped(i.out, i.outMap, row, rows, 0, 1, true);
    addMapped(i.in, i.inMap, row, rows, 0, i.window, false);
    addPositions(i.positions, row, rows, true);
  }
  void operator()(const VecUnpool &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    addMapped(i.in, i.inMap, row, rows, 0, i.window, true);
    addMapped(i.out, i.outMap, row, rows, 0, 1, false);
    if (i.fn == PoolFn::Max)
      addPositions(i.positions, row, rows, false);
  }
  void addPositions(const Address &address, int64_t row, int64_t rows,
                    bool write) {
    OracleAccess &access = add(address, write);
    for (int64_t r = row; r < row + rows; ++r)
      access.bytes.insert(evaluate(address.offset, c) + r);
  }
  void addElements(const Address &address, int64_t count, bool write) {
    OracleAccess &access = add(address, write);
    for (int64_t e = 0; e < count; ++e)
      addElement(access.bytes, evaluate(address.offset, c) + 4 * e);
  }
  void addBits(const Address &address, int64_t count, bool write) {
    OracleAccess &access = add(address, write);
    for (int64_t e = 0; e < count; ++e)
      addElement(access.bytes, evaluate(address.offset, c) + e / 32 * 4);
  }
  void operator()(const VecPack &i) {
    addBits(i.dst, evaluate(i.count, c), true);
    addElements(i.a, evaluate(i.count, c), false);
  }
  void operator()(const VecGateMask &i) {
    addElements(i.dst, evaluate(i.count, c), true);
    addElements(i.a, evaluate(i.count, c), false);
    addBits(i.mask, evaluate(i.count, c), false);
  }
  void operator()(const VecRandom &i) {
    addElements(i.dst, evaluate(i.count, c), true);
    addElements(i.key, 3, false);
  }
  /// The register is entered where it is known whether anything is executed.
  void operator()(const VecReadCount &i) { addElements(i.src, 1, false); }
  void operator()(const VecPool &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    addMapped(i.out, i.outMap, row, rows, 0, 1, true);
    addMapped(i.in, i.inMap, row, rows, 0, i.window, false);
  }
  void operator()(const CoreConvert &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    int64_t k = evaluate(i.kStart, c), cols = evaluate(i.cols, c);
    addBlocks(i.dst, i.dstMap, i.conversion, row, rows, k, cols, true);
    addMapped(i.src, i.srcMap, row, rows, k, cols, false);
  }
  void operator()(const CoreProgram &i) {
    if (i.stored)
      return addBlocks(i.src, i.map, i.conversion, evaluate(i.rowStart, c),
                       evaluate(i.rows, c), evaluate(i.kStart, c),
                       evaluate(i.cols, c), false);
    addConverted(i.src, i.map, i.conversion, i.product,
                 evaluate(i.rowStart, c), evaluate(i.rows, c),
                 evaluate(i.kStart, c), evaluate(i.cols, c));
  }
  void operator()(const CoreStream &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    int64_t k = evaluate(i.kStart, c), cols = evaluate(i.cols, c);
    int64_t v = evaluate(i.vecStart, c), length = evaluate(i.length, c);
    addMapped(i.out, i.outMap, row, rows, v, length, true, i.product);
    if (i.stored)
      return addBlocks(i.in, i.inMap, i.conversion, v, length, k, cols, false);
    addConverted(i.in, i.inMap, i.conversion, i.product, v, length, k, cols);
  }
  template <phx::testing::TouchesNothing T> void operator()(const T &) {}
};

/// The counts of an instruction; it is skipped if one of them is zero.
struct Counts {
  std::vector<Count> result;

  void operator()(const DmaCopy &i) { add(i.shape); }
  void operator()(const VecMap &i) { add(i.shape); }
  void operator()(const VecReduce &i) { add(i.shape); }
  void operator()(const VecPool &i) { result = {i.rows}; }
  void operator()(const VecPoolPositions &i) { result = {i.rows}; }
  void operator()(const VecUnpool &i) { result = {i.rows}; }
  void operator()(const VecPack &i) { result = {i.count}; }
  void operator()(const VecGateMask &i) { result = {i.count}; }
  void operator()(const VecRandom &i) { result = {i.count}; }
  void operator()(const VecReadCount &) {}
  void operator()(const CoreProgram &i) { result = {i.rows, i.cols}; }
  void operator()(const CoreConvert &i) { result = {i.rows, i.cols}; }
  void operator()(const CoreStream &i) {
    result = {i.rows, i.cols, i.length};
  }
  template <phx::testing::TouchesNothing T> void operator()(const T &) {}

private:
  void add(const Shape4 &shape) { result.assign(shape.begin(), shape.end()); }
};

bool isSkipped(const Instruction &instruction, const Counters &c) {
  if (!evaluate(instruction.guard, c))
    return true;
  Counts counts;
  phx::testing::visitBody(instruction.body, counts);
  for (const Count &n : counts.result)
    if (evaluate(n, c) == 0)
      return true;
  return false;
}

} // namespace

std::vector<OracleAccess>
phx::test::enumerateAccesses(const Program &program,
                             const Instruction &instruction,
                             const Counters &counters) {
  std::vector<OracleAccess> accesses;
  Counters at = counters;
  for (int64_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
    at[laneLoop] = lane;
    if (isSkipped(instruction, at))
      continue;
    Enumerator enumerator{program, at, {}};
    phx::testing::visitBody(instruction.body, enumerator);
    accesses.insert(accesses.end(), enumerator.result.begin(),
                    enumerator.result.end());
  }
  return accesses;
}

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
