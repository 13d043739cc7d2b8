//===- TemporaryDirectory.h - Files that end with the tool -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_TEMPORARYDIRECTORY_H
#define PHOTONIC_SUPPORT_TEMPORARYDIRECTORY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorOr.h"

#include <memory>
#include <optional>
#include <string>

namespace photonic {

/// A directory of its own in the system's folder for temporary files. It goes
/// with all files in it on destruction and when a signal ends a tool that
/// runTool() runs. One at a time.
class TemporaryDirectory {
public:
  static llvm::ErrorOr<std::unique_ptr<TemporaryDirectory>>
  create(llvm::StringRef prefix);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  llvm::StringRef getPath() const { return path; }
  /// The path of a file inside.
  std::string getFile(llvm::StringRef name) const;

private:
  explicit TemporaryDirectory(llvm::StringRef path) : path(path) {}
  std::string path;
};

/// Executes a program with both output streams in the file `log`, and waits for
/// it. A signal that ends this tool ends it, too. Returns its exit code, or a
/// negative number and a `problem`.
int runChild(llvm::StringRef program, llvm::ArrayRef<llvm::StringRef> arguments,
             llvm::StringRef log, std::string &problem);

/// Ends the child and removes the directory; safe in a signal handler.
void cleanUpAfterSignal();

} // namespace photonic

#endif // PHOTONIC_SUPPORT_TEMPORARYDIRECTORY_H
