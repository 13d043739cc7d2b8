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
      limits(program, layout, options.power != nullptr), now(layout.engines),
      stalls(layout.engines), tokens(program.tokens), powers(layout.engines) {
  for (size_t i = 0; i < layout.halt; ++i)
    steps.push_back(prepareStep(i));
  collectParts();
}

uint32_t ClosedSimulation::getSlot(const Instruction &instruction) {
  ArrayStateUse use = instruction.getDescription().state;
  unsigned engine = getEngineNumber(program, instruction.engine);
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
  step.engine = getEngineNumber(program, instruction.engine);
  step.varies = !getDependencies(instruction, options.power != nullptr).empty();
  if (auto *signal = getIf<Signal>(instruction.body)) {
    step.index = signal->token;
    return step;
  }
  if (auto *wait = getIf<Wait>(instruction.body)) {
    step.index = wait->token;
    return step;
  }
  step.index = getSlot(instruction);
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
  for (const Step &step : steps) {
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
      parts.engines.push_back(step.engine);
      (isToken ? parts.tokens : parts.slots).push_back(step.index);
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
  return Status::success();
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
      tokens[step.index].push(now[step.engine]);
    else if (!wait(i, step))
      return false;
  }
  return true;
}

bool ClosedSimulation::wait(size_t index, const Step &step) {
  if (tokens[step.index].size() == 0)
    return fail(makeEmptyTokenError(index, step.index));
  Femtoseconds signalled = tokens[step.index].pop();
  Femtoseconds difference = signalled - now[step.engine];
  if (recording)
    log.differences.push_back(difference);
  if (difference > 0) {
    EngineKind kind = layout.signaller[step.index];
    stalls[step.engine][getStallReason(kind)] += difference;
    now[step.engine] = signalled;
  }
  return true;
}

bool ClosedSimulation::execute(size_t index, const Step &step) {
  const Instruction &instruction = program.code[index];
  Femtoseconds duration = step.duration;
  double watts = step.watts;
  if (step.varies) {
    duration = durations.get(instruction, counters);
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
  Femtoseconds begin = now[step.engine], end;
  if (__builtin_add_overflow(begin, duration, &end))
    return fail(makeTooLongError());
  now[step.engine] = end;
  Slot &slot = slots[step.index];
  if (slot.count++ == 0)
    slot.first = begin;
  slot.last = end;
  slot.busy += duration;
  if (options.timeline) {
    options.timeline({instruction.engine, static_cast<uint32_t>(index),
                      instruction.layer, begin, end, 1, 0});
    if (recording)
      log.slices.push_back({static_cast<uint32_t>(index), begin, end, 1});
  }
  if (options.power)
    powers.add(step.engine, begin, end, watts);
  return true;
}

//===----------------------------------------------------------------------===//
// Result
//===----------------------------------------------------------------------===//

TimingResult ClosedSimulation::finish() {
  TimingResult result;
  result.stepped = stepped;
  result.engines = makeEngines(program);
  result.layers.resize(program.layers.size());
  result.latency = *std::max_element(now.begin(), now.end());
  for (unsigned e = 0; e < layout.engines; ++e) {
    EngineTiming &engine = result.engines[e];
    engine.stalled = stalls[e];
    engine.idle = result.latency - now[e];
    // Nothing else moves an engine's time.
    engine.busy = now[e] - stalls[e][0] - stalls[e][1] - stalls[e][2];
  }
  std::vector<bool> hasTile(result.layers.size());
  LayerEngines busy(result.layers.size(), layout.engines);
  for (const Slot &slot : slots) {
    result.engines[slot.engine].instructions +=
        static_cast<uint64_t>(slot.count);
    if (slot.layer == noLayer || slot.count == 0)
      continue;
    LayerTiming &layer = result.layers[slot.layer];
    layer.begin =
        layer.executed ? std::min(layer.begin, slot.first) : slot.first;
    layer.end = std::max(layer.end, slot.last);
    layer.executed = true;
    layer.instructions += static_cast<uint64_t>(slot.count);
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
