//===- RandomHazardsTest.cpp - Races of crossbars by brute force *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arrays execute random vectors and updates in a nest of two loops: one array,
// one that a loop counter chooses, or several in lockstep, each lane at
// addresses of its own. Verdicts are those of the byte-level oracle.
//
//===----------------------------------------------------------------------===//

#include "../hazards/Oracle.h"
#include "../support/ExpectError.h"
#include "../support/InstructionCoverage.h"
#include "../support/RandomProgram.h"
#include "../support/RandomShare.h"
#include "../support/TestMemories.h"
#include "Network.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include <set>

using namespace phx;
using namespace phx::testing;

namespace {

/// What one lane of an instruction touches, byte by byte.
class Enumerator {
public:
  Enumerator(const Program &program, const Counters &counters)
      : program(program), counters(counters) {}

  std::vector<test::OracleAccess> run(const Body &body) {
    if (const auto *dot = getIf<CrossbarDot>(body)) {
      int64_t rows = evaluate(dot->rows, counters);
      int64_t cols = evaluate(dot->cols, counters);
      add(false, dot->list, 4 * cols);
      add(false, dot->in, dot->extent / 4 * 4);
      add(false, dot->scale, 4 * rows);
      add(true, dot->acc, 8 * rows);
      add(true, dot->out, 4 * rows);
    } else if (const auto *load = getIf<CrossbarLoad>(body)) {
      addMapped(load->map, load->src, evaluate(load->rowStart, counters),
                evaluate(load->rows, counters), evaluate(load->cols, counters));
    } else if (const auto *update = getIf<CrossbarUpdate>(body)) {
      int64_t count = evaluate(update->count, counters);
      add(false, update->delta, 4 * count);
      add(true, update->cells, 4 * count);
    } else if (const auto *compact = getIf<CrossbarCompact>(body)) {
      int64_t count = evaluate(compact->count, counters);
      add(false, compact->in, 4 * count);
      add(true, compact->values, 4 * count);
      add(true, compact->list, 4 * count);
    } else if (const auto *outer = getIf<CrossbarOuter>(body)) {
      int64_t rows = evaluate(outer->rows, counters);
      int64_t vectors = evaluate(outer->vectors, counters);
      int64_t length = evaluate(outer->length, counters);
      addMapped(outer->firstMap, outer->first, 0, rows, length);
      addMapped(outer->secondMap, outer->second, 0, vectors, length);
      addMapped(outer->outMap, outer->out, 0, rows, vectors, outer->product);
    } else {
      ADD_FAILURE() << "no bytes of '" << body.getDescription().mnemonic
                    << "' are enumerated here";
    }
    return std::move(accesses);
  }

private:
  /// Row by row of the map, which may be transposed; with a product, sums of 8
  /// bytes are added to.
  void addMapped(uint32_t index, const Address &address, int64_t row,
                 int64_t rows, int64_t cols,
                 std::optional<uint32_t> product = std::nullopt) {
    const AccessMap &map = program.maps[index];
    for (int64_t i = row; i < row + rows; ++i)
      for (int64_t j = 0; j < cols; ++j) {
        if (i >= map.axes[0].extent)
          continue;
        Address element = address;
        element.offset.base += i * map.axes[0].stride + j * map.axes[1].stride;
        add(product.has_value(), element, product ? 8 : 4, product);
      }
  }
  void add(bool write, const Address &address, int64_t size,
           std::optional<uint32_t> product = std::nullopt) {
    test::OracleAccess &access = accesses.emplace_back();
    access.memory = address.memory;
    access.write = write;
    access.product = product;
    access.lane = counters[laneLoop];
    int64_t begin = evaluate(address.offset, counters);
    for (int64_t b = begin; b < begin + size; ++b)
      access.bytes.insert(b);
  }

