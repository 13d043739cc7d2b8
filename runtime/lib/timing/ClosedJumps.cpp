//===- ClosedJumps.cpp - Jumps over iterations of loops ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Closed.h"

#include <algorithm>
#include <limits>

using namespace phx;
using namespace phx::detail;

namespace {

/// Begins the entry of a jump in the log: neither a duration nor a power.
constexpr uint64_t jumpKey = uint64_t(1) << 63;
/// Entries of the log after which iterations under way are given up as a
/// pattern, so that memory stays bounded where nothing repeats.
constexpr size_t logLimit = size_t(1) << 22;
constexpr int64_t shortestJumpedLoop = 4;
/// Values that the marks of one loop keep. Thousands of engines that are told
/// apart leave room for shorter periods only.
constexpr int64_t markLimit = int64_t(1) << 22;

/// False: the sum is negative or beyond int64.
bool add(int64_t &value, __int128 amount) {
  __int128 sum = value + amount;
  value = static_cast<int64_t>(sum);
  return sum >= 0 && sum <= std::numeric_limits<int64_t>::max();
}

} // namespace

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

bool ClosedSimulation::runLoop(size_t index) {
  size_t depth = layout.depth[index];
  player.enterLoop(depth, getAs<Loop>(program.code[index].body));
  bool ok = runAll(index);
  player.leaveLoop(depth);
  counters[depth] = 0;
  return ok;
}

bool ClosedSimulation::runAll(size_t index) {
  int64_t count = getAs<Loop>(program.code[index].body).count;
  if (count < shortestJumpedLoop || !limits.mayRepeat(index)) {
    for (int64_t i = 0; i < count; ++i) {
      counters[layout.depth[index]] = i;
      if (!runCode(index + 1, layout.matching[index]))
        return false;
      if (log.size() > logLimit)
        forget();
    }
    return true;
  }
  bool ok = runIterations(index, histories[recording++]);
  if (--recording == 0)
    forget();
  return ok;
}

bool ClosedSimulation::runIterations(size_t index, History &history) {
  const LoopParts &parts = loops[steps[index].index];
  Progress progress;
  progress.count = getAs<Loop>(program.code[index].body).count;
  int64_t longest =
      std::clamp<int64_t>(progress.count / 3, 1, History::longestPeriod);
  longest = std::clamp<int64_t>(markLimit / parts.size(), 1, longest);
  auto restart = [&] {
    history.restart(longest);
    progress.since = progress.done;
  };
  restart();
  appendMark(parts, history);
  uint64_t begun = generation;
  while (progress.done < progress.count) {
    counters[layout.depth[index]] = progress.done;
    if (!runCode(index + 1, layout.matching[index]))
      return false;
    ++progress.done;
    if (log.size() > logLimit)
      forget();
    if (begun != generation) {
      begun = generation;
      restart();
    }
    appendMark(parts, history);
    if (progress.done < progress.nextTry)
      continue;
    int64_t before = progress.done;
    if (!jump(index, history, progress))
      return false;
    if (progress.done > before) {
      restart();
      appendMark(parts, history);
    }
  }
  return true;
}

/// Gives up all iterations under way as patterns.
void ClosedSimulation::forget() {
  log.clear();
  ++generation;
  if (!options.power || powers.totalSize() < logLimit / 4)
    return;
  Femtoseconds limit = std::numeric_limits<Femtoseconds>::max();
  for (unsigned e = 0; e < layout.engines; ++e)
    if (layout.lastUse[e] >= topLevel)
      limit = std::min(limit, now[e]);
  if (limit != std::numeric_limits<Femtoseconds>::max())
    powers.flush(limit);
}

