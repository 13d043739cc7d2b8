//===- RandomHazardsTest.cpp - Races of crossbars by brute force *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two arrays execute random vectors and updates in a nest of two loops. Without
// tokens nothing orders them, so that they race exactly if one writes a byte
// that the other touches at any time.
//
//===----------------------------------------------------------------------===//

#include "../support/ExpectError.h"
#include "../support/InstructionCoverage.h"
#include "../support/RandomProgram.h"
#include "../support/TestMemories.h"
#include "Network.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include <set>

using namespace phx;
using namespace phx::testing;

namespace {

/// Bytes of the memory of results, and those of the cells, far behind them.
struct Touched {
  std::set<int64_t> read, written;
};

class Enumerator {
public:
  explicit Enumerator(const Program &program) : program(program) {}

  /// By array of group 0.
  std::array<Touched, 2> run() {
    for (counters[0] = 0; counters[0] < getAs<Loop>(code(0).body).count;
         ++counters[0])
      for (counters[1] = 0; counters[1] < getAs<Loop>(code(1).body).count;
           ++counters[1])
        for (const Instruction &instruction : program.code)
          if (isExecuted(instruction, counters))
            visit(instruction);
    return touched;
  }

private:
  const Instruction &code(size_t index) const { return program.code[index]; }
  void visit(const Instruction &instruction) {
    Touched &to = touched[instruction.engine.index];
    const InstructionDescription &description = instruction.getDescription();
    if (description.place == EnginePlace::None)
      return;
    if (const auto *dot = getIf<CrossbarDot>(instruction.body)) {
      int64_t rows = evaluate(dot->rows, counters);
      int64_t cols = evaluate(dot->cols, counters);
      add(to.read, dot->list, 4 * cols);
      add(to.read, dot->in, dot->extent / 4 * 4);
      add(to.read, dot->scale, 4 * rows);
      add(to.written, dot->acc, 8 * rows);
      add(to.written, dot->out, 4 * rows);
    } else if (const auto *load = getIf<CrossbarLoad>(instruction.body)) {
      // Row by row of the map, which may be transposed.
      const AccessMap &map = program.maps[load->map];
      for (int64_t i = 0; i < evaluate(load->rows, counters); ++i)
        for (int64_t j = 0; j < evaluate(load->cols, counters); ++j) {
          Address element = load->src;
          element.offset.base +=
              i * map.axes[0].stride + j * map.axes[1].stride;
          add(to.read, element, 4);
        }
    } else if (const auto *update = getIf<CrossbarUpdate>(instruction.body)) {
      int64_t count = evaluate(update->count, counters);
      add(to.read, update->delta, 4 * count);
      add(to.written, update->cells, 4 * count);
    } else {
      ADD_FAILURE() << "no bytes of '" << description.mnemonic
                    << "' are enumerated here";
    }
  }
  void add(std::set<int64_t> &bytes, const Address &address, int64_t size) {
    int64_t begin = evaluate(address.offset, counters);
    if (address.memory == cellsMemory)
      begin += int64_t(1) << 30;
    for (int64_t b = begin; b < begin + size; ++b)
      bytes.insert(b);
  }

  const Program &program;
  Counters counters{};
  std::array<Touched, 2> touched;
};

/// Random instructions whose operands lie close together.
class Generator {
public:
  explicit Generator(uint64_t seed) : random{seed} {}

  Program make() {
    ProgramBuilder builder;
    Program &program = builder.program;
    program.groups = {{"narrow", "crossbar", 2, 4, 8}};
    program.memories = makeCrossbarMemories();
    program.memories[mem::grad].bytes = 1 << 14;
    program.memories[cellsMemory].bytes = 1 << 14;
    program.memories[cellsMemory].capacity = 1 << 14;
    // A matrix, and another that is read transposed.
    program.maps = {
        {{{4, 0, 1}}, {{8, 1, 1}}, {{4, 32, 0, 0, 0}, {8, 4, 0, 0, 0}}},
        {{{4, 0, 1}}, {{8, 1, 1}}, {{4, 4, 0, 0, 0}, {8, 16, 0, 0, 0}}}};
    crossbar::addPass(program, {});
    builder.loop(random.between(1, 5));
    builder.loop(random.between(1, 4));
    for (EngineId array : {narrow0, narrow1}) {
      CrossbarLoad load;
      load.map = uint32_t(random.between(0, 1));
      load.src = address(cellsMemory);
      load.rows.cap = random.between(1, 4);
      load.cols.cap = random.between(1, 8);
      builder.add(array, load);
      for (int64_t n = random.between(1, 2); n > 0; --n) {
        Instruction &added = random.oneIn(2)
                                 ? builder.add(array, makeDot(load))
                                 : builder.add(array, makeUpdate());
        if (random.oneIn(4))
          added.guard = Guard{uint8_t(random.between(0, 1)), 1, 0,
                              random.between(1, 4), 0};
      }
    }
    builder.end();
    builder.end();
    return builder.finish();
  }

private:
  Address address(uint32_t memory = mem::grad) {
    Address address{memory, {8 * random.between(0, 150), {}}};
    for (uint8_t loop : {0, 1})
      if (random.oneIn(2))
        address.offset.terms.push_back(
            {loop, random.between(1, 2), random.between(0, 2),
             random.between(1, 3), random.oneIn(2) ? random.between(1, 3) : 0,
             8 * random.between(0, 12)});
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
};

bool overlap(const std::set<int64_t> &a, const std::set<int64_t> &b) {
  for (int64_t byte : a)
    if (b.count(byte))
      return true;
  return false;
}

bool hasRace(const Program &program) {
  auto [a, b] = Enumerator(program).run();
  return overlap(a.written, b.written) || overlap(a.written, b.read) ||
         overlap(a.read, b.written);
}

} // namespace

TEST(CrossbarHazards, RacesAreThoseOfTheBytes) {
  int races = 0, total = 200;
  InstructionCoverage coverage;
  for (int seed = 0; seed < total; ++seed) {
    Program program = Generator(uint64_t(seed)).make();
    Status structure = validateStructure(program);
    ASSERT_TRUE(structure.ok()) << seed << ": " << structure.error().message;
    coverage.add(program);
    bool race = hasRace(program);
    races += race;
    ASSERT_EQ(validateHazards(program).ok(), !race) << "seed " << seed;
    Status inserted = insertTokens(program);
    ASSERT_TRUE(inserted.ok()) << seed << ": " << inserted.error().message;
    Status status = validate(program);
    ASSERT_TRUE(status.ok()) << seed << ": " << status.error().message;
  }
  // Those of the base set have generators of their own.
  std::set<std::string> others;
  for (const InstructionDescription *d : InstructionSet::get().list())
    if (d->machineClass != "crossbar")
      others.insert(d->mnemonic);
  coverage.expectAll("crossbar", "Generator::make", others);
  // Both answers are asked for.
  EXPECT_GT(races, total / 10);
  EXPECT_LT(races, total * 9 / 10);
}
