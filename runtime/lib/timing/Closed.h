//===- Closed.h - Jumps over iterations of loops ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between changes of a count a loop body is a max-plus linear map of the times
// that enter it: of the engines, and of the tokens in flight. Blocks of a few
// iterations are run one by one. Where two consecutive blocks executed the same
// instructions with the same durations, had the same winner at each maximum,
// and moved each time by the same amount, the map is a plain linear one whose
// step reproduces itself: every time inside the block grows linearly for as
// long as no maximum changes its winner and no duration changes. Both are
// bounded, and that many blocks are skipped at once.
//
// For an outer loop, a jump of an inner one is part of its block. Jumps of
// equal length keep the map linear, and a difference that is linear over the
// skipped iterations has one sign if it has it at both ends, so it suffices to
// log the length and the maxima of the last iteration skipped.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_CLOSED_H
#define PHX_LIB_TIMING_CLOSED_H

#include "History.h"
#include "JumpLimits.h"
#include "PowerProfile.h"
#include "Simulations.h"

#include <map>
#include <tuple>

namespace phx::detail {

/// Times of a token that was signalled and not yet awaited.
class Queue {
public:
  size_t size() const { return times.size() - head; }
  void push(Femtoseconds time) { times.push_back(time); }
  Femtoseconds pop() {
    Femtoseconds time = times[head++];
    if (head == times.size()) {
      times.clear();
      head = 0;
    } else if (head > 64 && head * 2 > times.size()) {
      times.erase(times.begin(), times.begin() + static_cast<ptrdiff_t>(head));
      head = 0;
    }
    return time;
  }
  Femtoseconds &operator[](size_t i) { return times[head + i]; }

private:
  std::vector<Femtoseconds> times;
  size_t head = 0;
};

class ClosedSimulation {
public:
  ClosedSimulation(const Program &program, const Durations &durations,
                   const Layout &layout, const TimingOptions &options);
  Status run();
  TimingResult finish();

private:
  /// Executions on one engine for one layer; programming and streaming apart.
  struct Slot {
    unsigned engine = 0;
    uint32_t layer = noLayer;
    ArrayStateUse use = ArrayStateUse::None;
    Femtoseconds first = 0, last = 0, busy = 0;
    int64_t count = 0;
  };
  struct Step {
    Opcode opcode = Halt::opcode;
    bool varies = false;
    bool isPlaced = true; ///< on one engine, always the same
    unsigned engine = 0;  ///< or the first of those that it may run on
    /// Token, loop, or slot: that of `engine`, those of others behind it.
    uint32_t index = 0;
    Femtoseconds duration = 0;
    double watts = 0;
  };
  /// What the body of a loop touches.
  struct LoopParts {
    std::vector<unsigned> engines;
    std::vector<uint32_t> tokens, slots;
    /// Values of a mark, without those of tokens in flight.
    int64_t size() const {
      return static_cast<int64_t>(4 * engines.size() + 3 * slots.size() + 1);
    }
  };
  /// Of one run of a loop.
  struct Progress {
    int64_t count = 0;   ///< trips
    int64_t done = 0;    ///< iterations behind us
    int64_t since = 0;   ///< of them, before the history began
    int64_t pause = 0;   ///< iterations between two attempts to jump
    int64_t nextTry = 0; ///< `done` of the next attempt
    bool patient = true; ///< waits for a longer period if that promises more
  };
  using Stalls = std::array<Femtoseconds, 3>;

  Step prepareStep(size_t index);
  uint32_t getSlot(unsigned engine, const Instruction &instruction);
  void collectParts();

  bool runCode(size_t begin, size_t end);
  bool runLoop(size_t index);
  bool runAll(size_t index);
  bool runIterations(size_t index, History &history);
  bool execute(size_t index, const Step &step);
  bool run(size_t index, const Step &step, Femtoseconds duration, double watts);
  bool runTogether(size_t index, const Step &step, Femtoseconds duration,
                   double watts);
  void occupy(size_t index, unsigned engine, Slot &slot, Femtoseconds begin,
              Femtoseconds end);
  bool wait(size_t index, const Step &step);
  void stall(unsigned engine, Femtoseconds difference, EngineKind reason);
  Femtoseconds getLatest(BlockSpan blocks);
  bool fail(Error error) {
    failure = std::move(error);
    return false;
  }

  void appendMark(const LoopParts &parts, History &history);
  bool repeats(const LoopParts &parts, const Mark &begin, const Mark &middle,
               const Mark &end) const;
  bool jump(size_t index, History &history, Progress &progress);
  bool isWorthIt(size_t index, const Progress &progress, int64_t period,
                 int64_t blocks) const;
  bool skip(size_t index, int64_t period, const Mark &begin, const Mark &middle,
            const Mark &end, int64_t blocks);
  bool moveTimes(const LoopParts &parts, const Mark &begin, const Mark &middle,
                 const Mark &end, int64_t blocks);
  void logJump(size_t index, int64_t period, const Mark &begin,
               const Mark &middle, const Mark &end, int64_t blocks);
  void skipSlices(const Mark &begin, const Mark &middle, const Mark &end,
                  int64_t blocks);
  void forget();

  const Program &program;
  const Durations &durations;
  const Layout &layout;
  const TimingOptions &options;
  CountPlayer player;
  const JumpLimits limits;

  std::vector<Step> steps;
  std::vector<Slot> slots;
  std::vector<uint32_t> slotLists; ///< of steps that are not placed
  std::map<std::tuple<unsigned, uint32_t, ArrayStateUse>, uint32_t> slotNumbers;
  std::vector<LoopParts> loops;

  Counters counters{};
  std::vector<Femtoseconds> now;
  std::vector<Stalls> stalls;
  std::vector<Queue> tokens;
  PowerProfile powers;
  Log log;
  std::array<History, 8> histories;
  unsigned recording = 0;  ///< loops whose history is kept
  uint64_t generation = 0; ///< of the log
  size_t topLevel = 0;     ///< instruction outside all loops
  uint64_t stepped = 0;
  Error failure;
};

} // namespace phx::detail

#endif // PHX_LIB_TIMING_CLOSED_H
