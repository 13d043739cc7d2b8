//===- LayerTables.cpp - Layers in rows -------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerTables.h"

#include <cstdio>

using namespace phx;
using namespace phx::report;

static std::string formatTime(double ns) { return formatSi(ns * 1e-9, "s", 3); }
static std::string formatEnergy(double pj) {
  return formatSi(pj * 1e-12, "J", 3);
}

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

static std::string formatRatio(const LayerSummary &layer) {
  if (!layer.sqnrDb)
    return layer.equalsFp32 ? "equal" : "-";
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", *layer.sqnrDb);
  return text;
}

TextTable report::makeLayerTable(const ReportInputs &inputs,
                                 const Summary &summary) {
  bool compared = inputs.statistics != nullptr;
  TextTable table;
  table.addColumn("layer", true);
  table.addColumn("op", true);
  for (const char *heading : {"time", "core", "energy", "MACs"})
    table.addColumn(heading);
  table.addColumn("stays", true);
  if (compared) {
    table.addColumn("dB");
    table.addColumn("zero");
  }
  for (size_t i = 0; i < summary.layers.size(); ++i) {
    const LayerSummary &layer = summary.layers[i];
    const Layer &names = inputs.program.layers[i];
    std::vector<std::string> row = {
        describeLayer(names),
        keepBegin(names.op, compared ? 9 : 17),
        formatTime(layer.latencyNs),
        layer.coreNs > 0 ? formatTime(layer.coreNs) : "-",
        formatEnergy(layer.totalPj),
        layer.macs ? formatCount(static_cast<double>(layer.macs), 3) : "-",
        layer.stationary.empty() ? "-" : layer.stationary};
    if (compared) {
      row.push_back(formatRatio(layer));
      row.push_back(layer.zeroMantissaShare
                        ? formatPercent(*layer.zeroMantissaShare)
                        : "-");
    }
    table.addRow(row);
  }
  return table;
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

namespace {
/// The columns of a step, and which phases they hold. A node has at most one of
/// the phases of a column, but for the totals.
struct Column {
  const char *name;
  std::vector<Phase> phases;
};
} // namespace

static const std::vector<Column> &getColumns() {
  static const std::vector<Column> columns = {
      {"forward", {Phase::Forward, Phase::Loss}},
      {"input gradient", {Phase::InputGradient}},
      {"weight gradient", {Phase::WeightGradient}},
      {"update", {Phase::Update}}};
  return columns;
}

/// Time and energy of a column, "-" where there is nothing.
static std::pair<std::string, std::string>
formatColumn(const PhaseSummaries &phases, const Column &column) {
  double ns = 0, pj = 0;
  bool present = false;
  for (Phase phase : column.phases) {
    const PhaseSummary &part = get(phases, phase);
    ns += part.busyNs;
    pj += part.energyPj;
    present |= part.present;
  }
  if (!present)
    return {"-", "-"};
  return {formatTime(ns), formatEnergy(pj)};
}

static void addStepRow(TextTable &table, const NodeSummary &node, bool wide) {
  std::vector<std::string> first = {node.name, keepBegin(node.op, 9)};
  std::vector<std::string> second = {"", ""};
  for (const Column &column : getColumns()) {
    auto [time, energy] = formatColumn(node.phases, column);
    first.push_back(time);
    (wide ? first : second).push_back(energy);
  }
  table.addRow(first);
  if (!wide)
    table.addRow(second);
}

std::string report::formatStepLayers(const Summary &summary, unsigned columns,
                                     const std::string &heading,
                                     const std::string &plain) {
  bool wide = columns >= 96;
  TextTable table;
  table.addColumn("layer", true);
  table.addColumn("op", true);
  if (wide) {
    for (const Column &column : getColumns()) {
      table.addGroup(column.name, 2);
      table.addColumn("time");
      table.addColumn("energy");
    }
  } else {
    for (const char *name : {"forward", "inputs", "weights", "update"})
      table.addColumn(name);
  }
  for (const NodeSummary &node : summary.nodes)
    addStepRow(table, node, wide);
  addStepRow(table, {"all layers", "", summary.phases}, wide);
  std::string text = table.format(columns, heading, plain);
  if (!wide)
    text += heading + "  time, below it energy; inputs, weights: gradients\n" +
            plain;
  return text;
}
