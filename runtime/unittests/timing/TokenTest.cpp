//===- TokenTest.cpp - Order between engines --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTiming.h"

using namespace phx;
using namespace phx::testing;

/// A wait of the vector unit that is reached at 7 ns for a token signalled at
/// `copied` ns.
static TimingResult waitFor(int64_t copied) {
  ProgramBuilder b;
  uint32_t token = b.addToken();
  b.add(dma, makeCopy(copied));
  b.signal(dma, token);
  b.add(vec, makeMap(7 * 256));
  b.wait(vec, token);
  b.add(vec, makeMap(256));
  return runBoth(b.finish(), makeTarget());
}

TEST(Token, HoldsUntilTheSignal) {
  TimingResult late = waitFor(8);
  EXPECT_EQ(late.latency, 9 * ns);
  EXPECT_EQ(late.engines[1].stalled[size_t(EngineKind::Dma)], 1 * ns);
  TimingResult same = waitFor(7);
  EXPECT_EQ(same.latency, 8 * ns);
  EXPECT_EQ(same.engines[1].stalled[0], 0);
  TimingResult early = waitFor(6);
  EXPECT_EQ(early.latency, 8 * ns);
  EXPECT_EQ(early.engines[0].idle, 2 * ns);
}

TEST(Token, IsBlockedOneFemtosecondBefore) {
  Target target = makeTarget();
  target.spec.mutable_dma()->mutable_bytes_per_ns()->set_value(4e6); // 1 fs
  for (int64_t t : {999'999, 1'000'000, 1'000'001}) {
    ProgramBuilder b;
    uint32_t token = b.addToken();
    b.add(dma, makeCopy(t));
    b.signal(dma, token);
    b.add(vec, makeMap(256)); // 1,000,000 fs
    b.wait(vec, token);
    b.add(vec, makeMap(256));
    TimingResult r = runBoth(b.finish(), target);
    EXPECT_EQ(r.latency, std::max<int64_t>(t, 1'000'000) + 1'000'000);
    EXPECT_EQ(r.engines[1].stalled[0], std::max<int64_t>(t - 1'000'000, 0));
  }
}

TEST(Token, KthWaitTakesKthSignal) {
  ProgramBuilder b;
  uint32_t token = b.addToken();
  for (int i = 0; i < 3; ++i) {
    b.add(dma, makeCopy(10));
    b.signal(dma, token);
  }
  for (int i = 0; i < 3; ++i) {
    b.wait(core(0), token);
    b.add(core(0), makeStream(10));
  }
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 31 * ns);
  EXPECT_EQ(r.engines[2].busy, 3 * ns);
  EXPECT_EQ(r.engines[2].stalled[0], 28 * ns);
}

TEST(Token, TrailingWaitIsAStall) {
  ProgramBuilder b;
  uint32_t token = b.addToken();
  b.add(dma, makeCopy(5));
  b.signal(dma, token);
  b.wait(vec, token);
  TimingResult r = runBoth(b.finish(), makeTarget());
  EXPECT_EQ(r.latency, 5 * ns);
  EXPECT_EQ(r.engines[1].stalled[0], 5 * ns);
  EXPECT_EQ(r.engines[1].idle, 0);
}

TEST(Token, EmptyTokenIsAnError) {
  ProgramBuilder b;
  uint32_t token = b.addToken();
  b.wait(vec, token);
  b.signal(dma, token);
  Program program = b.finish();
  for (TimingMode mode : {TimingMode::Closed, TimingMode::Stepped}) {
    TimingOptions options;
    options.mode = mode;
    auto result = simulate(program, makeTarget(), options);
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find("waits for token 0"),
              std::string::npos);
  }
}

TEST(Malformed, IsRejected) {
  auto expectError = [](Program program, const char *what) {
    auto result = simulate(program, makeTarget());
    ASSERT_FALSE(result.ok()) << what;
    EXPECT_NE(result.error().message.find(what), std::string::npos)
        << result.error().message;
  };
  ProgramBuilder open;
  open.loop(3);
  expectError(open.finish(), "the loop has no end");
  ProgramBuilder closed;
  closed.end();
  expectError(closed.finish(), "no loop is open");
  ProgramBuilder trips;
  trips.loop(0);
  trips.end();
  expectError(trips.finish(), "at least one trip");
  ProgramBuilder engine;
  engine.add(core(1), makeTile());
  expectError(engine.finish(), "does not exist");
  ProgramBuilder token;
  token.signal(dma, 0xffffffffu);
  expectError(token.finish(), "does not exist");
  ProgramBuilder guard;
  guard.loop(2);
  guard.add(dma, makeCopy(1)).guard = Guard{1, 1, 0, 1};
  guard.end();
  expectError(guard.finish(), "a digit refers to loop 1");
  ProgramBuilder layer;
  layer.setLayer(3);
  layer.add(dma, makeCopy(1));
  expectError(layer.finish(), "layer 3 does not exist");
}

TEST(Empty, TakesNoTime) {
  TimingResult r = runBoth(ProgramBuilder().finish(), makeTarget());
  EXPECT_EQ(r.latency, 0);
  EXPECT_EQ(r.engines.size(), 3u);
}

TEST(Layers, KnowFirstAndLast) {
  ProgramBuilder b(2);
  uint32_t first = b.addLayer("a", "Conv", std::nullopt);
  uint32_t second = b.addLayer("b", "Conv", std::nullopt);
  b.addLayer("c", "Identity", std::nullopt);
  uint32_t token = b.addToken();
  b.setLayer(first);
  b.add(dma, makeCopy(3));
  b.signal(dma, token);
  b.wait(core(1), token);
  b.add(core(1), makeTile());
  b.add(core(1), makeStream(20));
  b.setLayer(second);
  b.add(core(0), makeTile());
  b.add(core(0), makeStream(10));
  b.add(vec, makeMap(256));
  TimingResult r = runBoth(b.finish(), makeTarget());
  LayerTiming a{true, 0, 10 * ns, 3 * ns, 10 * ns, 7 * ns, 3};
  LayerTiming c{true, 0, 6 * ns, 0, 6 * ns, 6 * ns, 3};
  EXPECT_EQ(r.layers[first], a);
  EXPECT_EQ(r.layers[second], c);
  EXPECT_EQ(r.layers[2], LayerTiming());
}
