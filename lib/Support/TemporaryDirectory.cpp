//===- TemporaryDirectory.cpp - Files that end with the tool --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/TemporaryDirectory.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace photonic;

// Fixed storage: a signal handler reads it and must not allocate.
static char directoryPath[4096];
static std::atomic<bool> hasDirectory{false};
static std::atomic<pid_t> child{0};

llvm::ErrorOr<std::unique_ptr<TemporaryDirectory>>
TemporaryDirectory::create(llvm::StringRef prefix) {
  llvm::SmallString<128> path;
  if (std::error_code error =
          llvm::sys::fs::createUniqueDirectory(prefix, path))
    return error;
  if (path.size() < sizeof directoryPath) {
    std::memcpy(directoryPath, path.c_str(), path.size() + 1);
    hasDirectory = true;
  }
  return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(path));
}

TemporaryDirectory::~TemporaryDirectory() {
  llvm::sys::fs::remove_directories(path);
  hasDirectory = false;
}

std::string TemporaryDirectory::getFile(llvm::StringRef name) const {
  llvm::SmallString<128> file(path);
  llvm::sys::path::append(file, name);
  return file.str().str();
}

int photonic::runChild(llvm::StringRef program,
                       llvm::ArrayRef<llvm::StringRef> arguments,
                       llvm::StringRef log, std::string &problem) {
  std::optional<llvm::StringRef> redirects[] = {std::nullopt, log, log};
  bool failed = false;
  llvm::sys::ProcessInfo started =
      llvm::sys::ExecuteNoWait(program, arguments, std::nullopt, redirects, 0,
                               &problem, &failed);
  if (failed || started.Pid == llvm::sys::ProcessInfo::InvalidPid)
    return -1;
  child = started.Pid;
  llvm::sys::ProcessInfo ended =
      llvm::sys::Wait(started, std::nullopt, &problem);
  child = 0;
  return ended.ReturnCode;
}

//===----------------------------------------------------------------------===//
// In a signal handler
//===----------------------------------------------------------------------===//

/// Removes the files of a directory without readdir(), which allocates.
static void removeFiles(int directory) {
  alignas(8) static char entries[32768];
  // The layout that getdents64 writes.
  struct Entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  while (true) {
    long bytes = ::syscall(SYS_getdents64, directory, entries, sizeof entries);
    if (bytes <= 0)
      return;
    for (long at = 0; at < bytes;) {
      const Entry *entry = reinterpret_cast<const Entry *>(entries + at);
      ::unlinkat(directory, entry->name, 0); // fails for . and ..
      at += entry->length;
    }
  }
}

void photonic::cleanUpAfterSignal() {
  if (pid_t pid = child.load(); pid > 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  if (!hasDirectory.load())
    return;
  int directory = ::open(directoryPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return;
  removeFiles(directory);
  ::close(directory);
  ::rmdir(directoryPath);
}
