//===- RegistersTest.cpp - Count registers in programs ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StructureTestUtils.h"

#include "phx/isa/CountTrace.h"
#include "phx/isa/Footprint.h"

#include <functional>

using namespace phx;
using namespace phx::testing;

namespace {

/// Two registers: "few" up to 8, "many" up to 1000.
Program withRegisters(std::vector<Instruction> code) {
  Program program = makeFrame();
  program.tokens = 0;
  program.registers = {{"few", 8}, {"many", 1000}};
  program.code = std::move(code);
  program.code.push_back(make({}, Halt{}));
  return program;
}

std::string errorWith(std::vector<Instruction> code) {
  return structureError(withRegisters(std::move(code)));
}

Instruction readCount(uint32_t into) {
  return make(vec, VecReadCount{into, {mem::act, {}}});
}

Instruction pack(Count count) {
  return make(vec, VecPack{{mem::act, {512, {}}}, {mem::grad, {}}, count});
}

} // namespace

TEST(Registers, Tables) {
  auto error = [](std::vector<CountRegister> registers) {
    Program program = withRegisters({});
    program.registers = std::move(registers);
    return structureError(program);
  };
  EXPECT_EQ(error({{"a", 0}, {"b", (int64_t(1) << 31) - 1}}), "accepted");
  EXPECT_EQ(error({{"", 1}}),
            "register 0 '' name: expected a name, found none");
  EXPECT_EQ(error({{"a", 1}, {"a", 2}}),
            "register 1 'a' name: expected a name of its own, found 'a' again");
  EXPECT_EQ(error({{"a", -1}}),
            "register 0 'a' most: expected 0 to 2147483647, found -1");
  EXPECT_EQ(error({{"a", int64_t(1) << 31}}),
            "register 0 'a' most: expected 0 to 2147483647, found 2147483648");
  std::vector<CountRegister> many;
  for (int i = 0; i < 257; ++i)
    many.push_back({std::to_string(i), 1});
  EXPECT_EQ(error(many), "registers: expected at most 256, found 257");
}

TEST(Registers, HaveToExist) {
  EXPECT_EQ(errorWith({readCount(1), pack({16, std::nullopt, 1})}), "accepted");
  EXPECT_EQ(errorWith({readCount(2)}),
            "instruction 0 (vec.read_count): into: expected an index below 2 "
            "(number of registers), found 2");
  EXPECT_EQ(errorWith({pack({16, std::nullopt, 2})}),
            "instruction 0 (vec.pack): count register: expected an index below "
            "2 (number of registers), found 2");
  EXPECT_EQ(errorWith({make({}, Loop{4, 2}), make({}, End{})}),
            "instruction 0 (loop): below: expected an index below 2 (number of "
            "registers), found 2");
  Instruction guarded = pack({16});
  guarded.guard = Guard{0, 1, 0, 4, 0, 2};
  EXPECT_EQ(errorWith({make({}, Loop{4}), guarded, make({}, End{})}),
            "instruction 1 (vec.pack): guard register: expected an index below "
            "2 (number of registers), found 2");
}

/// Bounds are those of the largest counts: 8 and 1000 elements of grad's 1024
/// bytes.
TEST(Registers, BoundsTakeTheLargest) {
  auto error = [](uint32_t index, int64_t base) {
    Count count{512, std::nullopt, index};
    return errorWith(
        {make(vec, VecPack{{mem::act, {}}, {mem::grad, {base, {}}}, count})});
  };
  EXPECT_EQ(error(0, 1024 - 32), "accepted");
  EXPECT_NE(error(0, 1024 - 28), "accepted");
  EXPECT_NE(error(1, 0), "accepted"); // min(512, 1000) elements
  // A guard: iterations below 8.
  VecPack each{{mem::act, {0, {{0, 1, 0, 1, 0, 4}}}},
               {mem::grad, {0, {{0, 1, 0, 1, 0, 128}}}},
               {32}};
  auto guarded = [&](uint32_t index) {
    Instruction instruction = make(vec, each);
    instruction.guard = Guard{0, 1, 0, 100, 0, index};
    return errorWith({make({}, Loop{100}), instruction, make({}, End{})});
  };
  EXPECT_EQ(guarded(0), "accepted");
  EXPECT_NE(guarded(1), "accepted");
  Count vast{16, Affine{int64_t(1) << 62, {}}, 1};
  EXPECT_EQ(errorWith({pack(vast)}),
            "instruction 0 (vec.pack): count: expected a magnitude of at most "
            "2^62, found 4611686018427388904");
}