/// Values of a mark: engine times; stalls; last completions of slots; their
/// counts and busy times; times of tokens in flight.
void ClosedSimulation::appendMark(const LoopParts &parts, History &history) {
  Mark &mark = history.append();
  mark.values.clear();
  for (unsigned engine : parts.engines)
    mark.values.push_back(now[engine]);
  for (unsigned engine : parts.engines)
    mark.values.insert(mark.values.end(), stalls[engine].begin(),
                       stalls[engine].end());
  for (uint32_t slot : parts.slots)
    mark.values.push_back(slots[slot].last);
  for (uint32_t slot : parts.slots)
    mark.values.push_back(slots[slot].count);
  for (uint32_t slot : parts.slots)
    mark.values.push_back(slots[slot].busy);
  for (uint32_t token : parts.tokens)
    for (size_t i = 0; i < tokens[token].size(); ++i)
      mark.values.push_back(tokens[token][i]);
  mark.keys = log.keys.size();
  mark.differences = log.differences.size();
  mark.slices = log.slices.size();
  mark.power.clear();
  if (options.power)
    for (unsigned engine : parts.engines)
      mark.power.push_back(powers.size(engine));
  history.finish(log);
}

//===----------------------------------------------------------------------===//
// Jumps
//===----------------------------------------------------------------------===//

/// True if both blocks moved all engines and tokens in flight by the same.
bool ClosedSimulation::repeats(const LoopParts &parts, const Mark &begin,
                               const Mark &middle, const Mark &end) const {
  size_t size = end.values.size();
  if (begin.values.size() != size || middle.values.size() != size)
    return false;
  auto isEqual = [&](size_t i) {
    return middle.values[i] - begin.values[i] ==
           end.values[i] - middle.values[i];
  };
  size_t engines = parts.engines.size();
  for (size_t i = 0; i < engines; ++i)
    if (!isEqual(i))
      return false;
  for (size_t i = 4 * engines + 3 * parts.slots.size(); i < size; ++i)
    if (!isEqual(i))
      return false;
  return true;
}

/// A jump that a change of a count cuts short begins the history anew. If the
/// counts themselves repeat soon, it is better to see that first.
bool ClosedSimulation::isWorthIt(size_t index, const Progress &progress,
                                 int64_t period, int64_t blocks) const {
  int64_t left = progress.count - progress.done;
  int64_t digits = limits.getDigitPeriod(index);
  return left - blocks * period < period || period % digits == 0 ||
         digits > std::min(History::longestPeriod, left / 3) ||
         progress.done - progress.since > 4 * digits + 64;
}

/// Moves `progress` on by what can be jumped over, if anything can. False: see
/// `failure`.
bool ClosedSimulation::jump(size_t index, History &history,
                            Progress &progress) {
  const LoopParts &parts = loops[steps[index].index];
  int64_t period = 0;
  for (int attempts = 0; attempts < 4;) {
    period = history.getPeriodAbove(period);
    int64_t blocks = period ? (progress.count - progress.done) / period : 0;
    if (blocks == 0)
      return true;
    const Mark &begin = history.at(2 * period), &middle = history.at(period),
               &end = history.at(0);
    if (!repeats(parts, begin, middle, end) ||
        !haveEqualKeys(log, begin, middle, end))
      continue;
    ++attempts;
    blocks = limitBySlack(log, begin, middle, end, blocks);
    int64_t bySlack = blocks;
    if (blocks > 0)
      blocks =
          limits.get(index, counters, player.getValues(),
                     progress.done - period, period, blocks);
    if (blocks < bySlack && progress.patient) {
      if (!isWorthIt(index, progress, period, blocks)) {
        int64_t digits = limits.getDigitPeriod(index);
        period = period / digits * digits + digits - 1; // the next multiple
        continue;
      }
      progress.patient = progress.done - progress.since <=
                         4 * limits.getDigitPeriod(index) + 64;
    }
    if (blocks == 0) {
      // Where jumps keep failing, look for them less often.
      progress.pause = std::min<int64_t>(2 * progress.pause + 1, 64);
      progress.nextTry = progress.done + progress.pause;
      continue;
    }
    progress.done += blocks * period;
    progress.pause = progress.nextTry = 0;
    return skip(index, period, begin, middle, end, blocks);
  }
  return true;
}

