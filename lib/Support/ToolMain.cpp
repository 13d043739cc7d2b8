//===- ToolMain.cpp - What every tool does around its work ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/ToolMain.h"

#include "photonic/Support/TemporaryDirectory.h"

#include "phx/support/FileSystem.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <unistd.h>

static const char *toolName = "";

/// Writes without memory of its own: there may be none left.
static void writeRaw(std::initializer_list<const char *> parts) {
  for (const char *part : parts) {
    [[maybe_unused]] ssize_t done = ::write(STDERR_FILENO, part,
                                            std::strlen(part));
  }
}

[[noreturn]] static void leave(int code) {
  photonic::cleanUpAfterSignal();
  phx::removeTemporaryFiles();
  llvm::sys::RunInterruptHandlers(); // removes files
  ::_exit(code);
}

[[noreturn]] static void failOutOfMemory() {
  writeRaw({toolName,
            ": error: there is not enough memory; use a smaller --batch or "
            "input, or a machine with more memory\n"});
  leave(1);
}

static void handleBadAllocation(void *, const char *, bool) {
  failOutOfMemory();
}

static void handleFatalError(void *, const char *reason, bool) {
  writeRaw({toolName, ": error: ", reason, "\n"});
  leave(1);
}

static void handleInterrupt(int signal) {
  writeRaw({toolName, signal == SIGINT ? ": interrupted\n" : ": terminated\n"});
  leave(128 + signal);
}

static void handleInterrupts() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action = {}, previous = {};
    action.sa_handler = handleInterrupt;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, nullptr, &previous);
    // Who starts a tool with a signal ignored means it (nohup).
    if (previous.sa_handler != SIG_IGN)
      ::sigaction(signal, &action, nullptr);
  }
}

/// The next file that is opened would become a standard stream that is closed.
/// What stands in for standard output cannot be written to, so that nothing is
/// lost in silence.
static void occupyStandardStreams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) == -1 && errno == EBADF) {
      int flags = stream == STDERR_FILENO ? O_WRONLY : O_RDONLY;
      int opened = ::open("/dev/null", flags);
      if (opened >= 0 && opened != stream) {
        ::dup2(opened, stream);
        ::close(opened);
      }
    }
}

/// Runs at exit, before the stream is destroyed and would abort.
static void checkOutput() {
  llvm::raw_fd_ostream &os = llvm::outs();
  os.flush();
  if (!os.has_error())
    return;
  std::string reason = os.error().message();
  os.clear_error();
  writeRaw({toolName, ": error: cannot write to standard output: ",
            reason.c_str(), "\n"});
  leave(1);
}

int photonic::runTool(const char *name, llvm::function_ref<int()> body) {
  toolName = name;
  occupyStandardStreams();
  llvm::outs(); // made first, so that it outlives checkOutput
  std::atexit(checkOutput);
  llvm::install_fatal_error_handler(handleFatalError);
  llvm::install_bad_alloc_error_handler(handleBadAllocation);
  std::set_new_handler(failOutOfMemory);
  handleInterrupts();
  return body();
}
