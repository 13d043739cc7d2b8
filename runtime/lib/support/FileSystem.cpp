//===- FileSystem.cpp - Whole-or-nothing files and mappings -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/FileSystem.h"

#include "SystemError.h"

#include "phx/support/Checksum.h"
#include "phx/support/OutputGuard.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace phx;

//===----------------------------------------------------------------------===//
// Temporary files that a signal must remove
//===----------------------------------------------------------------------===//

// Fixed storage: a signal handler may read it and must not allocate.
static constexpr int maxTemporaries = 16;
static constexpr size_t maxPath = 4096;
static char temporaryPaths[maxTemporaries][maxPath];
static std::atomic<bool> temporaryUsed[maxTemporaries];
static std::mutex temporaryMutex;

static constexpr int caughtSignals[] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction previousActions[std::size(caughtSignals)];

void phx::removeTemporaryFiles() {
  for (int i = 0; i < maxTemporaries; ++i)
    if (temporaryUsed[i].load(std::memory_order_acquire))
      ::unlink(temporaryPaths[i]);
}

static void handleSignal(int signal, siginfo_t *info, void *context) {
  for (size_t i = 0; i < std::size(caughtSignals); ++i) {
    if (caughtSignals[i] != signal)
      continue;
    struct sigaction &previous = previousActions[i];
    if (!(previous.sa_flags & SA_SIGINFO) && previous.sa_handler == SIG_IGN)
      return;
    // Somebody else's handler decides what happens; the files stay with their
    // owners, whose destructors run if it unwinds.
    if (previous.sa_flags & SA_SIGINFO)
      return previous.sa_sigaction(signal, info, context);
    if (previous.sa_handler != SIG_DFL)
      return previous.sa_handler(signal);
    removeTemporaryFiles();
    ::sigaction(signal, &previous, nullptr);
    ::raise(signal);
  }
}

static void installHandlers() {
  std::atexit(removeTemporaryFiles);
  for (size_t i = 0; i < std::size(caughtSignals); ++i) {
    struct sigaction action = {};
    action.sa_sigaction = handleSignal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(caughtSignals[i], nullptr, &previousActions[i]);
    // A process started with a signal ignored (nohup) keeps ignoring it.
    bool ignored = !(previousActions[i].sa_flags & SA_SIGINFO) &&
                   previousActions[i].sa_handler == SIG_IGN;
    if (!ignored)
      ::sigaction(caughtSignals[i], &action, nullptr);
  }
}

/// Remembers `path`; -1 if it does not fit (it is then only removed by the
/// destructor).
static int registerTemporary(const std::string &path) {
  std::lock_guard<std::mutex> lock(temporaryMutex);
  static bool installed = false;
  if (!installed) {
    installHandlers();
    installed = true;
  }
  if (path.size() >= maxPath)
    return -1;
  for (int i = 0; i < maxTemporaries; ++i) {
    if (temporaryUsed[i].load())
      continue;
    std::memcpy(temporaryPaths[i], path.c_str(), path.size() + 1);
    temporaryUsed[i].store(true, std::memory_order_release);
    return i;
  }
  return -1;
}

static void forgetTemporary(int slot) {
  if (slot >= 0)
    temporaryUsed[slot].store(false, std::memory_order_release);
}

//===----------------------------------------------------------------------===//
// AtomicFile
//===----------------------------------------------------------------------===//

std::string phx::resolveLinks(const std::string &path) {
  auto resolve = [](const std::string &existing) -> std::string {
    char *resolved = ::realpath(existing.c_str(), nullptr);
    std::string text = resolved ? resolved : "";
    std::free(resolved);
    return text;
  };
  if (std::string real = resolve(path); !real.empty())
    return real;
  // The last parts are not there yet, perhaps behind a link.
  constexpr int mostLinks = 40;
  std::filesystem::path file = path;
  for (int i = 0; i < mostLinks; ++i) {
    std::error_code error;
    std::filesystem::path target = std::filesystem::read_symlink(file, error);
    if (error)
      break;
    file = target.is_absolute() ? target : file.parent_path() / target;
  }
  std::filesystem::path parent = file.parent_path();
  std::string real = resolve(parent.empty() ? "." : parent.string());
  if (real.empty())
    return file.lexically_normal().string();
  return (std::filesystem::path(real) / file.filename()).string();
}

