//===- Closed.cpp - Stepping between the jumps ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Closed.h"

#include "Dependencies.h"

#include <algorithm>
#include <bit>
#include <limits>

using namespace phx;
using namespace phx::detail;

namespace {
/// In the log, in place of a duration.
constexpr uint64_t skipKey = ~uint64_t(0);
} // namespace

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

ClosedSimulation::ClosedSimulation(const Program &program,
                                   const Durations &durations,
                                   const Layout &layout,
                                   const TimingOptions &options)
    : program(program), durations(durations), layout(layout), options(options),
      player(program, options.counts),
      limits(program, layout, player, options.power != nullptr),
      now(layout.engines),
      stalls(layout.engines), tokens(program.tokens), powers(layout.engines) {
  for (size_t i = 0; i < layout.halt; ++i)
    steps.push_back(prepareStep(i));
  collectParts();
}

uint32_t ClosedSimulation::getSlot(unsigned engine,
                                   const Instruction &instruction) {
  ArrayStateUse use = instruction.getDescription().state;
  auto [entry, isNew] = slotNumbers.try_emplace(
      {engine, instruction.layer, use}, static_cast<uint32_t>(slots.size()));
  if (isNew)
    slots.push_back({engine, instruction.layer, use, 0, 0, 0, 0});
  return entry->second;
}

ClosedSimulation::Step ClosedSimulation::prepareStep(size_t index) {
  const Instruction &instruction = program.code[index];
  Step step;
  step.opcode = instruction.body.getOpcode();
  if (step.opcode == Loop::opcode)
    step.index = static_cast<uint32_t>(loops.size()), loops.emplace_back();
  if (step.opcode <= End::opcode)
    return step;
  BlockSpan reach = layout.blocks.getReach(index);
  step.engine = reach.begin;
  step.isPlaced = layout.isPlaced(index);
  step.varies = varies(instruction, options.power != nullptr) ||
                player.isConditional(index);
  if (auto *signal = getIf<Signal>(instruction.body)) {
    step.index = signal->token;
    return step;
  }
  if (auto *wait = getIf<Wait>(instruction.body)) {
    step.index = wait->token;
    return step;
  }
  if (step.isPlaced) {
    step.index = getSlot(step.engine, instruction);
  } else {
    step.index = static_cast<uint32_t>(slotLists.size());
    for (uint32_t block = reach.begin; block < reach.end; ++block)
      slotLists.push_back(getSlot(block, instruction));
  }
  if (step.varies)
    return step;
  step.duration = durations.get(instruction, {});
  if (options.power && step.duration > 0)
    step.watts = options.power(instruction, {});
  return step;
}

template <typename T> static void makeUnique(std::vector<T> &values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void ClosedSimulation::collectParts() {
  std::vector<uint32_t> open;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step &step = steps[i];
    if (step.opcode == Loop::opcode)
      open.push_back(step.index);
    if (step.opcode == End::opcode)
      open.pop_back();
    if (step.opcode <= End::opcode)
      continue;
    for (uint32_t loop : open) {
      LoopParts &parts = loops[loop];
      bool isToken =
          step.opcode == Signal::opcode || step.opcode == Wait::opcode;
      BlockSpan reach = layout.blocks.getReach(i);
      for (uint32_t block = reach.begin; block < reach.end; ++block)
        parts.engines.push_back(block);
      if (isToken)
        parts.tokens.push_back(step.index);
      else if (step.isPlaced)
        parts.slots.push_back(step.index);
      else
        for (uint32_t k = 0; k < reach.end - reach.begin; ++k)
          parts.slots.push_back(slotLists[step.index + k]);
    }
  }
  for (LoopParts &parts : loops) {
    makeUnique(parts.engines);
    makeUnique(parts.tokens);
    makeUnique(parts.slots);
  }
}

//===----------------------------------------------------------------------===//
// Stepping
//===----------------------------------------------------------------------===//