bool ClosedSimulation::skip(size_t index, int64_t period, const Mark &begin,
                            const Mark &middle, const Mark &end,
                            int64_t blocks) {
  const LoopParts &parts = loops[steps[index].index];
  if (!moveTimes(parts, begin, middle, end, blocks))
    return fail(makeTooLongError());
  if (options.power)
    for (size_t i = 0; i < parts.engines.size(); ++i)
      powers.addRepetitions(parts.engines[i], begin.power[i], middle.power[i],
                            blocks, end.values[i] - middle.values[i],
                            end.values[i]);
  if (options.timeline)
    skipSlices(begin, middle, end, blocks);
  if (recording > 1)
    logJump(index, period, begin, middle, end, blocks);
  else
    log.clear(); // the history of this loop begins anew
  return true;
}

/// Adds to all values what `blocks` more blocks would; false: beyond int64.
bool ClosedSimulation::moveTimes(const LoopParts &parts, const Mark &begin,
                                 const Mark &middle, const Mark &end,
                                 int64_t blocks) {
  size_t i = 0;
  bool ok = true;
  auto getStep = [&] {
    return static_cast<__int128>(end.values[i]) - middle.values[i];
  };
  for (unsigned engine : parts.engines) {
    ok &= add(now[engine], getStep() * blocks);
    ++i;
  }
  for (unsigned engine : parts.engines) {
    for (Femtoseconds &stall : stalls[engine]) {
      // The stall of a block grows by the same from block to block.
      __int128 latest = getStep();
      __int128 growth =
          latest - (static_cast<__int128>(middle.values[i]) - begin.values[i]);
      __int128 pairs = static_cast<__int128>(blocks) * (blocks + 1) / 2;
      __int128 extra;
      ok &= !__builtin_mul_overflow(growth, pairs, &extra);
      ok = ok && add(stall, latest * blocks + extra);
      ++i;
    }
  }
  for (uint32_t slot : parts.slots) {
    ok &= add(slots[slot].last, getStep() * blocks);
    ++i;
  }
  for (uint32_t slot : parts.slots) {
    ok &= add(slots[slot].count, getStep() * blocks);
    ++i;
  }
  for (uint32_t slot : parts.slots) {
    ok &= add(slots[slot].busy, getStep() * blocks);
    ++i;
  }
  for (uint32_t token : parts.tokens)
    for (size_t k = 0; k < tokens[token].size(); ++k, ++i)
      ok &= add(tokens[token][k], getStep() * blocks);
  return ok;
}

/// Leaves in the log what the loops around need to know of a jump.
void ClosedSimulation::logJump(size_t index, int64_t period, const Mark &begin,
                               const Mark &middle, const Mark &end,
                               int64_t blocks) {
  int64_t at = counters[layout.depth[index]];
  log.keys.insert(log.keys.end(), {jumpKey | index, static_cast<uint64_t>(at),
                                   static_cast<uint64_t>(period),
                                   static_cast<uint64_t>(blocks)});
  size_t size = end.differences - middle.differences;
  for (size_t i = 0; i < size; ++i) {
    Femtoseconds first = log.differences[begin.differences + i];
    Femtoseconds second = log.differences[middle.differences + i];
    log.differences.push_back(second + blocks * (second - first));
  }
}

void ClosedSimulation::skipSlices(const Mark &begin, const Mark &middle,
                                  const Mark &end, int64_t blocks) {
  size_t size = end.slices - middle.slices;
  for (size_t i = 0; i < size; ++i) {
    LoggedSlice first = log.slices[begin.slices + i];
    LoggedSlice slice = log.slices[middle.slices + i];
    Femtoseconds period = slice.begin - first.begin;
    // Repetitions of repetitions are not evenly spaced.
    bool isEven = slice.repeat == 1 && blocks > 1;
    slice.begin += period;
    slice.end += blocks * (slice.end - first.end);
    slice.repeat *= static_cast<uint64_t>(blocks);
    options.timeline({getEngine(program, layout.blocks.getFirst(slice.engine)),
                      slice.instruction,
                      program.code[slice.instruction].layer, slice.begin,
                      slice.end, slice.repeat, isEven ? period : 0,
                      layout.blocks.getCount(slice.engine)});
    if (recording > 1)
      log.slices.push_back(slice);
  }
}
