//===- RunMain.cpp - What photonic-run does ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interrupt.h"

#include "phx/npy/Npy.h"
#include "phx/run/CommandLine.h"
#include "phx/run/Session.h"
#include "phx/support/FileSystem.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

using namespace phx;
namespace fs = std::filesystem;

namespace {
/// One invocation, step by step. Everything is computed before anything is
/// written, except the values that --dump-values asks for.
class Tool {
public:
  explicit Tool(CommandLine options) : o(std::move(options)) {}
  Status run();

private:
  Status loadInputs();
  Status addInput(const std::string &argument);
  Status addArchive(const std::string &path);
  Status addArray(const std::string &name, const std::string &path,
                  HostArray array);
  Status checkInputs();
  Status checkOverwrites() const;
  Status checkPlaces() const;
  Status execute();
  Status dumpLayer(uint32_t layer, const HostArray &value) const;
  Status writeFiles();
  Status print();

  TimingMode getMode() const {
    return o.timing == "stepped" ? TimingMode::Stepped : TimingMode::Closed;
  }

  CommandLine o;
  std::unique_ptr<Session> session;
  HostArrays inputs, outputs;
  ArrayViews views; ///< of `inputs`
  std::optional<HostArray> labels;
};
} // namespace

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Status Tool::addArray(const std::string &name, const std::string &path,
                      HostArray array) {
  if (!inputs.emplace(name, std::move(array)).second)
    return Error{"input '" + name + "' is given twice, the second time by '" +
                 path + "'; give it once"};
  return Status::success();
}

Status Tool::addArchive(const std::string &path) {
  Result<HostArrays> archive = readNpz(path);
  if (!archive)
    return archive.error();
  for (auto &[name, array] : *archive)
    if (Status status = addArray(name, path, std::move(array)); !status)
      return status;
  return Status::success();
}

Status Tool::addInput(const std::string &argument) {
  std::vector<std::string> names;
  for (const Region *region : session->getRegions(Role::Input))
    names.push_back(region->name);
  auto [name, path] = splitInput(argument, names);
  std::error_code error;
  // A path may hold '=' too.
  if (!name.empty() && fs::exists(argument, error)) {
    name.clear();
    path = argument;
  }
  bool isArchive = path.ends_with(".npz");
  if (isArchive && name.empty())
    return addArchive(path);
  if (isArchive)
    return Error{"--input " + argument +
                 ": an archive names its arrays itself; write --input " + path};
  if (name.empty() && names.size() != 1)
    return Error{"--input " + argument +
                 ": expected NAME=FILE.npy, because "
                 "the program has " +
                 std::to_string(names.size()) + " inputs"};
  Result<HostArray> array = readNpy(path);
  if (!array)
    return array.error();
  return addArray(name.empty() ? names.front() : name, path, std::move(*array));
}

Status Tool::loadInputs() {
  for (const std::string &argument : o.inputs)
    if (Status status = addInput(argument); !status)
      return status;
  if (o.labels.empty())
    return Status::success();
  Result<HostArray> array = readNpy(o.labels);
  if (!array)
    return array.error();
  labels = std::move(*array);
  return Status::success();
}

