//===- OutputGuard.cpp - No output over an input ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/OutputGuard.h"

#include "phx/support/FileSystem.h"

#include <sys/stat.h>

using namespace phx;

static thread_local OutputGuard *current = nullptr;

OutputGuard::OutputGuard() : outer(current) { current = this; }

OutputGuard::~OutputGuard() { current = outer; }

static std::pair<uint64_t, uint64_t> getIdentity(const struct stat &status) {
  return {uint64_t(status.st_dev), uint64_t(status.st_ino)};
}

void OutputGuard::addRead(const std::string &path) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
    reads.try_emplace(getIdentity(status), path);
}

void OutputGuard::addRead(int descriptor, const std::string &name) {
  struct stat status;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    reads.try_emplace(getIdentity(status), name);
}

void OutputGuard::addWrite(std::string option, std::string path) {
  writes.push_back({std::move(option), std::move(path)});
}

Status OutputGuard::checkRead(const Write &write) const {
  struct stat status;
  if (::stat(write.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return Status::success();
  auto read = reads.find(getIdentity(status));
  if (read == reads.end())
    return Status::success();
  std::string option = write.option.empty() ? "" : " (" + write.option + ")";
  std::string other = read->second == write.path
                          ? ""
                          : "the file '" + read->second + "', which is ";
  return Error{"'" + write.path + "' is " + other +
               "read by this run and would be overwritten by it" + option +
               "; choose another output file"};
}

Status OutputGuard::check() const {
  // A file by what it is, or by where it is going to be.
  std::map<std::pair<Identity, std::string>, const Write *> taken;
  for (const Write &write : writes) {
    if (Status status = checkRead(write); !status)
      return status;
    struct stat status;
    bool exists = ::stat(write.path.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode))
      continue;
    auto key = exists ? std::pair(getIdentity(status), std::string())
                      : std::pair(Identity(), resolveLinks(write.path));
    auto [first, isNew] = taken.try_emplace(std::move(key), &write);
    if (isNew)
      continue;
    const Write &other = *first->second;
    std::string spelled =
        other.path == write.path ? "" : " ('" + other.path + "')";
    return Error{other.option + spelled + " and " + write.option +
                 " both name '" + write.path +
                 "'; give each a file of its own"};
  }
  return Status::success();
}

void OutputGuard::noteRead(int descriptor, const std::string &name) {
  if (current)
    current->addRead(descriptor, name);
}

Status OutputGuard::checkReplaced(const std::string &path) {
  return current ? current->checkRead({"", path}) : Status::success();
}
