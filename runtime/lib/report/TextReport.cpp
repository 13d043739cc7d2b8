//===- TextReport.cpp - The report for people ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerTables.h"
#include "Summary.h"
#include "TextTable.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace phx;
using namespace phx::report;

namespace {
/// Writes the sections one after the other.
class TextReport {
public:
  TextReport(const ReportInputs &inputs, unsigned columns, bool color)
      : inputs(inputs), summary(summarize(inputs)),
        columns(std::max(columns, 60u)), bold(color ? "\x1b[1m" : ""),
        dim(color ? "\x1b[2m" : ""), plain(color ? "\x1b[0m" : "") {}

  std::string make() {
    addTitle();
    addTotals();
    addEnergy();
    addEngines();
    addMemory();
    addCounts();
    addLayers();
    addScope();
    return text;
  }

private:
  void addTitle();
  void addTotals();
  void addTraining();
  void addEnergy();
  void addEngines();
  void addMemory();
  void addCounts();
  void addLayers();
  void addScope();

  void addSection(const std::string &title) {
    text += "\n" + bold + title + plain + "\n";
  }
  void addTable(const TextTable &table) {
    text += table.format(columns, dim, plain);
  }
  void addPair(const std::string &leftName, const std::string &left,
               const std::string &rightName = "",
               const std::string &right = "");
  void addSentences(const std::string &title,
                    const std::vector<std::string> &sentences);

  const ReportInputs &inputs;
  Summary summary;
  unsigned columns;
  std::string bold, dim, plain;
  std::string text;
};
} // namespace

static std::string pad(const std::string &text, size_t width) {
  size_t used = displayWidth(text);
  return text + std::string(width > used ? width - used : 0, ' ');
}

void TextReport::addPair(const std::string &leftName, const std::string &left,
                         const std::string &rightName,
                         const std::string &right) {
  std::string line = "  " + pad(leftName, 20) + pad(left, 18);
  if (!rightName.empty())
    line += pad(rightName, 20) + right;
  text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

void TextReport::addTitle() {
  const Program &program = inputs.program;
  std::string line = program.name + " on " + inputs.target.spec.name();
  std::string changes;
  for (const std::string &change : listChanges(inputs.target))
    changes += (changes.empty() ? "" : ", ") + change;
  if (!changes.empty())
    line += " with " + changes;
  text += bold + keepEnd(line, columns) + plain + "\n";
  std::string details = std::string("memory ") +
                        getMemoryModelName(program.memoryModel) + ", batch " +
                        std::to_string(program.batch);
  if (!summary.format.empty())
    details += ", format " + summary.format;
  text += dim + details + plain + "\n";
}

void TextReport::addTraining() {
  const auto &training = inputs.training;
  if (!training || !training->steps)
    return;
  addPair("steps", std::to_string(training->steps), "samples dropped",
          std::to_string(training->droppedSamples));
  if (!training->loss)
    return;
  const LossRecord &loss = *training->loss;
  auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.6g", value);
    return std::string(text);
  };
  addPair("first loss", number(loss.first), "last loss", number(loss.last));
  addPair("mean loss", number(loss.sum / static_cast<double>(training->steps)));
}

void TextReport::addTotals() {
  text += "\n";
  double batch = static_cast<double>(inputs.program.batch);
  bool steps = inputs.training.has_value();
  const char *each = steps ? "per sample" : "per inference";
  addPair(steps ? "latency of a step" : "latency",
          formatSi(summary.latencyNs * 1e-9, "s"), "throughput",
          formatCount(summary.throughputPerS) +
              (steps ? " samples/s" : " inf/s"));
  addPair(steps ? "energy of a step" : "energy",
          formatSi(summary.totalPj * 1e-12, "J"), each,
          formatSi(summary.perInferencePj * 1e-12, "J"));
  std::string peak = "not computed";
  if (summary.peakPowerW)
    peak =
        (summary.peakIsBound ? "<= " : "") + formatSi(*summary.peakPowerW, "W");
  addPair("average power", formatSi(summary.averagePowerW, "W"), "peak power",
          peak);
  auto macs = static_cast<double>(get(summary.counters, counters::macs));
  addPair("MACs", formatCount(macs), each,
          formatCount(macs / std::max(batch, 1.0)));
  addPair("utilization", formatPercent(summary.utilization), "cores busy",
          formatPercent(summary.coreBusyShare));
  char area[64];
  std::snprintf(area, sizeof(area), "%.1f mm2", summary.areaTotal);
  char chiplets[64];
  std::snprintf(chiplets, sizeof(chiplets), "%.1f + %.1f mm2",
                summary.areaPhotonic, summary.areaTotal - summary.areaPhotonic);
  addPair("area", area, "photonic + elec.", chiplets);
  if (summary.paper)
    addPair("products only", formatSi(summary.paperLatencyNs * 1e-9, "s"),
            "(paper convention)",
            formatSi(summary.paper->energyPj * 1e-12, "J"));
  if (const auto &accuracy = inputs.accuracy) {
    addPair("top-1 accuracy", formatPercent(accuracy->top1), "top-5 accuracy",
            formatPercent(accuracy->top5));
    addPair("samples", std::to_string(accuracy->samples));
  }
  addTraining();
}