/// Everything that can be wrong with the data, before hours of work.
Status Tool::checkInputs() {
  views = ArrayViews(inputs.begin(), inputs.end());
  Result<int64_t> samples = session->countSamples(views);
  if (!samples && inputs.empty())
    return Error{samples.error().message +
                 "; give --input NAME=FILE.npy, or --timing-only to compute "
                 "time and energy without data"};
  if (!samples)
    return samples.error();
  int64_t batch = session->getProgram().batch;
  if (!o.dumpDirectory.empty() && *samples > batch)
    return Error{"--dump-values shows one run of " + std::to_string(batch) +
                 " samples, the inputs hold " + std::to_string(*samples) +
                 "; give fewer"};
  if (!labels)
    return Status::success();
  Result<std::string> name = session->getScoresName();
  if (!name)
    return name.error();
  if (labels->shape.size() == 1 && labels->shape[0] != *samples)
    return Error{"'" + o.labels + "' holds " +
                 std::to_string(labels->shape[0]) +
                 " labels, the inputs hold " + std::to_string(*samples) +
                 " samples; give exactly one label per sample"};
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static Status makeDirectory(const std::string &path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return Error{"cannot create directory '" + path + "': " + error.message()};
  if (::access(path.c_str(), W_OK | X_OK) != 0)
    return Error{"cannot write to directory '" + path +
                 "': " + std::strerror(errno)};
  return Status::success();
}

/// That a file of this name can be created; it is not touched.
static Status checkFile(const std::string &path) {
  if (path.empty())
    return Status::success();
  std::error_code error;
  if (fs::is_directory(path, error))
    return Error{"cannot write '" + path +
                 "': it is a directory; give the name of a file"};
  if (fs::exists(path, error)) {
    if (::access(path.c_str(), W_OK) != 0)
      return Error{"cannot write '" + path + "': " + std::strerror(errno)};
    return Status::success();
  }
  fs::path parent = fs::path(path).parent_path();
  if (parent.empty())
    parent = ".";
  if (!fs::is_directory(parent, error))
    return Error{"cannot write '" + path + "': there is no directory '" +
                 parent.string() + "'; create it first"};
  if (::access(parent.c_str(), W_OK | X_OK) != 0)
    return Error{"cannot write '" + path + "': " + std::strerror(errno)};
  return Status::success();
}

/// Refuses to write where something is read, or to write one place twice.
Status Tool::checkOverwrites() const {
  std::vector<std::string> read{o.program, o.labels};
  for (const std::string &argument : o.inputs) {
    size_t equals = argument.find('=');
    read.push_back(equals == std::string::npos ? argument
                                               : argument.substr(equals + 1));
  }
  std::error_code error;
  for (const std::string *path : {&o.report, &o.trace})
    for (const std::string &other : read)
      if (!path->empty() && !other.empty() &&
          std::filesystem::equivalent(*path, other, error))
        return Error{"'" + *path +
                     "' is read by this run and would be "
                     "overwritten by it; choose another output file"};
  if (!o.report.empty() && o.report == o.trace)
    return Error{"--report and --trace both name '" + o.report +
                 "'; give each a file of its own"};
  return Status::success();
}

Status Tool::checkPlaces() const {
  if (Status status = checkOverwrites(); !status)
    return status;
  for (const std::string *path : {&o.report, &o.trace})
    if (Status status = checkFile(*path); !status)
      return status;
  for (const std::string *path : {&o.outputDirectory, &o.dumpDirectory})
    if (!path->empty())
      if (Status status = makeDirectory(*path); !status)
        return status;
  return Status::success();
}

static Status writeArray(const std::string &directory, const std::string &name,
                         const HostArray &value) {
  fs::path path = fs::path(directory) / (encodeFileName(name) + ".npy");
  return writeNpy(value, path.string());
}

Status Tool::dumpLayer(uint32_t layer, const HostArray &value) const {
  return writeArray(o.dumpDirectory, session->getProgram().layers[layer].name,
                    value);
}

Status Tool::writeFiles() {
  if (!o.outputDirectory.empty())
    for (const auto &[name, value] : outputs)
      if (Status status = writeArray(o.outputDirectory, name, value); !status)
        return status;
  if (!o.report.empty()) {
    Result<std::string> text = session->makeJson(getMode());
    if (!text)
      return text.error();
    if (Status status = writeFileAtomically(o.report, *text); !status)
      return status;
  }
  if (!o.trace.empty())
    return session->writeTrace(o.trace, getMode());
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

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
  if (!results)
    return results.error();
  outputs = std::move(*results);
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
  if (!o.timingOnly) {
    if (Status status = loadInputs(); !status)
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
