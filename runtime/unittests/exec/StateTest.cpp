//===- StateTest.cpp - What persists from run to run, labels --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "ExecHelpers.h"

#include <cmath>

using namespace phx;
using namespace phx::testing;

namespace {

const EngineId vec{EngineKind::Vec, 0};

VecMap map(VecFn fn, Address dst, Address a, Address b, int64_t count,
           float s0 = 0) {
  Count one{1, {}};
  Stride4 run{0, 0, 0, 4};
  return {fn, dst, a, b, run, run, run, {one, one, one, {count, {}}}, s0, 0};
}

/// w = w - g and count = count + 1, in phase `update`; "loss" is the old w.
Program makeStep(bool withData = true) {
  ProgramBuilder builder;
  uint32_t g = builder.addRegion("g", Role::Input, {2}, mem::act);
  uint32_t loss = builder.addRegion("loss", Role::Output, {2}, mem::grad);
  uint32_t w =
      builder.addRegion("fc.weight", Role::Parameter, {2}, mem::wgt);
  uint32_t count = builder.addRegion("count", Role::State, {1}, mem::wgt);
  builder.addRegion("mean", Role::Parameter, {2}, mem::wgt);
  builder.addRegion("constant", Role::Parameter, {2}, mem::wgt);
  for (uint32_t r : {w, count, w + 2})
    builder.program.regions[r].isMutable = true;
  if (withData)
    for (uint32_t r : {w, w + 2})
      builder.setData(r, {1.0f, 2.0f});
  builder.setLayer(builder.addLayer("copy", "Identity", loss));
  builder.add(vec, map(VecFn::Copy, builder.at(loss), builder.at(w), {}, 2));
  builder.setLayer(builder.addLayer("fc", "Gemm", std::nullopt));
  builder.program.layers.back().phase = Phase::Update;
  builder.add(vec,
              map(VecFn::Sub, builder.at(w), builder.at(w), builder.at(g), 2));
  builder.add(vec, map(VecFn::Offset, builder.at(count), builder.at(count), {},
                       1, 1.0f));
  return builder.finish();
}

std::vector<float> state(const Executor &executor, const std::string &name) {
  auto value = executor.getState(name);
  EXPECT_TRUE(value.ok());
  return value ? toVector(*value) : std::vector<float>();
}

using Values = std::vector<float>;
Arrays gradient(Values values) {
  return {{"g", toArray(std::move(values), {2})}};
}

} // namespace

TEST(State, PersistsFromRunToRun) {
  Program program = makeStep();
  for (const char *kind : {"reference", "fast"}) {
    auto made = createExecutor(kind, program);
    ASSERT_TRUE(made.ok());
    Executor &executor = **made;
    EXPECT_EQ(executor.getStateNames(),
              (std::vector<std::string>{"fc.weight", "count", "mean"}));
    EXPECT_EQ(state(executor, "fc.weight"), (Values{1, 2}));
    EXPECT_EQ(state(executor, "count"), (Values{0}));
    for (int step = 0; step < 3; ++step) {
      auto result = executor.run(gradient({0.25f, 0.5f}), threads(1));
      ASSERT_TRUE(result.ok()) << result.error().message;
      EXPECT_EQ(toVector(result->at("loss")),
                (Values{1 - 0.25f * step, 2 - 0.5f * step}));
    }
    EXPECT_EQ(state(executor, "fc.weight"), (Values{0.25f, 0.5f}));
    EXPECT_EQ(state(executor, "count"), (Values{3}));
    EXPECT_EQ(state(executor, "mean"), (Values{1, 2})); // never written
    executor.resetState();
    EXPECT_EQ(state(executor, "fc.weight"), (Values{1, 2}));
    EXPECT_EQ(state(executor, "count"), (Values{0}));
  }
  // The program itself never changes.
  Values kept(2);
  std::memcpy(kept.data(), program.data[0].bytes, 8);
  EXPECT_EQ(kept, (Values{1, 2}));
}

