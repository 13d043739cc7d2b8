//===- Session.h - A loaded program on a machine ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What one does with a program file: load and check it, run it on data, time
// it, report. The command line and the Python package are both made of this. A
// session is put together from rooms that stand alone: batches, execution,
// state, log and reports.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_SESSION_H
#define PHX_RUN_SESSION_H

#include "phx/run/Batches.h"
#include "phx/run/Reports.h"
#include "phx/run/StateAccess.h"

namespace phx {

/// On which machine a program is to run.
struct SessionOptions {
  std::string target; ///< name or file; empty: as the program says
  std::vector<std::string> overrides; ///< field=value
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
  bool isTraining() const { return program.kind == ProgramKind::Training; }

  /// How many samples arrays hold, and whether they fit.
  const Batches &getBatches() const { return batches; }
  /// Parameters, state, learning rate and seed.
  StateAccess &getState() { return state; }
  const StateAccess &getState() const { return state; }
  /// Of the latest run and the steps behind it.
  RunLog &getLog() { return log; }
  const RunLog &getLog() const { return log; }
  Reports &getReports() { return reports; }

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
  /// shapes too. The log adds up over calls; run() and RunLog::forget() start
  /// anew.
  Result<HostArrays> step(const ArrayViews &inputs,
                          const RunOptions &options = {});

private:
  Session(Program program, Target target);

  Result<HostArrays> execute(const HostArrays &inputs,
                             const RunOptions &options);
  /// run(), whose record is not yet forgotten after an error.
  Result<HostArrays> runBatches(const ArrayViews &inputs,
                                const RunOptions &options);
  Error explain(const Error &error, int64_t index, int64_t steps) const;

  // The rooms refer to what stands in front of them.
  const Program program;
  const Target target;
  Batches batches;
  Execution execution;
  StateAccess state;
  RunLog log;
  Reports reports;
};

} // namespace phx

#endif // PHX_RUN_SESSION_H
