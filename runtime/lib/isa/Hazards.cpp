//===- Hazards.cpp - Happens-before over an expanded program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Hazards.h"

#include "LaneHazards.h"

#include "phx/isa/Validator.h"

#include <algorithm>
#include <map>

using namespace phx;
using namespace phx::detail;

HazardChecker::HazardChecker(const Program &program, const ProgramTree &tree)
    : program(program), tree(tree), footprints(program, work),
      sharedSlots(findSharedSlots(program, tree, footprints)),
      refinedSlots(program.code.size()) {}

Status HazardChecker::run() {
  if (Status status = checkLanes(program, tree, work); !status)
    return status;
  ignored.assign(program.tokens, false);
  return runExactly() == Outcome::Clean ? Status::success() : Status(error);
}

bool HazardChecker::succeedsWithout(const std::vector<bool> &ignoredTokens,
                                    bool exact) {
  ignored = ignoredTokens;
  if (exact)
    return runExactly() == Outcome::Clean;
  std::vector<SlotMask> slots = refinedSlots;
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
      refinedSlots.assign(program.code.size(), SlotMask(~0u));
    Outcome result = runOnce();
    if (result != Outcome::Refine)
      return result;
  }
}

HazardChecker::Outcome HazardChecker::runOnce() {
  clocks.assign(tree.engines().size(), {});
  epochs.assign(tree.engines().size(), 0);
  sealed.assign(tree.engines().size(), true);
  inFlight.assign(program.tokens, {});
  histories.assign(program.memories.size() + 1, {});
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
      return s->token < program.tokens ? signal(node.begin, s->token)
                                       : fail(node.begin, "no such token");
    if (const auto *w = getIf<Wait>(instruction.body))
      return w->token < program.tokens ? wait(node.begin, w->token)
                                       : fail(node.begin, "no such token");
    return runUnit(node.begin, counters);
  }
  if (!node.isStepped)
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
/// of epochs of one block decides what happens next, and new ones come last.
/// What blocks share is described once.
PeriodicSteps::State HazardChecker::describeState() {
  std::map<const SharedClock::Epochs *, uint64_t> numbers;
  std::vector<const SharedClock *> distinct;
  PeriodicSteps::State state(sealed.begin(), sealed.end());
  auto number = [&](const SharedClock &clock) {
    auto [entry, isNew] = numbers.try_emplace(clock.get(), numbers.size());
    if (isNew)
      distinct.push_back(&clock);
    return entry->second;
  };
  for (const SharedClock &clock : clocks)
    state.push_back(number(clock));
  for (const auto &queue : inFlight) {
    state.push_back(queue.size());
    for (const SharedClock &clock : queue)
      state.push_back(number(clock));
  }
  std::vector<std::vector<uint64_t>> known(epochs.size());
  for (size_t block = 0; block < epochs.size(); ++block)
    known[block].push_back(epochs[block]);
  for (const SharedClock *clock : distinct)
    if (clock->get())
      for (size_t block = 0; block < clock->get()->size(); ++block)
        known[block].push_back((*clock->get())[block]);
  for (AccessHistory &history : histories)
    history.forEach([](int64_t, int64_t) {},
                    [&](const AccessEntry &entry) {
                      known[entry.engines.begin].push_back(entry.stamp);
                    });
  for (auto &list : known) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  auto rank = [&](size_t block, uint64_t epoch) -> uint64_t {
    const auto &list = known[block];
    return std::lower_bound(list.begin(), list.end(), epoch) - list.begin();
  };
  for (size_t block = 0; block < epochs.size(); ++block)
    state.push_back(rank(block, epochs[block]));
  for (const SharedClock *clock : distinct) {
    state.push_back(~uint64_t(0));
    if (clock->get())
      for (size_t block = 0; block < clock->get()->size(); ++block)
        state.push_back(rank(block, (*clock->get())[block]));
  }
  for (AccessHistory &history : histories)
    history.forEach(
        [&](int64_t begin, int64_t end) {
          state.insert(state.end(),
                       {~uint64_t(0), uint64_t(begin), uint64_t(end)});
        },
        [&](const AccessEntry &entry) {
          state.insert(state.end(),
                       {entry.engines.begin, entry.engines.end,
                        rank(entry.engines.begin, entry.stamp),
                        uint64_t(entry.kind), entry.product, entry.exact,
                        entry.coverage()});
        });
  work.spend(int64_t(state.size()));
  return state;
}

