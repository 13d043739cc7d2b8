//===- ClockModel.cpp - What engines know of each other -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ClockModel.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

ClockModel::ClockModel(const Program &program, const ProgramTree &tree,
                       const Teams &teams, const DependenceGraph &graph,
                       WorkLimit &work)
    : program(program), tree(tree), graph(graph), work(work), teams(teams),
      before(tree.size()), after(tree.size()), carried(tree.size()),
      checksInto(program.code.size()) {}

void ClockModel::install(uint32_t site) {
  const TokenSite &s = sites[site];
  if (active.size() < sites.size()) {
    // Two clocks of each. Once there has been too much to do nobody asks.
    size_t added = 2 * (sites.size() - active.size()) * teams.size();
    if (!work.spend(int64_t(added / epochsPerStep)))
      return;
    active.resize(sites.size());
    latest.resize(sites.size(), Clock(teams.size(), -1));
    credit.resize(sites.size(), Clock(teams.size(), -1));
    queue.resize(sites.size());
  }
  auto &waits = before[s.toNode];
  if (std::find(waits.begin(), waits.end(), site) == waits.end()) {
    waits.push_back(site);
    after[s.fromNode].push_back(site);
    if (s.distance)
      carried[s.block].push_back(site);
  }
  active[site] = true;
}

void ClockModel::setDependences(const std::vector<Dependence> &next) {
  for (const Dependence &d : dependences)
    checksInto[d.to].clear();
  dependences = next;
  results.assign(dependences.size(), Check::Open);
  for (uint32_t i = 0; i < dependences.size(); ++i)
    checksInto[dependences[i].to].push_back(i);
}

void ClockModel::reset() {
  clocks.assign(teams.size() + 1, Clock(teams.size(), -1));
}

ClockModel::Clock ClockModel::getCarried(uint32_t engine) const {
  Clock carried = clocks[engine];
  carried[engine] = clocks.back()[engine];
  return carried;
}

void ClockModel::join(Clock &into, const Clock &from) {
  for (size_t e = 0; e < into.size(); ++e)
    into[e] = std::max(into[e], from[e]);
}

void ClockModel::visitLeaf(size_t index, bool frozen) {
  uint32_t engine = teams.of(index);
  Clock &clock = clocks[engine];
  // Only the first arrival of an iteration counts: the others know more.
  for (uint32_t i : checksInto[index])
    if (results[i] == Check::Open && dependences[i].distance == iteration)
      results[i] = clock[teams.of(dependences[i].from)] >= dependences[i].from
                       ? Check::Ordered
                       : Check::Unordered;
  if (frozen)
    return;
  int64_t position = int64_t(iteration) * program.code.size() + index;
  clocks.back()[engine] = position;
  if (!teams.isLoose(engine))
    clock[engine] = position;
}

void ClockModel::visitWaits(uint32_t node) {
  for (uint32_t site : before[node]) {
    if (!active[site])
      continue;
    const TokenSite &s = sites[site];
    Clock &clock = clocks[s.toEngine];
    if (s.distance == 0) {
      join(clock, latest[site]);
    } else if (s.block == unrolled) {
      join(clock, queue[site].front());
      queue[site].pop_front();
    } else {
      join(clock, credit[site]);
    }
  }
  if (node == passed)
    for (const ExtraWait &wait : *extraWaits)
      join(clocks[wait.engine], *wait.carried);
}

void ClockModel::visitSignals(uint32_t node) {
  for (uint32_t site : after[node]) {
    if (!active[site])
      continue;
    const TokenSite &s = sites[site];
    if (s.distance != 0 && s.block == unrolled)
      queue[site].push_back(getCarried(s.fromEngine));
    else
      latest[site] = getCarried(s.fromEngine);
  }
  if (node == passed)
    (*signalHook)();
}

void ClockModel::visit(uint32_t index, bool frozen) {
  const ProgramTree::Node &node = tree[index];
  bool expanded = node.isLoop() && graph.expanded[index];
  work.spend(expanded ? 1 : int64_t(node.end - node.begin));
  if (expanded)
    for (uint32_t site : carried[index])
      credit[site] = getCarried(sites[site].fromEngine);
  visitWaits(index);
  if (expanded) {
    for (bool last : {false, true}) {
      if (!last && node.count == 1)
        continue;
      for (uint32_t child : node.children)
        visit(child, frozen || !last);
    }
  } else {
    for (size_t i = node.begin; i < node.end; ++i)
      if (!holds<Loop>(program.code[i].body) &&
          !holds<End>(program.code[i].body))
        visitLeaf(i, frozen);
  }
  visitSignals(index);
  if (expanded)
    for (uint32_t site : carried[index])
      if (active[site])
        join(clocks[sites[site].toEngine], latest[site]);
}

void ClockModel::pass(uint32_t node, const std::vector<ExtraWait> &waits,
                      const std::function<void()> &atSignals) {
  passed = node;
  extraWaits = &waits;
  signalHook = &atSignals;
  iteration = 0;
  visit(node, false);
  passed = ~0u;
}

void ClockModel::unroll(uint32_t block, uint32_t iterations) {
  reset();
  reopenChecks();
  unrolled = block;
  Clock unknown(teams.size(), -1);
  for (uint32_t site : carried[block])
    queue[site].assign(sites[site].distance, unknown);
  for (iteration = 0; iteration < iterations; ++iteration)
    for (uint32_t child : tree[block].children)
      visit(child, false);
  iteration = 0;
  unrolled = ~0u;
}