TEST(State, CanBeReplaced) {
  Program program = makeStep(false);
  auto made = createExecutor("fast", program);
  Executor &executor = **made;
  EXPECT_EQ(state(executor, "fc.weight"), (Values{0, 0}));
  ASSERT_TRUE(executor.setState("fc.weight", toArray({5, 6}, {2})).ok());
  ASSERT_TRUE(executor.setState("mean", toArray({7, 8}, {2})).ok());
  auto result = executor.run(gradient({1, 1}), threads(1));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(toVector(result->at("loss")), (Values{5, 6}));
  EXPECT_EQ(state(executor, "fc.weight"), (Values{4, 5}));
  EXPECT_EQ(state(executor, "mean"), (Values{7, 8}));
  EXPECT_ERROR(executor.getState("weight"),
               "no mutable region is named 'weight'; those of this program: "
               "'fc.weight', 'count', 'mean'");
  EXPECT_ERROR(executor.setState("constant", toArray({1, 1}, {2})),
               "no mutable region is named 'constant'");
  EXPECT_ERROR(executor.setState("count", toArray({1, 1}, {2})),
               "state 'count': expected float32[1], found float32[2] in 8 "
               "bytes");
}

TEST(State, FailedRunsLeaveItAlone) {
  Program program = makeStep();
  auto made = createExecutor("fast", program);
  Executor &executor = **made;
  ASSERT_TRUE(executor.run(gradient({1, 1}), threads(1)).ok());
  // A value that is not finite would persist.
  EXPECT_ERROR(executor.run(gradient({1, -INFINITY}), threads(1)),
               "layer 'fc' (Gemm, update): the run left inf in tensor "
               "'fc.weight' element [1], which persists");
  EXPECT_EQ(state(executor, "fc.weight"), (Values{0, 1}));
  EXPECT_EQ(state(executor, "count"), (Values{1}));
  // The callback of a layer, called behind the update, fails.
  program.layers[1].output = 2;
  auto again = createExecutor("fast", program);
  ASSERT_TRUE((*again)->run(gradient({1, 1}), threads(1)).ok());
  ExecutionOptions options = threads(1);
  Values seen;
  options.onLayer = [&](uint32_t layer, const HostArray &value) -> Status {
    if (layer == 0)
      return Status::success();
    seen = toVector(value);
    return Error{"enough"};
  };
  EXPECT_ERROR((*again)->run(gradient({1, 1}), options), "enough");
  EXPECT_EQ(seen, (Values{-1, 0}));
  EXPECT_EQ(state(**again, "fc.weight"), (Values{0, 1}));
  EXPECT_EQ(state(**again, "count"), (Values{1}));
}

TEST(State, OutputsMayBeRefused) {
  Program program = makeStep();
  auto made = createExecutor("fast", program);
  Executor &executor = **made;
  ExecutionOptions options = threads(1);
  options.accept = [](const auto &outputs) {
    return toVector(outputs.at("loss"))[0] < 1 ? Status::success()
                                               : Status(Error{"too large"});
  };
  EXPECT_ERROR(executor.run(gradient({1, 1}), options), "too large");
  EXPECT_EQ(state(executor, "fc.weight"), (Values{1, 2}));
  ASSERT_TRUE(executor.run(gradient({1, 1}), threads(1)).ok());
  EXPECT_TRUE(executor.run(gradient({1, 1}), options).ok());
  EXPECT_EQ(state(executor, "fc.weight"), (Values{-1, 0}));
}

TEST(State, InterruptedRunsLeaveItAlone) {
  Program program = makeStep();
  // A long pause behind the update.
  Instruction pause = program.code[0];
  program.code.insert(program.code.end() - 1,
                      {Instruction{{}, noLayer, {}, Loop{int64_t(1) << 40}},
                       pause, Instruction{{}, noLayer, {}, End{}}});
  auto made = createExecutor("reference", program);
  ExecutionOptions options = threads(1);
  options.interrupted = [] { return true; };
  EXPECT_ERROR((*made)->run(gradient({1, 1}), options), "interrupted");
  EXPECT_EQ(state(**made, "fc.weight"), (Values{1, 2}));
  EXPECT_EQ(state(**made, "count"), (Values{0}));
}

