//===- Stepped.cpp - One dynamic instruction after the other ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Simulations.h"

#include "Dependencies.h"
#include "PowerMerge.h"

#include <algorithm>
#include <deque>
#include <limits>

using namespace phx;
using namespace phx::detail;

namespace {

/// The plain reading of the machine: what the closed simulation is measured
/// against.
class SteppedSimulation {
public:
  SteppedSimulation(const Program &program, const Durations &durations,
                    const Layout &layout, const TimingOptions &options);
  Status run();
  TimingResult finish();

private:
  /// An instruction without the parts that do not vary.
  struct Step {
    Opcode opcode = Halt::opcode;
    ArrayStateUse use = ArrayStateUse::None;
    bool varies = false; ///< with loop counters
    uint32_t token = 0;
    Femtoseconds duration = 0; ///< unless it varies
    double watts = 0;          ///< unless it varies
  };

  Step prepare(const Instruction &instruction) const;
  Status runStep(size_t index);
  void leave(unsigned depth) {
    counters[depth] = 0;
    player.leaveLoop(depth);
  }
  Status execute(size_t index, const Step &step);
  Status wait(size_t index, const Step &step);
  Femtoseconds getLatest(BlockSpan blocks) const;
  void stall(uint32_t block, Femtoseconds until, EngineKind reason);
  void note(size_t index, const Step &step, BlockSpan blocks,
            Femtoseconds begin, Femtoseconds end);
  void noteLayer(uint32_t layer, const Step &step, BlockSpan blocks,
                 Femtoseconds begin, Femtoseconds end);

  const Program &program;
  const Durations &durations;
  const Layout &layout;
  const TimingOptions &options;

  CountPlayer player;
  std::vector<Step> steps;
  Counters counters{};
  std::vector<Femtoseconds> now; ///< by engine
  std::vector<std::deque<Femtoseconds>> tokens;
  TimingResult result;
  std::vector<EngineTiming> engines; ///< by block
  std::vector<bool> hasTile; ///< by layer
  LayerEngines busy;
  PowerMerge powers;
};

} // namespace

SteppedSimulation::SteppedSimulation(const Program &program,
                                     const Durations &durations,
                                     const Layout &layout,
                                     const TimingOptions &options)
    : program(program), durations(durations), layout(layout), options(options),
      player(program, options.counts), now(layout.engines),
      tokens(program.tokens),
      hasTile(program.layers.size()),
      busy(program.layers.size(), layout.engines), powers(layout.engines) {
  engines.resize(layout.engines);
  result.layers.resize(program.layers.size());
  for (const Instruction &instruction : program.code)
    steps.push_back(prepare(instruction));
}

SteppedSimulation::Step
SteppedSimulation::prepare(const Instruction &instruction) const {
  Step step;
  step.opcode = instruction.body.getOpcode();
  step.use = instruction.getDescription().state;
  if (auto *signal = getIf<Signal>(instruction.body))
    step.token = signal->token;
  if (auto *wait = getIf<Wait>(instruction.body))
    step.token = wait->token;
  step.varies = varies(instruction, options.power != nullptr);
  if (step.varies || step.opcode <= End::opcode)
    return step;
  step.duration = durations.get(instruction, {});
  if (options.power && step.duration > 0)
    step.watts = options.power(instruction, {});
  return step;
}

Status SteppedSimulation::run() {
  std::array<size_t, 8> body{};
  unsigned depth = 0;
  for (size_t i = 0; i < layout.halt; ++i) {
    if (steps[i].opcode == Loop::opcode) {
      body[depth] = i;
      player.enterLoop(depth, getAs<Loop>(program.code[i].body));
      counters[depth++] = 0;
    } else if (steps[i].opcode == End::opcode) {
      const Loop &loop = getAs<Loop>(program.code[body[depth - 1]].body);
      if (++counters[depth - 1] < loop.count)
        i = body[depth - 1];
      else
        leave(--depth);
    } else if (Status status = runStep(i); !status.ok()) {
      return status;
    }
    if (options.power && result.stepped % 4096 == 0) {
      // Engines that are done or stand in an earlier part of the stream hold
      // nothing back.
      Femtoseconds limit = std::numeric_limits<Femtoseconds>::max();
      size_t first = depth ? body[0] : i + 1;
      for (unsigned e = 0; e < layout.engines; ++e)
        if (layout.lastUse[e] >= first)
          limit = std::min(limit, now[e]);
      if (limit != std::numeric_limits<Femtoseconds>::max())
        powers.advance(limit);
    }
  }
  return player.finish();
}

Status SteppedSimulation::runStep(size_t index) {
  const Step &step = steps[index];
  ++result.stepped;
  if (step.opcode != Signal::opcode && step.opcode != Wait::opcode)
    return execute(index, step);
  if (step.varies && !evaluate(program.code[index].guard, counters))
    return Status::success();
  if (step.opcode == Wait::opcode)
    return wait(index, step);
  tokens[step.token].push_back(getLatest(layout.blocks.get(index, counters)));
  return Status::success();
}

