//===- RunMain.cpp - What photonic-run does --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interrupt.h"
#include "NonFinite.h"
#include "Tool.h"

#include "phx/support/Exceptions.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <stdexcept>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace phx;

/// A training that ends early, for whatever reason, has done whole steps.
void Tool::keepCompletedSteps() {
  if (!session->isTraining() || o.saveState.empty() ||
      !session->getLog().getRecord())
    return;
  Status status =
      catchExceptions([&] { return session->getState().save(o.saveState); });
  stateIsSaved = status.ok();
  if (!status)
    std::fprintf(stderr, "photonic-run: error: %s\n",
                 status.error().message.c_str());
}

void Tool::tellWhatIsKept() const {
  const auto &record = session->getLog().getRecord();
  if (!stateIsSaved || !session->isTraining() || !record)
    return;
  std::fprintf(stderr,
               "photonic-run: '%s' holds the state after %lld completed "
               "step%s of this run\n",
               o.saveState.c_str(), static_cast<long long>(record->runs),
               record->runs == 1 ? "" : "s");
}

bool Tool::comparesToFp32() const {
  // Nobody would see the ratios of a run without a report.
  return !o.noCompare && !o.fp32 && (!o.quiet || !o.report.empty());
}

Status Tool::execute() {
  RunOptions options;
  options.executor = o.executor;
  options.threads = o.threads;
  options.bypassFormats = o.fp32;
  options.compareToFp32 = comparesToFp32();
  options.interrupted = wasInterrupted;
  if (!o.dumpDirectory.empty())
    options.onLayer = [this](uint32_t layer, const HostArray &value) {
      return dumpLayer(layer, value);
    };
  Result<HostArrays> results = session->run(views, options);
  if (!results) {
    keepCompletedSteps();
    return results.error();
  }
  outputs = std::move(*results);
  for (const auto &[name, value] : outputs)
    if (std::optional<std::string> found = describeNaN(value))
      std::fprintf(stderr,
                   "photonic-run: warning: output '%s' %s of %s; --dump-values "
                   "shows which layer made it\n",
                   name.c_str(), found->c_str(),
                   describe(value.type, value.shape).c_str());
  if (!labels)
    return Status::success();
  Result<Accuracy> accuracy =
      session->getLog().measureAccuracy(outputs, *labels);
  if (!accuracy)
    return Error{"'" + o.labels + "': " + accuracy.error().message};
  return Status::success();
}

/// Without a gap in which Ctrl-C could end the process before everything that
/// was computed is in its file.
Status Tool::produce() {
  InterruptGuard guard;
  if (Status status = execute(); !status)
    return status;
  if (Status status = writeResults(); !status)
    return status;
  return wasInterrupted() ? Status(Error{"interrupted"}) : Status::success();
}

Status Tool::report() {
  if (Result<const TimingResult *> timing =
          session->getReports().getTiming(getMode());
      !timing)
    return timing.error();
  {
    InterruptGuard guard;
    if (Status status = writeReports(); !status)
      return status;
  }
  return print();
}

static unsigned getTerminalWidth() {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 100;
}

/// Everything to standard output, or an error.
static Status writeOutput(const std::string &text) {
  errno = 0;
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0)
    return Status::success();
  return Error{std::string("cannot write to standard output: ") +
               std::strerror(errno)};
}

Status Tool::print() {
  if (o.quiet)
    return Status::success();
  bool color =
      !o.noColor && !std::getenv("NO_COLOR") && ::isatty(STDOUT_FILENO) == 1;
  Result<std::string> text =
      session->getReports().makeText(getTerminalWidth(), color, getMode());
  if (!text)
    return text.error();
  return writeOutput(*text);
}

Status Tool::run() {
  Result<std::unique_ptr<Session>> opened =
      Session::open(o.program, {o.target, o.overrides});
  if (!opened)
    return opened.error();
  session = std::move(*opened);
  std::string stale = describe(findStalePrices(session->getTarget()));
  if (!stale.empty())
    std::fprintf(stderr, "photonic-run: warning: %s\n", stale.c_str());
  for (const std::string &warning :
       listMachineWarnings(session->getTarget()))
    std::fprintf(stderr, "photonic-run: warning: %s\n", warning.c_str());
  if (!o.timingOnly) {
    // Before anything of the size of a memory is made.
    if (Status status = checkFeasible(session->getProgram(), comparesToFp32());
        !status)
      return status;
    if (Status status = loadInputs(); !status)
      return status;
    if (Status status = loadState(); !status)
      return status;
    if (Status status = checkInputs(); !status)
      return status;
  }
  if (Status status = assumeCounts(); !status)
    return status;
  if (Status status = checkPlaces(); !status)
    return status;
  Status status = o.timingOnly ? Status::success() : produce();
  if (status)
    status = catchExceptions([&] { return report(); });
  if (!status)
    tellWhatIsKept();
  return status;
}

static int fail(const std::string &message) {
  std::fprintf(stderr, "photonic-run: error: %s\n", message.c_str());
  return 1;
}

/// Memory is the one resource whose lack the standard library reports by an
/// exception.
static Status runTool(CommandLine options) {
  try {
    return Tool(std::move(options)).run();
  } catch (const std::bad_alloc &) {
    return Error{"there is not enough memory to execute this program; compile "
                 "it for a smaller --batch, or use --timing-only"};
  } catch (const std::length_error &) {
    return Error{"an array is too large to execute this program; compile it "
                 "for a smaller --batch, or use --timing-only"};
  }
}

/// The next file that is opened would become a standard stream that is closed.
/// What stands in for standard output cannot be written to, so that a report is
/// not lost in silence.
static void occupyStandardStreams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF)
      continue;
    int opened =
        ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != stream) {
      ::dup2(opened, stream);
      ::close(opened);
    }
  }
}

int phx::runMain(int argc, char **argv) {
  occupyStandardStreams();
  Result<ParsedCommandLine> parsed = parseCommandLine(argc, argv);
  if (!parsed)
    return fail(parsed.error().message);
  if (parsed->leave) {
    Status written = writeOutput(parsed->text);
    return written ? 0 : fail(written.error().message);
  }
  handleInterrupts();
  Status status = runTool(std::move(parsed->options));
  if (wasInterrupted()) {
    std::fprintf(stderr, "photonic-run: interrupted\n");
    return interruptedExitCode;
  }
  return status ? 0 : fail(status.error().message);
}
