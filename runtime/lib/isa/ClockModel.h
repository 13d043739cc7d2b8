//===- ClockModel.h - What engines know of each other -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An abstract run of a program with some tokens in place. Entry f of engine e's
// clock is a position in the code: everything of engine f up to there has
// completed, in its last iteration. Engines are teams here (Teams.h); one of
// several blocks knows of itself what its own tokens tell. A loop is passed
// through twice: a first time, in which knowledge of what came before the loop
// spreads but nothing inside counts as completed, and a last time, in which it
// does. That is as much as may be relied on in any iteration.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_CLOCKMODEL_H
#define PHX_LIB_ISA_CLOCKMODEL_H

#include "Teams.h"
#include "TokenPlacement.h"

#include <deque>
#include <functional>

namespace phx::detail {

class ClockModel {
public:
  /// Positions by engine; -1: nothing is known.
  using Clock = std::vector<int64_t>;

  /// Counts its steps in `work`, but does not stop by itself.
  ClockModel(const Program &program, const ProgramTree &tree,
             const Teams &teams, const DependenceGraph &graph,
             WorkLimit &work);

  /// Tokens known to the model. A token acts once installed.
  std::vector<TokenSite> sites;
  void install(uint32_t site);
  void uninstall(uint32_t site) { active[site] = false; }
  bool isActive(uint32_t site) const { return active[site]; }

  /// Whether a dependence of the block under work is ordered.
  enum class Check : uint8_t { Open, Ordered, Unordered };
  void setDependences(const std::vector<Dependence> &dependences);
  const std::vector<Check> &checks() const { return results; }
  void reopenCheck(uint32_t check) { results[check] = Check::Open; }
  void reopenChecks() { results.assign(results.size(), Check::Open); }

  /// One clock per engine; behind them, how far each engine has got.
  using State = std::vector<Clock>;
  State clocks;
  void reset();
  /// What a signal of the engine carries.
  Clock getCarried(uint32_t engine) const;

  /// A wait that is not a site yet, directly before the node that is passed.
  struct ExtraWait {
    uint32_t engine;
    const Clock *carried;
  };
  /// Passes through a node, checking dependences of distance 0. `atSignals`
  /// runs where signals behind the node stand.
  void pass(uint32_t node, const std::vector<ExtraWait> &waits,
            const std::function<void()> &atSignals);

  /// Steps through `iterations` iterations of a loop from an unknown state,
  /// checking carried dependences.
  void unroll(uint32_t block, uint32_t iterations);

private:
  void visit(uint32_t node, bool frozen);
  void visitLeaf(size_t index, bool frozen);
  void visitWaits(uint32_t node);
  void visitSignals(uint32_t node);
  static void join(Clock &into, const Clock &from);

  const Program &program;
  const ProgramTree &tree;
  const DependenceGraph &graph;
  WorkLimit &work;
  const Teams &teams;

  // Sites by the node that they stand at; carried ones by loop as well.
  std::vector<std::vector<uint32_t>> before, after, carried;
  std::vector<bool> active;
  std::vector<Clock> latest, credit;    ///< by site: carried by its signals
  std::vector<std::deque<Clock>> queue; ///< by site of the unrolled loop

  std::vector<Dependence> dependences;
  std::vector<Check> results;
  std::vector<std::vector<uint32_t>> checksInto; ///< by instruction

  uint32_t unrolled = ~0u, passed = ~0u;
  uint32_t iteration = 0;
  const std::vector<ExtraWait> *extraWaits = nullptr;
  const std::function<void()> *signalHook = nullptr;
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_CLOCKMODEL_H
