//===- TextReport.cpp - The report for people ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

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
    addLayers();
    addScope();
    return text;
  }

private:
  void addTitle();
  void addTotals();
  void addEnergy();
  void addEngines();
  void addMemory();
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

void TextReport::addTotals() {
  text += "\n";
  double batch = static_cast<double>(inputs.program.batch);
  addPair("latency", formatSi(summary.latencyNs * 1e-9, "s"), "throughput",
          formatCount(summary.throughputPerS) + " inf/s");
  addPair("energy", formatSi(summary.totalPj * 1e-12, "J"), "per inference",
          formatSi(summary.perInferencePj * 1e-12, "J"));
  std::string peak = "not computed";
  if (summary.peakPowerW)
    peak =
        (summary.peakIsBound ? "<= " : "") + formatSi(*summary.peakPowerW, "W");
  addPair("average power", formatSi(summary.averagePowerW, "W"), "peak power",
          peak);
  auto macs = static_cast<double>(get(summary.counters, Counter::Macs));
  addPair("MACs", formatCount(macs), "per inference",
          formatCount(macs / std::max(batch, 1.0)));
  addPair("utilization", formatPercent(summary.utilization), "cores busy",
          formatPercent(summary.coreBusyShare));
  char area[64];
  std::snprintf(area, sizeof(area), "%.1f mm2", summary.areaTotal);
  char chiplets[64];
  std::snprintf(chiplets, sizeof(chiplets), "%.1f + %.1f mm2",
                summary.areaPhotonic, summary.areaTotal - summary.areaPhotonic);
  addPair("area", area, "photonic + elec.", chiplets);
  addPair("products only", formatSi(summary.paperLatencyNs * 1e-9, "s"),
          "(paper convention)", formatSi(summary.paperPj * 1e-12, "J"));
  if (const auto &accuracy = inputs.accuracy) {
    addPair("top-1 accuracy", formatPercent(accuracy->top1), "top-5 accuracy",
            formatPercent(accuracy->top5));
    addPair("samples", std::to_string(accuracy->samples));
  }
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
  std::vector<unsigned> order;
  for (unsigned i = 0; i < numComponents; ++i)
    if (summary.dynamicPj[i] + summary.staticPj[i] > 0)
      order.push_back(i);
  auto total = [&](unsigned i) {
    return summary.dynamicPj[i] + summary.staticPj[i];
  };
  std::sort(order.begin(), order.end(), [&](unsigned a, unsigned b) {
    return total(a) != total(b) ? total(a) > total(b) : a < b;
  });
  for (unsigned i : order) {
    double share = total(i) / summary.totalPj;
    auto bar = static_cast<size_t>(std::lround(20 * share));
    table.addRow({getComponentName(static_cast<Component>(i)),
                  formatSi(summary.dynamicPj[i] * 1e-12, "J"),
                  formatSi(summary.staticPj[i] * 1e-12, "J"),
                  formatSi(total(i) * 1e-12, "J"), formatPercent(share),
                  std::string(bar, '#')});
  }
  addTable(table);
}

void TextReport::addEngines() {
  addSection("Engines");
  TextTable table;
  table.addColumn("engine", true);
  for (const char *heading :
       {"busy", "share", "on dma", "on vec", "on core", "idle", "instr."})
    table.addColumn(heading);
  for (const EngineSummary &engine : summary.engines) {
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
  table.addColumn("space", true);
  table.addColumn("peak");
  table.addColumn("capacity");
  table.addColumn("share");
  bool enforced = inputs.program.memoryModel == MemoryModel::Hierarchy;
  for (unsigned i = 0; i < numSpaces; ++i) {
    int64_t peak = inputs.program.spaceBytes[i];
    double share =
        static_cast<double>(peak) /
        static_cast<double>(std::max<int64_t>(summary.capacities[i], 1));
    table.addRow({getSpaceName(static_cast<Space>(i)), formatBytes(peak),
                  formatBytes(summary.capacities[i]), formatPercent(share)});
  }
  addTable(table);
  if (enforced)
    addPair("DRAM traffic", formatBytes(static_cast<int64_t>(
                                get(summary.counters, Counter::DramBytes))));
  else
    text +=
        dim + "  capacities do not bind under the ideal memory model\n" + plain;
}

void TextReport::addLayers() {
  addSection("Layers");
  bool compared = inputs.statistics != nullptr;
  TextTable table;
  table.addColumn("layer", true);
  table.addColumn("op", true);
  for (const char *heading : {"time", "core", "energy", "MACs"})
    table.addColumn(heading);
  table.addColumn("flow", true);
  if (compared) {
    table.addColumn("dB");
    table.addColumn("zero");
  }
  for (size_t i = 0; i < summary.layers.size(); ++i) {
    const LayerSummary &layer = summary.layers[i];
    const Layer &names = inputs.program.layers[i];
    std::vector<std::string> row = {
        names.name,
        keepBegin(names.op, compared ? 9 : 17),
        formatSi(layer.latencyNs * 1e-9, "s", 3),
        layer.coreNs > 0 ? formatSi(layer.coreNs * 1e-9, "s", 3) : "-",
        formatSi(layer.totalPj * 1e-12, "J", 3),
        layer.macs ? formatCount(static_cast<double>(layer.macs), 3) : "-",
        layer.dataflow.empty() ? "-" : layer.dataflow};
    if (compared) {
      char ratio[32] = "-";
      if (layer.sqnrDb)
        std::snprintf(ratio, sizeof(ratio), "%.1f", *layer.sqnrDb);
      else if (layer.equalsFp32)
        std::snprintf(ratio, sizeof(ratio), "equal");
      row.push_back(ratio);
      row.push_back(layer.zeroMantissaShare
                        ? formatPercent(*layer.zeroMantissaShare)
                        : "-");
    }
    table.addRow(row);
  }
  addTable(table);
  double apart = summary.unattributedDynamicPj + summary.totalStaticPj;
  text += dim + "  energy: dynamic only; static and unattributed beside it: " +
          formatSi(apart * 1e-12, "J") + "\n";
  if (compared)
    text += "  dB: signal to quantisation noise against FP32; zero: mantissas "
            "that became 0\n";
  text += plain;
}

/// `text` in lines of at most `width` characters, continued with `indent`.
static std::string wrap(const std::string &text, size_t width,
                        const std::string &indent) {
  std::string result, line;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    if (!line.empty() && displayWidth(line) + 1 + displayWidth(word) > width) {
      result += line + "\n";
      line = indent + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
    at = end + 1;
  }
  return result + line + "\n";
}

void TextReport::addSentences(const std::string &title,
                              const std::vector<std::string> &sentences) {
  addSection(title);
  for (const std::string &sentence : sentences)
    text += "  " + wrap("- " + sentence, columns - 4, "    ");
}

void TextReport::addScope() {
  addSentences("Included", summary.includes);
  addSentences("Not included", summary.excludes);
}

std::string phx::makeTextReport(const ReportInputs &inputs, unsigned columns,
                                bool color) {
  return TextReport(inputs, columns, color).make();
}