TEST(Registers, BoundLoops) {
  auto loop = [](Loop loop, Instruction inside) {
    return errorWith({make({}, loop), inside, make({}, End{})});
  };
  EXPECT_EQ(loop({8, 0}, pack({16})), "accepted");
  EXPECT_EQ(loop({9, 0}, pack({16})),
            "instruction 0 (loop): count: expected at most 8, the largest "
            "value of register 0 ('few'), found 9");
  EXPECT_EQ(loop({8, 0}, readCount(1)), "accepted");
  EXPECT_EQ(loop({8, 0}, readCount(0)),
            "instruction 0 (loop): below: expected a register that nothing in "
            "the loop writes, found register 0 ('few'), which vec.read_count "
            "at instruction 1 writes");
}

/// Whether a tile is there, and how large it is, does not change between the
/// instruction that loads it and those that use it.
TEST(Registers, DecideAlikeAboutTilesAndStreams) {
  CoreProgram load = makeLoad();
  CoreStream stream = makeStream();
  load.rows.registerIndex = stream.rows.registerIndex = 0;
  Instruction loads = make(core0, load), streams = make(core0, stream);
  EXPECT_EQ(errorWith({loads, streams}), "accepted");
  EXPECT_EQ(errorWith({readCount(0), loads, streams, readCount(0)}),
            "accepted");
  EXPECT_EQ(errorWith({loads, readCount(1), streams}), "accepted");
  std::string changed =
      "instruction 2 (core.stream): engine: expected no instruction that "
      "writes register 0 ('few') between it and the core.program at "
      "instruction 0, which both depend on what the register holds, found "
      "vec.read_count at instruction 1";
  EXPECT_EQ(errorWith({loads, readCount(0), streams}), changed);
  // Behind the stream, but before its next execution.
  EXPECT_NE(errorWith({loads, make({}, Loop{4}), streams, readCount(0),
                       make({}, End{})}),
            "accepted");
  // The length is no matter of the tile.
  load.rows.registerIndex = stream.rows.registerIndex = std::nullopt;
  stream.length.registerIndex = 0;
  EXPECT_EQ(errorWith({make(core0, load), readCount(0), make(core0, stream)}),
            "accepted");
  stream.rows.registerIndex = 0;
  EXPECT_NE(errorWith({make(core0, load), make(core0, stream)}), "accepted");
}

/// No field of a stream says whether it is executed.
TEST(Registers, DecideAlikeAboutGuardsOfTilesAndStreams) {
  Instruction loads = make(core0, makeLoad());
  Instruction streams = make(core0, makeStream());
  loads.guard = streams.guard = Guard{0, 1, 0, 4, 0, 0};
  auto error = [&](uint32_t written) {
    return errorWith({make({}, Loop{4}), loads, readCount(written), streams,
                      make({}, End{})});
  };
  EXPECT_EQ(error(1), "accepted");
  EXPECT_NE(error(0).find("no instruction that writes register 0 ('few') "
                          "between it and the core.program at instruction 1"),
            std::string::npos)
      << error(0);
}

/// Arrays that are compared value by value hold the same in every run.
TEST(Registers, DecideNothingAboutMovingArrays) {
  const std::optional<uint32_t> none, few = 0;
  auto error = [](std::optional<uint32_t> load, std::optional<uint32_t> stream,
                  std::optional<uint32_t> below) {
    Instruction loads = make(core0, makeLoad());
    getAs<CoreProgram>(loads.body).rows.registerIndex = load;
    Instruction streams = make(core0, makeStream());
    getAs<CoreStream>(streams.body).rows.registerIndex = stream;
    loads.arrays.digits = {{0, 1, 0, 1, 2, 1}};
    Instruction both = streams;
    both.arrays.lanes = 2;
    return errorWith({make({}, Loop{2, below}), loads, make({}, End{}), both});
  };
  EXPECT_EQ(error(none, none, none), "accepted");
  for (const std::string &message :
       {error(few, few, none), error(few, none, none), error(none, few, none),
        error(none, none, few)})
    EXPECT_NE(message.find("a field that depends on register 0 ('few')"),
              std::string::npos)
        << message;
}

