//===- ExecutorProgressTest.cpp - What runs tell and ask --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"
#include "LinearProgram.h"

using namespace phx;
using namespace phx::testing;

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

namespace {

/// conv -> relu in place -> scale, the last two in one loop of one iteration.
Program threeLayers() {
  ProgramBuilder builder;
  auto r = builder.addConvWithRegions(linearSpec(3, 20, 2), Stationary::First,
                                      builder.addFormat(mirageFormat()));
  builder.program.regions[r.out].role = Role::Workspace;
  uint32_t z = builder.addRegion("z", Role::Output, {2, 3}, mem::act);
  uint32_t relu = builder.addLayer("relu", "Relu", r.out);
  uint32_t scale = builder.addLayer("scale", "Mul", z);
  builder.addLayer("alias", "Identity", z);       // no instruction
  builder.addLayer("fused", "Add", std::nullopt); // no value
  builder.loop(2);
  builder.setLayer(relu);
  builder.add(vec, unary(VecFn::Relu, builder.at(r.out), builder.at(r.out), 6));
  builder.end();
  builder.loop(2);
  builder.setLayer(scale);
  builder.add(vec,
              unary(VecFn::Scale, builder.at(z), builder.at(r.out), 6, 2.0f));
  builder.end();
  return builder.finish();
}

} // namespace

TEST(Executor, OnLayerSeesEachValueOnce) {
  Program program = threeLayers();
  std::vector<std::pair<uint32_t, std::vector<float>>> seen;
  ExecutionOptions options = threads(1);
  options.onLayer = [&](uint32_t layer, const HostArray &value) {
    seen.push_back({layer, toVector(value)});
    return Status::success();
  };
  ASSERT_TRUE(runProgram(program, linearInputs(1, -1), options).ok());
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].first, 0u);
  EXPECT_EQ(seen[0].second, std::vector<float>(6, -20.0f));
  EXPECT_EQ(seen[1].first, 1u);
  EXPECT_EQ(seen[1].second, std::vector<float>(6, 0.0f));
  EXPECT_EQ(seen[2].first, 2u);

  options.onLayer = [](uint32_t, const HostArray &) {
    return Status(Error{"enough"});
  };
  EXPECT_ERROR(runProgram(program, linearInputs(), options), "enough");
}

TEST(Executor, StatisticsOfConversions) {
  // Per vector and pass: 20 elements; 3 rows of weights. Mantissas of 4 bits:
  // beside 1, 2^-3 keeps one bit and 2^-4 none; subnormals vanish, zeros do not
  // count.
  Arrays inputs = linearInputs();
  auto x = toVector(inputs["x"]);
  x[1] = 0x1p-3f;
  x[2] = 0x1p-4f;
  x[3] = -0x1p-140f;
  x[4] = 0.0f;
  inputs["x"] = toArray(x, {2, 20, 1, 1});
  for (const char *kind : {"reference", "fast"}) {
    Program program = linearProgram();
    auto executor = createExecutor(kind, program);
    ASSERT_TRUE((*executor)->run(inputs, threads(2)).ok());
    LayerStatistics got = (*executor)->getStatistics()[0];
    EXPECT_EQ(got.mantissas, 40u + 60u);
    EXPECT_EQ(got.zeroMantissas, 2u);
    EXPECT_FALSE(got.compared);
  }
}

TEST(Executor, PaddingIsNotConverted) {
  // 3 x 3 kernel over 2 x 2 with padding 1: each of 4 patches sees 4 elements.
  ConvSpec spec;
  spec.height = spec.width = 2;
  spec.kernelH = spec.kernelW = 3;
  spec.padTop = spec.padLeft = spec.padBottom = spec.padRight = 1;
  ProgramBuilder builder;
  builder.addConvWithRegions(spec, Stationary::First,
                             builder.addFormat(mirageFormat()));
  Program program = builder.finish();
  auto executor = createExecutor("reference", program);
  auto result = (*executor)->run(
      {{"x", toArray({1, 2, 3, 4}, spec.inShape())},
       {"w", toArray(std::vector<float>(9, 1), spec.weightShape())}},
      threads(1));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(toVector(result->at("y")), std::vector<float>(4, 10.0f));
  EXPECT_EQ((*executor)->getStatistics()[0].mantissas, 16u + 9u);
}

