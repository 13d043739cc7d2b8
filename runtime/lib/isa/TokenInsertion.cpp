//===- TokenInsertion.cpp - Placement of signals and waits -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/TokenInsertion.h"

#include "Hazards.h"
#include "TokenPlacement.h"

#include "phx/isa/Bounds.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

// Trying to do without each single token is worth so many steps of the hazard
// checker.
static constexpr int64_t reductionSteps = 20000;
// Executed instructions of a program for which trials use exact footprints.
static constexpr int64_t smallProgram = 4096;

/// Replaces the code and moves the loop nests of products along: instruction i
/// becomes instruction moved[i].
static void replaceCode(Program &program, std::vector<Instruction> code,
                        const std::vector<size_t> &moved) {
  program.code = std::move(code);
  for (Product &product : program.products)
    for (ProductNest &nest : product.nests) {
      if (nest.loopBegin >= moved.size() || nest.loopEnd >= moved.size())
        continue; // the validator says what is wrong with it
      nest.loopBegin = moved[nest.loopBegin];
      nest.loopEnd = moved[nest.loopEnd];
    }
}

void phx::removeTokens(Program &program) {
  std::vector<Instruction> code;
  std::vector<size_t> moved;
  code.reserve(program.code.size());
  for (Instruction &instruction : program.code) {
    moved.push_back(code.size());
    if (!holds<Signal>(instruction.body) &&
        !holds<Wait>(instruction.body))
      code.push_back(std::move(instruction));
  }
  program.tokens = 0;
  replaceCode(program, std::move(code), moved);
}

void phx::applyTokens(Program &program, const TokenPlan &plan) {
  std::vector<Instruction> code;
  std::vector<size_t> moved;
  code.reserve(program.code.size() + plan.placements.size());
  auto next = plan.placements.begin();
  for (size_t i = 0; i < program.code.size(); ++i) {
    for (; next != plan.placements.end() && next->before == i; ++next)
      code.push_back(next->instruction);
    moved.push_back(code.size());
    code.push_back(std::move(program.code[i]));
  }
  for (; next != plan.placements.end(); ++next)
    code.push_back(next->instruction);
  program.tokens = plan.tokens;
  replaceCode(program, std::move(code), moved);
}

//===----------------------------------------------------------------------===//
// From sites to placements
//===----------------------------------------------------------------------===//

namespace {

/// Goes through the program and lists signals and waits where they belong.
class Planner {
public:
  Planner(const Program &program, const ProgramTree &tree, const Teams &teams,
          const std::vector<TokenSite> &sites)
      : program(program), tree(tree), teams(teams), sites(sites),
        before(tree.size()), after(tree.size()), carried(tree.size()) {
    for (uint32_t i = 0; i < sites.size(); ++i) {
      before[sites[i].toNode].push_back(i);
      after[sites[i].fromNode].push_back(i);
      if (sites[i].distance)
        carried[sites[i].block].push_back(i);
    }
  }

  TokenPlan run() {
    for (uint32_t child : tree[ProgramTree::root].children)
      visit(child);
    plan.tokens = static_cast<uint32_t>(sites.size());
    return std::move(plan);
  }

private:
  // The order of signals and waits around a node is that of ClockModel::visit.
  void visit(uint32_t index) {
    const ProgramTree::Node &node = tree[index];
    position = node.begin;
    for (uint32_t site : carried[index])
      for (uint32_t i = 0; i < sites[site].distance; ++i)
        signal(site, false);
    for (uint32_t site : before[index])
      wait(site, sites[site].isNarrowWait);
    for (uint32_t child : node.children)
      visit(child);
    position = node.end;
    for (uint32_t site : after[index])
      signal(site, sites[site].isNarrowSignal);
    for (uint32_t site : carried[index])
      for (uint32_t i = 0; i < sites[site].distance; ++i)
        wait(site, false);
  }

  void signal(uint32_t site, bool isNarrow) {
    place(sites[site].from, sites[site].fromEngine, isNarrow, Signal{site});
  }
  void wait(uint32_t site, bool isNarrow) {
    place(sites[site].to, sites[site].toEngine, isNarrow, Wait{site});
  }
  void place(uint32_t guarded, uint32_t team, bool isNarrow, Body token) {
    const Instruction &instruction = program.code[guarded];
    plan.placements.push_back({position,
                               {instruction.engine,
                                instruction.layer,
                                {},
                                std::move(token),
                                instruction.arrays}});
    if (!isNarrow)
      teams.assign(team, plan.placements.back().instruction);
  }

  const Program &program;
  const ProgramTree &tree;
  const Teams &teams;
  const std::vector<TokenSite> &sites;
  std::vector<std::vector<uint32_t>> before, after, carried; ///< by node
  size_t position = 0;
  TokenPlan plan;
};

} // namespace

/// Numbers tokens in the order of their waits.
static void sortSites(std::vector<TokenSite> &sites, const ProgramTree &tree) {
  auto position = [&](const TokenSite &s) {
    return std::tuple(tree[s.toNode].begin, s.toEngine, s.fromEngine,
                      tree[s.fromNode].begin, s.distance);
  };
  std::sort(sites.begin(), sites.end(),
            [&](const TokenSite &a, const TokenSite &b) {
              return position(a) < position(b);
            });
}

//===----------------------------------------------------------------------===//
// Reduction
//===----------------------------------------------------------------------===//

static int64_t countExecuted(const ProgramTree &tree, uint32_t node) {
  int64_t count = tree[node].isLoop() ? 0 : 1;
  for (uint32_t child : tree[node].children)
    count += countExecuted(tree, child);
  // Beyond the threshold the number itself does not matter.
  return std::min(count, smallProgram + 1) *
         std::min(std::max<int64_t>(tree[node].count, 1), smallProgram + 1);
}

