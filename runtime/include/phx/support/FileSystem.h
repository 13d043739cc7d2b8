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
#include <vector>

namespace phx {

/// A file that appears under its name only when complete: bytes go to a
/// temporary file in the same directory, `commit` renames it. Without a commit
/// the temporary file disappears: on destruction, on exit(), and on SIGINT,
/// SIGTERM and SIGHUP, where the previous disposition then takes its course.
/// Behind a symbolic link its target is replaced. Special files (pipes,
/// devices) and the file that standard output or standard error goes to are
/// written directly.
class AtomicFile {
public:
  /// Errors name the path and the system's reason; a file that this run reads
  /// is refused (OutputGuard), here and by `commit`.
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

  std::string name;            ///< as it was given
  std::string path, temporary; ///< `temporary` empty: written directly
  int descriptor = -1;
  int slot = -1;
  uint64_t position = 0;
};

/// Removes the temporary file of every AtomicFile that has not been committed;
/// for handlers of signals that end the process. Does not allocate.
void removeTemporaryFiles();

/// Writes `contents` to `path` through an AtomicFile.
Status writeFileAtomically(const std::string &path, std::string_view contents);

/// That a file of this name can be created or replaced; it is not touched.
Status checkWritable(const std::string &path);

/// The file that `path` names, symbolic links followed, also if it does not
/// exist yet.
std::string resolveLinks(const std::string &path);

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//
//
// Regular files, and pipes where a function says so. Devices and sockets are
// refused: they have no size that could be judged before they are read. What is
// opened here counts as read for the OutputGuard of the thread.

/// How many bytes a reader takes, and what of ("a target description").
struct ReadLimit {
  uint64_t bytes;
  const char *what;
};
/// For whatever is small and written by hand.
inline constexpr ReadLimit textLimit{uint64_t(1) << 30, "a text"};

/// The whole file or pipe as text or bytes. Nothing is read if it is larger.
Result<std::string> readFile(const std::string &path,
                             const ReadLimit &limit = textLimit);

/// A file mapped copy-on-write: writes go to private pages, never to the file.
/// A zero byte follows the last one.
struct MappedFile {
  uint8_t *bytes = nullptr; ///< null if the file is empty
  uint64_t size = 0;
  std::shared_ptr<void> owner; ///< unmaps when the last copy goes

  std::string_view text() const {
    return bytes ? std::string_view(reinterpret_cast<const char *>(bytes), size)
                 : std::string_view("");
  }
};
/// A regular file.
Result<MappedFile> mapFile(const std::string &path);
/// A regular file, which is mapped, or a pipe, which is read.
Result<MappedFile> loadFile(const std::string &path, const ReadLimit &limit);
/// The same for standard input.
Result<MappedFile> loadStandardInput(const ReadLimit &limit);

/// A regular file that really lies in one of `folders` or below: symbolic links
/// may lead from anywhere to anywhere inside.
Result<MappedFile> mapFileInside(const std::string &path,
                                 const std::vector<std::string> &folders);

} // namespace phx

#endif // PHX_SUPPORT_FILESYSTEM_H
