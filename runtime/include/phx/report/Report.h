//===- Report.h - The report of a run ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_REPORT_REPORT_H
#define PHX_REPORT_REPORT_H

#include "phx/energy/Energy.h"
#include "phx/exec/Executor.h"
#include "phx/timing/Timing.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace phx {

/// Accuracy against labels.
struct Accuracy {
  double top1 = 0, top5 = 0; ///< shares in [0, 1]
  int64_t samples = 0;
};

/// The loss over the steps of a training run.
struct LossRecord {
  std::string name; ///< of the output
  double first = 0, last = 0, sum = 0;
};

/// What a training program did.
struct TrainingRecord {
  int64_t steps = 0;
  int64_t droppedSamples = 0; ///< at the end, that fill no batch
  std::optional<LossRecord> loss;
};

/// Everything a report is made of.
struct ReportInputs {
  const Program &program;
  const Target &target;
  const TimingResult &timing;
  std::vector<Counters64> charges; ///< by static instruction
  const std::vector<LayerStatistics> *statistics = nullptr; ///< after a run
  std::optional<Accuracy> accuracy;
  /// Present for training programs, whether they ran or not: one execution is
  /// then called a step.
  std::optional<TrainingRecord> training;
  /// What count registers hold.
  RunCounts counts = {};
};

/// Latency in nanoseconds and energy (dynamic and static) in picojoules of one
/// execution: the totals of the reports.
struct RunCost {
  double latencyNs = 0, energyPj = 0;
};
RunCost getRunCost(const ReportInputs &inputs);

/// "weight gradient".
std::string describePhase(Phase phase);
/// "conv1", "conv1 (weight gradient)".
std::string describeLayer(const Layer &layer);

/// JSON text as docs/report.schema.json describes it.
std::string makeJsonReport(const ReportInputs &inputs);

/// Tables for a terminal of `columns` width; `color` allows ANSI sequences.
std::string makeTextReport(const ReportInputs &inputs, unsigned columns,
                           bool color);

/// Chrome trace format (Perfetto opens it): one track per engine, one slice per
/// instruction, layers as a track of their own. Beyond `maxSlices` repeated
/// instructions are drawn as one slice that says how many it stands for, on a
/// track beside the engine's. Memory stays proportional to `maxSlices` plus the
/// number of static instructions, however long the run.
class TraceWriter {
public:
  TraceWriter(const Program &program, uint64_t maxSlices = 200000);
  /// In any order.
  void add(const TimelineSlice &slice);
  /// Writes all that was added; the file appears when it is complete.
  Status write(const std::string &path, const TimingResult &timing);

private:
  const Program &program;
  uint64_t maxSlices;
  std::vector<TimelineSlice> slices;
  /// Of the slice that stands for all further executions of an instruction:
  /// engine and instruction to index in `slices`.
  std::map<std::pair<uint32_t, uint32_t>, size_t> merged;
};

} // namespace phx

#endif // PHX_REPORT_REPORT_H
