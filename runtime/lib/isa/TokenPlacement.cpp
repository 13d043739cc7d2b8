//===- TokenPlacement.cpp - Where signals and waits go -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TokenPlacement.h"

#include "ClockModel.h"

#include <algorithm>
#include <map>

using namespace phx;
using namespace phx::detail;

namespace {

class Placer {
public:
  Placer(const Program &program, const ProgramTree &tree, const Teams &teams,
         const DependenceGraph &graph, WorkLimit &work)
      : program(program), tree(tree), teams(teams), graph(graph), work(work),
        model(program, tree, teams, graph, work) {}

  Result<std::vector<TokenSite>> run() {
    placeIn(ProgramTree::root);
    if (work.isExceeded())
      return makeTooMuchWorkError(program, tree, tree[exceededIn].begin);
    std::vector<TokenSite> sites;
    for (uint32_t i = 0; i < model.sites.size(); ++i)
      if (model.isActive(i))
        sites.push_back(model.sites[i]);
    return sites;
  }

private:
  using Clock = ClockModel::Clock;
  using Check = ClockModel::Check;

  void placeIn(uint32_t block) {
    for (uint32_t child : tree[block].children)
      if (tree[child].isLoop() && graph.expanded[child])
        placeIn(child);
    if (graph.dependences[block].empty() || work.isExceeded())
      return;
    exceededIn = block;
    childOf.assign(tree[block].end - tree[block].begin, 0);
    codeBegin = tree[block].begin;
    for (uint32_t child : tree[block].children)
      for (size_t i = tree[child].begin; i < tree[child].end; ++i)
        childOf[i - codeBegin] = child;
    std::vector<Dependence> straight, carried;
    for (const Dependence &d : graph.dependences[block])
      (d.distance ? carried : straight).push_back(d);
    if (!straight.empty())
      placeStraight(block, straight);
    if (!carried.empty())
      placeCarried(block, carried);
  }

  uint32_t child(uint32_t instruction) const {
    return childOf[instruction - codeBegin];
  }
  uint32_t engine(uint32_t instruction) const {
    return teams.of(instruction);
  }

  //===--------------------------------------------------------------------===//
  // Within one iteration
  //===--------------------------------------------------------------------===//

  /// A signal that could be awaited, and what it must cover.
  struct Candidate {
    uint32_t engine;
    uint32_t from;
    uint32_t to;
    const Clock *carried;
  };

  /// Goes through the block once, in stream order, and places a wait before
  /// each node that needs to know more than its engines do.
  void placeStraight(uint32_t block, const std::vector<Dependence> &all) {
    dependences = all;
    model.setDependences(dependences);
    snapshots.clear();
    std::map<uint32_t, std::vector<uint32_t>> into; // by child
    for (uint32_t i = 0; i < dependences.size(); ++i) {
      into[child(dependences[i].to)].push_back(i);
      uint32_t from = dependences[i].from;
      snapshots[{child(from), engine(from)}];
    }
    std::vector<uint32_t> placed;
    model.reset();
    for (uint32_t node : tree[block].children) {
      auto found = into.find(node);
      static const std::vector<uint32_t> none;
      placeBefore(block, node, found == into.end() ? none : found->second,
                  placed);
    }
    // Installed late: until here the snapshots stood for them.
    for (uint32_t site : placed)
      model.install(site);
  }

  void placeBefore(uint32_t block, uint32_t node,
                   const std::vector<uint32_t> &checks,
                   std::vector<uint32_t> &placed) {
    auto takeSnapshots = [&] {
      for (auto it = snapshots.lower_bound({node, 0});
           it != snapshots.end() && it->first.first == node; ++it)
        it->second = model.getCarried(it->first.second);
    };
    std::vector<ClockModel::ExtraWait> waits;
    if (checks.empty()) {
      model.pass(node, waits, takeSnapshots);
      return;
    }
    ClockModel::State entry = model.clocks;
    while (true) {
      for (uint32_t i : checks)
        model.reopenCheck(i);
      model.pass(node, waits, takeSnapshots);
      if (!work.spend(int64_t(checks.size())))
        return;
      std::vector<Candidate> needed = collectNeeded(checks);
      if (needed.empty())
        return;
      for (const Candidate &c : needed) {
        uint32_t waiter = engine(c.to);
        waits.push_back({waiter, c.carried});
        placed.push_back(model.sites.size());
        model.sites.push_back(
            {block, child(c.from), node, c.engine, waiter, 0, c.from, c.to});
      }
      model.clocks = entry;
    }
  }

