//===- Search.cpp - Finding target descriptions ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/FileSystem.h"
#include "phx/support/Suggestions.h"
#include "phx/target/Target.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <set>

using namespace phx;
namespace fs = std::filesystem;

static constexpr const char *suffix = ".textproto";

/// Directories that may hold descriptions, first match wins.
static std::vector<fs::path> getSearchPath() {
  std::vector<fs::path> path;
  if (const char *variable = std::getenv("PHOTONIC_TARGET_PATH")) {
    std::string text = variable;
    for (size_t begin = 0; begin <= text.size();) {
      size_t end = std::min(text.find(':', begin), text.size());
      if (end > begin)
        path.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::error_code error;
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error)
    path.push_back(program.parent_path() / "../share/photonic/targets");
  // Inside a Python extension module the program is the interpreter; the
  // descriptions are beside the module. For code in the program itself the
  // name is what the caller typed, which says nothing about a place.
  Dl_info info;
  if (dladdr(reinterpret_cast<void *>(&listTargets), &info) && info.dli_fname) {
    fs::path module = info.dli_fname;
    if (module.is_absolute() && module != program &&
        module.filename().string().find(".so") != std::string::npos) {
      path.push_back(module.parent_path() / "targets");
      path.push_back(module.parent_path() / "../share/photonic/targets");
    }
  }
  path.push_back(PHX_TARGET_DIR);
  return path;
}

std::vector<std::string> phx::listTargets() {
  std::set<std::string> names;
  for (const fs::path &directory : getSearchPath()) {
    // A directory that is not there, or that fails half-way, lists no more.
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end;
         !error && entry != end; entry.increment(error))
      if (entry->path().extension() == suffix)
        names.insert(entry->path().stem().string());
  }
  return {names.begin(), names.end()};
}

static Error makeUnknownTarget(const std::string &name) {
  std::vector<std::string> known = listTargets();
  std::string message = "no target '" + name + "'" + didYouMean(name, known);
  message += "\nknown targets:";
  for (const std::string &other : known)
    message += " " + other;
  if (known.empty())
    message += " none";
  message += "\nsearched:";
  for (const fs::path &directory : getSearchPath())
    message += "\n  " + directory.lexically_normal().string();
  message += "\nset PHOTONIC_TARGET_PATH to add directories, or give the path "
             "of a .textproto file";
  return Error{message};
}

Result<Target> phx::loadTarget(const std::string &nameOrPath,
                               const std::vector<std::string> &overrides) {
  bool isFile =
      nameOrPath.find('/') != std::string::npos || nameOrPath.ends_with(suffix);
  std::string path = nameOrPath;
  if (!isFile) {
    path.clear();
    for (const fs::path &directory : getSearchPath()) {
      std::error_code error;
      fs::path candidate = directory / (nameOrPath + suffix);
      if (fs::exists(candidate, error)) {
        path = candidate.lexically_normal().string();
        break;
      }
    }
    if (path.empty())
      return makeUnknownTarget(nameOrPath);
  }
  constexpr ReadLimit limit{uint64_t(16) << 20, "a target description"};
  Result<std::string> text = readFile(path, limit);
  if (!text)
    return Error{text.error().message +
                 "; give a name or the path of a .textproto file"};
  Result<Target> target = parseTarget(*text, path, overrides);
  if (target && !isFile && target->spec.name() != nameOrPath)
    return Error{path + ": found as '" + nameOrPath + "' but its name is '" +
                 target->spec.name() +
                 "'; programs refer to targets by name, so the two must agree"};
  return target;
}