TEST(Registers, AreThoseThatFieldsGuardsAndLoopsName) {
  using List = std::vector<uint32_t>;
  EXPECT_EQ(getWrittenRegisters(readCount(1)), List{1});
  EXPECT_EQ(getReadRegisters(readCount(1)), List());
  EXPECT_EQ(getWrittenRegisters(pack({4, std::nullopt, 1})), List());
  EXPECT_EQ(getReadRegisters(pack({4, std::nullopt, 1})), List{1});
  EXPECT_EQ(getReadRegisters(make({}, Loop{4, 1})), List{1});
  Instruction map = make(vec, makeRelu());
  getAs<VecMap>(map.body).shape[2].registerIndex = 1;
  EXPECT_EQ(getReadRegisters(map), List{1});
  map.guard = Guard{0, 1, 0, 4, 0, 0};
  EXPECT_EQ(getReadRegisters(map), (List{0, 1}));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

TEST(Registers, Resolve) {
  auto value = [](Count count, int64_t held) {
    Instruction made = resolve(pack(count), {held, 0});
    const Count &resolved = getAs<VecPack>(made.body).count;
    EXPECT_FALSE(resolved.registerIndex);
    return evaluate(resolved, {});
  };
  EXPECT_EQ(value({16, std::nullopt, 0}, 5), 5);
  EXPECT_EQ(value({16, std::nullopt, 0}, 50), 16);
  EXPECT_EQ(value({16, Affine{-3, {}}, 0}, 5), 2);
  EXPECT_EQ(value({16, Affine{-3, {}}, 0}, 2), 0);
  EXPECT_EQ(value({16, std::nullopt, 1}, 5), 0);
  EXPECT_EQ(value({16}, 5), 16);
  // As in a program that nobody has validated.
  EXPECT_EQ(value({16, Affine{INT64_MAX, {}}, 0}, 5), 16);
  Guard guard{0, 1, 0, 10, 2, 0};
  EXPECT_EQ(resolve(guard, {4}).extent, 4);
  EXPECT_EQ(resolve(guard, {40}).extent, 10);
  EXPECT_EQ(countTrips({10, 0}, {4}), 4);
  EXPECT_EQ(countTrips({10, 0}, {40}), 10);
  EXPECT_EQ(countTrips({10}, {4}), 10);
}

TEST(Registers, FootprintsAreThoseOfTheLargest) {
  Program program = withRegisters({pack({512, std::nullopt, 0})});
  std::vector<Access> accesses = getAccesses(program, size_t(0), {});
  ASSERT_EQ(accesses.size(), 2u);
  for (const Access &access : accesses)
    if (!access.write)
      EXPECT_EQ(access.bytes, (IntervalSet{{0, 32}}));
}

TEST(Registers, UsesIncludeTheLoopsAround) {
  Program program = withRegisters({make({}, Loop{8, 0}), readCount(1),
                                   pack({4, std::nullopt, 1}), make({}, End{}),
                                   readCount(0)});
  std::vector<RegisterUse> uses = listRegisterUses(program);
  EXPECT_EQ(uses[1].reads, std::vector<uint32_t>{0});
  EXPECT_EQ(uses[1].writes, std::vector<uint32_t>{1});
  EXPECT_EQ(uses[2].reads, (std::vector<uint32_t>{0, 1}));
  EXPECT_FALSE(uses[4].isConditional());
}

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

TEST(Registers, NestsDependOnNone) {
  auto error = [](const std::function<void(Program &)> &change) {
    CoreProgram load = makeLoad();
    CoreStream stream = makeStream();
    load.rows = load.cols = stream.rows = stream.cols = fixed(8);
    load.cols = stream.cols = fixed(16);
    stream.length = fixed(8);
    Program program = withRegisters({make({}, Loop{1}), make(core0, load),
                                     make(core0, stream), make({}, End{})});
    ProductNest nest{0, 3, {{}, {1}}, {{}, {8}}, {{}, {8}}, {{}, {16}}};
    program.products[0].nests = {nest};
    change(program);
    return structureError(program);
  };
  EXPECT_EQ(error([](Program &) {}), "accepted");
  std::string message = error([](Program &p) {
    getAs<CoreStream>(p.code[2].body).length.registerIndex = 1;
  });
  EXPECT_NE(message.find("depends on register 1 ('many')"), std::string::npos)
      << message;
  message = error(
      [](Program &p) { p.products[0].nests[0].rows.size.registerIndex = 1; });
  EXPECT_NE(message.find("nest rows size: expected a size that depends on "
                         "loops alone, found one that depends on register 1"),
            std::string::npos)
      << message;
}

//===----------------------------------------------------------------------===//
// Traces
//===----------------------------------------------------------------------===//

TEST(Registers, TracesAreRunLengths) {
  CountTrace trace(2);
  for (int64_t value : {3, 3, 5, 3})
    EXPECT_TRUE(trace.record(1, value));
  EXPECT_EQ(trace.getRuns(1),
            (std::vector<CountTrace::Run>{{3, 2}, {5, 1}, {3, 1}}));
  EXPECT_TRUE(trace.getRuns(0).empty());
  CountStatistics seen = getStatistics(trace.getRuns(1));
  EXPECT_EQ(seen.writes, 4u);
  EXPECT_EQ(seen.least, 3);
  EXPECT_EQ(seen.most, 5);
  EXPECT_EQ(seen.mean, 3.5);
}

TEST(Registers, TracesEndSomewhere) {
  CountTrace trace(2, /*mostRuns=*/3);
  for (int64_t value : {3, 3, 5})
    EXPECT_TRUE(trace.record(1, value));
  EXPECT_TRUE(trace.record(0, 5));
  EXPECT_FALSE(trace.record(1, 3));
  EXPECT_FALSE(trace.record(0, 6));
  // One more of what was written last takes no room.
  EXPECT_TRUE(trace.record(1, 5));
  EXPECT_EQ(getStatistics(trace.getRuns(1)).writes, 4u);
}

TEST(Registers, TracesAreOfTheProgram) {
  Program program = withRegisters({});
  for (size_t registers : {0, 1, 2, 3}) {
    RunCounts counts{std::make_shared<CountTrace>(registers), {}};
    EXPECT_EQ(checkCounts(program, counts).ok(), registers == 2) << registers;
  }
}

TEST(Registers, PlayersFollowTheTrace) {
  Program program = withRegisters({readCount(1)});
  auto trace = std::make_shared<CountTrace>(2);
  for (int64_t value : {3, 3, 5})
    EXPECT_TRUE(trace->record(1, value));
  RunCounts counts{trace, {}};
  CountPlayer player(program, counts);
  EXPECT_EQ(player.getValues()[1], 0);
  for (int64_t value : {3, 3, 5}) {
    EXPECT_EQ(player.finish().error().message.find(
                  "the program ends before the counts do: register 1 ('many')"),
              0u);
    ASSERT_TRUE(player.write(0).ok());
    EXPECT_EQ(player.getValues()[1], value);
  }
  EXPECT_TRUE(player.finish().ok());
  Status status = player.write(0);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message.find(
                "the counts end before the program does: register 1 ('many')"),
            0u);
}

