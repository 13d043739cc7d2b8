//===- RunLog.h - What went through the machine -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_RUNLOG_H
#define PHX_RUN_RUNLOG_H

#include "phx/report/Report.h"
#include "phx/run/Execution.h"

#include <optional>

namespace phx {

/// How the data of the latest call of Session::run, and of all calls of
/// Session::step behind it, went through the machine.
struct RunRecord {
  int64_t runs = 0;    ///< executions of the program; in training: steps
  int64_t samples = 0; ///< that were computed; padding is not counted
  /// Samples at the end that fill no batch; only training drops them.
  int64_t dropped = 0;
  std::string executor;
  bool bypassed = false, compared = false;
  /// Of a training program with a loss; of several, their sum.
  std::optional<LossRecord> loss;
};

/// Adds up what executions report, for reports.
class RunLog {
public:
  explicit RunLog(const Program &program);

  /// Begins anew.
  void forget();
  /// Makes room for one execution more. What may fail fails here, before the
  /// execution counts; nothing is recorded yet.
  void prepare(const RunOptions &options);
  /// The execution has come to its end, with these outputs and as many samples.
  void add(const HostArrays &outputs, int64_t samples) noexcept;
  void addStatistics(const std::vector<LayerStatistics> &latest) noexcept;
  /// What it wrote to count registers.
  void setCounts(std::shared_ptr<const CountTrace> latest) noexcept {
    counts = std::move(latest);
  }
  /// Of the runs so far, which have to be some.
  void setDropped(int64_t samples) { record->dropped = samples; }

  /// Absent before the first execution.
  const std::optional<RunRecord> &getRecord() const { return record; }
  /// Summed over the executions of the record, padding included.
  const std::vector<LayerStatistics> &getStatistics() const {
    return statistics;
  }
  const std::optional<Accuracy> &getAccuracy() const { return accuracy; }
  /// Of the latest execution of the record; null before the first.
  const std::shared_ptr<const CountTrace> &getCounts() const { return counts; }
  /// For the report of a training program; absent of others.
  std::optional<TrainingRecord> makeTrainingRecord() const;

  /// Compares scores among `outputs` with labels, and remembers the result.
  Result<Accuracy> measureAccuracy(const HostArrays &outputs,
                                   const ArrayView &labels);
  /// The same if the program takes labels and gives scores, in training those
  /// before each update.
  void measureOwnAccuracy(const HostArrays &outputs, const ArrayViews &inputs);

private:
  const Program &program;
  std::vector<std::string> losses; ///< whose sum is recorded
  std::optional<RunRecord> record, next; ///< next: prepared
  std::optional<Accuracy> accuracy;
  std::vector<LayerStatistics> statistics;
  std::shared_ptr<const CountTrace> counts;
};

/// Name of the only output of two dimensions with a batch axis: one row, or
/// column, of scores per sample. Errors: none, several.
Result<std::string> getScoresName(const Program &program);

/// Accuracy of `scores` [samples, classes] (float32) against `labels` [samples]
/// (int32 or int64). A label's rank is the number of classes with a larger
/// score, or with the same score and a smaller number. Errors: shapes, types,
/// a label outside [0, classes). Samples with the label `ignored` do not count.
Result<Accuracy> computeAccuracy(const ArrayView &scores,
                                 const ArrayView &labels,
                                 std::optional<int64_t> ignored = std::nullopt);

} // namespace phx

#endif // PHX_RUN_RUNLOG_H
