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

#include "phx/support/Result.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace phx {

class ThreadPool {
public:
  /// Does task `task` (0-based) on thread `worker`, in [0, size()).
  using Task = std::function<void(size_t task, unsigned worker)>;

  /// `threads` counts the caller of run(); 0 means all hardware threads.
  /// Errors: the system has no more threads to give, or no memory.
  static Result<std::unique_ptr<ThreadPool>> create(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  unsigned size() const { return unsigned(helpers.size()) + 1; }

  /// Does tasks [0, count) and returns when all are done. Not reentrant. While
  /// the caller has nothing to do but wait for others, it calls `whileWaiting`
  /// about every 10 ms. Errors: a task or `whileWaiting` threw; then no further
  /// task begins, those at work have ended, and the pool can be used again.
  Status run(
      size_t count, const Task &task,
      const std::function<void()> &whileWaiting = [] {});

private:
  ThreadPool() = default;
  void start(unsigned count);
  /// Keeps the first exception that `work` throws and lets no further task
  /// begin.
  template <typename Work> void attempt(const Work &work);
  void share(const std::function<void()> &whileWaiting);
  void drain(unsigned worker);
  void work(unsigned worker);

  std::vector<std::thread> helpers;
  std::mutex mutex;
  std::condition_variable wake, done;
  std::atomic<uint64_t> generation{0};
  std::atomic<size_t> next{0};
  const Task *current = nullptr;
  size_t total = 0;
  unsigned busy = 0;
  bool stopping = false;
  std::exception_ptr failure; ///< the first of the present run
};

} // namespace phx

#endif // PHX_SUPPORT_THREADPOOL_H
