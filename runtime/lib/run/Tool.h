//===- Tool.h - One invocation of photonic-run -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_RUN_TOOL_H
#define PHX_LIB_RUN_TOOL_H

#include "phx/npy/Npy.h"
#include "phx/run/CommandLine.h"
#include "phx/run/Session.h"
#include "phx/support/OutputGuard.h"

namespace phx {

/// One invocation, step by step. What took longest to compute is written first:
/// parameters, state and outputs, before time and energy are computed; values
/// that --dump-values asks for, as they come.
class Tool {
public:
  explicit Tool(CommandLine options) : o(std::move(options)) {}
  Status run();

private:
  // ToolInputs.cpp
  Status loadInputs();
  Status addInput(const std::string &argument);
  /// Refuses arrays that the program cannot use; `given`: the name of the
  /// input, if the file does not say it.
  ArrayFilter expectInput(std::string given, std::string path) const;
  Status addArchive(const std::string &path);
  Status addArray(const std::string &name, const std::string &path,
                  HostArray array);
  Status loadState();
  Status checkInputs();
  /// What --count says.
  Status assumeCounts();
  Status checkLabels(int64_t samples) const;

  // ToolFiles.cpp
  void addWrites();
  /// That everything can be written and nothing that was read is overwritten.
  Status checkPlaces();
  Status dumpLayer(uint32_t layer, const HostArray &value) const;
  /// Parameters, state and outputs.
  Status writeResults();
  /// Report and timeline.
  Status writeReports();

  // RunMain.cpp
  bool comparesToFp32() const;
  Status execute();
  /// Executes, and writes what comes of it.
  Status produce();
  void keepCompletedSteps();
  void tellWhatIsKept() const;
  /// Times, and reports.
  Status report();
  Status print();

  TimingMode getMode() const {
    return o.timing == "stepped" ? TimingMode::Stepped : TimingMode::Closed;
  }

  CommandLine o;
  OutputGuard guard;
  std::unique_ptr<Session> session;
  HostArrays inputs, outputs;
  ArrayViews views; ///< of `inputs`
  bool stateIsSaved = false; ///< in the file that --save-state names
  std::optional<HostArray> labels;
};

} // namespace phx

#endif // PHX_LIB_RUN_TOOL_H
