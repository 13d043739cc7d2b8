//===- Watch.cpp - What was going on when it crashed ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Watch.h"

#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

using namespace photonic::fuzz;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FUZZ_HAS_SANITIZER
#endif
#endif

#ifdef FUZZ_HAS_SANITIZER
extern "C" void __sanitizer_set_death_callback(void (*callback)());
// What is uninstrumented, and what takes memory on purpose.
extern "C" const char *__asan_default_options() {
  return "detect_container_overflow=0:allocator_may_return_null=0";
}
extern "C" const char *__ubsan_default_options() {
  return "halt_on_error=1:print_stacktrace=1";
}
static constexpr unsigned slowness = 8;
#else
static constexpr unsigned slowness = 1;
#endif

/// Of processor time, for one case; a thousand times what most take.
static constexpr unsigned secondsPerCase = 10;
/// The address space of the process: more than any case needs, less than the
/// machine has.
static constexpr rlim_t maxMemory = rlim_t(6) << 30;

// What handlers print: nothing is allocated there.
static char head[256];
static const std::string *current = nullptr;

static void print(const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = ::write(2, text, size);
    if (written <= 0)
      return;
    text += written;
    size -= size_t(written);
  }
}
static void print(const char *text) { print(text, std::strlen(text)); }

static void printCase() {
  print("\nfuzz: in ");
  print(head);
  print("\n");
  if (!current)
    return;
  print(current->data(), current->size());
  print("\nfuzz: end of the IR\n");
  current = nullptr;
}

/// May hang or crash itself, so it comes last.
static void printStack() {
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(20);
  llvm::sys::PrintStackTrace(llvm::errs());
}

static void handle(int signal) {
  if (signal == SIGPROF)
    print("\nfuzz: the case takes too long");
  printCase();
  ::signal(signal == SIGPROF ? SIGABRT : signal, SIG_DFL);
  printStack();
  ::raise(signal == SIGPROF ? SIGABRT : signal);
}

static void handleNoMemory() {
  print("\nfuzz: memory ran out");
  printCase();
  ::signal(SIGABRT, SIG_DFL);
  printStack();
  std::abort();
}

static void install(int signal) {
  struct sigaction action = {};
  action.sa_handler = handle;
  action.sa_flags = SA_ONSTACK;
  ::sigaction(signal, &action, nullptr);
}

static void setTimer(unsigned seconds) {
  itimerval timer = {};
  timer.it_value.tv_sec = time_t(seconds) * slowness;
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

Watch::Watch() {
  // A stack that overflowed has no room for a handler.
  static char stack[1 << 16];
  stack_t alternative = {};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof(stack);
  ::sigaltstack(&alternative, nullptr);
  install(SIGPROF);
  install(SIGABRT);
#ifdef FUZZ_HAS_SANITIZER
  __sanitizer_set_death_callback(printCase);
#else
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP})
    install(signal);
  rlimit limit = {maxMemory, maxMemory};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
  std::set_new_handler(handleNoMemory);
}

Watch::~Watch() {
  end();
  std::set_new_handler(nullptr);
}

void Watch::begin(uint64_t seed, uint64_t number) {
  std::snprintf(head, sizeof(head), "case %llu:%llu",
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(number));
  current = nullptr;
  setTimer(secondsPerCase);
}

void Watch::note(llvm::StringRef doing, const std::string &text) {
  size_t end = std::strcspn(head, ",");
  std::snprintf(head + end, sizeof(head) - end, ", %.*s", int(doing.size()),
                doing.data());
  current = &text;
}

void Watch::end() {
  setTimer(0);
  current = nullptr;
}

std::string Watch::describe() const { return head; }
