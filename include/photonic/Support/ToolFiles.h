//===- ToolFiles.h - From a file to a file ------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_TOOLFILES_H
#define PHOTONIC_SUPPORT_TOOLFILES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class MemoryBuffer;
class raw_ostream;
} // namespace llvm

namespace photonic {

/// What a tool reads and writes; "-" is standard input or output.
struct ToolFiles {
  std::string tool;   ///< its name, for messages
  std::string input;  ///< a regular file of any size, or a pipe up to 2 GiB
  std::string output; ///< appears when the work is done, and not before
  /// Further files that the tool reads or, because of an option, writes by
  /// itself.
  std::vector<std::string> reads = {};
  std::vector<std::pair<std::string, std::string>> writes = {};
};

/// Calls `work` with the input and a stream to the output, and returns the exit
/// code. No output may be a file that is read, the input or any that `work`
/// opens. Messages `TOOL: error: ...` go to standard error.
int runOnFiles(const ToolFiles &files,
               llvm::function_ref<llvm::LogicalResult(
                   std::unique_ptr<llvm::MemoryBuffer>, llvm::raw_ostream &)>
                   work);

/// The values of `--option=VALUE` or `--option VALUE` on a command line, in its
/// order, for options that a library declares and keeps to itself.
std::vector<std::string> findOption(int argc, const char *const *argv,
                                    llvm::StringRef option);

} // namespace photonic

#endif // PHOTONIC_SUPPORT_TOOLFILES_H