/// Without tokens inside, and without instructions that bring blocks together,
/// the iterations of a loop are unordered between engines, and within an engine
/// indistinguishable to the others: each instruction stands for all its
/// iterations.
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

void HazardChecker::beginEpoch(uint32_t block) {
  if (!sealed[block])
    return;
  sealed[block] = false;
  ++epochs[block];
}

/// All that the blocks know, and that what they did so far is over.
SharedClock HazardChecker::getJoined(BlockSpan blocks) {
  SharedClock joined;
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    joined.join(clocks[block], work);
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    joined.raise(block, epochs[block], work);
  work.spend(int64_t(blocks.end - blocks.begin) - 1);
  return joined;
}

/// Whether a lane executes the instruction.
static bool isExecutedAnywhere(const Instruction &instruction,
                               Counters counters) {
  int64_t lanes = variesByLane(instruction) ? instruction.arrays.lanes : 1;
  for (counters[laneLoop] = 0; counters[laneLoop] < lanes; ++counters[laneLoop])
    if (isExecuted(instruction, counters))
      return true;
  return false;
}

/// Whether an iteration of `box` executes the instruction; true also where that
/// takes too many steps to find out.
bool HazardChecker::isExecutedWithin(const Instruction &instruction,
                                     const CounterBox &box) {
  unsigned loops = 0;
  if (instruction.guard)
    loops |= 1u << instruction.guard->loop;
  visitCounts(instruction.body, [&](const FieldDescription &, const Count &n) {
    if (n.remaining)
      for (const DigitTerm &digit : n.remaining->terms)
        loops |= 1u << digit.loop;
  });
  return !forEachCounters(box, loops, [&](const Counters &counters) {
    return work.spend(1) && !isExecutedAnywhere(instruction, counters);
  });
}

bool HazardChecker::record(const UnitAccess &access, const AccessEntry &entry) {
  auto visit = [&](const AccessEntry &old, bool conflicting, int64_t byte) {
    if (!work.spend(1)) {
      failTooMuchWork(entry.unit);
      return AccessHistory::Answer::Stop;
    }
    if (isOrdered(old, entry))
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
  work.spend(history.takePassed() / passedPerStep);
  return true;
}

bool HazardChecker::runUnit(size_t index, const CounterBox &box) {
  ++stepCount;
  if (!work.spend(1))
    return failTooMuchWork(index);
  const Instruction &instruction = program.code[index];
  BlockSpan blocks = tree.engines().get(index, box.low);
  bool joins = blocks.end - blocks.begin > 1 && !isControl(instruction.body) &&
               isExecutedAnywhere(instruction, box.low);
  accesses.used = 0;
  if (sharedSlots[index]) {
    footprints.computeMixed(instruction, box, sharedSlots[index],
                            refinedSlots[index], accesses);
    // A register is read whether it lets the instruction happen or not.
    SlotMask slots = sharedSlots[index];
    if (slots >> writtenRegistersSlot & 1 &&
        !isExecutedWithin(instruction, box))
      slots &= static_cast<SlotMask>(~(1u << writtenRegistersSlot));
    if (!namesEngines(program, instruction, box.low))
      slots &= static_cast<SlotMask>(~(1u << readRegistersSlot));
    appendRegisters(program, tree.registers(index), slots, accesses);
  }
  if (work.isExceeded())
    return failTooMuchWork(index);
  if (accesses.used == 0 && !joins)
    return true;
  AccessEntry entry;
  entry.engines = blocks;
  entry.unit = index;
  entry.isWeak = tree.isWeak(index, blocks);
  if (entry.isWeak && !recordLooks(entry))
    return false;
  beginEpoch(blocks.begin);
  entry.stamp = epochs[blocks.begin];
  if (joins && entry.isWeak) {
    // Where it is executed, it comes behind what all of its blocks did; of
    // others that cannot be said.
    SharedClock before = clocks[blocks.begin];
    clocks[blocks.begin] = getJoined(blocks);
    bool done = recordAll(entry);
    clocks[blocks.begin] = before;
    return done;
  }
  if (joins) {
    SharedClock joined = getJoined(blocks);
    for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
      clocks[block] = joined;
      sealed[block] = true;
    }
  }
  return recordAll(entry);
}

/// Each block finds out for itself whether it executes the instruction. It does
/// so when it gets there, with the others or not, and goes on alone if not.
bool HazardChecker::recordLooks(AccessEntry entry) {
  BlockSpan blocks = entry.engines;
  entry.isWeak = false;
  entry.kind = AccessKind::Read;
  entry.slot = readRegistersSlot;
  for (const UnitAccess &access : accesses) {
    if (access.slot != readRegistersSlot)
      continue;
    for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
      beginEpoch(block);
      entry.engines = {block, block + 1};
      entry.stamp = epochs[block];
      if (!record(access, entry))
        return false;
    }
  }
  return true;
}

