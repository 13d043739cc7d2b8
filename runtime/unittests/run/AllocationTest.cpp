//===- AllocationTest.cpp - Sessions without memory ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program of its own, because FailingAllocations.cpp replaces its allocator:
// each allocation of a call fails in turn, and what the session holds is what
// it held before, or what it holds behind a step that was completed.
//
//===----------------------------------------------------------------------===//

#include "TrainerProgram.h"
#include "support/FailingAllocations.h"

#include <new>

using namespace phx;
using namespace phx::testing;
using Floats = std::vector<float>;

namespace {
class RunAllocation : public ::testing::Test {
protected:
  void TearDown() override { countdown = 0; }

  /// Calls `work` with its first allocation failing, then with its second, and
  /// so on until none fails; `check` looks at what each failure leaves. Returns
  /// how many have failed.
  template <typename Work, typename Check>
  static int64_t failEach(Work work, Check check) {
    for (int64_t number = 1; !HasFailure(); ++number) {
      bool failed = false;
      countdown = number;
      try {
        failed = !work();
      } catch (const std::bad_alloc &) {
        failed = true;
      }
      bool reached = countdown.exchange(0) <= 0;
      EXPECT_EQ(failed, reached) << number;
      if (!reached)
        return number - 1;
      check();
    }
    return 0;
  }
};

/// All or nothing, also where several regions are replaced.
TEST_F(RunAllocation, StatesAreReplacedWhole) {
  auto session = makeSession(makeTrainer());
  StateAccess &state = session->getState();
  HostArrays before = *state.read(), after = before;
  for (auto &[name, value] : after)
    value = makeArray(Floats(value.bytes.size() / 4, 7), value.shape);
  ArrayViews views(after.begin(), after.end());
  int64_t failures =
      failEach([&] { return state.write(views).ok(); },
               [&] {
                 HostArrays now = *state.read();
                 for (const auto &[name, value] : before)
                   EXPECT_EQ(toFloats(now[name]), toFloats(value)) << name;
               });
  EXPECT_GT(failures, int64_t(before.size()));
  EXPECT_EQ(toFloats((*state.read())["w"]), Floats(width, 7));
}

/// A run of three batches that ends early has no record.
TEST_F(RunAllocation, InferencesLeaveNoRecord) {
  auto session = makeSession(makeTrainer({.updates = false}));
  HostArray x = makeTrainingData(12), y = makeClasses(std::vector<int64_t>(12));
  ArrayViews inputs{{"x", x}, {"labels", y}};
  RunOptions options = singleThread();
  int64_t failures =
      failEach([&] { return session->run(inputs, options).ok(); },
               [&] {
                 EXPECT_FALSE(session->getLog().getRecord());
                 EXPECT_TRUE(session->getLog().getStatistics().empty());
               });
  EXPECT_GT(failures, 50);
  EXPECT_EQ(session->getLog().getRecord()->runs, 3);
}

/// Steps, parameters and record of a training agree wherever it ends.
TEST_F(RunAllocation, TrainingsKeepWholeSteps) {
  HostArray x = makeTrainingData(12), y = makeClasses(std::vector<int64_t>(12));
  ArrayViews inputs{{"x", x}, {"labels", y}};
  RunOptions options = singleThread();
  auto session = makeSession(makeTrainer());
  auto check = [&] {
    int64_t steps = session->getState().getStepCount();
    const auto &record = session->getLog().getRecord();
    EXPECT_EQ(record ? record->runs : 0, steps);
    HostTrainer host;
    for (int64_t i = 0; i < steps; ++i)
      host.step(x, i * batch);
    EXPECT_EQ(toFloats((*session->getState().read())["w"]), host.w);
  };
  int64_t failures =
      failEach([&] { return session->run(inputs, options).ok(); },
               [&] {
                 check();
                 session = makeSession(makeTrainer());
               });
  EXPECT_GT(failures, 50);
  EXPECT_EQ(session->getState().getStepCount(), 3);
  check();
}
} // namespace
