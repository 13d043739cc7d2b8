//===- RegistersTest.cpp - Programs that count ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/ProgramBuilder.h"
#include "../support/RandomProgram.h"
#include "../support/RandomShare.h"
#include "../support/Unroll.h"
#include "ExecHelpers.h"

#include "phx/exec/Context.h"
#include "phx/isa/Validator.h"

#include <deque>
#include <random>

using namespace phx;
using namespace phx::testing;

namespace {

constexpr EngineId vec{EngineKind::Vec, 0};

/// Counts in an input, and an output of 32 numbers that instructions fill.
class Counting : public ::testing::Test {
protected:
  Counting() {
    b.program.registers = {{"first", 40}, {"second", 40}};
    counts = b.addRegion("counts", Role::Input, {4}, mem::act,
                         ElementType::I32);
    y = b.addRegion("y", Role::Output, {32}, mem::grad);
    b.setLayer(b.addLayer("fill", "Fill", y));
  }

  void read(uint32_t into, int64_t element,
            std::vector<DigitTerm> digits = {}) {
    Address src = b.at(counts);
    src.offset.base += 4 * element;
    src.offset.terms = std::move(digits);
    b.add(vec, VecReadCount{into, src});
  }
  /// `count` numbers from element `at` on.
  Instruction &fill(float value, Count count, int64_t at = 0,
                    std::vector<DigitTerm> digits = {}) {
    VecMap map;
    map.fn = VecFn::Fill;
    map.s0 = value;
    map.dst = b.at(y);
    map.dst.offset.base += 4 * at;
    map.dst.offset.terms = std::move(digits);
    map.dstStride = {0, 0, 0, 4};
    map.shape = {Count{1}, Count{1}, Count{1}, count};
    return b.add(vec, map);
  }

  /// What is in y afterwards; both executors agree.
  std::vector<float> run(std::vector<int32_t> values,
                         std::shared_ptr<const CountTrace> *trace = nullptr) {
    Program program = b.program;
    program.code.push_back({{}, noLayer, {}, Halt{}});
    Status status = validate(program);
    EXPECT_TRUE(status.ok()) << status.error().message;
    HostArray input{ElementType::I32, {4}, {}};
    input.bytes.resize(16);
    std::memcpy(input.bytes.data(), values.data(), 16);
    std::vector<float> result;
    for (const char *kind : {"reference", "fast"}) {
      auto executor = createExecutor(kind, program);
      auto outputs = (*executor)->run({{"counts", input}}, options);
      if (!outputs) {
        EXPECT_EQ((*executor)->getCounts(), nullptr);
        message = outputs.error().message;
        return {};
      }
      if (!result.empty())
        EXPECT_EQ(firstDifference(result, toVector(outputs->at("y"))), -1);
      result = toVector(outputs->at("y"));
      if (trace)
        *trace = (*executor)->getCounts();
    }
    return result;
  }
  /// The first `count` of 32 numbers are 1, others 0.
  static std::vector<float> ones(size_t count) {
    std::vector<float> values(32);
    std::fill(values.begin(), values.begin() + ptrdiff_t(count), 1.0f);
    return values;
  }

  ProgramBuilder b;
  uint32_t counts, y;
  ExecutionOptions options = threads(1);
  std::string message;
};

} // namespace

TEST_F(Counting, RegistersAreZeroAtTheStart) {
  fill(1, {32, std::nullopt, 0});
  fill(1, {32, Affine{3, {}}, 0});
  EXPECT_EQ(run({9, 9, 9, 9}), ones(3));
}

TEST_F(Counting, CountsFollowTheLatestWrite) {
  read(0, 0);
  read(0, 1);
  read(1, 2);
  fill(1, {32, Affine{-2, {}}, 0});
  EXPECT_EQ(run({30, 7, 11, 0}), ones(5));
  EXPECT_EQ(run({30, 2, 11, 0}), ones(0));
  EXPECT_EQ(run({30, 40, 11, 0}), ones(32));
}

/// The extent of a guard is the smaller of the number and of the register.
TEST_F(Counting, GuardsEndWhereTheRegisterSays) {
  read(0, 0);
  b.loop(10);
  fill(1, {1}, 0, {{0, 1, 0, 1, 0, 4}}).guard = Guard{0, 1, 0, 8, 2, 0};
  b.end();
  auto window = [](size_t begin, size_t end) {
    std::vector<float> values(32);
    for (size_t i = begin; i < end; ++i)
      values[i] = 1;
    return values;
  };
  EXPECT_EQ(run({5, 0, 0, 0}), window(2, 5));
  EXPECT_EQ(run({40, 0, 0, 0}), window(2, 8));
  EXPECT_EQ(run({1, 0, 0, 0}), window(0, 0));
}