  /// What the engine of the first unordered access still has to await, without
  /// what others of these signals carry along.
  std::vector<Candidate> collectNeeded(const std::vector<uint32_t> &checks) {
    uint32_t first = ~0u;
    for (uint32_t i : checks)
      if (model.checks()[i] == Check::Unordered)
        first = std::min(first, dependences[i].to);
    std::map<uint32_t, Candidate> byEngine;
    for (uint32_t i : checks) {
      const Dependence &d = dependences[i];
      if (model.checks()[i] != Check::Unordered ||
          engine(d.to) != engine(first))
        continue;
      uint32_t producer = engine(d.from);
      Candidate candidate{producer, d.from, d.to,
                          &snapshots[{child(d.from), producer}]};
      auto [it, isNew] = byEngine.insert({producer, candidate});
      if (!isNew && it->second.from < d.from)
        it->second = candidate;
    }
    std::vector<Candidate> needed;
    for (auto &[producer, candidate] : byEngine)
      needed.push_back(candidate);
    for (size_t i = 0; i < needed.size();) {
      bool covered = false;
      for (size_t j = 0; j < needed.size(); ++j)
        covered |= j != i && (*needed[j].carried)[needed[i].engine] >=
                                 int64_t(needed[i].from);
      if (covered)
        needed.erase(needed.begin() + i);
      else
        ++i;
    }
    return needed;
  }

  //===--------------------------------------------------------------------===//
  // Between iterations
  //===--------------------------------------------------------------------===//

  /// Adds tokens, strictest first, until everything is ordered; then takes away
  /// those that later ones made superfluous.
  void placeCarried(uint32_t block, const std::vector<Dependence> &all) {
    dependences = all;
    model.setDependences(dependences);
    uint32_t iterations = 0;
    for (const Dependence &d : dependences)
      iterations = std::max(iterations, d.distance + 1);
    std::vector<uint32_t> placed;
    while (true) {
      model.unroll(block, iterations);
      if (!work.spend(int64_t(dependences.size())))
        return;
      std::optional<TokenSite> site = chooseCarried(block);
      if (!site)
        break;
      placed.push_back(model.sites.size());
      model.sites.push_back(*site);
      model.install(placed.back());
    }
    for (size_t i = placed.size(); i-- > 0;) {
      model.uninstall(placed[i]);
      model.unroll(block, iterations);
      if (!work.spend(int64_t(dependences.size())))
        return;
      if (chooseCarried(block))
        model.install(placed[i]);
    }
  }

  std::optional<TokenSite> chooseCarried(uint32_t block) {
    std::optional<TokenSite> best;
    for (uint32_t i = 0; i < dependences.size(); ++i) {
      const Dependence &d = dependences[i];
      if (model.checks()[i] != Check::Unordered)
        continue;
      TokenSite site{block,        child(d.from), child(d.to), engine(d.from),
                     engine(d.to), d.distance,    d.from,      d.to};
      auto rank = [](const TokenSite &s) {
        // Of one pair of engines the latest producer covers the others.
        return std::tuple(s.distance, s.toNode, s.toEngine, s.fromEngine,
                          ~s.from);
      };
      if (!best || rank(site) < rank(*best))
        best = site;
    }
    return best;
  }

  const Program &program;
  const ProgramTree &tree;
  const Teams &teams;
  const DependenceGraph &graph;
  WorkLimit &work;
  ClockModel model;
  uint32_t exceededIn = ProgramTree::root; ///< the block under work

  // Of the block under work.
  std::vector<uint32_t> childOf;
  size_t codeBegin = 0;
  std::vector<Dependence> dependences;
  /// By child and engine: the engine's clock behind the child.
  std::map<std::pair<uint32_t, uint32_t>, Clock> snapshots;
};

} // namespace

Result<std::vector<TokenSite>>
detail::placeTokens(const Program &program, const ProgramTree &tree,
                    const Teams &teams, const DependenceGraph &graph,
                    WorkLimit &work) {
  return Placer(program, tree, teams, graph, work).run();
}