void TextReport::addEnergy() {
  addSection("Energy by component");
  TextTable table;
  table.addColumn("component", true);
  table.addColumn("dynamic");
  table.addColumn("static");
  table.addColumn("total");
  table.addColumn("share");
  table.addColumn("", true);
  auto total = [&](Component component) {
    return get(summary.dynamicPj, component) + get(summary.staticPj, component);
  };
  const std::vector<Component> &components = getComponents();
  std::vector<size_t> order;
  for (size_t i = 0; i < components.size(); ++i)
    if (total(components[i]) > 0)
      order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    double left = total(components[a]), right = total(components[b]);
    return left != right ? left > right : a < b;
  });
  for (size_t i : order) {
    Component component = components[i];
    double share = total(component) / summary.totalPj;
    auto bar = static_cast<size_t>(std::lround(20 * share));
    table.addRow({describe(component).name,
                  formatSi(get(summary.dynamicPj, component) * 1e-12, "J"),
                  formatSi(get(summary.staticPj, component) * 1e-12, "J"),
                  formatSi(total(component) * 1e-12, "J"), formatPercent(share),
                  std::string(bar, '#')});
  }
  addTable(table);
}

/// The mean of arrays of one group, and the one that is busy longest.
static std::vector<EngineSummary>
summarizeGroup(const std::vector<EngineSummary> &arrays,
               const std::string &name) {
  EngineSummary mean;
  mean.name = name + ", mean of " + std::to_string(arrays.size());
  auto count = static_cast<double>(arrays.size());
  for (const EngineSummary &array : arrays) {
    mean.busyNs += array.busyNs / count;
    mean.idleNs += array.idleNs / count;
    for (size_t i = 0; i < mean.stalledNs.size(); ++i)
      mean.stalledNs[i] += array.stalledNs[i] / count;
    mean.instructions += array.instructions;
  }
  mean.instructions /= arrays.size();
  EngineSummary busiest =
      *std::max_element(arrays.begin(), arrays.end(),
                        [](const EngineSummary &a, const EngineSummary &b) {
                          return a.busyNs < b.busyNs;
                        });
  busiest.name += ", busiest";
  return {mean, busiest};
}

/// Engines one by one; of a group of many arrays only mean and busiest.
static std::vector<EngineSummary>
listEngineRows(const Program &program,
               const std::vector<EngineSummary> &engines) {
  constexpr uint32_t mostRows = 32;
  std::vector<EngineSummary> rows;
  for (size_t i = 0; i < engines.size(); ++i) {
    const EngineId &engine = engines[i].engine;
    bool isArray = engine.kind == EngineKind::Core &&
                   engine.group < program.groups.size();
    uint32_t count = isArray ? program.groups[engine.group].count : 1;
    if (count <= mostRows || i + count > engines.size()) {
      rows.push_back(engines[i]);
      continue;
    }
    auto first = engines.begin() + static_cast<ptrdiff_t>(i);
    std::vector<EngineSummary> arrays(first, first + count);
    for (EngineSummary &row :
         summarizeGroup(arrays, program.groups[engine.group].name))
      rows.push_back(std::move(row));
    i += count - 1;
  }
  return rows;
}

