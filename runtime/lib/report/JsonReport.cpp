//===- JsonReport.cpp - The report for machines ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Every field is described, with unit and definition, in
// docs/report.schema.json; the two change together.
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include <nlohmann/json.hpp>

using namespace phx;
using namespace phx::report;
using Json = nlohmann::ordered_json;

template <typename T> static Json orNull(const std::optional<T> &value) {
  return value ? Json(*value) : Json(nullptr);
}

static Json orNull(const std::string &text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

static Json makeComponents(const Energies &energies) {
  Json object = Json::object();
  for (Component component : getComponents())
    object[describe(component).name] = get(energies, component);
  return object;
}

static Json makeEnergy(const Summary &summary) {
  Json components = Json::object();
  for (Component component : getComponents()) {
    double charged = get(summary.dynamicPj, component);
    double drawn = get(summary.staticPj, component);
    components[describe(component).name] = {
        {"total", charged + drawn}, {"dynamic", charged}, {"static", drawn}};
  }
  double dynamic = summary.unattributedDynamicPj;
  return {{"total", summary.totalPj},
          {"dynamic", summary.totalDynamicPj},
          {"static", summary.totalStaticPj},
          {"by_component", components},
          {"unattributed",
           {{"total", dynamic + summary.totalStaticPj},
            {"dynamic", dynamic},
            {"static", summary.totalStaticPj}}}};
}

static Json makePaperConvention(const Summary &summary) {
  if (!summary.paper)
    return nullptr;
  uint64_t macs = get(summary.counters, counters::macs);
  Json perMac = nullptr;
  if (macs)
    perMac = summary.paper->energyPj / static_cast<double>(macs);
  return {{"latency_ns", summary.paperLatencyNs},
          {"energy_pj", summary.paper->energyPj},
          {"scratchpad_energy_pj", summary.paper->scratchpadPj},
          {"energy_per_mac_pj", perMac},
          {"definition", summary.paperDefinition}};
}

static Json makeArea(const Summary &summary) {
  Json components = Json::object();
  // Groups of one class have parts of the same names.
  for (const AreaItem &item : summary.area) {
    const std::string &name = describe(item.part).name;
    components[name] = components.value(name, 0.0) + item.mm2;
  }
  return {{"total", summary.areaTotal},
          {"photonic", summary.areaPhotonic},
          {"electronic", summary.areaTotal - summary.areaPhotonic},
          {"without_vector_unit", summary.areaPaper},
          {"by_component", components}};
}

static Json makeEngines(const Summary &summary) {
  Json list = Json::array();
  for (const EngineSummary &engine : summary.engines)
    list.push_back({{"name", engine.name},
                    {"busy_ns", engine.busyNs},
                    {"stalled_ns",
                     {{"on_dma", engine.stalledNs[0]},
                      {"on_vec", engine.stalledNs[1]},
                      {"on_core", engine.stalledNs[2]}}},
                    {"idle_ns", engine.idleNs},
                    {"instructions", engine.instructions}});
  return list;
}

static Json makeLayers(const ReportInputs &inputs, const Summary &summary) {
  Json list = Json::array();
  for (size_t i = 0; i < summary.layers.size(); ++i) {
    const LayerSummary &layer = summary.layers[i];
    Json equals = nullptr;
    if (layer.compared)
      equals = layer.equalsFp32;
    list.push_back({{"name", inputs.program.layers[i].name},
                    {"op", inputs.program.layers[i].op},
                    {"phase", getPhaseName(inputs.program.layers[i].phase)},
                    {"latency_ns", layer.latencyNs},
                    {"core_ns", layer.coreNs},
                    {"busy_ns", layer.busyNs},
                    {"energy_pj",
                     {{"total", layer.totalPj},
                      {"by_component", makeComponents(layer.energy)}}},
                    {"macs", layer.macs},
                    {"instructions", layer.instructions},
                    {"stationary", orNull(layer.stationary)},
                    {"sqnr_db", orNull(layer.sqnrDb)},
                    {"equals_fp32", equals},
                    {"zero_mantissa_share", orNull(layer.zeroMantissaShare)}});
  }
  return list;
}

static Json makeStalePrices(const ReportInputs &inputs) {
  Json list = Json::array();
  for (const StalePrices &one : findStalePrices(inputs.target))
    list.push_back({{"field", one.field},
                    {"stated_for", one.statedFor},
                    {"used", one.used},
                    {"prices", one.prices}});
  return list;
}

static Json makeTraining(const ReportInputs &inputs, const Summary &summary) {
  if (!inputs.training)
    return nullptr;
  Json loss = nullptr;
  auto steps = static_cast<double>(inputs.training->steps);
  if (const auto &seen = inputs.training->loss)
    loss = {{"name", seen->name},
            {"first", seen->first},
            {"last", seen->last},
            {"mean", seen->sum / steps}};
  Json phases = Json::array();
  for (unsigned i = 0; i < numPhases; ++i) {
    const PhaseSummary &phase = summary.phases[i];
    phases.push_back({{"phase", getPhaseName(static_cast<Phase>(i))},
                      {"latency_ns", phase.latencyNs},
                      {"core_ns", phase.coreNs},
                      {"busy_ns", phase.busyNs},
                      {"energy_pj", phase.energyPj},
                      {"macs", phase.macs}});
  }
  return {{"steps", inputs.training->steps},
          {"samples_dropped", inputs.training->droppedSamples},
          {"loss", loss},
          {"energy_per_step_pj", summary.totalPj},
          {"phases", phases}};
}

static Json makeMemory(const ReportInputs &inputs, const Summary &summary) {
  Json memories = Json::array();
  for (uint32_t m = 0; m < inputs.program.memories.size(); ++m) {
    const ProgramMemory &memory = inputs.program.memories[m];
    memories.push_back({{"name", memory.name},
                        {"kind", getKindName(memory.kind)},
                        {"peak_bytes", memory.bytes},
                        {"capacity_bytes", memory.capacity},
                        {"read_bytes", get(summary.counters, getReadCounter(m))},
                        {"written_bytes",
                         get(summary.counters, getWriteCounter(m))}});
  }
  return {{"capacity_enforced",
           inputs.program.memoryModel == MemoryModel::Hierarchy},
          {"dram_traffic_bytes", get(summary.counters, counters::dramBytes)},
          {"memories", memories}};
}

static Json makeCounts(const ReportInputs &inputs) {
  Json list = Json::array();
  auto whole = [](const std::optional<double> &value) {
    return value ? Json(static_cast<int64_t>(*value)) : Json(nullptr);
  };
  for (const CountSummary &count : summarizeCounts(inputs)) {
    Json source = nullptr;
    if (count.isKnown)
      source = count.writes ? "execution" : "assumption";
    list.push_back({{"name", count.name},
                    {"limit", count.limit},
                    {"source", source},
                    {"writes", orNull(count.writes)},
                    {"least", whole(count.least)},
                    {"mean", orNull(count.mean)},
                    {"most", whole(count.most)}});
  }
  return list;
}

/// What the program says about itself.
static Json makePurpose(const Program &program) {
  Json losses = Json::array(), gradients = Json::array();
  Json rate = nullptr, key = nullptr;
  for (const Region &region : program.regions) {
    if (region.isLoss)
      losses.push_back(region.name);
    if (region.gradientOf)
      gradients.push_back({{"output", region.name},
                           {"of", program.regions[*region.gradientOf].name}});
    if (region.knob == Knob::LearningRate)
      rate = region.name;
  }
  if (program.rng)
    key = program.regions[*program.rng].name;
  return {{"kind", getKindName(program.kind)},
          {"losses", losses},
          {"gradients", gradients},
          {"learning_rate", rate},
          {"random_key", key}};
}

std::string phx::makeJsonReport(const ReportInputs &inputs) {
  Summary summary = summarize(inputs);
  const Program &program = inputs.program;
  Json charges = Json::object();
  for (Counter counter : getCounters())
    charges[describe(counter).name] = get(summary.counters, counter);
  Json accuracy = nullptr;
  if (inputs.accuracy)
    accuracy = {{"top1", inputs.accuracy->top1},
                {"top5", inputs.accuracy->top5},
                {"samples", inputs.accuracy->samples}};
  Json report = {{"schema_version", 2},
                 {"program", program.name},
                 {"purpose", makePurpose(program)},
                 {"target", inputs.target.spec.name()},
                 {"target_changes", listChanges(inputs.target)},
                 {"stale_prices", makeStalePrices(inputs)},
                 {"machine_warnings", listMachineWarnings(inputs.target)},
                 {"memory_model", getMemoryModelName(program.memoryModel)},
                 {"format", orNull(summary.format)},
                 {"batch", program.batch},
                 {"latency_ns", summary.latencyNs},
                 {"throughput_per_s", summary.throughputPerS},
                 {"energy_pj", makeEnergy(summary)},
                 {"energy_per_inference_pj", summary.perInferencePj},
                 {"average_power_w", summary.averagePowerW},
                 {"peak_power_w", orNull(summary.peakPowerW)},
                 {"peak_power_is_bound", summary.peakIsBound},
                 {"includes", summary.includes},
                 {"excludes", summary.excludes},
                 {"paper_convention", makePaperConvention(summary)},
                 {"macs", get(summary.counters, counters::macs)},
                 {"utilization", summary.utilization},
                 {"core_busy_share", summary.coreBusyShare},
                 {"area_mm2", makeArea(summary)},
                 {"accuracy", accuracy},
                 {"training", makeTraining(inputs, summary)},
                 {"memory", makeMemory(inputs, summary)},
                 {"counts", makeCounts(inputs)},
                 {"counters", charges},
                 {"engines", makeEngines(summary)},
                 {"layers", makeLayers(inputs, summary)}};
  // ONNX names may hold any bytes; JSON holds UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}
