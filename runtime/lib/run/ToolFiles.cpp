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
#include <set>
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

void Tool::addWrites() {
  auto add = [&](const char *option, const std::string &path) {
    if (!path.empty())
      guard.addWrite(option, path);
  };
  add("--save-state", o.saveState);
  add("--report", o.report);
  add("--trace", o.trace);
  if (!o.outputDirectory.empty())
    for (const Region *region : getRegions(session->getProgram(), Role::Output))
      add("--output-dir", getArrayPath(o.outputDirectory, region->name));
  if (o.dumpDirectory.empty())
    return;
  // Layers of one name write one file, the last of them its contents.
  std::set<std::string> dumps;
  for (const Layer &layer : session->getProgram().layers)
    if (layer.output)
      dumps.insert(getArrayPath(o.dumpDirectory, getDumpName(layer)));
  for (const std::string &path : dumps)
    add("--dump-values", path);
}

Status Tool::checkPlaces() {
  addWrites();
  if (Status status = guard.check(); !status)
    return status;
  for (const std::string *path : {&o.saveState, &o.report, &o.trace})
    if (!path->empty())
      if (Status status = checkWritable(*path); !status)
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

/// The state comes first: should a later file fail, it is safe.
Status Tool::writeResults() {
  if (!o.saveState.empty()) {
    if (Status status = session->getState().save(o.saveState); !status)
      return status;
    stateIsSaved = true;
  }
  if (!o.outputDirectory.empty())
    for (const auto &[name, value] : outputs)
      if (Status status =
              writeNpy(value, getArrayPath(o.outputDirectory, name));
          !status)
        return status;
  return Status::success();
}

Status Tool::writeReports() {
  if (!o.report.empty()) {
    Result<std::string> text = session->getReports().makeJson(getMode());
    if (!text)
      return text.error();
    if (Status status = writeFileAtomically(o.report, *text); !status)
      return status;
  }
  if (!o.trace.empty())
    return session->getReports().writeTrace(o.trace, getMode());
  return Status::success();
}
