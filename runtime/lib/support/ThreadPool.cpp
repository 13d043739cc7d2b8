//===- ThreadPool.cpp - A small persistent thread pool --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/ThreadPool.h"

#include "phx/support/Exceptions.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

using namespace phx;

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(unsigned threads) {
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  auto start = [&]() -> Result<std::unique_ptr<ThreadPool>> {
    std::unique_ptr<ThreadPool> pool(new ThreadPool);
    try {
      pool->start(threads - 1);
    } catch (const std::system_error &error) {
      return Error{"cannot start " + std::to_string(threads) +
                   " threads: " + error.code().message() + "; use fewer"};
    }
    return pool;
  };
  return catchExceptions(start);
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
    generation.fetch_add(1);
  }
  wake.notify_all();
  for (std::thread &helper : helpers)
    helper.join();
}

void ThreadPool::start(unsigned count) {
  helpers.reserve(count);
  for (unsigned worker = 1; worker <= count; ++worker)
    helpers.emplace_back([this, worker] { work(worker); });
}

Status ThreadPool::run(size_t count, const Task &task,
                       const std::function<void()> &whileWaiting) {
  failure = nullptr;
  current = &task;
  total = count;
  next.store(0);
  if (helpers.empty() || count < 2)
    drain(0);
  else
    share(whileWaiting);
  current = nullptr;
  std::exception_ptr thrown = std::exchange(failure, nullptr);
  return thrown ? Status(toError(thrown)) : Status::success();
}

void ThreadPool::share(const std::function<void()> &whileWaiting) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    busy = unsigned(helpers.size());
    generation.fetch_add(1);
  }
  wake.notify_all();
  drain(0);
  std::unique_lock<std::mutex> lock(mutex);
  while (!done.wait_for(lock, std::chrono::milliseconds(10),
                        [&] { return busy == 0; })) {
    lock.unlock();
    attempt(whileWaiting);
    lock.lock();
  }
}

template <typename Work> void ThreadPool::attempt(const Work &work) {
  try {
    work();
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!failure)
      failure = std::current_exception();
    next.store(total);
  }
}

void ThreadPool::drain(unsigned worker) {
  attempt([&] {
    for (size_t i = next.fetch_add(1); i < total; i = next.fetch_add(1))
      (*current)(i, worker);
  });
}

void ThreadPool::work(unsigned worker) {
  uint64_t seen = 0;
  while (true) {
    // Streams of short instructions follow each other closely: looking around
    // for a moment is cheaper than sleeping and being woken.
    for (int spin = 0; spin < 4000 && generation.load() == seen; ++spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    {
      std::unique_lock<std::mutex> lock(mutex);
      wake.wait(lock, [&] { return generation.load() != seen; });
      seen = generation.load();
      if (stopping)
        return;
    }
    drain(worker);
    std::lock_guard<std::mutex> lock(mutex);
    if (--busy == 0)
      done.notify_one();
  }
}