TEST(Registers, Assumptions) {
  Program program = withRegisters({pack({16, std::nullopt, 1})});
  auto error = [&](const std::map<std::string, int64_t> &values) {
    Result<RunCounts> counts = assumeCounts(program, values);
    if (!counts)
      return counts.error().message;
    Status status = checkCounts(program, *counts);
    return status ? "accepted" : status.error().message;
  };
  EXPECT_EQ(error({{"many", 1000}}), "accepted");
  EXPECT_EQ(error({{"many", 1001}}),
            "register 1 ('many'): expected 0 to 1000, found 1001");
  EXPECT_EQ(error({{"many", -1}}),
            "register 1 ('many'): expected 0 to 1000, found -1");
  EXPECT_EQ(error({{"mani", 1}}),
            "the program has no count register 'mani'; did you mean 'many'?; "
            "it has 'few', 'many'");
  EXPECT_NE(error({{"few", 1}}).find("on register 1 ('many')"),
            std::string::npos);
}

TEST(Registers, LoopsDependOnThemToo) {
  Program program = withRegisters(
      {make({}, Loop{4, 0}), make(vec, makeRelu()), make({}, End{})});
  Status status = checkCounts(program, {});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("on register 0 ('few');"),
            std::string::npos)
      << status.error().message;
}

TEST(Registers, TracesAreOfAsManyRegisters) {
  Program program = withRegisters({pack({16, std::nullopt, 1})});
  EXPECT_TRUE(checkCounts(program, {std::make_shared<CountTrace>(2), {}}).ok());
  Status status = checkCounts(program, {std::make_shared<CountTrace>(1), {}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message,
            "the counts are those of a program with 1 count registers, this "
            "one has 2; use the counts of an execution of this program");
}