TEST(Executor, ComparisonWithFp32) {
  Program program = threeLayers();
  auto executor = createExecutor("reference", program);
  ExecutionOptions options = threads(1);
  options.compareToFp32 = true;
  // 1.0625 has 5 significant bits, its mantissa drops the last: 1 per element.
  auto result = (*executor)->run(linearInputs(1.0625f, 1.0f), options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(toVector(result->at("z")), std::vector<float>(6, 40.0f));
  const auto &got = (*executor)->getStatistics();
  for (int layer : {0, 1}) {
    EXPECT_TRUE(got[size_t(layer)].compared);
    EXPECT_EQ(got[size_t(layer)].signal, 6 * 21.25 * 21.25);
    EXPECT_EQ(got[size_t(layer)].noise, 6 * 1.25 * 1.25);
  }
  EXPECT_EQ(got[2].signal, 6 * 42.5 * 42.5);
  EXPECT_EQ(got[2].noise, 6 * 2.5 * 2.5);
  EXPECT_FALSE(got[3].compared);
  EXPECT_FALSE(got[4].compared);
}

//===----------------------------------------------------------------------===//
// Interruption
//===----------------------------------------------------------------------===//

TEST(Executor, StopsWhenInterrupted) {
  ProgramBuilder builder;
  uint32_t x = builder.addRegion("x", Role::Output, {8}, mem::grad);
  builder.loop(int64_t(1) << 40);
  builder.add(vec, unary(VecFn::Relu, builder.at(x), builder.at(x), 8));
  builder.end();
  Program program = builder.finish();
  int asked = 0;
  ExecutionOptions options = threads(1);
  options.interrupted = [&] { return ++asked == 5; };
  options.pollInterval = {};
  EXPECT_ERROR(runProgram(program, {}, options), "interrupted");
  EXPECT_EQ(asked, 5);
}

TEST(Executor, PollsWithinALongInstruction) {
  // One stream of 2^40 vectors, all of them the same, into the same place: it
  // would take days, and can only end where it is asked in its middle.
  constexpr int64_t count = int64_t(1) << 40;
  ProgramBuilder builder(1, 256, 64);
  ConvSpec spec = linearSpec(256, 64, 1);
  auto add = [&](const char *name, Role role, int64_t size, uint32_t space) {
    return builder.addRegion(name, role, {size}, space);
  };
  uint32_t x = add("x", Role::Input, 64, mem::act);
  uint32_t w = add("w", Role::Input, 256 * 64, mem::wgt);
  uint32_t y = add("y", Role::Output, 256, mem::grad);
  spec.width = count;
  builder.addConv(spec, Stationary::First, builder.addFormat(mirageFormat()), x,
                  w, y, "conv");
  Program program = builder.finish();
  for (size_t map : {1, 2}) { // streamed operand and output
    program.maps[map].axes[1].stride = 4;
    program.maps[map].axes[3].stride = 0;
  }
  Arrays inputs{{"x", toArray(std::vector<float>(64, 1), {64})},
                {"w", toArray(std::vector<float>(256 * 64, 1), {256 * 64})}};
  // More questions than there are places between instructions.
  const int most = int(program.code.size()) + 10;
  int asked = 0;
  ExecutionOptions options = threads(1);
  options.interrupted = [&] { return ++asked == most; };
  options.pollInterval = {};
  EXPECT_ERROR(runProgram(program, inputs, options), "interrupted");
  EXPECT_EQ(asked, most);
}

TEST(Executor, PollsNoMoreOftenThanTold) {
  ProgramBuilder builder;
  uint32_t x = builder.addRegion("x", Role::Output, {8}, mem::grad);
  builder.loop(1000);
  builder.add(vec, unary(VecFn::Relu, builder.at(x), builder.at(x), 8));
  builder.end();
  Program program = builder.finish();
  int asked = 0;
  ExecutionOptions options = threads(1);
  options.interrupted = [&] { return ++asked < 0; };
  options.pollInterval = std::chrono::hours(24);
  ASSERT_TRUE(runProgram(program, {}, options).ok());
  EXPECT_EQ(asked, 0);
  options.pollInterval = {};
  ASSERT_TRUE(runProgram(program, {}, options).ok());
  EXPECT_GE(asked, 2000);
}

TEST(Executor, LoopsMustMatch) {
  ProgramBuilder builder;
  builder.loop(2);
  Program program = builder.finish();
  EXPECT_ERROR(createExecutor("reference", program), "has no end");
  program.code.erase(program.code.begin());
  program.code.insert(program.code.begin(),
                      Instruction{{}, noLayer, {}, End{}});
  EXPECT_ERROR(createExecutor("reference", program),
               "instruction 0 ends no loop");
}