  const Program &program;
  const Counters &counters;
  std::vector<test::OracleAccess> accesses;
};

std::vector<test::OracleAccess> enumerate(const Program &program,
                                          const Instruction &instruction,
                                          const Counters &counters) {
  std::vector<test::OracleAccess> all;
  if (isControl(instruction.body))
    return all;
  Counters at = counters;
  for (int64_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
    at[laneLoop] = lane;
    if (!isExecuted(instruction, at))
      continue;
    auto own = Enumerator(program, at).run(instruction.body);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

/// Random instructions whose operands lie close together.
class Generator {
public:
  explicit Generator(uint64_t seed) : random{seed} {}

  Program make() {
    ProgramBuilder builder;
    Program &program = builder.program;
    program.groups = {{"narrow", "crossbar", numArrays, 4, 8}};
    program.registers = {{"left", 12}, {"left elsewhere", 12}};
    program.memories = makeCrossbarMemories();
    program.memories[mem::grad].bytes = 1 << 14;
    program.memories[cellsMemory].bytes = 1 << 14;
    program.memories[cellsMemory].capacity = 1 << 14;
    // A matrix, and another that is read transposed.
    program.maps = {
        {{{4, 0, 1}}, {{8, 1, 1}}, {{4, 32, 0, 0, 0}, {8, 4, 0, 0, 0}}},
        {{{4, 0, 1}}, {{8, 1, 1}}, {{4, 4, 0, 0, 0}, {8, 16, 0, 0, 0}}},
        // Results, which have 8 bytes.
        {{{4, 0, 1}}, {{8, 1, 1}}, {{4, 64, 0, 0, 0}, {8, 8, 0, 0, 0}}}};
    crossbar::addPass(program, {});
    program.conversions = {Integer{}};
    program.combines.push_back({WideAdd{}});
    for (int p = 0; p < 2; ++p)
      program.products.push_back({noLayer, 4, 8, 8, 1, Stationary::Result,
                                  {0, 0}, 0,
                                  uint32_t(program.combines.size() - 1)});
    builder.loop(random.between(1, 3));
    builder.loop(random.between(1, 3));
    // Operands close together race, those far apart mostly do not.
    reach = random.oneIn(2) ? 150 : 1500;
    for (int64_t team = random.between(1, 3); team > 0; --team)
      addTeam(builder);
    builder.end();
    builder.end();
    return builder.finish();
  }

  static constexpr uint32_t numArrays = 4;

private:
  /// Arrays that load a tile, and use it or not.
  void addTeam(ProgramBuilder &builder) {
    EngineId engine;
    ArrayRange arrays;
    choose(engine, arrays);
    hasLanes = arrays.lanes > 1;
    CrossbarLoad load;
    load.map = uint32_t(random.between(0, 1));
    load.src = address(cellsMemory);
    load.rows.cap = random.between(1, 4);
    load.cols.cap = random.between(1, 8);
    if (hasLanes && random.oneIn(2))
      load.rowStart = {0, {{laneLoop, 1, 0, 1, 0, 1}}};
    builder.add(engine, load).arrays = arrays;
    for (int64_t n = random.between(1, 2); n > 0; --n) {
      // A register has one writer at a time: no lanes.
      int64_t kind = random.between(0, hasLanes ? 2 : 3);
      Instruction &added = builder.add(engine, kind == 0   ? Body(makeDot(load))
                                               : kind == 1 ? Body(makeUpdate())
                                               : kind == 2 ? Body(makeOuter())
                                                           : Body(makeCompact()));
      added.arrays = arrays;
      if (random.oneIn(4))
        added.guard = Guard{uint8_t(random.between(0, 1)), 1, 0,
                            random.between(1, 3), 0};
    }
  }
  /// One array or several, there at every iteration.
  void choose(EngineId &engine, ArrayRange &arrays) {
    engine = narrow0;
    arrays.lanes = random.oneIn(2) ? uint32_t(random.between(2, 3)) : 1;
    int64_t room = numArrays - arrays.lanes;
    engine.index = uint32_t(random.between(0, room));
    room -= engine.index;
    if (room == 0 || random.oneIn(2))
      return;
    int64_t weight = random.between(1, room);
    DigitTerm digit{uint8_t(random.between(0, 1)), random.between(1, 2),
                    random.between(0, 2),          random.between(1, 2),
                    room / weight + 1,             weight};
    if (random.oneIn(3)) { // from the other end
      engine.index += uint32_t(weight * (digit.modulus - 1));
      digit.weight = -weight;
    }
    arrays.digits = {digit};
  }
  Address address(uint32_t memory = mem::grad) {
    Address address{memory, {8 * random.between(0, reach), {}}};
    for (uint8_t loop : {0, 1})
      if (random.oneIn(2))
        address.offset.terms.push_back(
            {loop, random.between(1, 2), random.between(0, 2),
             random.between(1, 3), random.oneIn(2) ? random.between(1, 3) : 0,
             8 * random.between(0, 12)});
    // Lanes that write side by side, mostly.
    if (hasLanes && !random.oneIn(8))
      address.offset.terms.push_back({laneLoop, 1, 0, 1, 0,
                                      8 * random.between(4, 12)});
    return address;
  }
  CrossbarDot makeDot(const CrossbarLoad &load) {
    CrossbarDot dot;
    dot.list = address();
    dot.in = address();
    dot.extent = random.between(4, 120);
    dot.scale = address();
    dot.acc = address();
    dot.out = address();
    dot.rows = load.rows;
    dot.cols = load.cols;
    return dot;
  }
  CrossbarOuter makeOuter() {
    CrossbarOuter outer;
    outer.firstMap = uint32_t(random.between(0, 1));
    outer.secondMap = uint32_t(random.between(0, 1));
    outer.outMap = 2;
    outer.combine = 1;
    outer.first = address();
    outer.second = address();
    outer.out = address();
    outer.rows.cap = random.between(1, 4);
    outer.vectors.cap = random.between(1, 4);
    outer.length.cap = random.between(1, 8);
    outer.product = uint32_t(random.between(0, 1));
    outer.start.base = random.between(0, 1);
    return outer;
  }
  CrossbarCompact makeCompact() {
    CrossbarCompact compact;
    compact.in = address();
    compact.values = address();
    compact.list = address();
    compact.count.cap = random.between(1, 12);
    compact.into = uint32_t(random.between(0, 1));
    return compact;
  }
  CrossbarUpdate makeUpdate() {
    CrossbarUpdate update;
    update.cells = address(random.oneIn(4) ? mem::grad : cellsMemory);
    update.delta = address();
    update.count.cap = random.between(1, 12);
    if (random.oneIn(3))
      update.count.remaining =
          Affine{random.between(0, 12), {{1, 1, 0, 1, 0, -4}}};
    return update;
  }

  Random random;
  int64_t reach = 0;
  bool hasLanes = false; ///< the arrays that are given instructions
};

/// How programs name their arrays.
struct Shapes {
  int affine = 0, lockstep = 0, lanes = 0;

  void add(const Program &program) {
    for (const Instruction &i : program.code) {
      affine += !i.arrays.digits.empty();
      lockstep += i.arrays.lanes > 1;
      lanes += hasLaneAddress(i.body);
    }
  }

private:
  static bool hasLaneAddress(const Body &body) {
    for (const FieldDescription &field : body.getDescription().fields)
      if (field.kind == FieldKind::Address)
        for (const DigitTerm &t : field.as<Address>(body.data()).offset.terms)
          if (t.loop == laneLoop)
            return true;
    return false;
  }
};

} // namespace

TEST(CrossbarHazards, RacesAreThoseOfTheBytes) {
  const uint64_t total = getRandomShare(10000);
  uint64_t races = 0, hopeless = 0;
  InstructionCoverage coverage;
  Shapes shapes;
  for (uint64_t seed = 0; seed < total; ++seed) {
    Program program = Generator(seed).make();
    Status structure = validateStructure(program);
    ASSERT_TRUE(structure.ok()) << seed << ": " << structure.error().message;
    coverage.add(program);
    shapes.add(program);
    bool race = test::hasRace(program, enumerate);
    races += race;
    ASSERT_EQ(validateHazards(program).ok(), !race) << "seed " << seed;
    // What lanes of one instruction do to each other no token orders.
    bool isHopeless = test::hasLaneRace(program, enumerate);
    hopeless += isHopeless;
    Status inserted = insertTokens(program);
    ASSERT_EQ(inserted.ok(), !isHopeless)
        << "seed " << seed << ": "
        << (inserted ? "accepted" : inserted.error().message);
    if (isHopeless)
      continue;
    Status status = validate(program);
    ASSERT_TRUE(status.ok()) << seed << ": " << status.error().message;
    ASSERT_FALSE(test::hasRace(program, enumerate)) << "seed " << seed;
  }
  // Those of the base set have generators of their own.
  std::set<std::string> others;
  for (const InstructionDescription *d : InstructionSet::get().list())
    if (d->machineClass != "crossbar")
      others.insert(d->mnemonic);
  coverage.expectAll("crossbar", "Generator::make", others);
  // Every answer is asked for, with every kind of arrays.
  EXPECT_GT(races, total / 10);
  EXPECT_LT(races, total * 9 / 10);
  EXPECT_GT(hopeless, total / 50);
  EXPECT_LT(hopeless, total / 2);
  EXPECT_GT(uint64_t(shapes.affine), total / 4);
  EXPECT_GT(uint64_t(shapes.lockstep), total / 4);
  EXPECT_GT(uint64_t(shapes.lanes), total / 4);
}
