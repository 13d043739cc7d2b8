//===- Session.h - A loaded program on a machine ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What one does with a program file: load and check it, run it on data, time
// it, report. The command line and the Python package are both made of this.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_SESSION_H
#define PHX_RUN_SESSION_H

#include "phx/exec/Executor.h"
#include "phx/report/Report.h"
#include "phx/target/Target.h"
#include "phx/timing/Timing.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phx {

/// A dense row-major array that somebody else owns.
struct ArrayView {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  const uint8_t *bytes = nullptr;

  ArrayView() = default;
  ArrayView(ElementType type, std::vector<int64_t> shape, const uint8_t *bytes)
      : type(type), shape(std::move(shape)), bytes(bytes) {}
  ArrayView(const HostArray &array)
      : type(array.type), shape(array.shape), bytes(array.bytes.data()) {}
};

using ArrayViews = std::map<std::string, ArrayView>;
using HostArrays = std::map<std::string, HostArray>;

/// On which machine a program is to run.
struct SessionOptions {
  std::string target; ///< name or file; empty: as the program says
  std::vector<std::string> overrides; ///< field=value
};

struct RunOptions {
  std::string executor = "fast"; ///< or "reference"; equal bits from both
  unsigned threads = 0;          ///< 0: all hardware threads
  bool bypassFormats = false;    ///< FP32 products instead of the format's
  /// Also computes in FP32 and fills the ratios of the report. Doubles the time
  /// of the run. Without effect together with `bypassFormats`.
  bool compareToFp32 = false;
  /// Polled a hundred times a second; true stops with an error.
  std::function<bool()> interrupted;
  /// Called with the value of each layer that has an output region, in every
  /// run.
  std::function<Status(uint32_t layer, const HostArray &value)> onLayer;
};

/// How the data of the latest call of Session::run went through the machine.
struct RunRecord {
  int64_t runs = 0;    ///< executions of the program
  int64_t samples = 0; ///< inferences asked for; padding is not counted
  std::string executor;
  bool bypassed = false, compared = false;
};

class Session {
public:
  /// Loads the file, proves it valid, loads the target and checks that it is
  /// the machine the program was compiled for.
  static Result<std::unique_ptr<Session>>
  open(const std::string &path, const SessionOptions &options = {});
  /// The same for a program in memory.
  static Result<std::unique_ptr<Session>>
  create(Program program, const SessionOptions &options = {});

  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  const Program &getProgram() const { return program; }
  const Target &getTarget() const { return target; }
  /// Regions with a role, in program order.
  std::vector<const Region *> getRegions(Role role) const;

  /// How many inferences `inputs` hold: program.batch if every shape is the
  /// program's, otherwise the common first dimension of the inputs whose first
  /// dimension is the batch. Errors: unknown or missing names, wrong types or
  /// shapes, first dimensions that disagree.
  Result<int64_t> countSamples(const ArrayViews &inputs) const;

  /// Runs the program on any number of samples >= 1: ceil(samples / batch)
  /// times, the last time padded by repeating the last sample. Returns outputs
  /// by name, joined along the first dimension and without the padding.
  Result<HostArrays> run(const ArrayViews &inputs,
                         const RunOptions &options = {});

  /// Of the latest run; absent before the first one.
  const std::optional<RunRecord> &getRecord() const { return record; }
  /// Summed over the executions of the latest run, padding included.
  const std::vector<LayerStatistics> &getStatistics() const {
    return statistics;
  }

  /// Name of the only output of shape [batch, classes]. Errors: none, several.
  Result<std::string> getScoresName() const;
  /// Compares scores with labels, and remembers the result for reports.
  Result<Accuracy> measureAccuracy(const HostArrays &outputs,
                                   const ArrayView &labels);

  /// Simulated once per mode, then remembered. Includes peak power.
  Result<const TimingResult *> getTiming(TimingMode mode = TimingMode::Closed);

  /// JSON as docs/report.schema.json describes it.
  Result<std::string> makeJson(TimingMode mode = TimingMode::Closed);
  /// Tables for a terminal of `columns` width.
  Result<std::string> makeText(unsigned columns, bool color,
                               TimingMode mode = TimingMode::Closed);
  /// Timeline in Chrome trace format.
  Status writeTrace(const std::string &path,
                    TimingMode mode = TimingMode::Closed);

private:
  struct Batching;

  Session(Program program, Target target)
      : program(std::move(program)), target(std::move(target)) {}

  Status checkNames(const ArrayViews &inputs) const;
  Result<Batching> planBatches(const ArrayViews &inputs) const;
  Status runBatch(const ArrayViews &inputs, const Batching &batching,
                  int64_t index, const RunOptions &options,
                  HostArrays &outputs);
  Result<Executor *> getExecutor(const std::string &kind);
  void addStatistics(const std::vector<LayerStatistics> &latest);
  Result<ReportInputs> makeReportInputs(TimingMode mode);

  Program program;
  Target target;
  std::map<std::string, std::unique_ptr<Executor>> executors;
  std::array<std::optional<TimingResult>, 2> timings; ///< by TimingMode
  std::optional<RunRecord> record;
  std::optional<Accuracy> accuracy;
  std::vector<LayerStatistics> statistics;
};

/// Accuracy of `scores` [samples, classes] (float32) against `labels` [samples]
/// (int32 or int64). A label's rank is the number of classes with a larger
/// score, or with the same score and a smaller number. Errors: shapes, types,
/// a label outside [0, classes).
Result<Accuracy> computeAccuracy(const ArrayView &scores,
                                 const ArrayView &labels);

} // namespace phx

#endif // PHX_RUN_SESSION_H
