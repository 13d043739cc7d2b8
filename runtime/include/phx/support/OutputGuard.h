//===- OutputGuard.h - No output over an input ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One rule for all tools: no output may be a file that is read, and no two
// outputs may be one file, however their names are spelled. Files are compared
// by device and inode, so that links and other ways to a file do not matter.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_OUTPUTGUARD_H
#define PHX_SUPPORT_OUTPUTGUARD_H

#include "phx/support/Result.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace phx {

/// What one invocation reads and is going to write.
///
/// While a guard lives, it is that of its thread: every file that the functions
/// of FileSystem.h open for reading counts as read, wherever that happens, and
/// AtomicFile refuses to replace one. Guards nest; the innermost counts.
/// Devices and pipes are no files in this sense: /dev/null takes everything.
class OutputGuard {
public:
  OutputGuard();
  ~OutputGuard();
  OutputGuard(const OutputGuard &) = delete;
  OutputGuard &operator=(const OutputGuard &) = delete;

  /// A file that is going to be read, or that somebody else reads. What does
  /// not exist is ignored.
  void addRead(const std::string &path);
  /// The same for an open file; `name` is for messages.
  void addRead(int descriptor, const std::string &name);
  /// A file that is going to be written because of `option`.
  void addWrite(std::string option, std::string path);
  /// The rule, for all that was added and read so far. To be called before
  /// anything is computed, and again when more has been read.
  Status check() const;

  /// For those who open files: adds one to the guard of this thread, if there
  /// is one.
  static void noteRead(int descriptor, const std::string &name);
  /// For those who replace files: that the guard of this thread does not know
  /// the file at `path` as one that is read.
  static Status checkReplaced(const std::string &path);

private:
  using Identity = std::pair<uint64_t, uint64_t>; ///< device and inode
  struct Write {
    std::string option, path;
  };
  Status checkRead(const Write &write) const;

  std::map<Identity, std::string> reads; ///< names as they were given
  std::vector<Write> writes;
  OutputGuard *outer;
};

} // namespace phx

#endif // PHX_SUPPORT_OUTPUTGUARD_H