TEST_F(Counting, LoopsEndWhereTheRegisterSays) {
  read(0, 0);
  read(1, 1);
  size_t outer = b.loop(4), inner = b.loop(8);
  getAs<Loop>(b.program.code[outer].body).below = 0;
  getAs<Loop>(b.program.code[inner].body).below = 1;
  fill(1, {1}, 0, {{0, 1, 0, 1, 0, 32}, {1, 1, 0, 1, 0, 4}});
  b.end();
  b.end();
  auto expected = [](size_t rows, size_t columns) {
    std::vector<float> values(32);
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c)
        values[8 * r + c] = 1;
    return values;
  };
  EXPECT_EQ(run({3, 5, 0, 0}), expected(3, 5));
  EXPECT_EQ(run({9, 40, 0, 0}), expected(4, 8));
  EXPECT_EQ(run({0, 5, 0, 0}), expected(0, 0));
  EXPECT_EQ(run({3, 0, 0, 0}), expected(0, 0));
}

/// A layer is done where its loop is, also if nothing of it was executed.
TEST_F(Counting, LayersEndWithLoopsThatAreLeftOut) {
  read(0, 0);
  size_t loop = b.loop(4);
  getAs<Loop>(b.program.code[loop].body).below = 0;
  fill(1, {1});
  b.end();
  for (int32_t trips : {0, 2}) {
    int calls = 0;
    options.onLayer = [&](uint32_t layer, const HostArray &value) {
      EXPECT_EQ(layer, 0u);
      EXPECT_EQ(toVector(value), ones(trips ? 1 : 0));
      ++calls;
      return Status::success();
    };
    run({trips, 0, 0, 0});
    EXPECT_EQ(calls, 2); // one for each executor
  }
}

TEST_F(Counting, TracesAreWhatWasWritten) {
  b.loop(4);
  read(0, 0, {{0, 1, 0, 1, 0, 4}});
  // Executed where the first one is above the counter.
  b.loop(1);
  fill(1, {1});
  read(1, 3);
  b.program.code.back().guard = Guard{0, 1, 0, 4, 0, 0};
  b.end();
  b.end();
  std::shared_ptr<const CountTrace> trace;
  run({2, 1, 1, 9}, &trace);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->getRuns(0),
            (std::vector<CountTrace::Run>{{2, 1}, {1, 2}, {9, 1}}));
  // At counters 0 and 3.
  EXPECT_EQ(trace->getRuns(1), (std::vector<CountTrace::Run>{{9, 2}}));
}

TEST_F(Counting, ValuesThatNoRegisterHoldsStopTheRun) {
  read(0, 2);
  EXPECT_EQ(run({0, 0, 40, 0}).size(), 32u);
  for (int32_t value : {-1, 41}) {
    message.clear();
    run({0, 0, value, 0});
    EXPECT_NE(message.find("tensor 'counts' element [2] is " +
                           std::to_string(value) +
                           ", but register 0 ('first') holds 0 to 40"),
              std::string::npos)
        << message;
  }
}

/// Units of machine classes are checked as they write: what they do not name
/// is not ordered by tokens, nor timed.
TEST(Registers, AreWrittenByWhoNamesThem) {
  Program program = ProgramBuilder().program;
  program.registers = {{"first", 40}, {"second", 40}};
  auto memory = exec::Memory::create(program, {});
  auto pool = ThreadPool::create(1);
  ASSERT_TRUE(memory.ok() && pool.ok());
  exec::Poller poller({}, std::chrono::milliseconds(1));
  exec::Context context(program, **memory, **pool, poller);
  Instruction read{vec, noLayer, {}, VecReadCount{1, {mem::act, {}}}};
  context.instruction = &read;
  auto write = [&](uint32_t index) {
    return context.writeRegister(index, 7, [] { return "a number"; });
  };
  EXPECT_TRUE(write(1).ok());
  for (uint32_t index : {0, 2}) {
    Status status = write(index);
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find(
                  "(vec.read_count): writes register " +
                  std::to_string(index)),
              std::string::npos)
        << status.error().message;
  }
  EXPECT_EQ(context.registers, (RegisterValues{0, 7}));
  // What one run changes is kept for its timing, up to a limit.
  context.counts = CountTrace(2, /*mostRuns=*/0);
  Status status = write(1);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find(
                "(vec.read_count): changes register 1 ('second') more often"),
            std::string::npos)
      << status.error().message;
}

/// The comparison in binary32 beside a run may find other counts.
TEST_F(Counting, ComparesWithCountsOfItsOwn) {
  read(0, 0);
  size_t loop = b.loop(4);
  getAs<Loop>(b.program.code[loop].body).below = 0;
  fill(1, {1}, 0, {{0, 1, 0, 1, 0, 4}});
  b.end();
  options.compareToFp32 = true;
  EXPECT_EQ(run({3, 0, 0, 0}), ones(3));
}

