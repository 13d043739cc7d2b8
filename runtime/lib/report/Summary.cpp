//===- Summary.cpp - The figures behind every report -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace phx;
using namespace phx::report;

//===----------------------------------------------------------------------===//
// Names and small sums
//===----------------------------------------------------------------------===//

double report::toNs(Femtoseconds time) {
  return static_cast<double>(time) / 1e6;
}

const char *report::getMemoryModelName(MemoryModel model) {
  return model == MemoryModel::Ideal ? "ideal" : "hierarchy";
}

//===----------------------------------------------------------------------===//
// Parts of the summary
//===----------------------------------------------------------------------===//

namespace {
/// Charges by layer, of instructions without a layer, and of the arrays of each
/// group.
struct Attribution {
  std::vector<ChargeTotals> layers, groups;
  ChargeTotals none;
};
} // namespace

static Attribution attribute(const ReportInputs &inputs) {
  const Program &program = inputs.program;
  Attribution result;
  result.layers.resize(program.layers.size());
  result.groups.resize(inputs.target.machines.size());
  for (size_t i = 0; i < inputs.charges.size(); ++i) {
    const Instruction &instruction = program.code[i];
    PriceContext context = getPriceContext(program, instruction, inputs.target);
    bool known = instruction.layer < result.layers.size();
    (known ? result.layers[instruction.layer] : result.none)
        .add(context, inputs.charges[i]);
    if (size_t group = instruction.engine.group;
        instruction.getDescription().place == EnginePlace::Array &&
        group < result.groups.size())
      result.groups[group].add(context, inputs.charges[i]);
  }
  return result;
}

static std::vector<std::string> listStationary(const Program &program) {
  std::vector<std::string> names(program.layers.size());
  for (const Product &product : program.products) {
    if (product.layer >= names.size())
      continue;
    const char *name = getStationaryName(product.stationary);
    std::string &entry = names[product.layer];
    entry = entry.empty() || entry == name ? name : "mixed";
  }
  return names;
}

static void addStatistics(LayerSummary &layer, const LayerStatistics &seen) {
  if (seen.mantissas)
    layer.zeroMantissaShare = static_cast<double>(seen.zeroMantissas) /
                              static_cast<double>(seen.mantissas);
  layer.compared = seen.compared;
  if (!seen.compared)
    return;
  layer.equalsFp32 = seen.noise == 0;
  if (seen.noise > 0 && seen.signal > 0)
    layer.sqnrDb = 10 * std::log10(seen.signal / seen.noise);
}

static std::vector<LayerSummary> summarizeLayers(const ReportInputs &inputs,
                                                 const Attribution &charges) {
  std::vector<LayerSummary> layers(inputs.program.layers.size());
  std::vector<std::string> stationary = listStationary(inputs.program);
  for (size_t i = 0; i < layers.size(); ++i) {
    LayerSummary &layer = layers[i];
    layer.energy = priceCharges(charges.layers[i], inputs.target);
    layer.totalPj = sum(layer.energy);
    layer.macs = get(charges.layers[i].getTotal(), counters::macs);
    layer.stationary = stationary[i];
    if (i < inputs.timing.layers.size()) {
      const LayerTiming &timing = inputs.timing.layers[i];
      layer.latencyNs = toNs(timing.end - timing.begin);
      layer.coreNs = toNs(timing.coreEnd - timing.coreBegin);
      layer.busyNs = toNs(timing.busy);
      layer.instructions = timing.instructions;
    }
    if (inputs.statistics && i < inputs.statistics->size())
      addStatistics(layer, (*inputs.statistics)[i]);
  }
  return layers;
}

/// The number formats of all products, each once; of operands that differ both.
static std::string describeFormat(const Program &program) {
  std::string text;
  std::vector<std::array<uint32_t, 2>> seen;
  for (const Product &product : program.products) {
    auto [first, second] = product.conversions;
    if (std::max(first, second) >= program.conversions.size() ||
        std::find(seen.begin(), seen.end(), product.conversions) != seen.end())
      continue;
    seen.push_back(product.conversions);
    text += (text.empty() ? "" : ", ") + spell(program.conversions[first]);
    if (first != second)
      text += " x " + spell(program.conversions[second]);
  }
  return text;
}