/// When all of them are free.
Femtoseconds SteppedSimulation::getLatest(BlockSpan blocks) const {
  Femtoseconds latest = now[blocks.begin];
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    latest = std::max(latest, now[block]);
  return latest;
}

void SteppedSimulation::stall(uint32_t block, Femtoseconds until,
                              EngineKind reason) {
  if (until <= now[block])
    return;
  engines[block].stalled[getStallReason(reason)] += until - now[block];
  now[block] = until;
}

Status SteppedSimulation::wait(size_t index, const Step &step) {
  std::deque<Femtoseconds> &queue = tokens[step.token];
  if (queue.empty())
    return makeEmptyTokenError(index, step.token);
  Femtoseconds signalled = queue.front();
  queue.pop_front();
  BlockSpan blocks = layout.blocks.get(index, counters);
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    stall(block, signalled, layout.signaller[step.token]);
  return Status::success();
}

Status SteppedSimulation::execute(size_t index, const Step &step) {
  if (player.isConditional(index) && !player.isInside(counters))
    return Status::success();
  Femtoseconds duration =
      step.varies ? durations.get(player.getResolved(index), counters)
                  : step.duration;
  if (duration == Durations::skipped)
    return Status::success();
  BlockSpan blocks = layout.blocks.get(index, counters);
  Femtoseconds begin = getLatest(blocks), end;
  if (__builtin_add_overflow(begin, duration, &end))
    return makeTooLongError();
  for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
    stall(block, begin, EngineKind::Core);
    now[block] = end;
  }
  note(index, step, blocks, begin, end);
  return player.getWrites(index).empty() ? Status::success()
                                         : player.write(index);
}

void SteppedSimulation::note(size_t index, const Step &step, BlockSpan blocks,
                             Femtoseconds begin, Femtoseconds end) {
  uint32_t layer = program.code[index].layer;
  for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
    engines[block].busy += end - begin;
    ++engines[block].instructions;
    if (options.timeline)
      options.timeline({getEngine(program, layout.blocks.getFirst(block)),
                        static_cast<uint32_t>(index), layer, begin, end, 1, 0,
                        layout.blocks.getCount(block)});
  }
  if (layer != noLayer)
    noteLayer(layer, step, blocks, begin, end);
  // The power of all lanes counts once, on the first of them.
  if (options.power && end > begin)
    powers.add(blocks.begin, begin, end,
               step.varies ? options.power(player.getResolved(index), counters)
                           : step.watts);
}

void SteppedSimulation::noteLayer(uint32_t index, const Step &step,
                                  BlockSpan blocks, Femtoseconds begin,
                                  Femtoseconds end) {
  LayerTiming &layer = result.layers[index];
  layer.begin = layer.executed ? std::min(layer.begin, begin) : begin;
  layer.end = std::max(layer.end, end);
  layer.executed = true;
  for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
    layer.instructions += layout.blocks.getCount(block);
    busy.add(index, block, end - begin);
  }
  if (step.use == ArrayStateUse::Programs) {
    layer.coreBegin = hasTile[index] ? std::min(layer.coreBegin, begin) : begin;
    hasTile[index] = true;
  } else if (step.use == ArrayStateUse::Uses) {
    layer.coreEnd = std::max(layer.coreEnd, end);
  }
}

TimingResult SteppedSimulation::finish() {
  result.latency = *std::max_element(now.begin(), now.end());
  for (unsigned e = 0; e < layout.engines; ++e)
    engines[e].idle = result.latency - now[e];
  result.engines = listEngines(program, layout.blocks, engines);
  for (size_t i = 0; i < result.layers.size(); ++i) {
    LayerTiming &layer = result.layers[i];
    // Only one of the two is no product of this layer.
    if (!hasTile[i] || layer.coreEnd <= layer.coreBegin)
      layer.coreBegin = layer.coreEnd = 0;
    layer.busy = busy.getLongest(i);
  }
  powers.advance(result.latency);
  result.peakDynamicW = powers.getPeak();
  return std::move(result);
}

/// Instructions in all iterations; beyond the limit the number does not matter.
static int64_t countSteps(const Program &program) {
  std::vector<int64_t> iterations{1};
  int64_t steps = 0;
  for (const Instruction &instruction : program.code) {
    if (const auto *loop = getIf<Loop>(instruction.body)) {
      int64_t inside = 0;
      if (__builtin_mul_overflow(iterations.back(), loop->count, &inside))
        inside = maxSteppedSteps + 1;
      iterations.push_back(inside);
    } else if (holds<End>(instruction.body)) {
      iterations.pop_back();
    } else if (steps <= maxSteppedSteps) {
      steps += std::min(iterations.back(), maxSteppedSteps + 1);
    }
  }
  return steps;
}

Result<TimingResult>
phx::detail::simulateStepped(const Program &program, const Durations &durations,
                             const Layout &layout,
                             const TimingOptions &options) {
  if (countSteps(program) > maxSteppedSteps)
    return Error{"the program executes more than 2^33 instructions, too many "
                 "to step through; use --timing closed, which gives the same "
                 "times"};
  SteppedSimulation simulation(program, durations, layout, options);
  if (Status status = simulation.run(); !status.ok())
    return status.error();
  return simulation.finish();
}
