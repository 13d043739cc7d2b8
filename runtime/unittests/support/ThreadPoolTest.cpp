//===- ThreadPoolTest.cpp - Tasks that fail -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpectError.h"

#include "phx/support/Exceptions.h"
#include "phx/support/ThreadPool.h"

#include <atomic>
#include <chrono>
#include <chrono>
#include <gtest/gtest.h>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace phx;

namespace {

constexpr size_t count = 10000;

class Pool : public ::testing::TestWithParam<unsigned> {
protected:
  /// The pool does everything that is asked of it.
  void expectUsable() {
    std::vector<std::atomic<int>> times(count);
    Status status = pool->run(count, [&](size_t task, unsigned worker) {
      EXPECT_LT(worker, pool->size());
      ++times[task];
    });
    EXPECT_TRUE(status.ok());
    for (std::atomic<int> &time : times)
      ASSERT_EQ(time, 1);
  }

  std::unique_ptr<ThreadPool> pool = std::move(*ThreadPool::create(GetParam()));
};

TEST_P(Pool, DoesEachTaskOnce) {
  EXPECT_EQ(pool->size(), GetParam());
  expectUsable();
  EXPECT_TRUE(pool->run(0, [](size_t, unsigned) { FAIL(); }).ok());
}

TEST_P(Pool, FailureOfOneTaskStopsTheOthers) {
  for (size_t bad : {size_t(0), size_t(1), size_t(7), count / 2}) {
    std::atomic<size_t> begun{0};
    EXPECT_ERROR(pool->run(count,
                           [&](size_t task, unsigned) {
                             // A thread that fails may lose its processor: the
                             // others leave it time to say so.
                             if (++begun > count / 2 && task != bad)
                               std::this_thread::sleep_for(
                                   std::chrono::milliseconds(1));
                             if (task == bad)
                               throw std::bad_alloc();
                           }),
                 "there is not enough memory; use fewer threads");
    EXPECT_LT(begun, count);
    expectUsable();
  }
}

TEST_P(Pool, EachTaskMayFail) {
  std::atomic<size_t> begun{0};
  EXPECT_ERROR(pool->run(count,
                         [&](size_t, unsigned) {
                           ++begun;
                           throw std::runtime_error("no good");
                         }),
               "unexpected failure: no good");
  EXPECT_LE(begun, pool->size());
  expectUsable();
}

TEST_P(Pool, HelperMayFail) {
  if (pool->size() == 1)
    return; // has none
  std::atomic<bool> thrown{false};
  EXPECT_ERROR(pool->run(count,
                         [&](size_t, unsigned worker) {
                           if (worker != 0) {
                             thrown = true;
                             throw std::bad_alloc();
                           }
                           while (!thrown)
                             std::this_thread::yield();
                         }),
               "there is not enough memory");
  expectUsable();
}

TEST_P(Pool, WaitingMayFail) {
  if (pool->size() == 1)
    return; // has nobody to wait for
  std::atomic<bool> waited{false};
  Status status = pool->run(
      pool->size(),
      [&](size_t, unsigned worker) {
        while (worker != 0 && !waited)
          std::this_thread::yield();
      },
      [&] {
        waited = true;
        throw std::bad_alloc();
      });
  if (waited) // else the caller did it all
    EXPECT_ERROR(status, "there is not enough memory");
  expectUsable();
}

INSTANTIATE_TEST_SUITE_P(Threads, Pool, ::testing::Values(1, 2, 5));

TEST(Exceptions, BecomeErrors) {
  auto thrown = [](auto exception) {
    return catchExceptions([&]() -> Status { throw exception; });
  };
  EXPECT_ERROR(thrown(std::bad_alloc()), "a smaller batch");
  EXPECT_ERROR(thrown(std::length_error("vector")), "larger than any memory");
  EXPECT_ERROR(thrown(std::logic_error("x")), "unexpected failure: x");
  EXPECT_ERROR(thrown(5), "unexpected failure; please report it");
  auto value = catchExceptions([]() -> Result<int> { return 3; });
  EXPECT_EQ(*value, 3);
}

} // namespace