Status ClosedSimulation::run() {
  if (!runCode(0, layout.halt))
    return failure;
  return player.finish();
}

bool ClosedSimulation::runCode(size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    const Step &step = steps[i];
    if (recording == 0 && layout.depth[i] == 0)
      topLevel = i;
    if (step.opcode == Loop::opcode) {
      if (!runLoop(i))
        return false;
      i = layout.matching[i];
      continue;
    }
    if (++stepped > maxClosedSteps)
      return fail(makeTooManyStepsError(program, i));
    if (step.opcode != Signal::opcode && step.opcode != Wait::opcode) {
      if (!execute(i, step))
        return false;
      continue;
    }
    if (step.varies) {
      bool holds = evaluate(program.code[i].guard, counters);
      if (recording)
        log.keys.push_back(holds);
      if (!holds)
        continue;
    }
    if (step.opcode == Signal::opcode)
      tokens[step.index].push(
          step.isPlaced ? now[step.engine]
                        : getLatest(layout.blocks.get(i, counters)));
    else if (!wait(i, step))
      return false;
  }
  return true;
}

void ClosedSimulation::stall(unsigned engine, Femtoseconds difference,
                             EngineKind reason) {
  if (recording)
    log.differences.push_back(difference);
  if (difference <= 0)
    return;
  stalls[engine][getStallReason(reason)] += difference;
  now[engine] += difference;
}

/// When all of them are free: a maximum, step by step. Which blocks they are is
/// part of what has to repeat.
Femtoseconds ClosedSimulation::getLatest(BlockSpan blocks) {
  Femtoseconds latest = now[blocks.begin];
  if (recording)
    log.keys.push_back(blocks.begin);
  for (uint32_t block = blocks.begin + 1; block < blocks.end; ++block) {
    if (recording)
      log.differences.push_back(now[block] - latest);
    latest = std::max(latest, now[block]);
  }
  return latest;
}

bool ClosedSimulation::wait(size_t index, const Step &step) {
  if (tokens[step.index].size() == 0)
    return fail(makeEmptyTokenError(index, step.index));
  Femtoseconds signalled = tokens[step.index].pop();
  EngineKind reason = layout.signaller[step.index];
  if (step.isPlaced) {
    stall(step.engine, signalled - now[step.engine], reason);
    return true;
  }
  BlockSpan blocks = layout.blocks.get(index, counters);
  if (recording)
    log.keys.push_back(blocks.begin);
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    stall(block, signalled - now[block], reason);
  return true;
}

bool ClosedSimulation::execute(size_t index, const Step &step) {
  Femtoseconds duration = step.duration;
  double watts = step.watts;
  if (step.varies) {
    const Instruction &instruction = player.getResolved(index);
    duration = player.isInside(counters)
                   ? durations.get(instruction, counters)
                   : Durations::skipped;
    if (options.power && duration > 0)
      watts = options.power(instruction, counters);
    if (recording) {
      log.keys.push_back(duration == Durations::skipped
                             ? skipKey
                             : static_cast<uint64_t>(duration));
      if (options.power && duration > 0)
        log.keys.push_back(std::bit_cast<uint64_t>(watts));
    }
  }
  if (duration == Durations::skipped)
    return true;
  if (!player.getWrites(index).empty())
    if (Status status = player.write(index); !status)
      return fail(status.error());
  return step.isPlaced ? run(index, step, duration, watts)
                       : runTogether(index, step, duration, watts);
}

bool ClosedSimulation::run(size_t index, const Step &step,
                           Femtoseconds duration, double watts) {
  Femtoseconds begin = now[step.engine], end;
  if (__builtin_add_overflow(begin, duration, &end))
    return fail(makeTooLongError());
  occupy(index, step.engine, slots[step.index], begin, end);
  if (options.power)
    powers.add(step.engine, begin, end, watts);
  return true;
}

