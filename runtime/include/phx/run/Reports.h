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

namespace phx {

/// Times a program, prices it, and reports what a log says of its executions.
class Reports {
public:
  Reports(const Program &program, const Target &target, const RunLog &log)
      : program(program), target(target), log(log) {}

  /// Simulated once per mode, then remembered. Includes peak power.
  Result<const TimingResult *> getTiming(TimingMode mode = TimingMode::Closed);
  /// Of one execution; computed once.
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
  std::string describeDropped() const;
  Result<ReportInputs> makeInputs(TimingMode mode);

  const Program &program;
  const Target &target;
  const RunLog &log;
  std::array<std::optional<TimingResult>, 2> timings; ///< by TimingMode
  std::optional<RunCost> cost;
};

} // namespace phx

#endif // PHX_RUN_REPORTS_H
