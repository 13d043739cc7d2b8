//===- Hazards.cpp - Happens-before over an expanded program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Hazards.h"

#include "phx/isa/Validator.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

HazardChecker::HazardChecker(const Program &program, const ProgramTree &tree)
    : program(program), tree(tree), footprints(program, work),
      sharedSlots(findSharedSlots(program, tree, footprints)),
      refinedSlots(program.code.size()) {}

Status HazardChecker::run() {
  ignored.assign(program.tokens, false);
  return runExactly() == Outcome::Clean ? Status::success() : Status(error);
}

bool HazardChecker::succeedsWithout(const std::vector<bool> &ignoredTokens,
                                    bool exact) {
  ignored = ignoredTokens;
  if (exact)
    return runExactly() == Outcome::Clean;
  std::vector<uint8_t> slots = refinedSlots;
  bool clean = runOnce() == Outcome::Clean;
  refinedSlots = std::move(slots);
  return clean;
}

HazardChecker::Outcome HazardChecker::runExactly() {
  // Few conflicts of supersets are spurious; if many are, the exact sets of
  // everything are cheaper than many attempts.
  constexpr int maxAttempts = 24;
  for (int attempt = 0;; ++attempt) {
    if (attempt == maxAttempts)
      refinedSlots.assign(program.code.size(), 0xff);
    Outcome result = runOnce();
    if (result != Outcome::Refine)
      return result;
  }
}

HazardChecker::Outcome HazardChecker::runOnce() {
  clocks.assign(tree.numEngines(), Clock(tree.numEngines(), 0));
  sealed.assign(tree.numEngines(), true);
  inFlight.assign(program.tokens, {});
  histories.assign(program.memories.size(), {});
  idle.assign(program.tokens, true);
  counters = {};
  stepCount = 0;
  outcome = Outcome::Clean;
  runNodes(tree[ProgramTree::root].children);
  return outcome;
}

bool HazardChecker::runNodes(const std::vector<uint32_t> &children) {
  for (uint32_t child : children)
    if (!runNode(child))
      return false;
  return true;
}

bool HazardChecker::runNode(uint32_t index) {
  const ProgramTree::Node &node = tree[index];
  if (!node.isLoop()) {
    const Instruction &instruction = program.code[node.begin];
    if (const auto *s = getIf<Signal>(instruction.body))
      return s->token < program.tokens ? signal(instruction, s->token)
                                       : fail(node.begin, "no such token");
    if (const auto *w = getIf<Wait>(instruction.body))
      return w->token < program.tokens ? wait(node.begin, instruction, w->token)
                                       : fail(node.begin, "no such token");
    return runUnit(node.begin, counters);
  }
  if (!node.hasTokens)
    return runSummary(node);
  PeriodicSteps steps(
      findLoopPeriod(program, tree, index, sharedSlots, counters));
  for (int64_t i = 0; i < node.count; ++i) {
    counters.low[node.depth] = counters.high[node.depth] = i;
    if (!runNodes(node.children))
      return false;
    i += steps.skipAfter(i, [&] { return describeState(); });
  }
  counters.low[node.depth] = counters.high[node.depth] = 0;
  return true;
}

/// The state up to a renaming of epochs that keeps their order: only the order
/// of epochs of one engine decides what happens next, and new ones come last.
PeriodicSteps::State HazardChecker::describeState() {
  std::vector<std::vector<uint64_t>> epochs(clocks.size());
  auto forEachClock = [&](auto visit) {
    for (const Clock &clock : clocks)
      visit(clock);
    for (const auto &queue : inFlight)
      for (const Clock &clock : queue)
        visit(clock);
  };
  forEachClock([&](const Clock &clock) {
    for (size_t e = 0; e < clock.size(); ++e)
      epochs[e].push_back(clock[e]);
  });
  for (AccessHistory &history : histories)
    history.forEach([](int64_t, int64_t) {},
                    [&](const AccessEntry &entry) {
                      epochs[entry.engine].push_back(entry.stamp);
                    });
  for (auto &list : epochs) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  auto rank = [&](size_t engine, uint64_t epoch) -> uint64_t {
    const auto &list = epochs[engine];
    return std::lower_bound(list.begin(), list.end(), epoch) - list.begin();
  };
  PeriodicSteps::State state(sealed.begin(), sealed.end());
  for (const auto &queue : inFlight)
    state.push_back(queue.size());
  forEachClock([&](const Clock &clock) {
    for (size_t e = 0; e < clock.size(); ++e)
      state.push_back(rank(e, clock[e]));
  });
  for (AccessHistory &history : histories)
    history.forEach(
        [&](int64_t begin, int64_t end) {
          state.insert(state.end(),
                       {~uint64_t(0), uint64_t(begin), uint64_t(end)});
        },
        [&](const AccessEntry &entry) {
          state.insert(state.end(),
                       {entry.engine, rank(entry.engine, entry.stamp),
                        uint64_t(entry.kind), entry.product, entry.exact,
                        entry.coverage()});
        });
  work.spend(int64_t(state.size()));
  return state;
}