void TextReport::addEngines() {
  addSection("Engines");
  TextTable table;
  table.addColumn("engine", true);
  for (const char *heading :
       {"busy", "share", "on dma", "on vec", "on core", "idle", "instr."})
    table.addColumn(heading);
  for (const EngineSummary &engine :
       listEngineRows(inputs.program, summary.engines)) {
    auto time = [](double ns) { return formatSi(ns * 1e-9, "s"); };
    double share =
        summary.latencyNs > 0 ? engine.busyNs / summary.latencyNs : 0;
    table.addRow({engine.name, time(engine.busyNs), formatPercent(share),
                  time(engine.stalledNs[0]), time(engine.stalledNs[1]),
                  time(engine.stalledNs[2]), time(engine.idleNs),
                  std::to_string(engine.instructions)});
  }
  addTable(table);
  text += dim + "  on X: waiting for engine X\n" + plain;
}

void TextReport::addMemory() {
  addSection("Memory");
  TextTable table;
  table.addColumn("memory", true);
  table.addColumn("peak");
  table.addColumn("capacity");
  table.addColumn("share");
  bool enforced = inputs.program.memoryModel == MemoryModel::Hierarchy;
  for (const ProgramMemory &memory : inputs.program.memories) {
    double share =
        static_cast<double>(memory.bytes) /
        static_cast<double>(std::max<int64_t>(memory.capacity, 1));
    table.addRow({memory.name, formatBytes(memory.bytes),
                  formatBytes(memory.capacity), formatPercent(share)});
  }
  addTable(table);
  if (enforced)
    addPair("DRAM traffic", formatBytes(static_cast<int64_t>(
                                get(summary.counters, counters::dramBytes))));
  else
    text +=
        dim + "  capacities do not bind under the ideal memory model\n" + plain;
}

void TextReport::addCounts() {
  if (inputs.program.registers.empty())
    return;
  addSection("Counts");
  TextTable table;
  table.addColumn("register", true);
  for (const char *heading :
       {"from", "writes", "least", "mean", "most", "limit"})
    table.addColumn(heading);
  auto number = [](const std::optional<double> &value) {
    char buffer[32];
    std::snprintf(buffer, sizeof(buffer), "%.12g", value.value_or(0));
    return std::string(value ? buffer : "-");
  };
  for (const CountSummary &count : summarizeCounts(inputs))
    table.addRow({count.name,
                  !count.isKnown  ? "-"
                  : count.writes ? "execution"
                                 : "assumption",
                  count.writes ? std::to_string(*count.writes) : "-",
                  number(count.least), number(count.mean), number(count.most),
                  std::to_string(count.limit)});
  addTable(table);
}

void TextReport::addLayers() {
  addSection("Layers");
  std::string notes;
  if (inputs.training) {
    text += formatStepLayers(summary, columns, dim, plain);
    notes = "  time: of the engine that works longest for it; engines overlap\n"
            "  forward: the loss included\n";
  } else {
    addTable(makeLayerTable(inputs, summary));
    if (inputs.statistics)
      notes = "  dB: signal to quantisation noise against FP32; zero: "
              "mantissas that became 0\n";
  }
  double apart = summary.unattributedDynamicPj + summary.totalStaticPj;
  text += dim + "  energy: dynamic only; static and unattributed beside it: " +
          formatSi(apart * 1e-12, "J") + "\n" + notes + plain;
}

void TextReport::addSentences(const std::string &title,
                              const std::vector<std::string> &sentences) {
  addSection(title);
  for (const std::string &sentence : sentences)
    text += "  " + wrap("- " + sentence, columns - 4, "    ");
}

void TextReport::addScope() {
  std::vector<std::string> stale;
  for (const StalePrices &one : findStalePrices(inputs.target))
    stale.push_back(describe(one));
  if (!stale.empty())
    addSentences("Prices that do not follow the structure", stale);
  std::vector<std::string> warnings = listMachineWarnings(inputs.target);
  if (!warnings.empty())
    addSentences("No such machine", warnings);
  addSentences("Included", summary.includes);
  addSentences("Not included", summary.excludes);
}

std::string phx::makeTextReport(const ReportInputs &inputs, unsigned columns,
                                bool color) {
  return TextReport(inputs, columns, color).make();
}
