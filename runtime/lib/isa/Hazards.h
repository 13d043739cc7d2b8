//===- Hazards.h - Happens-before over an expanded program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_HAZARDS_H
#define PHX_LIB_ISA_HAZARDS_H

#include "AccessHistory.h"
#include "LoopPeriod.h"
#include "ProgramTree.h"
#include "SharedClock.h"

#include <deque>

namespace phx::detail {

/// Steps through a program, keeps one vector clock per block of engines, lets
/// tokens carry clocks from signal to wait, and compares every access with the
/// accesses of its bytes that it must come after. An instruction of several
/// blocks begins when all of them are free, and so orders what they did.
///
/// Footprints are first taken as cheap supersets. A conflict of supersets
/// proves nothing: the two operands are then marked for exact footprints and
/// the check starts again.
class HazardChecker {
public:
  HazardChecker(const Program &program, const ProgramTree &tree);

  /// Proves that there is no race, or describes one. Errors also: a loop or an
  /// instruction that takes more than the steps of an analysis.
  Status run();
  /// Whether there is no race without the signals and waits of tokens t with
  /// ignored[t]. If not `exact`, or if all runs together take more than the
  /// steps of an analysis, it may answer no out of thrift.
  bool succeedsWithout(const std::vector<bool> &ignored, bool exact);

  /// Of the latest successful run: tokens of which every wait was satisfied by
  /// what the engine had already awaited. All of them may be removed at once.
  const std::vector<bool> &idleTokens() const { return idle; }

  /// Number of instructions and token-free loops stepped through in the latest
  /// run, the measure of its cost.
  int64_t steps() const { return stepCount; }

private:
  enum class Outcome : uint8_t { Clean, Race, Refine };
  Outcome runExactly();
  Outcome runOnce();
  bool runNodes(const std::vector<uint32_t> &children);
  bool runNode(uint32_t node);
  PeriodicSteps::State describeState();
  bool runSummary(const ProgramTree::Node &node);
  bool runUnit(size_t index, const CounterBox &box);
  void findAccesses(size_t index, const CounterBox &box);
  bool isExecutedWithin(const Instruction &instruction, const CounterBox &box);
  bool record(const UnitAccess &access, const AccessEntry &entry);
  /// All that the instruction at work touches, as accesses like `entry`; what
  /// recordRegisterReads records is left out where that is a conditional join.
  bool recordAll(AccessEntry entry);
  /// Reads of registers of an instruction that several blocks execute together
  /// or not at all.
  bool recordRegisterReads(AccessEntry entry);
  /// What an instruction touches that several blocks execute together or not at
  /// all.
  bool recordJointly(AccessEntry entry);
  bool isOrdered(const AccessEntry &old, const AccessEntry &entry);
  void beginEpoch(uint32_t block);
  uint64_t beginJointEpoch(BlockSpan blocks);
  SharedClock getJoined(BlockSpan blocks);
  bool signal(size_t index, uint32_t token);
  bool wait(size_t index, uint32_t token);
  bool fail(size_t index, const std::string &text);
  bool failTooMuchWork(size_t index);
  /// `entry` could not be told from a superset of its bytes.
  bool failTooManyStretches(const AccessEntry &entry, const AccessEntry &other);
  bool conflict(const AccessEntry &earlier, const AccessEntry &later,
                uint32_t memory, int64_t byte);

  const Program &program;
  const ProgramTree &tree;
  WorkLimit work;
  UnitFootprints footprints;
  std::vector<SlotMask> sharedSlots;
  std::vector<SlotMask> refinedSlots; ///< by instruction, bit mask

  std::vector<bool> ignored, idle;
  /// By block. Entry f of block e: the latest epoch of f whose accesses all
  /// precede what e does next. A new epoch begins with the first access behind
  /// a signal, so that what one signal covers shares an epoch.
  std::vector<SharedClock> clocks;
  std::vector<uint64_t> epochs; ///< by block: the one under way
  std::vector<bool> sealed;     ///< by block: the next access begins an epoch
  std::vector<std::deque<SharedClock>> inFlight; ///< by token
  std::vector<AccessHistory> histories;          ///< by memory
  CounterBox counters;
  UnitAccessList accesses; ///< scratch
  int64_t stepCount = 0;
  Outcome outcome = Outcome::Clean;
  Error error;
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_HAZARDS_H