/// Without tokens inside, the iterations of a loop are unordered between
/// engines, and within an engine indistinguishable to the others: each
/// instruction stands for all its iterations.
bool HazardChecker::runSummary(const ProgramTree::Node &node) {
  CounterBox box = counters;
  uint32_t depth = node.depth;
  for (size_t i = node.begin; i < node.end; ++i) {
    const Body &body = program.code[i].body;
    if (const Loop *loop = getIf<Loop>(body)) {
      box.low[depth] = 0;
      box.high[depth++] = loop->count - 1;
    } else if (holds<End>(body)) {
      --depth;
      box.low[depth] = box.high[depth] = 0;
    } else if (!runUnit(i, box)) {
      return false;
    }
  }
  return true;
}

bool HazardChecker::runUnit(size_t index, const CounterBox &box) {
  ++stepCount;
  if (!work.spend(1))
    return failTooMuchWork(index);
  if (!sharedSlots[index])
    return true;
  const Instruction &instruction = program.code[index];
  footprints.computeMixed(instruction, box, sharedSlots[index],
                          refinedSlots[index], accesses);
  if (work.isExceeded())
    return failTooMuchWork(index);
  AccessEntry entry;
  entry.engine = getEngineNumber(program, instruction.engine);
  entry.unit = index;
  if (accesses.used == 0)
    return true;
  Clock &clock = clocks[entry.engine];
  if (sealed[entry.engine]) {
    sealed[entry.engine] = false;
    ++clock[entry.engine];
  }
  entry.stamp = clock[entry.engine];
  // Reads first: a write of the same instruction would hide them.
  for (bool reads : {true, false})
    for (const UnitAccess &access : accesses) {
      if ((access.kind == AccessKind::Read) != reads)
        continue;
      entry.kind = access.kind;
      entry.product = access.product;
      entry.slot = access.slot;
      entry.exact = access.exact;
      auto visit = [&](const AccessEntry &old, bool conflicting, int64_t byte) {
        if (!work.spend(1)) {
          failTooMuchWork(index);
          return AccessHistory::Answer::Stop;
        }
        if (old.engine == entry.engine || old.stamp <= clock[old.engine])
          return AccessHistory::Answer::Ordered;
        if (!conflicting)
          return AccessHistory::Answer::Unordered;
        conflict(old, entry, access.memory, byte);
        return AccessHistory::Answer::Stop;
      };
      AccessHistory &history = histories[access.memory];
      size_t before = history.size();
      if (!history.record(access.bytes, entry, visit))
        return false;
      if (history.size() > before)
        work.spend(stepsPerStretch * int64_t(history.size() - before));
    }
  return true;
}

bool HazardChecker::signal(const Instruction &instruction, uint32_t token) {
  if (ignored[token] || !evaluate(instruction.guard, counters.low))
    return true;
  ++stepCount;
  work.spend(1);
  uint32_t engine = getEngineNumber(program, instruction.engine);
  inFlight[token].push_back(clocks[engine]);
  sealed[engine] = true;
  return true;
}

bool HazardChecker::wait(size_t index, const Instruction &instruction,
                         uint32_t token) {
  if (ignored[token] || !evaluate(instruction.guard, counters.low))
    return true;
  ++stepCount;
  if (!work.spend(1))
    return failTooMuchWork(index);
  if (inFlight[token].empty())
    return fail(index, "waits for token " + std::to_string(token) +
                           " before any signal that could satisfy it");
  Clock &clock = clocks[getEngineNumber(program, instruction.engine)];
  const Clock &arrived = inFlight[token].front();
  for (size_t e = 0; e < clock.size(); ++e)
    if (arrived[e] > clock[e]) {
      clock[e] = arrived[e];
      idle[token] = false;
    }
  inFlight[token].pop_front();
  return true;
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

bool HazardChecker::fail(size_t index, const std::string &text) {
  outcome = Outcome::Race;
  error = {describeInstruction(program, index) + ": " + text};
  return false;
}

bool HazardChecker::failTooMuchWork(size_t index) {
  outcome = Outcome::Race;
  error = makeTooMuchWorkError(program, tree, index);
  return false;
}

static const char *hazardName(const AccessEntry &earlier,
                              const AccessEntry &later) {
  if (later.kind == AccessKind::Read)
    return "read-after-write";
  return earlier.kind == AccessKind::Read ? "write-after-read"
                                          : "write-after-write";
}

bool HazardChecker::conflict(const AccessEntry &earlier,
                             const AccessEntry &later, uint32_t memory,
                             int64_t byte) {
  bool refined = true;
  for (const AccessEntry *entry : {&earlier, &later}) {
    uint8_t slot = 1u << entry->slot;
    if (entry->exact || (refinedSlots[entry->unit] & slot))
      continue;
    refinedSlots[entry->unit] |= slot;
    refined = false;
  }
  if (!refined) {
    outcome = Outcome::Refine;
    return false;
  }
  auto verb = [](const AccessEntry &entry) {
    return entry.kind == AccessKind::Read ? " reads " : " writes ";
  };
  outcome = Outcome::Race;
  error = {std::string(hazardName(earlier, later)) + " hazard in memory '" +
           getMemoryName(program, memory) + "' at byte " + std::to_string(byte) + ": " +
           describeInstruction(program, earlier.unit) + verb(earlier) +
           "it, then " + describeInstruction(program, later.unit) +
           verb(later) +
           "it, and no chain of tokens orders the two; signal after the first "
           "and wait before the second"};
  return false;
}

Status phx::validateHazards(const Program &program) {
  Result<ProgramTree> tree = ProgramTree::build(program);
  if (!tree)
    return tree.error();
  return HazardChecker(program, *tree).run();
}
