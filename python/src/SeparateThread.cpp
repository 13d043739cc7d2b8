//===- SeparateThread.cpp - Work that memory may run out of ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SeparateThread.h"

#include "llvm/Support/ErrorHandling.h"

#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <unistd.h>

using namespace photonic::python;

namespace {
/// What the thread and its caller share.
struct Run {
  std::function<void()> work;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Ending> ending;

  void end(Ending how) {
    std::lock_guard<std::mutex> lock(mutex);
    ending = how;
    changed.notify_one();
  }
};
} // namespace

/// Of the thread that does `work`.
static thread_local Run *current = nullptr;
static std::new_handler otherHandler = nullptr;

[[noreturn]] static void stopForGood(Run &run) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  run.end(Ending::NoMemory);
  while (true)
    ::pause();
}

/// The handler of the whole process: other threads go on as without it.
static void handleNoMemory() {
  if (current)
    stopForGood(*current);
  if (!otherHandler)
    throw std::bad_alloc();
  otherHandler();
}

static void handleBadAllocation(void *, const char *, bool) {
  if (current)
    stopForGood(*current);
}

static void installHandlers() {
  otherHandler = std::set_new_handler(handleNoMemory);
  llvm::install_bad_alloc_error_handler(handleBadAllocation);
}

Ending photonic::python::runSeparately(std::function<void()> work) {
  static std::once_flag installed;
  std::call_once(installed, installHandlers);
  auto run = std::make_shared<Run>();
  run->work = std::move(work);
  std::thread thread;
  try {
    thread = std::thread([run] {
      current = run.get();
      run->work();
      current = nullptr;
      run->end(Ending::Done);
    });
  } catch (const std::system_error &) {
    return Ending::NoThread;
  }
  std::unique_lock<std::mutex> lock(run->mutex);
  run->changed.wait(lock, [&] { return run->ending.has_value(); });
  Ending ending = *run->ending;
  lock.unlock();
  if (ending == Ending::Done)
    thread.join();
  else
    thread.detach();
  return ending;
}
