//===- TokenTrace.cpp - Which accesses tokens must order -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TokenTrace.h"

#include "AccessHistory.h"
#include "LoopPeriod.h"

#include <map>
#include <tuple>
#include <unordered_set>

using namespace phx;
using namespace phx::detail;

namespace {

class Tracer {
public:
  Tracer(const Program &program, const ProgramTree &tree, WorkLimit &work)
      : program(program), tree(tree), work(work), footprints(program, work),
        sharedSlots(findSharedSlots(program, tree, footprints)),
        blockOf(program.code.size(), ProgramTree::root), chains(tree.size()),
        histories(program.memories.size() + 1) {
    nameEngines();
    graph.expanded.assign(tree.size(), false);
    graph.dependences.resize(tree.size());
    graph.expanded[ProgramTree::root] = true;
  }

  Result<DependenceGraph> run() {
    CounterBox outer;
    chooseExpanded(ProgramTree::root, outer);
    for (uint32_t child : tree[ProgramTree::root].children)
      if (!trace(child))
        return makeTooMuchWorkError(program, tree, current);
    return std::move(graph);
  }

private:
  /// Instructions whose arrays depend on counters share a name if they depend
  /// on them alike. That the others are other arrays is all that is known.
  void nameEngines() {
    std::map<std::tuple<uint16_t, uint32_t, uint32_t, std::vector<int64_t>>,
             uint32_t>
        numbers;
    for (size_t i = 0; i < program.code.size(); ++i) {
      names.push_back(tree.engines().getReach(i));
      if (!tree.engines().isMoving(i))
        continue;
      const Instruction &instruction = program.code[i];
      std::vector<int64_t> digits;
      for (const DigitTerm &d : instruction.arrays.digits)
        digits.insert(digits.end(), {int64_t(d.loop), d.scale, d.offset,
                                     d.divisor, d.modulus, d.weight});
      uint32_t number =
          tree.engines().size() + static_cast<uint32_t>(numbers.size());
      number = numbers
                   .try_emplace({instruction.engine.group,
                                 instruction.engine.index,
                                 instruction.arrays.lanes, digits},
                                number)
                   .first->second;
      names.back() = {number, number + 1};
    }
  }

  /// Whether the arrays of an instruction inside change with the iterations of
  /// the loop or of one inside it.
  bool movesInside(const ProgramTree::Node &node) const {
    for (size_t i = node.begin; i < node.end; ++i)
      if (tree.engines().isMoving(i))
        for (const DigitTerm &digit : program.code[i].arrays.digits)
          if (digit.loop >= node.depth)
            return true;
    return false;
  }

  /// Decides which loops inside `block` are stepped through.
  void chooseExpanded(uint32_t block, CounterBox &outer) {
    for (uint32_t child : tree[block].children) {
      const ProgramTree::Node &node = tree[child];
      for (size_t i = node.begin; i < node.end; ++i)
        blockOf[i] = block;
      if (!node.isLoop() || (!movesInside(node) && isConflictFree(node, outer)))
        continue;
      graph.expanded[child] = true;
      chains[child] = chains[block];
      chains[child].push_back(child);
      outer.high[node.depth] = node.count - 1;
      chooseExpanded(child, outer);
      outer.high[node.depth] = 0;
    }
  }

  /// Whether no two engines conflict inside the loop, over all its iterations
  /// and those of the loops around it.
  bool isConflictFree(const ProgramTree::Node &node, const CounterBox &outer) {
    std::vector<AccessHistory> scratch(program.memories.size() + 1);
    auto stopAtConflict = [](const AccessEntry &entry, const AccessEntry &old,
                             bool conflicting, int64_t) {
      if (old.engines.meets(entry.engines))
        return AccessHistory::Answer::Ordered;
      return conflicting ? AccessHistory::Answer::Stop
                         : AccessHistory::Answer::Unordered;
    };
    return forEachUnit(node, outer, [&](size_t index, const CounterBox &box) {
      return record(index, names[index], box, false, 0, scratch,
                    stopAtConflict);
    });
  }

  /// Visits the instructions of a loop with the boxes of their counters.
  template <typename Visitor>
  bool forEachUnit(const ProgramTree::Node &node, CounterBox box,
                   Visitor visit) {
    uint32_t depth = node.depth;
    for (size_t i = node.begin; i < node.end; ++i) {
      const Body &body = program.code[i].body;
      if (const Loop *loop = getIf<Loop>(body)) {
        box.low[depth] = 0;
        box.high[depth++] = loop->count - 1;
      } else if (holds<End>(body)) {
        --depth;
        box.low[depth] = box.high[depth] = 0;
      } else if (!visit(i, box)) {
        return false;
      }
    }
    return true;
  }