TEST(State, ComparisonWithFp32DoesNotDisturbIt) {
  Program program = makeStep();
  auto made = createExecutor("fast", program);
  ExecutionOptions options = threads(1);
  options.compareToFp32 = true;
  for (int step = 0; step < 2; ++step)
    ASSERT_TRUE((*made)->run(gradient({1, 1}), options).ok());
  EXPECT_EQ(state(**made, "fc.weight"), (Values{-1, 0}));
}

//===----------------------------------------------------------------------===//
// Labels
//===----------------------------------------------------------------------===//

namespace {
template <typename T> HostArray labels(ElementType type, std::vector<T> list) {
  HostArray array{type, {int64_t(list.size())}, {}};
  array.bytes.resize(list.size() * sizeof(T));
  std::memcpy(array.bytes.data(), list.data(), array.bytes.size());
  return array;
}
} // namespace

TEST(Labels, AreStoredAsBinary32) {
  ProgramBuilder builder;
  uint32_t y = builder.addRegion("labels", Role::Input, {3}, mem::act);
  uint32_t out = builder.addRegion("out", Role::Output, {3}, mem::grad);
  builder.program.regions[y].labels = Labels{10, -100};
  builder.add(vec, map(VecFn::Copy, builder.at(out), builder.at(y), {}, 3));
  Program program = builder.finish();
  auto run = [&](HostArray given) {
    return runProgram(program, {{"labels", std::move(given)}});
  };
  for (const HostArray &given :
       {labels<int64_t>(ElementType::I64, {9, -100, 0}),
        labels<int32_t>(ElementType::I32, {9, -100, 0})}) {
    auto result = run(given);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(toVector(result->at("out")), (Values{9, -100, 0}));
  }
  EXPECT_ERROR(run(labels<int64_t>(ElementType::I64, {0, 10, 0})),
               "input 'labels': expected classes in [0, 10) or -100, found 10 "
               "in tensor 'labels' element [1]");
  EXPECT_ERROR(run(labels<int32_t>(ElementType::I32, {0, 1, -1})),
               "found -1 in tensor 'labels' element [2]");
  EXPECT_ERROR(run(toArray({1, 2, 3}, {3})),
               "input 'labels': expected int64[3] or int32[3], found "
               "float32[3]");
  EXPECT_ERROR(run(labels<int64_t>(ElementType::I64, {1})), "found int64[1]");
  program.regions[y].labels = Labels{10, std::nullopt};
  EXPECT_ERROR(run(labels<int64_t>(ElementType::I64, {0, -100, 0})),
               "expected classes in [0, 10), found -100");
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

TEST(State, NonFiniteOperandsNameThePhase) {
  ConvSpec spec = linearSpec(3, 5, 2);
  ProgramBuilder builder;
  Entries format = builder.addFormat(mirageFormat());
  uint32_t x =
      builder.addRegion("x", Role::Input, spec.inShape(), mem::act);
  uint32_t dy =
      builder.addRegion("dy", Role::Input, spec.outShape(), mem::grad);
  uint32_t dw =
      builder.addRegion("dw", Role::Output, spec.weightShape(), mem::wgt);
  builder.addWeightGradient(spec, Stationary::First, format, dy, x, dw, "fc1");
  Program program = builder.finish();
  Values gradients(6, 1.0f);
  gradients[4] = NAN;
  for (const char *kind : {"reference", "fast"})
    EXPECT_ERROR(runProgram(program,
                            {{"x", toArray(Values(10), spec.inShape())},
                             {"dy", toArray(gradients, spec.outShape())}},
                            threads(1), kind),
                 "layer 'fc1' (Conv, weight gradient): tensor 'dy' element [1, "
                 "1, 0, 0] is nan");
}
