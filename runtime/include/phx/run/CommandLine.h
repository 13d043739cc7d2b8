//===- CommandLine.h - The command line of photonic-run ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_COMMANDLINE_H
#define PHX_RUN_COMMANDLINE_H

#include "phx/support/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phx {

/// What the command line asks for.
struct CommandLine {
  std::string program;
  std::vector<std::string> inputs; ///< NAME=FILE.npy, FILE.npy or FILE.npz
  std::string labels, outputDirectory, report, trace, dumpDirectory;
  std::string state, saveState;
  std::optional<int64_t> seed;
  std::string target;
  std::vector<std::string> overrides;
  std::vector<std::string> counts; ///< NAME=NUMBER
  std::string executor = "fast", timing = "closed";
  unsigned threads = 0;
  bool timingOnly = false, fp32 = false, noCompare = false;
  bool quiet = false, noColor = false;
};

/// A command line that was understood, or text to print and leave with.
struct ParsedCommandLine {
  CommandLine options;
  bool leave = false; ///< --help, --version, --list-...
  std::string text;
};
Result<ParsedCommandLine> parseCommandLine(int argc, const char *const *argv);

/// "NAME=FILE" split so that NAME is one of `names` if that is possible; names
/// and paths may hold further '='. Without '=' the first part is empty.
std::pair<std::string, std::string>
splitInput(const std::string &argument, const std::vector<std::string> &names);

/// The tool. Exit code 0: done; 1: the input, an option or the machine is at
/// fault; 130: interrupted by Ctrl-C.
int runMain(int argc, char **argv);

} // namespace phx

#endif // PHX_RUN_COMMANDLINE_H