  /// Enters the accesses of an instruction, as those of `engines`. `isPlaced`:
  /// `box` is where the run stands; otherwise its lowest counters are some of
  /// many, and that there are no engines at these says nothing of the others.
  template <typename Visitor>
  bool record(size_t index, BlockSpan engines, const CounterBox &box,
              bool isPlaced, uint64_t stamp, std::vector<AccessHistory> &into,
              Visitor visit) {
    current = index;
    if (!work.spend(1))
      return false;
    if (!sharedSlots[index])
      return true;
    footprints.compute(index, box, Precision::Fast, sharedSlots[index],
                       accesses);
    SlotMask slots = sharedSlots[index];
    if (isPlaced && !namesEngines(program, program.code[index], box.low))
      slots &= static_cast<SlotMask>(~(1u << readRegistersSlot));
    appendRegisters(program, tree.registers(index), slots, accesses);
    if (work.isExceeded())
      return false;
    AccessEntry entry;
    entry.engines = engines;
    entry.isConditionalJoin = tree.isConditionalJoin(index, engines);
    entry.unit = index;
    entry.stamp = stamp;
    for (bool reads : {true, false})
      for (const UnitAccess &access : accesses) {
        if ((access.kind == AccessKind::Read) != reads)
          continue;
        bool done = entry.isConditionalJoin && access.slot == readRegistersSlot
                        ? recordRegisterReads(access, entry, into, visit)
                        : recordAccess(access, entry, into, visit);
        if (!done)
          return false;
      }
    return true;
  }

  /// Blocks that execute an instruction together or not at all find out one by
  /// one which, as the checker has it.
  template <typename Visitor>
  bool recordRegisterReads(const UnitAccess &access, AccessEntry entry,
                           std::vector<AccessHistory> &into, Visitor visit) {
    BlockSpan blocks = entry.engines;
    entry.isConditionalJoin = false;
    for (uint32_t block = blocks.begin; block < blocks.end; ++block) {
      entry.engines = {block, block + 1};
      if (!recordAccess(access, entry, into, visit))
        return false;
    }
    return true;
  }

  /// Enters one access, as one like `entry`.
  template <typename Visitor>
  bool recordAccess(const UnitAccess &access, AccessEntry entry,
                    std::vector<AccessHistory> &into, Visitor visit) {
    entry.kind = access.kind;
    entry.product = access.product;
    auto bound = [&](const AccessEntry &old, bool conflicting, int64_t byte) {
      return work.spend(1) ? visit(entry, old, conflicting, byte)
                           : AccessHistory::Answer::Stop;
    };
    AccessHistory &history = into[access.memory];
    size_t before = history.size();
    if (!history.record(access.bytes, entry, bound))
      return false;
    if (history.size() > before)
      work.spend(stepsPerStretch * int64_t(history.size() - before));
    work.spend(history.takePassed() / passedPerStep);
    return true;
  }

  /// Enters them where the run stands.
  template <typename Visitor>
  bool recordAt(size_t index, const CounterBox &box, Visitor visit) {
    return record(index, tree.engines().get(index, box.low), box, true,
                  position, histories, visit);
  }

  /// False if there was too much to do.
  bool trace(uint32_t index) {
    const ProgramTree::Node &node = tree[index];
    auto order = [&](const AccessEntry &entry, const AccessEntry &old,
                     bool conflicting, int64_t) {
      if (old.engines.meets(entry.engines))
        return AccessHistory::Answer::Ordered;
      if (!conflicting)
        return AccessHistory::Answer::Unordered;
      // Every conflict will be ordered.
      addDependence(old, entry);
      return AccessHistory::Answer::Ordered;
    };
    if (!node.isLoop())
      return recordAt(node.begin, counters, order);
    if (!graph.expanded[index])
      return forEachUnit(
          node, counters, [&](size_t unit, const CounterBox &box) {
            return recordAt(unit, box, order);
          });
    uint64_t before = position;
    PeriodicSteps steps(
        findLoopPeriod(program, tree, index, sharedSlots, counters));
    for (int64_t i = 0; i < node.count; ++i) {
      counters.low[node.depth] = counters.high[node.depth] = i;
      position = before * node.count + i;
      for (uint32_t child : node.children)
        if (!trace(child))
          return false;
      int64_t skipped =
          steps.skipAfter(i, [&] { return describeState(index); });
      if (skipped)
        moveEntries(index, skipped);
      i += skipped;
    }
    counters.low[node.depth] = counters.high[node.depth] = 0;
    position = before;
    return true;
  }