/// Finds tokens that `program`, made from `sites`, can do without: those whose
/// waits never held anything back in the order of events, and, in programs of
/// moderate size, those without which the proof still succeeds.
static Result<std::vector<bool>> findSuperfluous(const Program &program,
                                                 size_t numSites) {
  Result<ProgramTree> tree = ProgramTree::build(program);
  if (!tree)
    return tree.error();
  HazardChecker checker(program, *tree);
  if (Status status = checker.run(); !status)
    return status.error();
  std::vector<bool> superfluous = checker.idleTokens();
  superfluous.resize(numSites);
  bool exact = countExecuted(*tree, ProgramTree::root) <= smallProgram;
  if (checker.steps() * static_cast<int64_t>(numSites) > reductionSteps)
    return superfluous;
  for (size_t site = 0; site < numSites; ++site) {
    if (superfluous[site])
      continue;
    superfluous[site] = true;
    superfluous[site] = checker.succeedsWithout(superfluous, exact);
  }
  return superfluous;
}

//===----------------------------------------------------------------------===//
// Tokens of single arrays
//===----------------------------------------------------------------------===//

namespace {

/// Lets fewer arrays signal and wait than a team has, wherever the proof still
/// succeeds. Each trial takes a proof.
class Narrowing {
public:
  Narrowing(const Program &program, const ProgramTree &tree, const Teams &teams,
            std::vector<TokenSite> &sites)
      : program(program), tree(tree), teams(teams), sites(sites) {}

  /// Whether any do.
  bool run() {
    std::vector<bool *> choices;
    for (TokenSite &site : sites) {
      if (isPossible(site.fromEngine, site.from, site.fromNode))
        choices.push_back(&site.isNarrowSignal);
      if (isPossible(site.toEngine, site.to, site.toNode))
        choices.push_back(&site.isNarrowWait);
    }
    if (choices.empty())
      return false;
    choose(choices, true);
    if (isProved())
      return true;
    choose(choices, false);
    bool any = false;
    for (bool *choice : choices) {
      if (stepsLeft < 0)
        break;
      *choice = true;
      *choice = isProved();
      any |= *choice;
    }
    return any;
  }

private:
  /// Whether the arrays of an instruction exist in every iteration of the loops
  /// around `node`: a token is not guarded, as the instruction may be.
  bool areAlwaysThere(const Instruction &instruction, uint32_t node) const {
    Box box{};
    for (uint32_t around = tree[node].parent; around != ProgramTree::root;
         around = tree[around].parent)
      box[tree[around].depth].second = tree[around].count - 1;
    Affine first{instruction.engine.index, instruction.arrays.digits};
    Range range = Form(first).over(box);
    int64_t most = int64_t(program.groups[instruction.engine.group].count) -
                   instruction.arrays.lanes;
    return range.lo >= 0 && range.hi <= most;
  }
  /// The counters that the arrays depend on are those of loops around the
  /// place of the token.
  bool isPossible(uint32_t team, uint32_t instruction, uint32_t node) const {
    const std::vector<DigitTerm> &digits =
        program.code[instruction].arrays.digits;
    return teams.isLoose(team) &&
           std::all_of(digits.begin(), digits.end(),
                       [&](const DigitTerm &d) {
                         return d.loop < tree[node].depth;
                       }) &&
           areAlwaysThere(program.code[instruction], node);
  }
  static void choose(const std::vector<bool *> &choices, bool value) {
    for (bool *choice : choices)
      *choice = value;
  }
  bool isProved() {
    Program trial = program;
    applyTokens(trial, Planner(program, tree, teams, sites).run());
    Result<ProgramTree> trialTree = ProgramTree::build(trial);
    if (!trialTree)
      return false;
    HazardChecker checker(trial, *trialTree);
    bool proved = checker.run().ok();
    stepsLeft -= checker.steps();
    return proved;
  }

  const Program &program;
  const ProgramTree &tree;
  const Teams &teams;
  std::vector<TokenSite> &sites;
  int64_t stepsLeft = reductionSteps;
};

} // namespace

Result<TokenPlan> phx::planTokens(const LargestCounts &largest) {
  const Program &program = largest.get();
  Result<ProgramTree> tree = ProgramTree::build(program);
  if (!tree)
    return tree.error();
  WorkLimit work;
  Result<DependenceGraph> graph = traceDependences(program, *tree, work);
  if (!graph)
    return graph.error();
  Teams teams(program, tree->engines());
  Result<std::vector<TokenSite>> sites =
      placeTokens(program, *tree, teams, *graph, work);
  if (!sites)
    return sites.error();
  sortSites(*sites, *tree);
  TokenPlan plan = Planner(program, *tree, teams, *sites).run();
  Program trial = program;
  applyTokens(trial, plan);
  Result<std::vector<bool>> superfluous = findSuperfluous(trial, sites->size());
  if (!superfluous)
    return superfluous.error();
  std::vector<TokenSite> kept;
  for (size_t i = 0; i < sites->size(); ++i)
    if (!(*superfluous)[i])
      kept.push_back((*sites)[i]);
  bool isNarrower = Narrowing(program, *tree, teams, kept).run();
  if (isNarrower || kept.size() < sites->size())
    plan = Planner(program, *tree, teams, kept).run();
  return plan;
}

Status phx::insertTokens(Program &program) {
  removeTokens(program);
  Result<TokenPlan> plan = planTokens(program);
  if (!plan)
    return plan.error();
  applyTokens(program, *plan);
  return Status::success();
}