/// Mantissas that are cut off make the sum positive, which as an integer is one
/// too; in binary32 it is negative.
TEST(Registers, TheComparisonIsNamedWhereItFails) {
  ConvSpec spec;
  spec.inChannels = 4;
  ProgramBuilder builder;
  uint32_t y = builder
                   .addConvWithRegions(spec, Stationary::First,
                                       builder.addFormat(mirageFormat()))
                   .out;
  builder.program.registers = {{"bits", (int64_t(1) << 31) - 1}};
  builder.add(vec, VecReadCount{0, builder.at(y)});
  Program program = builder.finish();
  Arrays inputs{
      {"x", toArray({1.25f, 1.125f, -1.24f, -1.24f}, spec.inShape())},
      {"w", toArray(std::vector<float>(4, 1), spec.weightShape())}};
  ExecutionOptions options = threads(1);
  auto outputs = runProgram(program, inputs, options);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  options.compareToFp32 = true;
  EXPECT_ERROR(runProgram(program, inputs, options),
               "in the FP32 computation beside the run, which may be left out "
               "(photonic-run --no-compare, Executable.run without compare): "
               "instruction ");
}

//===----------------------------------------------------------------------===//
// Random programs
//===----------------------------------------------------------------------===//

namespace {

/// Everything that is in memory behind a run; nothing if it failed.
struct Contents {
  Arrays memories;
  std::shared_ptr<const CountTrace> trace;
};

std::optional<Contents> execute(const Program &program) {
  auto executor = createExecutor("fast", program);
  auto outputs = (*executor)->run({}, threads(1));
  if (!outputs)
    return std::nullopt;
  return Contents{*outputs, (*executor)->getCounts()};
}

/// All memories are outputs, and registers are read from numbers that they
/// hold.
Program makeExecutable(uint64_t seed) {
  RandomProgramOptions options;
  options.seed = seed;
  options.finite = true;
  Program program = makeRandomProgram(options);
  for (Region &region : program.regions)
    region.role = Role::Output;
  std::mt19937 random{uint32_t(seed)};
  auto values = std::make_shared<std::vector<int32_t>>();
  for (int i = 0; i < 64; ++i)
    values->push_back(int32_t(random() % 4));
  Region region;
  region.name = "counts";
  region.role = Role::Constant;
  region.type = ElementType::I32;
  region.shape = {64};
  region.memory = mem::act;
  region.address = (program.memories[mem::act].bytes + 63) / 64 * 64;
  region.bytes = 256;
  program.memories[mem::act].bytes = region.address + region.bytes;
  region.data = uint32_t(program.data.size());
  program.data.push_back(
      {reinterpret_cast<const uint8_t *>(values->data()), 256, values});
  program.regions.push_back(region);
  for (Instruction &instruction : program.code)
    if (auto *read = getIf<VecReadCount>(instruction.body)) {
      // Another element in each iteration of a loop.
      for (DigitTerm &digit : read->src.offset.terms)
        digit = {digit.loop, 1, 0, 1, 8, 16};
      read->src.offset.base =
          region.address + 4 * int64_t(random() % 8);
      read->src.memory = mem::act;
    }
  return program;
}

} // namespace

/// A program with registers computes what the same program with the values in
/// their places does.
TEST(CountingPrograms, EqualThoseWithConstants) {
  uint64_t programs = getRandomShare(1500), compared = 0, counted = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    Program program = makeExecutable(seed);
    std::optional<Contents> contents = execute(program);
    if (!contents)
      continue;
    std::vector<std::deque<int64_t>> left(program.registers.size());
    for (uint32_t r = 0; r < left.size(); ++r)
      for (const CountTrace::Run &run : contents->trace->getRuns(r))
        left[r].insert(left[r].end(), run.times, run.value);
    bool isOut = false;
    auto next = [&](uint32_t index) {
      isOut |= left[index].empty();
      int64_t value = isOut ? 0 : left[index].front();
      if (!isOut)
        left[index].pop_front();
      return value;
    };
    auto unrolled = Unroller(program, next).run(4000);
    if (!unrolled)
      continue;
    ASSERT_FALSE(isOut) << "seed " << seed;
    for (const auto &rest : left)
      ASSERT_TRUE(rest.empty()) << "seed " << seed;
    std::optional<Contents> constant = execute(unrolled->program);
    ASSERT_TRUE(constant) << "seed " << seed;
    for (const auto &[name, value] : contents->memories)
      ASSERT_EQ(value.bytes, constant->memories.at(name).bytes)
          << "seed " << seed << ", " << name;
    ++compared;
    counted += unrolled->trace->getRuns(1).size() > 1;
  }
  EXPECT_GT(compared, programs / 2);
  EXPECT_GT(counted, programs / 50);
}
