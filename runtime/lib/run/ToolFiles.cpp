//===- ToolFiles.cpp - What photonic-run writes ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tool.h"

#include "phx/npy/Npy.h"
#include "phx/support/FileSystem.h"

#include <cstring>
#include <filesystem>
#include <unistd.h>

using namespace phx;
namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// Places
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

static std::string getArrayPath(const std::string &directory,
                                const std::string &name) {
  return (fs::path(directory) / (encodeFileName(name) + ".npy")).string();
}

/// Layers of one node in several phases need several names.
static std::string getDumpName(const Layer &layer) {
  if (layer.phase == Phase::Forward)
    return layer.name;
  return layer.name + "." + getPhaseName(layer.phase);
}

std::vector<std::string> Tool::listReads() const {
  std::vector<std::string> paths{o.program, o.labels, o.state};
  for (const std::string &argument : o.inputs) {
    size_t equals = argument.find('=');
    paths.push_back(equals == std::string::npos ? argument
                                                : argument.substr(equals + 1));
  }
  return paths;
}

std::vector<Tool::Place> Tool::listWrites() const {
  std::vector<Place> places;
  auto add = [&](const char *option, const std::string &path) {
    if (!path.empty())
      places.push_back({option, path});
  };
  add("--save-state", o.saveState);
  add("--report", o.report);
  add("--trace", o.trace);
  if (!o.outputDirectory.empty())
    for (const Region *region : session->getRegions(Role::Output))
      add("--output-dir", getArrayPath(o.outputDirectory, region->name));
  if (!o.dumpDirectory.empty())
    for (const Layer &layer : session->getProgram().layers)
      if (layer.output)
        add("--dump-values", getArrayPath(o.dumpDirectory, getDumpName(layer)));
  return places;
}

/// Refuses to write where something is read, or to write one place twice.
Status Tool::checkOverwrites() const {
  std::error_code error;
  std::vector<Place> places = listWrites();
  for (const Place &place : places)
    for (const std::string &other : listReads())
      if (!other.empty() && fs::equivalent(place.path, other, error))
        return Error{"'" + place.path +
                     "' is read by this run and would be overwritten by it (" +
                     place.option + "); choose another output file"};
  std::map<fs::path, std::string> taken;
  for (const Place &place : places) {
    auto [first, isNew] = taken.try_emplace(
        fs::weakly_canonical(place.path, error), place.option);
    // /dev/null takes everything.
    bool isFile = !fs::exists(place.path, error) ||
                  fs::is_regular_file(place.path, error);
    if (!isNew && isFile && first->second != place.option)
      return Error{first->second + " and " + place.option + " both name '" +
                   place.path + "'; give each a file of its own"};
  }
  return Status::success();
}

Status Tool::checkPlaces() const {
  if (Status status = checkOverwrites(); !status)
    return status;
  for (const std::string *path : {&o.saveState, &o.report, &o.trace})
    if (Status status = checkFile(*path); !status)
      return status;
  for (const std::string *path : {&o.outputDirectory, &o.dumpDirectory})
    if (!path->empty())
      if (Status status = makeDirectory(*path); !status)
        return status;
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Status Tool::dumpLayer(uint32_t layer, const HostArray &value) const {
  return writeNpy(
      value, getArrayPath(o.dumpDirectory,
                          getDumpName(session->getProgram().layers[layer])));
}

/// What took longest to compute comes first: should a later file fail, the
/// state is safe.
Status Tool::writeFiles() {
  if (!o.saveState.empty())
    if (Status status = session->saveState(o.saveState); !status)
      return status;
  if (!o.outputDirectory.empty())
    for (const auto &[name, value] : outputs)
      if (Status status =
              writeNpy(value, getArrayPath(o.outputDirectory, name));
          !status)
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
