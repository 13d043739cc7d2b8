//===- Execution.h - Runs a program, one batch each time --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One executor at a time holds parameters and state; it replaces them only at
// the end of a step that went well.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_EXECUTION_H
#define PHX_RUN_EXECUTION_H

#include "phx/exec/Executor.h"
#include "phx/run/Arrays.h"

#include <functional>
#include <memory>

namespace phx {

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

/// Executes a program, and keeps the executor that holds what persists.
class Execution {
public:
  explicit Execution(const Program &program);

  /// One execution on arrays of exactly the program's shapes. In training a
  /// loss that is not finite is an error; the message of a step that failed,
  /// unless `options` stopped it, names the first value that is not finite.
  /// After an error parameters and state are as before.
  Result<HostArrays> run(const HostArrays &inputs, const RunOptions &options);
  /// Of the latest run(); one entry per layer.
  const std::vector<LayerStatistics> &getStatistics() const;
  /// What the latest run() wrote to count registers; null if it failed.
  std::shared_ptr<const CountTrace> getCounts() const {
    return executor ? executor->getCounts() : nullptr;
  }

  /// The executor that holds parameters and state; made at first use. It stays
  /// valid until run() is asked for another kind of executor.
  Result<Executor *> getHolder();

private:
  Result<Executor *> getExecutor(const std::string &kind);
  Status checkLoss(const HostArrays &outputs) const;
  std::string findOrigin(Executor &failed, const HostArrays &inputs,
                         const RunOptions &options);

  const Program &program;
  bool training;
  std::vector<std::string> losses; ///< that a step is checked by
  std::unique_ptr<Executor> executor;
  std::string executorKind;
};

} // namespace phx

#endif // PHX_RUN_EXECUTION_H