/// What the names of temporary files for `path` begin with. Six characters
/// follow; longer names than the file system takes are cut and told apart by a
/// checksum.
static std::string getTemporaryPrefix(const std::string &path) {
  constexpr size_t longest = 255 - std::string_view(".tmp-XXXXXX").size();
  constexpr size_t kept = 200;
  size_t begin = path.rfind('/') + 1; // 0 without a folder
  std::string name = path.substr(begin);
  if (name.size() > longest)
    name = name.substr(0, kept) + "~" +
           std::to_string(crc32(name.data(), name.size()));
  return path.substr(0, begin) + name + ".tmp-";
}

/// A new descriptor of the standard stream that goes to this file, or -1:
/// replacing it would lose what the stream writes.
static int openStream(const struct stat &file) {
  for (int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status;
    if (::fstat(stream, &status) == 0 && status.st_dev == file.st_dev &&
        status.st_ino == file.st_ino &&
        (::fcntl(stream, F_GETFL) & O_ACCMODE) != O_RDONLY)
      return ::fcntl(stream, F_DUPFD_CLOEXEC, 0);
  }
  return -1;
}

Result<AtomicFile> AtomicFile::create(const std::string &path) {
  AtomicFile file;
  file.name = path;
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return systemError(path, "write", EISDIR);
    if (Status allowed = OutputGuard::checkReplaced(path); !allowed)
      return allowed.error();
    bool isRegular = S_ISREG(status.st_mode);
    file.descriptor = isRegular ? openStream(status)
                                : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file.descriptor >= 0)
      return file;
    // A rename would replace a file that its owner made read-only.
    if (!isRegular || ::access(path.c_str(), W_OK) != 0)
      return systemError(path, "write", errno);
  } else if (errno != ENOENT) {
    return systemError(path, "write", errno);
  }
  file.path = resolveLinks(path);
  std::string temporary = getTemporaryPrefix(file.path) + "XXXXXX";
  file.descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file.descriptor < 0)
    return systemError(path, "write", errno);
  // Held until it is renamed or this process ends, see removeAbandoned.
  ::flock(file.descriptor, LOCK_EX | LOCK_NB);
  file.temporary = temporary;
  file.slot = registerTemporary(temporary);
  return file;
}

/// Whether the file at `path` is old and nobody's.
static bool isAbandoned(const std::string &path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  struct stat status;
  bool isOld = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
               ::time(nullptr) - status.st_mtime > 60;
  bool isFree = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return isOld && isFree;
}

void AtomicFile::removeAbandoned(const std::string &path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path file = getTemporaryPrefix(resolveLinks(path));
  std::string prefix = file.filename().string();
  std::vector<std::string> found;
  for (fs::directory_iterator entry(file.parent_path(), error), end;
       !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.size() == prefix.size() + 6 && name.starts_with(prefix))
      found.push_back(entry->path().string());
  }
  for (const std::string &name : found)
    if (isAbandoned(name))
      ::unlink(name.c_str());
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : name(std::move(other.name)), path(std::move(other.path)),
      temporary(std::move(other.temporary)),
      descriptor(other.descriptor), slot(other.slot), position(other.position) {
  other.descriptor = -1;
  other.slot = -1;
  other.temporary.clear();
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (descriptor >= 0)
    ::close(descriptor);
  descriptor = -1;
  if (!temporary.empty())
    ::unlink(temporary.c_str());
  temporary.clear();
  forgetTemporary(slot);
  slot = -1;
}

