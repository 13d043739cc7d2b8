//===- FileSystem.h - Whole-or-nothing files and mappings -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_FILESYSTEM_H
#define PHX_SUPPORT_FILESYSTEM_H

#include "phx/support/Result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace phx {

/// A file that appears under its name only when complete: bytes go to a
/// temporary file in the same directory, `commit` renames it. Without a commit
/// the temporary file disappears: on destruction, on exit(), and on SIGINT,
/// SIGTERM and SIGHUP, where the previous disposition then takes its course.
/// Special files (/dev/stdout, pipes) are written directly.
class AtomicFile {
public:
  /// Errors name the path and the system's reason.
  static Result<AtomicFile> create(const std::string &path);
  /// Removes the temporary files that writers of `path` left behind when they
  /// were killed: those older than a minute that no process holds.
  static void removeAbandoned(const std::string &path);

  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&) = delete;
  ~AtomicFile();

  /// Appends `size` bytes.
  Status write(const void *bytes, uint64_t size);
  Status write(std::string_view text) {
    return write(text.data(), text.size());
  }
  /// Appends `size` zero bytes as a hole where the file system has holes.
  Status skip(uint64_t size);
  /// Bytes written so far.
  uint64_t tell() const { return position; }
  /// Makes the file visible under its name, with the permissions that an
  /// ordinary new file gets.
  Status commit();
  /// The same, and the file survives a crash of the machine: contents reach
  /// the disk before the name does, and the name before this returns.
  Status commitDurably();

private:
  AtomicFile() = default;
  void discard();
  Status flush();
  Status flushDirectory() const;

  std::string path, temporary; ///< `temporary` empty: written directly
  int descriptor = -1;
  int slot = -1;
  uint64_t position = 0;
};

/// Writes `contents` to `path` through an AtomicFile.
Status writeFileAtomically(const std::string &path, std::string_view contents);

/// The whole file as text or bytes.
Result<std::string> readFile(const std::string &path);

/// A file mapped copy-on-write: writes go to private pages, never to the file.
struct MappedFile {
  uint8_t *bytes = nullptr; ///< null if the file is empty
  uint64_t size = 0;
  std::shared_ptr<void> owner; ///< unmaps when the last copy goes
};
Result<MappedFile> mapFile(const std::string &path);

} // namespace phx

#endif // PHX_SUPPORT_FILESYSTEM_H
