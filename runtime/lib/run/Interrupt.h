//===- Interrupt.h - Ctrl-C at the command line -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// While nothing is being written, Ctrl-C ends the process at once. While files
// are open it only raises a flag, so that their owners can remove them.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_RUN_INTERRUPT_H
#define PHX_LIB_RUN_INTERRUPT_H

namespace phx {

/// Exit code after Ctrl-C, as shells have it.
inline constexpr int interruptedExitCode = 130;

/// Takes over SIGINT, unless the process was started with it ignored. Has to
/// come before the first file is written.
void handleInterrupts();

/// True after Ctrl-C.
bool wasInterrupted();

/// As long as one lives, Ctrl-C raises the flag and nothing else.
class InterruptGuard {
public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard &) = delete;
  InterruptGuard &operator=(const InterruptGuard &) = delete;
};

} // namespace phx

#endif // PHX_LIB_RUN_INTERRUPT_H
