//===- Phases.cpp - What each part of a training step costs -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include <algorithm>
#include <map>

using namespace phx;
using namespace phx::report;

std::string phx::describePhase(Phase phase) {
  std::string text = getPhaseName(phase);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string phx::describeLayer(const Layer &layer) {
  if (layer.phase == Phase::Forward)
    return layer.name;
  return layer.name + " (" + describePhase(layer.phase) + ")";
}

const PhaseSummary &report::get(const PhaseSummaries &phases, Phase phase) {
  return phases[static_cast<unsigned>(phase)];
}

namespace {
/// Adds layers up; the span of their executions is known at the end.
struct Collector {
  PhaseSummary sum;
  Femtoseconds begin = 0, end = 0;
  bool executed = false;

  void add(const LayerSummary &layer, const LayerTiming *timing) {
    sum.present = true;
    sum.coreNs += layer.coreNs;
    sum.busyNs += layer.busyNs;
    sum.energyPj += layer.totalPj;
    sum.macs += layer.macs;
    if (!timing || !timing->executed)
      return;
    begin = executed ? std::min(begin, timing->begin) : timing->begin;
    end = executed ? std::max(end, timing->end) : timing->end;
    executed = true;
    sum.latencyNs = toNs(end - begin);
  }
};
using Collectors = std::array<Collector, numPhases>;

PhaseSummaries finish(const Collectors &collectors) {
  PhaseSummaries phases;
  for (unsigned i = 0; i < numPhases; ++i)
    phases[i] = collectors[i].sum;
  return phases;
}
} // namespace

/// Layers of all nodes, in the order in which nodes are named.
static std::vector<size_t> orderLayers(const Program &program) {
  std::vector<size_t> order;
  // A scheduler may begin with updates.
  for (bool isLate : {false, true})
    for (size_t i = 0; i < program.layers.size(); ++i)
      if ((program.layers[i].phase > Phase::Loss) == isLate)
        order.push_back(i);
  return order;
}

void report::addPhases(const ReportInputs &inputs, Summary &summary) {
  Collectors all;
  std::map<std::string, size_t> numbers;
  std::vector<Collectors> nodes;
  for (size_t i : orderLayers(inputs.program)) {
    const Layer &layer = inputs.program.layers[i];
    const LayerTiming *timing =
        i < inputs.timing.layers.size() ? &inputs.timing.layers[i] : nullptr;
    auto [entry, isNew] = numbers.try_emplace(layer.name, nodes.size());
    if (isNew) {
      nodes.emplace_back();
      summary.nodes.push_back({layer.name, layer.op, {}});
    }
    auto phase = static_cast<unsigned>(layer.phase);
    all[phase].add(summary.layers[i], timing);
    nodes[entry->second][phase].add(summary.layers[i], timing);
  }
  summary.phases = finish(all);
  for (size_t i = 0; i < nodes.size(); ++i)
    summary.nodes[i].phases = finish(nodes[i]);
}
