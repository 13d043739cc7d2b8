//===- Hazards.cpp - Happens-before over an expanded program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Hazards.h"

#include "LaneHazards.h"

#include "phx/isa/LoopTree.h"
#include "phx/isa/Validator.h"

#include <algorithm>
#include <map>
#include <tuple>

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

namespace {

/// Epochs up to a renaming that keeps the order of those of one block.
class EpochRanks {
public:
  explicit EpochRanks(const std::vector<uint64_t> &epochs)
      : known(epochs.size()) {
    for (uint32_t block = 0; block < epochs.size(); ++block)
      add(block, epochs[block]);
  }

  void add(uint32_t block, uint64_t epoch) { known[block].push_back(epoch); }
  void add(const SharedClock::Epochs &clock) {
    for (uint32_t block = 0; block < clock.size(); ++block)
      add(block, clock[block]);
  }
  /// To be called once all epochs are there.
  void sort() {
    for (auto &list : known) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
  }
  uint64_t get(uint32_t block, uint64_t epoch) const {
    const auto &list = known[block];
    return std::lower_bound(list.begin(), list.end(), epoch) - list.begin();
  }

private:
  std::vector<std::vector<uint64_t>> known; ///< by block
};

/// Something that several blocks did together, in an epoch of each.
struct JointEpoch {
  BlockSpan blocks;
  uint64_t stamp = 0;
  friend bool operator<(const JointEpoch &a, const JointEpoch &b) {
    return std::tuple(a.blocks.begin, a.blocks.end, a.stamp) <
           std::tuple(b.blocks.begin, b.blocks.end, b.stamp);
  }
};

/// Distinct things, numbered in the order in which they are first named: what
/// many share is described once.
template <typename Key> class Numbering {
public:
  uint64_t get(const Key &key) {
    auto [entry, isNew] = numbers.try_emplace(key, keys.size());
    if (isNew)
      keys.push_back(key);
    return entry->second;
  }
  const std::vector<Key> &getKeys() const { return keys; }

private:
  std::map<Key, uint64_t> numbers;
  std::vector<Key> keys;
};

/// Writes down the state of a checker.
class StateWriter {
public:
  explicit StateWriter(const std::vector<uint64_t> &epochs)
      : epochs(epochs), ranks(epochs) {}

  PeriodicSteps::State state;

  void name(const SharedClock &clock) {
    state.push_back(clocks.get(clock.get()));
  }
  void learn(const AccessEntry &entry) {
    BlockSpan blocks = entry.engines;
    if (!entry.isConditionalJoin)
      return ranks.add(blocks.begin, entry.stamp);
    size_t seen = joint.getKeys().size();
    if (joint.get({blocks, entry.stamp}) == seen)
      for (uint32_t block = blocks.begin; block < blocks.end; ++block)
        ranks.add(block, entry.stamp);
  }
  /// All that was named and learned; accesses follow.
  void writeEpochs() {
    for (const SharedClock::Epochs *clock : clocks.getKeys())
      if (clock)
        ranks.add(*clock);
    ranks.sort();
    write(0, epochs);
    for (const SharedClock::Epochs *clock : clocks.getKeys()) {
      state.push_back(~uint64_t(0));
      if (clock)
        write(0, *clock);
    }
    for (const JointEpoch &each : joint.getKeys())
      write(each.blocks.begin,
            std::vector(each.blocks.end - each.blocks.begin, each.stamp));
  }
  void write(const AccessEntry &entry) {
    BlockSpan blocks = entry.engines;
    uint64_t stamp = entry.isConditionalJoin
                         ? joint.get({blocks, entry.stamp})
                         : ranks.get(blocks.begin, entry.stamp);
    state.insert(state.end(),
                 {blocks.begin, blocks.end, stamp, entry.isConditionalJoin,
                  uint64_t(entry.kind), entry.product, entry.exact,
                  entry.coverage()});
  }

private:
  /// Of blocks from `first` on.
  void write(uint32_t first, const std::vector<uint64_t> &list) {
    for (uint32_t i = 0; i < list.size(); ++i)
      state.push_back(ranks.get(first + i, list[i]));
  }

  const std::vector<uint64_t> &epochs;
  EpochRanks ranks;
  Numbering<const SharedClock::Epochs *> clocks;
  Numbering<JointEpoch> joint;
};

} // namespace

