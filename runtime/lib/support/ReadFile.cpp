//===- ReadFile.cpp - Reading and mapping files -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SystemError.h"

#include "phx/support/FileSystem.h"
#include "phx/support/OutputGuard.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace phx;

namespace {
/// A file that is open for reading.
class Opened {
public:
  Opened(int descriptor, std::string name, bool owned = true)
      : descriptor(descriptor), name(std::move(name)), owned(owned) {}
  Opened(Opened &&other) noexcept
      : descriptor(std::exchange(other.descriptor, -1)),
        name(std::move(other.name)), owned(other.owned), status(other.status) {}
  Opened &operator=(Opened &&) = delete;
  ~Opened() {
    if (owned && descriptor >= 0)
      ::close(descriptor);
  }

  bool isRegular() const { return S_ISREG(status.st_mode); }
  bool isPipe() const { return S_ISFIFO(status.st_mode); }
  uint64_t getSize() const { return uint64_t(status.st_size); }
  Error fail(int code) const { return systemError(name, "read", code); }
  Error fail(const std::string &why) const {
    return Error{"cannot read '" + name + "': " + why};
  }

  /// Fills `status`; fails for what is neither a regular file nor, if they are
  /// allowed, a pipe or a terminal.
  Status inspect(bool allowPipes);

  int descriptor;
  std::string name;
  bool owned;
  struct stat status = {};
};
} // namespace

Status Opened::inspect(bool allowPipes) {
  if (::fstat(descriptor, &status) != 0)
    return fail(errno);
  if (S_ISDIR(status.st_mode))
    return fail(EISDIR);
  bool isStream = isPipe() || ::isatty(descriptor) == 1;
  if (isRegular() || (allowPipes && isStream)) {
    OutputGuard::noteRead(descriptor, name);
    return Status::success();
  }
  std::string found = isPipe()                     ? "a pipe"
                      : S_ISSOCK(status.st_mode) ? "a socket"
                                                   : "a device";
  return fail("it is " + found + "; expected a regular file" +
              (allowPipes ? " or a pipe" : ""));
}

