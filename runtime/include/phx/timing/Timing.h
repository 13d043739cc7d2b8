//===- Timing.h - When each instruction runs -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_TIMING_TIMING_H
#define PHX_TIMING_TIMING_H

#include "phx/isa/CountTrace.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"
#include "phx/target/Target.h"

#include <functional>
#include <memory>
#include <vector>

namespace phx {

/// Time in femtoseconds.
using Femtoseconds = int64_t;

/// Duration of one dynamic execution of `instruction` with counts taken at
/// `counters` (0 if skipped), that of the slowest of its lanes. The timing class
/// of each instruction in docs/isa.md, priced by `target`. Values of count
/// registers have been put in (phx::resolve).
Femtoseconds getDuration(const Program &program, const Instruction &instruction,
                         const Counters &counters, const Target &target);

namespace detail {
class Durations;
} // namespace detail

/// The same for many executions: prices are read once. The program must outlive
/// it.
class InstructionDurations {
public:
  InstructionDurations(const Program &program, const Target &target);
  Femtoseconds get(const Instruction &instruction,
                   const Counters &counters) const;

private:
  std::shared_ptr<const detail::Durations> durations; ///< copies share it
};

enum class TimingMode {
  Closed, ///< jumps over iterations while every maximum keeps its winner
  Stepped ///< one dynamic instruction after the other; shares no jump code
};

struct EngineTiming {
  EngineId engine;
  Femtoseconds busy = 0;
  /// Waiting for a token whose signaller is the indexed kind of engine
  /// (dma, vec, core); under core also for other arrays of one lockstep range.
  /// And idle after the engine's last instruction or wait.
  /// Busy, stalled and idle add up to the latency.
  std::array<Femtoseconds, 3> stalled{};
  Femtoseconds idle = 0;
  uint64_t instructions = 0; ///< executed (not skipped), tokens excluded
};

/// Of an instruction that several arrays execute in lockstep, `instructions`
/// counts each array.
struct LayerTiming {
  bool executed = false;
  Femtoseconds begin = 0, end = 0; ///< first start to last completion
  /// First programming to last streamed vector; 0 if there are no products.
  Femtoseconds coreBegin = 0, coreEnd = 0;
  /// The longest that one engine executes its instructions.
  Femtoseconds busy = 0;
  uint64_t instructions = 0;
  friend bool operator==(const LayerTiming &, const LayerTiming &) = default;
};

/// One stretch of the timeline: an executed instruction, or `repeat` > 1
/// executions of it that a jump covered, from the first begin to the last end.
/// Arrays that a program does not tell apart share slices (EngineBlocks.h).
struct TimelineSlice {
  EngineId engine; ///< the first of them
  uint32_t instruction = 0; ///< index into code
  uint32_t layer = noLayer;
  Femtoseconds begin = 0, end = 0;
  uint64_t repeat = 1;
  /// Between repetitions; 0 if they are not evenly spaced (nested loops).
  Femtoseconds period = 0;
  uint32_t arrays = 1; ///< engines that it stands for
};

struct TimingResult {
  Femtoseconds latency = 0;
  std::vector<EngineTiming> engines; ///< dma, vec, core[0..n)
  std::vector<LayerTiming> layers;
  /// Largest instantaneous dynamic power in watts, if `power` was given.
  double peakDynamicW = 0;
  /// False: uncoupled engines drifted past each other inside a jump and
  /// `peakDynamicW` is an upper bound.
  bool peakIsExact = true;
  uint64_t stepped = 0; ///< dynamic instructions simulated one by one
};

struct TimingOptions {
  TimingMode mode = TimingMode::Closed;
  /// What count registers hold; of a program that depends on some.
  RunCounts counts = {};
  /// Power in watts, >= 0, of one dynamic execution while it is active. It may
  /// depend on the counters through guards, counts, zero fill, whether an
  /// accumulation starts and what `chargedBy` of descriptions lists, through
  /// nothing else. Where it changes, the closed
  /// simulation has to step, as if a duration did.
  std::function<double(const Instruction &, const Counters &)> power;
  /// Receives the timeline in no particular order.
  std::function<void(const TimelineSlice &)> timeline;
};

Result<TimingResult> simulate(const Program &program, const Target &target,
                              const TimingOptions &options = {});

} // namespace phx

#endif // PHX_TIMING_TIMING_H