/// The state up to a renaming of epochs that keeps their order: only the order
/// of epochs of one block decides what happens next, and new ones come last.
PeriodicSteps::State HazardChecker::describeState() {
  StateWriter writer(epochs);
  writer.state.assign(sealed.begin(), sealed.end());
  for (const SharedClock &clock : clocks)
    writer.name(clock);
  for (const auto &queue : inFlight) {
    writer.state.push_back(queue.size());
    for (const SharedClock &clock : queue)
      writer.name(clock);
  }
  for (AccessHistory &history : histories)
    history.forEach([](int64_t, int64_t) {},
                    [&](const AccessEntry &entry) { writer.learn(entry); });
  writer.writeEpochs();
  for (AccessHistory &history : histories)
    history.forEach(
        [&](int64_t begin, int64_t end) {
          writer.state.insert(writer.state.end(), {~uint64_t(0),
                                                   uint64_t(begin),
                                                   uint64_t(end)});
        },
        [&](const AccessEntry &entry) { writer.write(entry); });
  work.spend(int64_t(writer.state.size()));
  return std::move(writer.state);
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

/// One number for an epoch of each block, later than all that were: an
/// instruction that they execute together, or not at all, is over once the
/// epoch of any of them is known to be.
uint64_t HazardChecker::beginJointEpoch(BlockSpan blocks) {
  uint64_t stamp = 0;
  for (uint32_t block = blocks.begin; block < blocks.end; ++block)
    stamp = std::max(stamp, epochs[block] + 1);
  for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
    epochs[block] = stamp;
    sealed[block] = false;
  }
  return stamp;
}

bool HazardChecker::isOrdered(const AccessEntry &old,
                              const AccessEntry &entry) {
  if (old.engines.meets(entry.engines))
    return true;
  const SharedClock &known = clocks[entry.engines.begin];
  if (!old.isConditionalJoin)
    return old.stamp <= known[old.engines.begin];
  work.spend(int64_t((old.engines.end - old.engines.begin) / epochsPerStep));
  for (uint32_t block = old.engines.begin; block < old.engines.end; ++block)
    if (old.stamp <= known[block])
      return true;
  return false;
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

/// What instruction `index` touches that another engine may touch, too.
void HazardChecker::findAccesses(size_t index, const CounterBox &box) {
  accesses.used = 0;
  SlotMask slots = sharedSlots[index];
  if (!slots)
    return;
  const Instruction &instruction = program.code[index];
  footprints.computeMixed(index, box, slots, refinedSlots[index], accesses);
  // A register is read whether it lets the instruction happen or not.
  if (slots >> writtenRegistersSlot & 1 && !isExecutedWithin(instruction, box))
    slots &= static_cast<SlotMask>(~(1u << writtenRegistersSlot));
  if (!namesEngines(program, instruction, box.low))
    slots &= static_cast<SlotMask>(~(1u << readRegistersSlot));
  appendRegisters(program, tree.registers(index), slots, accesses);
}

bool HazardChecker::runUnit(size_t index, const CounterBox &box) {
  ++stepCount;
  if (!work.spend(1))
    return failTooMuchWork(index);
  const Instruction &instruction = program.code[index];
  BlockSpan blocks = tree.engines().get(index, box.low);
  bool joins = blocks.end - blocks.begin > 1 && !isControl(instruction.body) &&
               isExecutedAnywhere(instruction, box.low);
  findAccesses(index, box);
  if (work.isExceeded())
    return failTooMuchWork(index);
  if (accesses.used == 0 && !joins)
    return true;
  AccessEntry entry;
  entry.engines = blocks;
  entry.unit = index;
  entry.isConditionalJoin = tree.isConditionalJoin(index, blocks);
  if (entry.isConditionalJoin && !recordRegisterReads(entry))
    return false;
  if (entry.isConditionalJoin)
    return !joins || recordJointly(entry);
  beginEpoch(blocks.begin);
  entry.stamp = epochs[blocks.begin];
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
bool HazardChecker::recordRegisterReads(AccessEntry entry) {
  BlockSpan blocks = entry.engines;
  entry.isConditionalJoin = false;
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

/// Where it is executed, it comes behind what all of its blocks did, and before
/// what any of them does next; of others that cannot be said.
bool HazardChecker::recordJointly(AccessEntry entry) {
  BlockSpan blocks = entry.engines;
  SharedClock before = clocks[blocks.begin];
  clocks[blocks.begin] = getJoined(blocks);
  entry.stamp = beginJointEpoch(blocks);
  bool done = recordAll(entry);
  clocks[blocks.begin] = before;
  return done;
}

bool HazardChecker::recordAll(AccessEntry entry) {
  // Reads first: a write of the same instruction would hide them.
  for (bool reads : {true, false})
    for (const UnitAccess &access : accesses) {
      if ((access.kind == AccessKind::Read) != reads ||
          (entry.isConditionalJoin && access.slot == readRegistersSlot))
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
                  describeInstruction(program, other.unit, true) +
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
           describeInstruction(program, earlier.unit, true) + verb(earlier) +
           "it, then " + describeInstruction(program, later.unit, true) +
           verb(later) +
           "it, and no chain of tokens orders the two; signal after the first "
           "and wait before the second",
           ProgramEntry{"instruction", later.unit}};
  return false;
}

Status phx::validateHazards(const LargestCounts &largest) {
  Result<ProgramTree> tree = ProgramTree::build(largest.get());
  if (!tree)
    return tree.error();
  return HazardChecker(largest.get(), *tree).run();
}
