//===- Executor.h - Functional execution of programs -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_EXEC_EXECUTOR_H
#define PHX_EXEC_EXECUTOR_H

#include "phx/isa/CountTrace.h"
#include "phx/isa/HostArray.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace phx {

/// What an executor observed in one layer.
struct LayerStatistics {
  uint64_t mantissas = 0;     ///< operand elements converted (inside extents)
  uint64_t zeroMantissas = 0; ///< non-zero inputs whose mantissa became 0
  /// Sum over the layer's output of reference^2 and (reference - value)^2;
  /// present after a run with `compareToFp32`.
  double signal = 0, noise = 0;
  bool compared = false;
};

/// More threads than any host has use for.
inline constexpr unsigned maxThreads = 1024;

struct ExecutionOptions {
  unsigned threads = 0; ///< 0: all hardware threads; at most maxThreads
  /// Treat every format as Fp32 (the arithmetic bypass).
  bool bypassFormats = false;
  /// Also runs the bypass in lockstep and fills `signal` and `noise`. Nothing is
  /// compared where arrays of some class have no bypass.
  bool compareToFp32 = false;
  /// Polled from the calling thread, between and within instructions, once
  /// `pollInterval` has passed since the last time; true stops with an
  /// "interrupted" error.
  std::function<bool()> interrupted;
  /// Zero: polled wherever it can be, whatever the clock says.
  std::chrono::milliseconds pollInterval{10};
  /// Called right after the last instruction of each layer that has an output
  /// region, with its value: where that instruction is in a loop, when the
  /// outermost loop around it is done. Layers without instructions (aliases)
  /// are not reported. An error stops the run.
  std::function<Status(uint32_t layer, const HostArray &value)> onLayer;
  /// Called with the outputs before mutable regions are replaced. An error is
  /// that of the run, which then replaces nothing.
  std::function<Status(const std::map<std::string, HostArray> &outputs)> accept;
};

/// The seam between implementations ("reference", "fast"): equal bits from all.
class Executor {
public:
  virtual ~Executor() = default;
  /// Runs `program` once. `inputs` by region name; every input region must be
  /// given with its exact shape and type, labels as int32 or int64. Returns
  /// outputs by region name. Mutable regions begin with what the latest
  /// successful run left in them; a run that fails or is interrupted leaves
  /// them as they were before it.
  virtual Result<std::map<std::string, HostArray>>
  run(const std::map<std::string, HostArray> &inputs,
      const ExecutionOptions &options) = 0;
  /// Names of the mutable regions, in program order.
  virtual std::vector<std::string> getStateNames() const = 0;
  /// What a mutable region will hold when the next run begins. Errors: unknown
  /// name.
  virtual Result<HostArray> getState(const std::string &name) const = 0;
  /// Replaces it. Errors: unknown name, another type or shape.
  virtual Status setState(const std::string &name, const HostArray &value) = 0;
  /// Replaces several. Nothing is replaced after an error or an exception.
  virtual Status setStates(const std::map<std::string, HostArray> &values) = 0;
  /// Back to the contents that the program begins with.
  virtual void resetState() = 0;
  /// Of the latest run, by layer index.
  virtual const std::vector<LayerStatistics> &getStatistics() const = 0;
  /// What the latest run wrote to the program's count registers, for its time
  /// and charges; null before a run that came to its end.
  virtual std::shared_ptr<const CountTrace> getCounts() const = 0;
};

/// Whether a run of `program`, valid as it is, can end on this machine. Errors:
/// one instruction has more than 2^56 elementary steps (elements, or products
/// of two numbers) over all its iterations, counted as if no count were
/// clipped; it writes to more bytes than the system has to give, twice as many
/// with `compareToFp32`.
Status checkFeasible(const Program &program, bool compareToFp32);

/// "reference" computes passes operation by operation; "fast" takes the integer
/// product directly wherever it provably is the same. Both round acc + term
/// once, to binary32 with its subnormals, and flush to +0 after that; what
/// accumulators continue from is flushed before. The bypass rounds as IEEE
/// says, flushes nothing and lets infinities pass. A group longer than the
/// array is summed over its passes, as integers (as binary32 in the bypass),
/// and added once, when it is complete. Maxima, in reductions and pools,
/// replace only by a strictly greater element or by the first NaN; a pool
/// window with no element is an error. Every NaN that is computed has the same
/// bits. Values of mutable regions stay finite: a run that would leave others
/// fails. The program must outlive the executor and be valid. Errors: unknown
/// kind, loops that do not match.
Result<std::unique_ptr<Executor>> createExecutor(const std::string &kind,
                                                 const Program &program);

} // namespace phx

#endif // PHX_EXEC_EXECUTOR_H
