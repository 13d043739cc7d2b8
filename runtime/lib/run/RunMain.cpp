//===- RunMain.cpp - What photonic-run does --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interrupt.h"
#include "NonFinite.h"
#include "Tool.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace phx;

/// An interrupted training has done whole steps; their state is kept.
void Tool::keepInterrupted() {
  const auto &record = session->getRecord();
  if (!wasInterrupted() || !session->isTraining() || o.saveState.empty() ||
      !record)
    return;
  Status status = session->saveState(o.saveState);
  if (status)
    std::fprintf(stderr,
                 "photonic-run: '%s' holds the state after %lld completed "
                 "steps of this run\n",
                 o.saveState.c_str(), static_cast<long long>(record->runs));
  else
    std::fprintf(stderr, "photonic-run: error: %s\n",
                 status.error().message.c_str());
}

Status Tool::execute() {
  RunOptions options;
  options.executor = o.executor;
  options.threads = o.threads;
  options.bypassFormats = o.fp32;
  // Nobody would see the ratios of a run without a report.
  options.compareToFp32 = !o.noCompare && (!o.quiet || !o.report.empty());
  options.interrupted = wasInterrupted;
  if (!o.dumpDirectory.empty())
    options.onLayer = [this](uint32_t layer, const HostArray &value) {
      return dumpLayer(layer, value);
    };
  InterruptGuard guard;
  Result<HostArrays> results = session->run(views, options);
  if (!results) {
    keepInterrupted();
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
  Result<Accuracy> accuracy = session->measureAccuracy(outputs, *labels);
  if (!accuracy)
    return Error{"'" + o.labels + "': " + accuracy.error().message};
  return Status::success();
}

static unsigned getTerminalWidth() {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 100;
}

Status Tool::print() {
  if (o.quiet)
    return Status::success();
  bool color =
      !o.noColor && !std::getenv("NO_COLOR") && ::isatty(STDOUT_FILENO) == 1;
  Result<std::string> text =
      session->makeText(getTerminalWidth(), color, getMode());
  if (!text)
    return text.error();
  if (std::fputs(text->c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    return Error{std::string("cannot write the report to standard output: ") +
                 std::strerror(errno)};
  return Status::success();
}

Status Tool::run() {
  Result<std::unique_ptr<Session>> opened =
      Session::open(o.program, {o.target, o.overrides});
  if (!opened)
    return opened.error();
  session = std::move(*opened);
  std::string stale = describe(
      findStalePrices(session->getProgram(), session->getTarget()));
  if (!stale.empty())
    std::fprintf(stderr, "photonic-run: warning: %s\n", stale.c_str());
  if (!o.timingOnly) {
    if (Status status = loadInputs(); !status)
      return status;
    if (Status status = loadState(); !status)
      return status;
    if (Status status = checkInputs(); !status)
      return status;
  }
  if (Status status = checkPlaces(); !status)
    return status;
  if (!o.timingOnly)
    if (Status status = execute(); !status)
      return status;
  if (Result<const TimingResult *> timing = session->getTiming(getMode());
      !timing)
    return timing.error();
  {
    InterruptGuard guard;
    if (Status status = writeFiles(); !status)
      return status;
  }
  return print();
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

int phx::runMain(int argc, char **argv) {
  Result<ParsedCommandLine> parsed = parseCommandLine(argc, argv);
  if (!parsed)
    return fail(parsed.error().message);
  if (parsed->leave) {
    std::fputs(parsed->text.c_str(), stdout);
    return 0;
  }
  handleInterrupts();
  Status status = runTool(std::move(parsed->options));
  if (wasInterrupted()) {
    std::fprintf(stderr, "photonic-run: interrupted\n");
    return interruptedExitCode;
  }
  return status ? 0 : fail(status.error().message);
}
