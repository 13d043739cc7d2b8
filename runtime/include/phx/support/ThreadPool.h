//===- ThreadPool.h - A small persistent thread pool ---------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits one piece of work over a fixed set of threads. Which thread does which
// task is not determined, so tasks may not depend on it: results are combined
// by task number.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_THREADPOOL_H
#define PHX_SUPPORT_THREADPOOL_H

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace phx {

class ThreadPool {
public:
  /// Does task `task` (0-based) on thread `worker`, in [0, size()).
  using Task = std::function<void(size_t task, unsigned worker)>;

  /// `threads` counts the caller of run(); 0 means all hardware threads. Throws
  /// std::system_error if the system has no more threads to give.
  explicit ThreadPool(unsigned threads) {
    if (threads == 0)
      threads = std::max(1u, std::thread::hardware_concurrency());
    helpers.reserve(threads - 1);
    try {
      for (unsigned worker = 1; worker < threads; ++worker)
        helpers.emplace_back([this, worker] { work(worker); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~ThreadPool() { stop(); }
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  unsigned size() const { return unsigned(helpers.size()) + 1; }

  /// Does tasks [0, count) and returns when all are done. Not reentrant. While
  /// the caller has nothing to do but wait for others, it calls `whileWaiting`
  /// about every 10 ms.
  void run(size_t count, const Task &task,
           const std::function<void()> &whileWaiting = [] {}) {
    if (helpers.empty() || count < 2) {
      for (size_t i = 0; i < count; ++i)
        task(i, 0);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex);
      current = &task;
      total = count;
      next.store(0);
      busy = unsigned(helpers.size());
      generation.fetch_add(1);
    }
    wake.notify_all();
    drain(0);
    std::unique_lock<std::mutex> lock(mutex);
    while (!done.wait_for(lock, std::chrono::milliseconds(10),
                          [&] { return busy == 0; })) {
      lock.unlock();
      whileWaiting();
      lock.lock();
    }
    current = nullptr;
  }

private:
  void stop() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopping = true;
      generation.fetch_add(1);
    }
    wake.notify_all();
    for (std::thread &helper : helpers)
      helper.join();
  }

  void drain(unsigned worker) {
    for (size_t i = next.fetch_add(1); i < total; i = next.fetch_add(1))
      (*current)(i, worker);
  }

  void work(unsigned worker) {
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

  std::vector<std::thread> helpers;
  std::mutex mutex;
  std::condition_variable wake, done;
  std::atomic<uint64_t> generation{0};
  std::atomic<size_t> next{0};
  const Task *current = nullptr;
  size_t total = 0;
  unsigned busy = 0;
  bool stopping = false;
};

} // namespace phx

#endif // PHX_SUPPORT_THREADPOOL_H