std::vector<std::string> phx::report::listChanges(const Target &target) {
  std::vector<std::string> changes;
  for (const TargetField &field : describeTarget(target))
    if (field.source == overrideSource)
      changes.push_back(field.name + "=" + field.value);
  return changes;
}

/// What the classes of arrays do not say, so that it costs nothing here.
static void addUnknownCosts(const Target &target, Summary &summary) {
  for (size_t group = 0; group < target.machines.size(); ++group) {
    std::string name = target.spec.groups(static_cast<int>(group)).name();
    const MachineModel *model = findMachineModel(target, group);
    if (!model)
      summary.excludes.push_back("whatever the arrays of group '" + name +
                                 "' cost: their machine class has no model");
    if (model && !model->addStaticPower)
      summary.excludes.push_back("static power of the arrays of group '" +
                                 name + "': their machine class states none");
    if (model && !model->addArea)
      summary.excludes.push_back("area of the arrays of group '" + name +
                                 "': their machine class states none");
  }
}

static void addScope(const ReportInputs &inputs, Summary &summary) {
  bool ideal = inputs.program.memoryModel == MemoryModel::Ideal;
  summary.includes = {
      "every executed instruction: programming and streaming of the cores, "
      "digital operations of the vector unit"};
  for (size_t group = 0; group < inputs.target.machines.size(); ++group)
    if (const MachineModel *model = findMachineModel(inputs.target, group);
        model && model->included &&
        std::find(summary.includes.begin(), summary.includes.end(),
                  model->included) == summary.includes.end())
      summary.includes.push_back(model->included);
  summary.includes.push_back("scratchpad accesses of all engines, and the "
                             "static power that the target gives for "
                             "scratchpads");
  if (!ideal)
    summary.includes.push_back("DRAM accesses and background power, transfers "
                               "between DRAM and scratchpads");
  summary.excludes = {
      "transfers between host and machine: inputs, parameters and outputs are "
      "in the machine's memory",
      "initial loading of weights",
      "instruction fetch, loop control and tokens, which take no time and no "
      "energy",
      "leakage of digital logic, thermal tuning, cooling and power conversion",
  };
  addUnknownCosts(inputs.target, summary);
  if (inputs.training)
    summary.includes.insert(summary.includes.begin(),
                            "one training step: forward, loss, gradients and "
                            "the update of parameters and state");
  if (ideal)
    summary.excludes.push_back(
        "DRAM and every transfer between memories: under the ideal memory "
        "model scratchpads hold all regions, whatever their size");
}

static void addArea(const ReportInputs &inputs, Summary &summary) {
  summary.area = getArea(inputs.target, inputs.program);
  for (const AreaItem &item : summary.area) {
    summary.areaTotal += item.mm2;
    const AreaPartDeclaration &part = describe(item.part);
    if (part.photonic)
      summary.areaPhotonic += item.mm2;
    if (part.kind != AreaPartDeclaration::Kind::VectorUnit)
      summary.areaPaper += item.mm2;
  }
}

static void addEngines(const ReportInputs &inputs, Summary &summary) {
  double busy = 0, cores = 0;
  for (const EngineTiming &engine : inputs.timing.engines) {
    EngineSummary entry;
    entry.name = getEngineName(inputs.program, engine.engine);
    entry.engine = engine.engine;
    entry.busyNs = toNs(engine.busy);
    entry.idleNs = toNs(engine.idle);
    for (unsigned i = 0; i < 3; ++i)
      entry.stalledNs[i] = toNs(engine.stalled[i]);
    entry.instructions = engine.instructions;
    summary.engines.push_back(entry);
    if (engine.engine.kind == EngineKind::Core) {
      busy += entry.busyNs;
      ++cores;
    }
  }
  if (cores > 0 && summary.latencyNs > 0)
    summary.coreBusyShare = busy / (cores * summary.latencyNs);
}

