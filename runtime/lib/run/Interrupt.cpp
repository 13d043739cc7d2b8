//===- Interrupt.cpp - Ctrl-C at the command line ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interrupt.h"

#include <csignal>
#include <unistd.h>

using namespace phx;

static volatile std::sig_atomic_t interrupted = 0;
static volatile std::sig_atomic_t guards = 0;

static void handleInterrupt(int) {
  interrupted = 1;
  if (guards > 0)
    return;
  static constexpr char message[] = "photonic-run: interrupted\n";
  [[maybe_unused]] auto done = ::write(2, message, sizeof(message) - 1);
  ::_exit(interruptedExitCode);
}

void phx::handleInterrupts() {
  struct sigaction action = {}, previous = {};
  action.sa_handler = handleInterrupt;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, nullptr, &previous);
  if (previous.sa_handler != SIG_IGN)
    ::sigaction(SIGINT, &action, nullptr);
}

bool phx::wasInterrupted() { return interrupted != 0; }

InterruptGuard::InterruptGuard() { guards = guards + 1; }
InterruptGuard::~InterruptGuard() { guards = guards - 1; }
