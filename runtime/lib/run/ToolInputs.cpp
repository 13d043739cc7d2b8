//===- ToolInputs.cpp - What photonic-run reads ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tool.h"

#include "phx/npy/Npy.h"

#include <charconv>
#include <filesystem>

using namespace phx;
namespace fs = std::filesystem;

Status Tool::addArray(const std::string &name, const std::string &path,
                      HostArray array) {
  if (!inputs.emplace(name, std::move(array)).second)
    return Error{"input '" + name + "' is given twice, the second time by '" +
                 path + "'; give it once"};
  return Status::success();
}

/// Only what the program can use is worth its memory.
ArrayFilter Tool::expectInput(std::string given, std::string path) const {
  return [this, given = std::move(given), path = std::move(path)](
             const std::string &found, ElementType type,
             const std::vector<int64_t> &shape) -> Result<bool> {
    Status status = session->getBatches().checkInput(
        given.empty() ? found : given, type, shape);
    if (!status)
      return Error{"'" + path + "': " + status.error().message};
    return true;
  };
}

Status Tool::addArchive(const std::string &path) {
  Result<HostArrays> archive = readNpz(path, expectInput("", path));
  if (!archive)
    return archive.error();
  for (auto &[name, array] : *archive)
    if (Status status = addArray(name, path, std::move(array)); !status)
      return status;
  return Status::success();
}

Status Tool::addInput(const std::string &argument) {
  std::vector<std::string> names;
  for (const Region *region : getRegions(session->getProgram(), Role::Input))
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
  if (name.empty())
    name = names.front();
  Result<HostArray> array = readNpy(path, expectInput(name, path));
  if (!array)
    return array.error();
  return addArray(name, path, std::move(*array));
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

Status Tool::loadState() {
  bool hasState = !session->getState().getRegions().empty();
  for (const auto &[option, path] : {std::pair{"--state", &o.state},
                                     std::pair{"--save-state", &o.saveState}})
    if (!path->empty() && !hasState)
      return Error{std::string(option) + " '" + *path +
                   "': the program has no parameters or state that a run "
                   "replaces; compile the model with --train or "
                   "--mutable-parameters"};
  if (!o.state.empty()) {
    Result<StateInfo> info = session->getState().load(o.state);
    if (!info)
      return info.error();
  }
  if (!o.seed)
    return Status::success();
  if (Status status = session->getState().setSeed(*o.seed); !status)
    return Error{"--seed: " + status.error().message};
  return Status::success();
}

Status Tool::checkLabels(int64_t samples) const {
  if (!labels)
    return Status::success();
  for (const Region *region : getRegions(session->getProgram(), Role::Input))
    if (region->labels)
      return Error{"--labels compares scores with labels after a run, this "
                   "program takes labels itself; give --input " +
                   region->name + "=" + o.labels};
  Result<std::string> name = getScoresName(session->getProgram());
  if (!name)
    return name.error();
  if (labels->shape.size() == 1 && labels->shape[0] != samples)
    return Error{"'" + o.labels + "' holds " +
                 std::to_string(labels->shape[0]) +
                 " labels, the inputs hold " + std::to_string(samples) +
                 " samples; give exactly one label per sample"};
  return Status::success();
}

/// Everything that can be wrong with the data, before hours of work.
Status Tool::checkInputs() {
  views = ArrayViews(inputs.begin(), inputs.end());
  Result<int64_t> samples = session->getBatches().countSamples(views);
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
  return checkLabels(*samples);
}

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

Status Tool::assumeCounts() {
  std::map<std::string, int64_t> values;
  for (const std::string &argument : o.counts) {
    // Names may hold any character, numbers no '='.
    size_t at = argument.rfind('=');
    std::string number =
        at == std::string::npos ? "" : argument.substr(at + 1);
    int64_t value = 0;
    auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), value);
    if (number.empty() || error != std::errc() ||
        end != number.data() + number.size())
      return Error{
          "--count: expected NAME=NUMBER with a whole number, found '" +
          argument + "'"};
    if (!values.emplace(argument.substr(0, at), value).second)
      return Error{"--count: '" + argument.substr(0, at) + "' is given twice"};
  }
  if (Status status = session->getReports().assumeCounts(values); !status)
    return Error{"--count: " + status.error().message};
  return Status::success();
}