/// Opens without waiting for the other end of a pipe that is not wanted.
static Result<Opened> openFile(const std::string &path, bool allowPipes) {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
  Opened file(::open(path.c_str(), flags | O_NONBLOCK), path);
  if (file.descriptor < 0 && errno == ENXIO)
    return file.fail("it is a socket or a device; expected a regular file");
  if (file.descriptor < 0)
    return file.fail(errno);
  if (Status status = file.inspect(allowPipes); !status)
    return status.error();
  if (file.isRegular())
    return file;
  // Without a writer a read would not wait but find the end; this does wait,
  // and is over as well if a writer has come and gone.
  pollfd ready{file.descriptor, POLLIN, 0};
  if (::poll(&ready, 1, /*timeout=*/-1) < 0 ||
      ::fcntl(file.descriptor, F_SETFL, flags) < 0)
    return file.fail(errno);
  return file;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// "16 MiB", "1000 bytes".
static std::string spellBytes(uint64_t bytes) {
  for (auto [shift, unit] : {std::pair(30, " GiB"), std::pair(20, " MiB")})
    if (bytes >> shift && !(bytes & ((uint64_t(1) << shift) - 1)))
      return std::to_string(bytes >> shift) + unit;
  return std::to_string(bytes) + " bytes";
}

static Error makeTooLarge(const Opened &file, const ReadLimit &limit) {
  std::string size = file.getSize() > limit.bytes
                         ? std::to_string(file.getSize()) + " bytes"
                         : "more than " + spellBytes(limit.bytes);
  return file.fail("it has " + size + ", and " + limit.what + " at most " +
                   spellBytes(limit.bytes));
}

static Result<std::string> readAll(const Opened &file, const ReadLimit &limit) {
  if (file.isRegular() && file.getSize() > limit.bytes)
    return makeTooLarge(file, limit);
  std::string text;
  text.reserve(file.isRegular() ? file.getSize() : 0);
  std::vector<char> buffer(65536);
  while (true) {
    ssize_t got = ::read(file.descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return file.fail(errno);
    if (got == 0)
      return text;
    // Files of the system and growing files are longer than they say.
    if (uint64_t(got) > limit.bytes - text.size())
      return makeTooLarge(file, limit);
    text.append(buffer.data(), size_t(got));
  }
}

Result<std::string> phx::readFile(const std::string &path,
                                  const ReadLimit &limit) {
  Result<Opened> file = openFile(path, /*allowPipes=*/true);
  if (!file)
    return file.error();
  return readAll(*file, limit);
}

//===----------------------------------------------------------------------===//
// Mapping
//===----------------------------------------------------------------------===//

static Result<MappedFile> map(const Opened &opened) {
  MappedFile file;
  file.size = opened.getSize();
  if (!file.size)
    return file;
  // Anonymous pages first, and the file over all but the last of them: a zero
  // follows also if the file ends with a page.
  size_t length = file.size + 1;
  constexpr int access = PROT_READ | PROT_WRITE;
  constexpr int kind = MAP_PRIVATE | MAP_NORESERVE;
  void *address =
      ::mmap(nullptr, length, access, kind | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED)
    return opened.fail(errno);
  file.bytes = static_cast<uint8_t *>(address);
  file.owner = std::shared_ptr<void>(
      address, [length](void *pages) { ::munmap(pages, length); });
  if (::mmap(address, file.size, access, kind | MAP_FIXED, opened.descriptor,
             0) == MAP_FAILED)
    return opened.fail(errno);
  return file;
}

static Result<MappedFile> load(const Opened &opened, const ReadLimit &limit) {
  // Files of the system say that they are empty.
  if (opened.isRegular() && opened.getSize()) {
    if (opened.getSize() > limit.bytes)
      return makeTooLarge(opened, limit);
    return map(opened);
  }
  Result<std::string> text = readAll(opened, limit);
  if (!text)
    return text.error();
  MappedFile file;
  file.size = text->size();
  if (text->empty())
    return file;
  auto owner = std::make_shared<std::string>(std::move(*text));
  file.bytes = reinterpret_cast<uint8_t *>(owner->data());
  file.owner = std::move(owner);
  return file;
}

Result<MappedFile> phx::mapFile(const std::string &path) {
  Result<Opened> file = openFile(path, /*allowPipes=*/false);
  if (!file)
    return file.error();
  return map(*file);
}

Result<MappedFile> phx::loadFile(const std::string &path,
                                 const ReadLimit &limit) {
  Result<Opened> file = openFile(path, /*allowPipes=*/true);
  if (!file)
    return file.error();
  return load(*file, limit);
}

Result<MappedFile> phx::loadStandardInput(const ReadLimit &limit) {
  Opened file(STDIN_FILENO, "<stdin>", /*owned=*/false);
  if (Status status = file.inspect(/*allowPipes=*/true); !status)
    return status.error();
  // The shell may have read a part.
  bool isWhole = ::lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
  if (isWhole)
    return load(file, limit);
  file.status.st_size = 0;
  return load(file, limit);
}

//===----------------------------------------------------------------------===//
// Files that must be in a folder
//===----------------------------------------------------------------------===//

Result<MappedFile>
phx::mapFileInside(const std::string &path,
                   const std::vector<std::string> &folders) {
  namespace fs = std::filesystem;
  // What was opened is judged, not what the name means a moment later.
  Result<Opened> file = openFile(path, /*allowPipes=*/false);
  if (!file)
    return file.error();
  std::string real = resolveLinks(path);
  struct stat status;
  if (::stat(real.c_str(), &status) != 0 ||
      status.st_dev != file->status.st_dev ||
      status.st_ino != file->status.st_ino)
    return file->fail("it was replaced while it was opened; try again");
  const fs::path place(real);
  for (const std::string &folder : folders) {
    const fs::path root(resolveLinks(folder.empty() ? "." : folder));
    if (std::mismatch(root.begin(), root.end(), place.begin(), place.end())
            .first == root.end())
      return map(*file);
  }
  return file->fail("it leads to '" + real + "', outside of that folder");
}
