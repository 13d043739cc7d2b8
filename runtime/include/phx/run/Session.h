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

/// What files of parameters and state say about themselves.
struct StateInfo {
  std::string program; ///< name of the model; empty: not stated
  int64_t step = 0;    ///< training steps since the initial contents
};

/// A program on a machine.
///
/// A *training program* replaces parameters and state: mutable regions, which
/// keep their contents from one execution to the next. One execution is one
/// step. A step that fails or is interrupted, or whose loss, parameters or
/// state are not finite, leaves them as they were before it. Evaluation
/// programs may have mutable regions too, and only read them.
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
  /// What the program says it is.
  bool isTraining() const { return training; }
  /// Names of the outputs that are losses, in program order.
  std::vector<std::string> getLosses() const;

  /// How many samples `inputs` hold: program.batch if every shape is the
  /// program's, otherwise the common extent of their batch axes. Errors:
  /// unknown or missing names, wrong types or shapes, numbers of samples that
  /// disagree, labels that are no class, in training fewer samples than a
  /// batch.
  Result<int64_t> countSamples(const ArrayViews &inputs) const;

  /// Whether `name` is an input and arrays of that type and shape can be its
  /// value, with any number of samples; data and other inputs do not matter.
  Status checkInput(const std::string &name, ElementType type,
                    const std::vector<int64_t> &shape) const;

  /// Runs the program on any number of samples. Labels are class numbers, int32
  /// or int64. Returns outputs by name. Inputs without a batch axis go into
  /// each execution as they are.
  ///
  /// Inference, samples >= 1: ceil(samples / batch) executions, the last one
  /// padded by repeating the last sample (its label by the index to ignore, if
  /// the program has one). Outputs are joined along their batch axis, without
  /// the padding; those without one are refused unless the samples are exactly
  /// one batch or the program takes labels: several executions then give
  /// [executions, ...], losses [executions].
  ///
  /// Training, samples >= batch: floor(samples / batch) steps, one after the
  /// other; the rest is dropped (see the record). Outputs with a batch axis are
  /// joined along it; losses become [steps]; others, such as gradients, become
  /// [steps, ...] if there are several steps.
  /// After an error or an interruption the record and the state are those of
  /// the steps that were completed.
  Result<HostArrays> run(const ArrayViews &inputs,
                         const RunOptions &options = {});

  /// One execution on exactly the program's shapes; outputs have the program's
  /// shapes too. The record adds up over calls; run() and forgetRecord() start
  /// anew.
  Result<HostArrays> step(const ArrayViews &inputs,
                          const RunOptions &options = {});

  /// Of the latest run and the steps behind it; absent before.
  const std::optional<RunRecord> &getRecord() const { return record; }
  void forgetRecord();
  /// Summed over the executions of the record, padding included.
  const std::vector<LayerStatistics> &getStatistics() const {
    return statistics;
  }

  //===--------------------------------------------------------------------===//
  // Parameters and state
  //===--------------------------------------------------------------------===//

  /// Mutable regions, in program order.
  std::vector<const Region *> getStateRegions() const;
  /// Hash of names, roles, types and shapes of the mutable regions; equal in
  /// programs that can continue from each other's state.
  std::string getFingerprint() const;

  /// Contents of all mutable regions by name.
  Result<HostArrays> readState();
  /// Replaces contents; nothing is replaced after an error. Errors: names that
  /// are no mutable region, wrong types or shapes, and without `partial`,
  /// regions that `values` lack.
  Status writeState(const ArrayViews &values, bool partial = false);
  /// Training steps since the initial contents; saved with the state.
  int64_t getStepCount() const { return stepCount; }

  /// The seed of random numbers, a whole number in [0, 2^24). Errors: the
  /// program draws none.
  Result<int64_t> getSeed();
  Status setSeed(int64_t seed);
  /// The optimizer's. Errors: the program has none; not finite.
  Result<float> getLearningRate();
  Status setLearningRate(float rate);

  /// Writes all mutable regions as a .npz archive of arrays by name, with the
  /// array "photonic.state" (JSON as uint8) that says whose they are. Durable
  /// and atomic: at any moment the old file or the new one is there, whole.
  Status saveState(const std::string &path);
  /// Reads what saveState wrote, or any archive of all arrays by name. Nothing
  /// is replaced after an error. Programs that do not train take parameters
  /// from the state of a training program and leave the rest alone. Errors: the
  /// file is damaged; it is of another model, and how they differ.
  Result<StateInfo> loadState(const std::string &path);

  //===--------------------------------------------------------------------===//
  // Reports
  //===--------------------------------------------------------------------===//

  /// Name of the only output of two dimensions with a batch axis: one row, or
  /// column, of scores per sample. Errors: none, several.
  Result<std::string> getScoresName() const;
  /// Compares scores with labels, and remembers the result for reports.
  Result<Accuracy> measureAccuracy(const HostArrays &outputs,
                                   const ArrayView &labels);

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
  struct Batching;
  /// Outputs of one execution as they are; along the samples; along the
  /// executions.
  enum class Join { Whole, Samples, Runs };
  Session(Program program, Target target);

  Status checkState(const ArrayViews &values, bool partial) const;
  Result<HostArray> readKnob(const Region *region, const char *problem);
  Status writeKnob(const Region &region, HostArray value, float first);

  std::string describeInputs() const;
  Error makeUnknownInput(const std::string &name) const;
  Status checkNames(const ArrayViews &inputs) const;
  Result<Batching> planShapes(const ArrayViews &inputs) const;
  Status planRuns(Batching &batching) const;
  Status checkJoin(const Batching &batching) const;
  Result<Batching> planBatches(const ArrayViews &inputs) const;
  HostArrays takeInputs(const ArrayViews &inputs, const Batching &batching,
                        int64_t index) const;
  const Region &getOutput(const std::string &name) const;
  Join getJoin(const Region &region, const Batching &batching) const;
  void putOutputs(HostArrays results, const Batching &batching, int64_t index,
                  HostArrays &outputs) const;

  Result<HostArrays> execute(const HostArrays &inputs,
                             const RunOptions &options);
  Result<Executor *> getExecutor(const std::string &kind);
  Result<Executor *> getHolder();
  Status checkLoss(const HostArrays &outputs) const;
  std::string findOrigin(Executor &executor, const HostArrays &inputs,
                         const RunOptions &options);
  Error explain(const Error &error, int64_t index, int64_t steps) const;
  /// If the program takes labels and gives scores, in training those before
  /// each update.
  void measureOwnAccuracy(const HostArrays &outputs, const ArrayViews &inputs);
  void addToRecord(const RunOptions &options, const HostArrays &outputs,
                   int64_t samples);
  void addStatistics(const std::vector<LayerStatistics> &latest);
  std::optional<TrainingRecord> makeTrainingRecord() const;
  std::string describeDropped() const;
  Result<ReportInputs> makeReportInputs(TimingMode mode);

  Program program;
  Target target;
  bool training = false;
  std::vector<std::string> losses; ///< outputs that a step makes smaller
  int64_t stepCount = 0;
  /// The executor of the latest run, which holds the state.
  std::unique_ptr<Executor> executor;
  std::string executorKind;
  std::array<std::optional<TimingResult>, 2> timings; ///< by TimingMode
  std::optional<RunCost> cost;
  std::optional<RunRecord> record;
  std::optional<Accuracy> accuracy;
  std::vector<LayerStatistics> statistics;
};

/// Accuracy of `scores` [samples, classes] (float32) against `labels` [samples]
/// (int32 or int64). A label's rank is the number of classes with a larger
/// score, or with the same score and a smaller number. Errors: shapes, types,
/// a label outside [0, classes). Samples with the label `ignored` do not count.
Result<Accuracy> computeAccuracy(const ArrayView &scores,
                                 const ArrayView &labels,
                                 std::optional<int64_t> ignored = std::nullopt);

} // namespace phx

#endif // PHX_RUN_SESSION_H
