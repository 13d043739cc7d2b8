//===- FeasibilityTest.cpp - Runs that cannot end, and that are stopped ---===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "ExecHelpers.h"

#include <atomic>

using namespace phx;
using namespace phx::testing;

static const EngineId vec{EngineKind::Vec, 0};
static const EngineId dma{EngineKind::Dma, 0};

static Shape4 row(int64_t outer, int64_t count) {
  return {Count{1, {}}, Count{1, {}}, Count{outer, {}}, Count{count, {}}};
}

/// One instruction on regions x and y, of which every element is the same.
template <typename Body> static Program single(Body body, EngineId engine) {
  ProgramBuilder builder;
  uint32_t x = builder.addRegion("x", Role::Input, {8}, mem::grad);
  uint32_t y = builder.addRegion("y", Role::Output, {8}, mem::grad);
  if constexpr (std::is_same_v<Body, DmaCopy>)
    body.src = builder.at(x);
  else
    body.a = builder.at(x);
  body.dst = builder.at(y);
  builder.add(engine, body);
  return builder.finish();
}

/// Two sums of 2^44 elements: far longer than any test.
static Program longSum() {
  VecReduce reduce;
  reduce.fn = ReduceFn::Sum;
  reduce.shape = row(int64_t(1) << 20, int64_t(1) << 24);
  reduce.shape[1].cap = 2;
  reduce.dstStride[1] = 4;
  reduce.dims = 2;
  return single(reduce, vec);
}

static const Arrays ones{{"x", toArray(std::vector<float>(8, 1), {8})}};

static void expectStops(const Program &program, unsigned threads) {
  std::atomic<int> asked{0};
  ExecutionOptions options;
  options.threads = threads;
  options.interrupted = [&] { return ++asked == 3; };
  EXPECT_ERROR(runProgram(program, ones, options), "interrupted");
  EXPECT_EQ(asked, 3);
}

TEST(Feasibility, OneLongReductionIsStopped) {
  expectStops(longSum(), 1);
  // Only the caller may ask, and tells the others.
  expectStops(longSum(), 2);
}

/// Loops and counts that a register makes short do not take years.
TEST(Feasibility, WhatARegisterEndsIsNotCounted) {
  constexpr int64_t many = int64_t(1) << 30;
  auto fill = [](bool hasRegister) {
    ProgramBuilder builder;
    builder.program.registers = {{"few", many}};
    uint32_t y = builder.addRegion("y", Role::Output, {8}, mem::grad);
    for (int depth = 0; depth < 2; ++depth) {
      size_t loop = builder.loop(many);
      if (hasRegister)
        getAs<Loop>(builder.program.code[loop].body).below = 0;
    }
    VecMap map;
    map.fn = VecFn::Fill;
    map.dst = builder.at(y);
    map.dstStride[3] = 4;
    map.shape = row(1, 8);
    builder.add(vec, map);
    builder.end();
    builder.end();
    // Nothing, where the register holds 0.
    map.shape[2] = {many, std::nullopt, 0};
    map.shape[1] = {many, std::nullopt, 0};
    if (hasRegister)
      builder.add(vec, map);
    return builder.finish();
  };
  auto outputs = runProgram(fill(true), {}, {});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(toVector(outputs->at("y")), std::vector<float>(8));
  EXPECT_ERROR(runProgram(fill(false), {}, {}),
               "takes more than 2^56 elementary steps");
}

TEST(Feasibility, RunsThatTakeYearsAreRefused) {
  ProgramBuilder builder;
  uint32_t y = builder.addRegion("y", Role::Output, {8}, mem::grad);
  VecMap fill;
  fill.fn = VecFn::Fill;
  fill.dst = builder.at(y);
  fill.dstStride[3] = 4;
  fill.shape = row(1, 8);
  builder.loop(int64_t(1) << 54);
  builder.add(vec, fill);
  builder.end();
  EXPECT_ERROR(runProgram(builder.finish(), {}, {}),
               "instruction 1 (vec.map) takes more than 2^56 elementary steps");
}

TEST(Feasibility, LoopsOfNothingAreWorkToo) {
  ProgramBuilder builder;
  builder.addRegion("y", Role::Output, {8}, mem::grad);
  builder.loop(int64_t(1) << 57);
  builder.end();
  EXPECT_ERROR(runProgram(builder.finish(), {}, {}), "instruction 1 (end)");
}

TEST(Feasibility, MemoryBeyondTheMachineIsRefused) {
  constexpr int64_t length = int64_t(1) << 46;
  ProgramBuilder builder;
  uint32_t y = builder.addRegion("y", Role::Output, {length}, mem::grad);
  VecMap fill;
  fill.fn = VecFn::Fill;
  fill.dst = builder.at(y);
  fill.dstStride[3] = 4;
  fill.shape = row(1, length);
  builder.add(vec, fill);
  Program program = builder.finish();
  EXPECT_ERROR(checkFeasible(program, false),
               "the run writes to 281474976710656 bytes of memory");
  EXPECT_ERROR(checkFeasible(program, true), "are available");
  // What nothing writes to takes no memory.
  getAs<VecMap>(program.code[0].body).shape = row(1, 8);
  EXPECT_TRUE(checkFeasible(program, true).ok());
}

TEST(Feasibility, ThreadsHaveALimit) {
  ExecutionOptions options;
  options.threads = maxThreads + 1;
  EXPECT_ERROR(runProgram(longSum(), ones, options),
               "threads: expected at most 1024, found 1025");
}

/// Rows are cut where a task looks whether to stop; the bits are the same.
TEST(Feasibility, LongRowsAreWhole) {
  constexpr int64_t length = 100'003;
  std::vector<float> values(length);
  for (int64_t i = 0; i < length; ++i)
    values[i] = float(i % 1013) - 500.0f;
  for (bool copies : {false, true}) {
    ProgramBuilder builder;
    uint32_t x = builder.addRegion("x", Role::Input, {length}, mem::grad);
    uint32_t y =
        builder.addRegion("y", Role::Output, {length}, mem::grad);
    if (copies) {
      // The first and last ten positions lie outside and are zero.
      DmaCopy copy{builder.at(y), builder.at(x), {0, 0, 0, 4}, {0, 0, 0, 4},
                   row(1, length), ZeroFill{3, {-10, {}}, length - 20}};
      builder.add(dma, copy);
    } else {
      VecMap map;
      map.fn = VecFn::Neg;
      map.dst = builder.at(y);
      map.a = builder.at(x);
      map.dstStride[3] = map.aStride[3] = 4;
      map.shape = row(1, length);
      builder.add(vec, map);
    }
    Program program = builder.finish();
    auto outputs =
        runProgram(program, {{"x", toArray(values, {length})}}, threads(1));
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    std::vector<float> expected(length);
    for (int64_t i = 0; i < length; ++i)
      expected[i] = !copies ? -values[i]
                    : i >= 10 && i < length - 10 ? values[i - 10]
                                                 : 0.0f;
    EXPECT_EQ(outputs->at("y").bytes, toArray(expected, {length}).bytes);
  }
}