/// On several blocks, or on others at other counters.
bool ClosedSimulation::runTogether(size_t index, const Step &step,
                                   Femtoseconds duration, double watts) {
  BlockSpan blocks = layout.blocks.get(index, counters);
  Femtoseconds begin = getLatest(blocks), end;
  if (__builtin_add_overflow(begin, duration, &end))
    return fail(makeTooLongError());
  for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
    if (!blocks.isSingle())
      stall(block, begin - now[block], EngineKind::Core);
    uint32_t slot = slotLists[step.index + block - step.engine];
    occupy(index, block, slots[slot], begin, end);
  }
  // The power of all lanes counts once, on the first of them.
  if (options.power)
    powers.add(blocks.begin, begin, end, watts);
  return true;
}

void ClosedSimulation::occupy(size_t index, unsigned engine, Slot &slot,
                              Femtoseconds begin, Femtoseconds end) {
  now[engine] = end;
  if (slot.count++ == 0)
    slot.first = begin;
  slot.last = end;
  slot.busy += end - begin;
  if (!options.timeline)
    return;
  options.timeline({getEngine(program, layout.blocks.getFirst(engine)),
                    static_cast<uint32_t>(index), slot.layer, begin, end, 1, 0,
                    layout.blocks.getCount(engine)});
  if (recording)
    log.slices.push_back({static_cast<uint32_t>(index), begin, end, 1, engine});
}

//===----------------------------------------------------------------------===//
// Result
//===----------------------------------------------------------------------===//

TimingResult ClosedSimulation::finish() {
  TimingResult result;
  result.stepped = stepped;
  std::vector<EngineTiming> engines(layout.engines);
  result.layers.resize(program.layers.size());
  result.latency = *std::max_element(now.begin(), now.end());
  for (unsigned e = 0; e < layout.engines; ++e) {
    EngineTiming &engine = engines[e];
    engine.stalled = stalls[e];
    engine.idle = result.latency - now[e];
    // Nothing else moves an engine's time.
    engine.busy = now[e] - stalls[e][0] - stalls[e][1] - stalls[e][2];
  }
  std::vector<bool> hasTile(result.layers.size());
  LayerEngines busy(result.layers.size(), layout.engines);
  for (const Slot &slot : slots) {
    engines[slot.engine].instructions += static_cast<uint64_t>(slot.count);
    if (slot.layer == noLayer || slot.count == 0)
      continue;
    LayerTiming &layer = result.layers[slot.layer];
    layer.begin =
        layer.executed ? std::min(layer.begin, slot.first) : slot.first;
    layer.end = std::max(layer.end, slot.last);
    layer.executed = true;
    layer.instructions += static_cast<uint64_t>(slot.count) *
                          layout.blocks.getCount(slot.engine);
    busy.add(slot.layer, slot.engine, slot.busy);
    if (slot.use == ArrayStateUse::Programs) {
      layer.coreBegin = hasTile[slot.layer]
                            ? std::min(layer.coreBegin, slot.first)
                            : slot.first;
      hasTile[slot.layer] = true;
    } else if (slot.use == ArrayStateUse::Uses) {
      layer.coreEnd = std::max(layer.coreEnd, slot.last);
    }
  }
  result.engines = listEngines(program, layout.blocks, engines);
  for (size_t i = 0; i < result.layers.size(); ++i) {
    LayerTiming &layer = result.layers[i];
    if (!hasTile[i] || layer.coreEnd <= layer.coreBegin)
      layer.coreBegin = layer.coreEnd = 0;
    layer.busy = busy.getLongest(i);
  }
  if (options.power)
    powers.flush(result.latency);
  result.peakDynamicW = powers.getPeak();
  result.peakIsExact = powers.isExact();
  return result;
}

Result<TimingResult> phx::detail::simulateClosed(const Program &program,
                                                 const Durations &durations,
                                                 const Layout &layout,
                                                 const TimingOptions &options) {
  ClosedSimulation simulation(program, durations, layout, options);
  if (Status status = simulation.run(); !status.ok())
    return status.error();
  return simulation.finish();
}