bool HazardChecker::recordAll(AccessEntry entry) {
  // Reads first: a write of the same instruction would hide them.
  for (bool reads : {true, false})
    for (const UnitAccess &access : accesses) {
      if ((access.kind == AccessKind::Read) != reads ||
          (entry.isWeak && access.slot == readRegistersSlot))
        continue;
      entry.kind = access.kind;
      entry.product = access.product;
      entry.slot = access.slot;
      entry.exact = access.exact;
      if (!record(access, entry))
        return false;
    }
  return true;
}

/// A range signals when all its blocks have got there, but does not hold them.
bool HazardChecker::signal(size_t index, uint32_t token) {
  if (ignored[token] || !evaluate(program.code[index].guard, counters.low))
    return true;
  ++stepCount;
  work.spend(1);
  BlockSpan blocks = tree.engines().get(index, counters.low);
  if (blocks.isSingle()) {
    SharedClock &clock = clocks[blocks.begin];
    clock.raise(blocks.begin, epochs[blocks.begin], work);
    inFlight[token].push_back(clock);
  } else {
    inFlight[token].push_back(getJoined(blocks));
  }
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    sealed[block] = true;
  return !work.isExceeded() || failTooMuchWork(index);
}

bool HazardChecker::wait(size_t index, uint32_t token) {
  if (ignored[token] || !evaluate(program.code[index].guard, counters.low))
    return true;
  ++stepCount;
  BlockSpan blocks = tree.engines().get(index, counters.low);
  if (!work.spend(int64_t(blocks.end - blocks.begin)))
    return failTooMuchWork(index);
  if (inFlight[token].empty())
    return fail(index, "waits for token " + std::to_string(token) +
                           " before any signal that could satisfy it");
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    if (clocks[block].join(inFlight[token].front(), work))
      idle[token] = false;
  inFlight[token].pop_front();
  return !work.isExceeded() || failTooMuchWork(index);
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

bool HazardChecker::fail(size_t index, const std::string &text) {
  outcome = Outcome::Race;
  error = failInstruction(program, index, text);
  return false;
}

bool HazardChecker::failTooMuchWork(size_t index) {
  outcome = Outcome::Race;
  error = makeTooMuchWorkError(program, tree, index);
  return false;
}

bool HazardChecker::failTooManyStretches(const AccessEntry &entry,
                                         const AccessEntry &other) {
  return fail(entry.unit,
              "touches more than 2^22 separate stretches of bytes, too many to "
              "find out whether it has to be ordered with " +
                  describeInstruction(program, other.unit) +
                  "; put a signal and a wait between the two, let them use "
                  "separate memory, or cut the instruction in two");
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
    SlotMask slot = 1u << entry->slot;
    if (entry->exact || (refinedSlots[entry->unit] & slot))
      continue;
    refinedSlots[entry->unit] |= slot;
    refined = false;
  }
  if (!refined) {
    outcome = Outcome::Refine;
    return false;
  }
  // As exact as it gets: a superset proves no hazard.
  for (const AccessEntry *entry : {&earlier, &later})
    if (!entry->exact)
      return failTooManyStretches(*entry, entry == &earlier ? later : earlier);
  auto verb = [](const AccessEntry &entry) {
    return entry.kind == AccessKind::Read ? " reads " : " writes ";
  };
  outcome = Outcome::Race;
  std::string place =
      memory == getRegisterMemory(program)
          ? describeRegister(program, static_cast<uint32_t>(byte))
          : "memory '" + getMemoryName(program, memory) + "' at byte " +
                std::to_string(byte);
  error = {std::string(hazardName(earlier, later)) + " hazard in " + place +
           ": " +
           describeInstruction(program, earlier.unit) + verb(earlier) +
           "it, then " + describeInstruction(program, later.unit) +
           verb(later) +
           "it, and no chain of tokens orders the two; signal after the first "
           "and wait before the second",
           Entry{"instruction", later.unit}};
  return false;
}

Status phx::validateHazards(const Program &program) {
  LargestCounts largest(program);
  Result<ProgramTree> tree = ProgramTree::build(largest.get());
  if (!tree)
    return tree.error();
  return HazardChecker(largest.get(), *tree).run();
}
