//===- CountTrace.h - What count registers hold during a run ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Time and charges of a program with count registers depend on what registers
// hold. An execution records what is written to them, in the order of the
// stream; the timing engine and the energy model, which compute no values, play
// it back. Without an execution each register is assumed to be a constant.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_COUNTTRACE_H
#define PHX_ISA_COUNTTRACE_H

#include "phx/isa/Registers.h"
#include "phx/support/Result.h"

#include <map>
#include <memory>

namespace phx {

/// What one execution wrote to the registers of a program, run-length
/// compressed.
class CountTrace {
public:
  /// A gigabyte of them. A loop that writes another value each time would fill
  /// any memory otherwise.
  static constexpr uint64_t maxRuns = uint64_t(1) << 26;

  CountTrace() = default;
  explicit CountTrace(size_t registers, uint64_t mostRuns = maxRuns)
      : runs(registers), runsLeft(mostRuns) {}

  /// So many writes of one value, one behind the other.
  struct Run {
    int64_t value = 0;
    uint64_t times = 0;
    friend bool operator==(const Run &, const Run &) = default;
  };
  /// False, and nothing recorded, if there were too many runs.
  [[nodiscard]] bool record(uint32_t registerIndex, int64_t value);
  size_t getNumRegisters() const { return runs.size(); }
  const std::vector<Run> &getRuns(uint32_t registerIndex) const {
    return runs[registerIndex];
  }
  friend bool operator==(const CountTrace &, const CountTrace &) = default;

private:
  std::vector<std::vector<Run>> runs; ///< by register
  uint64_t runsLeft = maxRuns;
};

/// Of what was written to one register.
struct CountStatistics {
  uint64_t writes = 0;
  int64_t least = 0, most = 0;
  double mean = 0;
};
CountStatistics getStatistics(const std::vector<CountTrace::Run> &runs);

/// What registers hold during the run that is timed.
struct RunCounts {
  std::shared_ptr<const CountTrace> trace; ///< of an execution
  /// Without a trace: what each register holds all the time, by register.
  /// Absent of registers that nothing depends on.
  std::vector<std::optional<int64_t>> assumed;
  /// The same trace, not an equal one.
  friend bool operator==(const RunCounts &, const RunCounts &) = default;
};

/// Each register the constant of its name. Errors: a name that is no
/// register's, a value that the register cannot hold.
Result<RunCounts> assumeCounts(const Program &program,
                               const std::map<std::string, int64_t> &values);

/// Registers that counts, guards or loops of a program depend on, ascending.
std::vector<uint32_t> listReadRegisters(const Program &program);
/// Whether `counts` say what the program depends on. Errors: the registers that
/// nothing is known of; a trace of another program.
Status checkCounts(const Program &program, const RunCounts &counts);

/// What registers decide as the stream of a program is gone through without
/// being executed: plays back the writes of a run.
class CountPlayer {
public:
  /// `counts` have been checked, and outlive the player.
  CountPlayer(const Program &program, const RunCounts &counts);

  const RegisterValues &getValues() const { return values; }
  /// Whether registers have a say in what code[index] does.
  bool isConditional(size_t index) const {
    return uses[index].isConditional();
  }
  /// Registers that code[index] writes where it is executed.
  const std::vector<uint32_t> &getWrites(size_t index) const {
    return uses[index].writes;
  }
  /// code[index] with what registers hold; valid until the next call.
  const Instruction &getResolved(size_t index) {
    return code.get(index, values);
  }

  /// A loop begins inside `depth` others: as OpenTrips.
  int64_t enterLoop(size_t depth, const Loop &loop) {
    return trips.enter(depth, loop, values);
  }
  void leaveLoop(size_t depth) { trips.leave(depth); }
  bool isInside(const Counters &counters) const {
    return trips.areInside(counters);
  }
  /// Whether each write to a register writes the same: which of them have been
  /// made does not matter then, but for the first.
  bool isConstant(uint32_t registerIndex) const {
    return !counts.trace ||
           counts.trace->getRuns(registerIndex).size() <= 1;
  }
  /// code[index] is executed; call for each instruction that writes registers,
  /// in the order of the stream. Errors: the execution did not get here as
  /// often.
  Status write(size_t index);
  /// The stream ends. Errors: the execution wrote more than was played back.
  Status finish() const;

private:
  struct Place {
    size_t run = 0;
    uint64_t times = 0; ///< taken of it
  };
  const Program &program;
  const RunCounts &counts;
  RegisterValues values;
  std::vector<Place> places; ///< by register
  std::vector<RegisterUse> uses; ///< by instruction
  ResolvedCode code;
  OpenTrips trips;
};

} // namespace phx

#endif // PHX_ISA_COUNTTRACE_H