  /// For an access made inside `loop` since it was last entered: how many
  /// stamps one iteration takes. Otherwise nothing.
  std::optional<uint64_t> stampsPerIteration(uint32_t loop,
                                             const AccessEntry &entry) const {
    const auto &chain = chains[blockOf[entry.unit]];
    uint64_t stamps = 1;
    for (size_t level = chain.size(); level > 0; --level) {
      if (chain[level - 1] == loop) {
        uint64_t trips = tree[loop].count;
        bool current = entry.stamp / stamps / trips == position / trips;
        return current ? std::optional(stamps) : std::nullopt;
      }
      stamps *= tree[chain[level - 1]].count;
    }
    return std::nullopt;
  }

  /// The histories, with accesses inside `loop` named by how many iterations
  /// ago they were made. Beyond maxDistance the number makes no difference.
  PeriodicSteps::State describeState(uint32_t loop) {
    PeriodicSteps::State state;
    for (AccessHistory &history : histories)
      history.forEach(
          [&](int64_t begin, int64_t end) {
            state.insert(state.end(),
                         {~uint64_t(0), uint64_t(begin), uint64_t(end)});
          },
          [&](const AccessEntry &entry) {
            auto stamps = stampsPerIteration(loop, entry);
            uint64_t age = stamps ? position - entry.stamp / *stamps : 0;
            uint64_t within = stamps ? entry.stamp % *stamps : entry.stamp;
            state.insert(state.end(), {entry.unit, entry.engines.begin,
                                       entry.engines.end, stamps.has_value(),
                                       std::min<uint64_t>(age, maxDistance),
                                       within, uint64_t(entry.kind),
                                       entry.product, entry.coverage()});
          });
    work.spend(int64_t(state.size()));
    return state;
  }

  /// Makes accesses inside `loop` as recent as they were `iterations` ago.
  void moveEntries(uint32_t loop, int64_t iterations) {
    for (AccessHistory &history : histories)
      history.forEach([](int64_t, int64_t) {},
                      [&](AccessEntry &entry) {
                        if (auto stamps = stampsPerIteration(loop, entry))
                          entry.stamp += *stamps * iterations;
                      });
  }

  /// Finds the block that the two share and how many of its iterations lie
  /// between them.
  void addDependence(const AccessEntry &from, const AccessEntry &to) {
    const auto &a = chains[blockOf[from.unit]];
    const auto &b = chains[blockOf[to.unit]];
    size_t common = 0;
    while (common < a.size() && common < b.size() && a[common] == b[common])
      ++common;
    uint64_t x = from.stamp, y = to.stamp;
    for (size_t level = a.size(); level > common; --level)
      x /= tree[a[level - 1]].count;
    for (size_t level = b.size(); level > common; --level)
      y /= tree[b[level - 1]].count;
    // The outermost loop in which their iterations differ carries the
    // dependence.
    size_t carrier = common;
    uint64_t distance = 0;
    for (size_t level = common; level > 0 && x != y; --level) {
      uint64_t trips = tree[a[level - 1]].count;
      if (x % trips != y % trips) {
        carrier = level;
        distance = y % trips - x % trips;
      }
      x /= trips;
      y /= trips;
    }
    distance = std::min<uint64_t>(distance, maxDistance);
    uint64_t key = uint64_t(from.unit) << 28 | to.unit;
    key = (key << 4 | carrier) << 3 | distance;
    if (!known.insert(key).second)
      return;
    uint32_t block = carrier ? a[carrier - 1] : ProgramTree::root;
    if (distance > 0 || !isInOneChild(block, from.unit, to.unit))
      graph.dependences[block].push_back(
          {from.unit, to.unit, static_cast<uint32_t>(distance)});
  }

  /// A loop that is not expanded has no conflicts inside; rounding up at single
  /// iterations may pretend so.
  bool isInOneChild(uint32_t block, uint32_t a, uint32_t b) const {
    for (uint32_t child : tree[block].children)
      if (tree[child].begin <= a && a < tree[child].end)
        return tree[child].begin <= b && b < tree[child].end;
    return false;
  }

  const Program &program;
  const ProgramTree &tree;
  WorkLimit &work;
  size_t current = 0; ///< the instruction at work
  UnitFootprints footprints;
  std::vector<SlotMask> sharedSlots;
  /// By instruction: what stands for its engines at counters not known.
  std::vector<BlockSpan> names;
  /// By instruction: the innermost expanded loop around it.
  std::vector<uint32_t> blockOf;
  /// By expanded loop: the expanded loops around it and itself.
  std::vector<std::vector<uint32_t>> chains;
  DependenceGraph graph;
  std::unordered_set<uint64_t> known;

  std::vector<AccessHistory> histories; ///< by memory
  CounterBox counters;
  /// Iteration numbers of the expanded loops as one mixed-radix number.
  uint64_t position = 0;
  UnitAccessList accesses;
};

} // namespace

Result<DependenceGraph> detail::traceDependences(const Program &program,
                                                 const ProgramTree &tree,
                                                 WorkLimit &work) {
  return Tracer(program, tree, work).run();
}