/// What the paper of the first class that has one counts, of all groups of that
/// class and of no other.
static void addPaperConvention(const ReportInputs &inputs,
                               const Attribution &charges, Summary &summary) {
  for (const LayerSummary &layer : summary.layers)
    summary.paperLatencyNs += layer.coreNs;
  const MachineModel *first = nullptr;
  for (size_t group = 0; group < inputs.target.machines.size(); ++group) {
    const MachineModel *model = findMachineModel(inputs.target, group);
    if (!model || !model->getPaperFigures || (first && model != first))
      continue;
    PaperFigures figures = model->getPaperFigures(
        inputs.target, group, priceCharges(charges.groups[group], inputs.target),
        summary.paperLatencyNs);
    if (!first)
      summary.paper = PaperFigures{};
    first = model;
    summary.paper->energyPj += figures.energyPj;
    summary.paper->scratchpadPj += figures.scratchpadPj;
    summary.paperDefinition = model->paperDefinition;
  }
}

/// Multiply-accumulates of all arrays in the time of the run.
static double getPeakMacs(const Target &target, double latencyNs) {
  double peak = 0;
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (const MachineModel *model = findMachineModel(target, group);
        model && model->getPeakMacs)
      peak += model->getPeakMacs(target, group) * latencyNs;
  return peak;
}

static void addPower(const ReportInputs &inputs, Summary &summary) {
  auto watts = getStaticPower(inputs.target, inputs.program.memoryModel);
  double total = 0;
  for (Component component : getComponents()) {
    double power = get(watts, component);
    summary.staticPj[component.index] =
        power * summary.latencyNs * 1e3; // W ns = 1000 pJ
    total += power;
  }
  summary.totalDynamicPj = sum(summary.dynamicPj);
  summary.totalStaticPj = sum(summary.staticPj);
  summary.totalPj = summary.totalDynamicPj + summary.totalStaticPj;
  auto batch = static_cast<double>(std::max<int64_t>(inputs.program.batch, 1));
  summary.perInferencePj = summary.totalPj / batch;
  if (summary.latencyNs > 0) {
    summary.throughputPerS = batch / (summary.latencyNs * 1e-9);
    summary.averagePowerW = summary.totalPj / summary.latencyNs * 1e-3;
  }
  if (inputs.timing.peakDynamicW > 0 || summary.totalDynamicPj == 0)
    summary.peakPowerW = total + inputs.timing.peakDynamicW;
  summary.peakIsBound = !inputs.timing.peakIsExact;
}

RunCost phx::getRunCost(const ReportInputs &inputs) {
  Summary summary = summarize(inputs);
  return {summary.latencyNs, summary.totalPj};
}

Summary report::summarize(const ReportInputs &inputs) {
  Summary summary;
  Attribution charges = attribute(inputs);
  summary.latencyNs = toNs(inputs.timing.latency);
  summary.layers = summarizeLayers(inputs, charges);
  ChargeTotals all = charges.none;
  for (const ChargeTotals &layer : charges.layers)
    all.add(layer);
  summary.counters = all.getTotal();
  summary.dynamicPj = priceCharges(all, inputs.target);
  summary.unattributedDynamicPj =
      sum(priceCharges(charges.none, inputs.target));
  addPower(inputs, summary);
  addEngines(inputs, summary);
  addPaperConvention(inputs, charges, summary);
  addPhases(inputs, summary);
  addArea(inputs, summary);
  addScope(inputs, summary);
  summary.format = describeFormat(inputs.program);
  double peak = getPeakMacs(inputs.target, summary.latencyNs);
  if (peak > 0)
    summary.utilization =
        static_cast<double>(get(summary.counters, counters::macs)) / peak;
  return summary;
}
