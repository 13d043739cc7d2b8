//===- Reports.h - Time, energy and what is said about them -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_REPORTS_H
#define PHX_RUN_REPORTS_H

#include "phx/run/RunLog.h"
#include "phx/target/Target.h"
#include "phx/timing/Timing.h"

#include <array>
#include <map>

namespace phx {

/// Times a program, prices it, and reports what a log says of its executions.
class Reports {
public:
  Reports(const Program &program, const Target &target, const RunLog &log)
      : program(program), target(target), log(log) {}

  /// Lets each count register of these names hold a constant, for time and
  /// charges, as long as nothing is executed: the counts of the latest
  /// execution take precedence. Errors: a name that is no register's, a value
  /// that the register cannot hold; nothing is assumed then.
  Status assumeCounts(const std::map<std::string, int64_t> &values);

  /// Simulated once per mode, then remembered, as long as the counts are the
  /// same: the result is valid until this, or another member that times, is
  /// called behind an execution or an assumption that changed them. Includes
  /// peak power. Errors: among others, registers of which nothing is known.
  Result<const TimingResult *> getTiming(TimingMode mode = TimingMode::Closed);
  /// Of one execution; remembered as long as the counts are the same.
  Result<RunCost> getCost();

  /// JSON as docs/report.schema.json describes it.
  Result<std::string> makeJson(TimingMode mode = TimingMode::Closed);
  /// Tables for a terminal of `columns` width.
  Result<std::string> makeText(unsigned columns, bool color,
                               TimingMode mode = TimingMode::Closed);
  /// Timeline in Chrome trace format.
  Status writeTrace(const std::string &path,
                    TimingMode mode = TimingMode::Closed);

private:
  /// What registers hold, and whether that has changed since the last call.
  void updateCounts();
  std::string describeDropped() const;
  Result<ReportInputs> makeInputs(TimingMode mode);

  const Program &program;
  const Target &target;
  const RunLog &log;
  std::array<std::optional<TimingResult>, 2> timings; ///< by TimingMode
  std::optional<RunCost> cost;
  RunCounts assumed; ///< without a trace
  RunCounts counts;  ///< in use
};

} // namespace phx

#endif // PHX_RUN_REPORTS_H