Status AtomicFile::write(const void *bytes, uint64_t size) {
  const char *next = static_cast<const char *>(bytes);
  while (size) {
    ssize_t done =
        ::write(descriptor, next, std::min<uint64_t>(size, 1u << 30));
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return systemError(name, "write", errno);
    next += done;
    size -= static_cast<uint64_t>(done);
    position += static_cast<uint64_t>(done);
  }
  return Status::success();
}

Status AtomicFile::skip(uint64_t size) {
  if (!temporary.empty() && size >= 4096) {
    uint64_t end = position + size;
    if (::ftruncate(descriptor, static_cast<off_t>(end)) != 0 ||
        ::lseek(descriptor, static_cast<off_t>(end), SEEK_SET) < 0)
      return systemError(name, "write", errno);
    position = end;
    return Status::success();
  }
  static const char zeros[4096] = {};
  while (size) {
    uint64_t chunk = std::min<uint64_t>(size, sizeof(zeros));
    if (Status status = write(zeros, chunk); !status)
      return status;
    size -= chunk;
  }
  return Status::success();
}

Status AtomicFile::commit() {
  if (temporary.empty()) {
    int failed = ::close(descriptor);
    descriptor = -1;
    return failed ? Status(systemError(name, "write", errno)) : Status();
  }
  if (Status allowed = OutputGuard::checkReplaced(path); !allowed)
    return allowed;
  // mkstemp makes files private; give the rights of an ordinary new file.
  mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat existing;
  mode_t mode = ::stat(path.c_str(), &existing) == 0 ? existing.st_mode & 07777
                                                     : 0666 & ~mask;
  if (::fchmod(descriptor, mode) != 0)
    return systemError(name, "write", errno);
  int failed = ::close(descriptor);
  descriptor = -1;
  if (failed || ::rename(temporary.c_str(), path.c_str()) != 0)
    return systemError(name, "write", errno);
  temporary.clear();
  forgetTemporary(slot);
  slot = -1;
  return Status::success();
}

Status AtomicFile::flush() {
  int failed;
  do
    failed = ::fsync(descriptor);
  while (failed && errno == EINTR);
  // Pipes and terminals have nothing to flush.
  if (failed && errno != EINVAL && errno != EROFS)
    return systemError(name, "write", errno);
  return Status::success();
}

Status AtomicFile::flushDirectory() const {
  std::string parent = std::filesystem::path(path).parent_path().string();
  if (parent.empty())
    parent = ".";
  int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return systemError(parent, "flush", errno);
  int failed = ::fsync(directory);
  int code = errno;
  ::close(directory);
  // Some network file systems cannot flush directories.
  if (failed && code != EINVAL && code != EROFS)
    return systemError(parent, "flush", code);
  return Status::success();
}

Status AtomicFile::commitDurably() {
  bool renames = !temporary.empty();
  if (Status status = flush(); !status)
    return status;
  if (Status status = commit(); !status)
    return status;
  return renames ? flushDirectory() : Status::success();
}

Status phx::writeFileAtomically(const std::string &path,
                                std::string_view contents) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.error();
  if (Status status = file->write(contents); !status)
    return status;
  return file->commit();
}

Status phx::checkWritable(const std::string &path) {
  auto fail = [&](const std::string &why) {
    return Error{"cannot write '" + path + "': " + why};
  };
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return fail("it is a directory; give the name of a file");
    if (::access(path.c_str(), W_OK) != 0)
      return fail(std::strerror(errno));
    return Status::success();
  }
  std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (parent.empty())
    parent = ".";
  std::error_code error;
  if (errno == ENOENT && !std::filesystem::is_directory(parent, error))
    return fail("there is no directory '" + parent.string() +
                "'; create it first");
  if (errno != ENOENT || ::access(parent.c_str(), W_OK | X_OK) != 0)
    return fail(std::strerror(errno));
  return Status::success();
}
