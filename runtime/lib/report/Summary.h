//===- Summary.h - The figures behind every report -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_REPORT_SUMMARY_H
#define PHX_LIB_REPORT_SUMMARY_H

#include "phx/report/Report.h"

namespace phx::report {

struct LayerSummary {
  double latencyNs = 0, coreNs = 0, busyNs = 0;
  Energies energy{}; ///< dynamic, pJ
  double totalPj = 0;
  uint64_t macs = 0, instructions = 0;
  /// What its products keep in the arrays: "first", "second", "result",
  /// "mixed"; empty without products.
  std::string stationary;
  std::optional<double> sqnrDb;
  bool compared = false, equalsFp32 = false;
  std::optional<double> zeroMantissaShare;
};

/// What layers of one phase cost together.
struct PhaseSummary {
  bool present = false; ///< there is such a layer
  double latencyNs = 0; ///< first start to last completion
  double coreNs = 0;    ///< sum over the layers
  double busyNs = 0;    ///< sum over the layers
  double energyPj = 0;  ///< dynamic
  uint64_t macs = 0;
};
using PhaseSummaries = std::array<PhaseSummary, numPhases>;

/// All layers of one ONNX node.
struct NodeSummary {
  std::string name, op;
  PhaseSummaries phases;
};

struct EngineSummary {
  std::string name;
  EngineId engine;
  double busyNs = 0, idleNs = 0;
  std::array<double, 3> stalledNs{}; ///< by kind of engine waited for
  uint64_t instructions = 0;
};

/// What time and charges take a count register to hold.
struct CountSummary {
  std::string name;
  int64_t limit = 0;    ///< the largest value that it can hold
  bool isKnown = false; ///< it was executed or assumed
  /// Writes of the execution; absent if nothing was executed.
  std::optional<uint64_t> writes;
  /// Over the writes; absent if there are none.
  std::optional<double> least, mean, most;
};
std::vector<CountSummary> summarizeCounts(const ReportInputs &inputs);

/// Everything the JSON and the text report say, as numbers.
struct Summary {
  double latencyNs = 0;
  Energies dynamicPj{}, staticPj{};
  double totalDynamicPj = 0, totalStaticPj = 0, totalPj = 0;
  double unattributedDynamicPj = 0; ///< of instructions without a layer
  double perInferencePj = 0, throughputPerS = 0, averagePowerW = 0;
  std::optional<double> peakPowerW; ///< absent if timing got no power
  bool peakIsBound = false;
  Counters64 counters{};
  double utilization = 0, coreBusyShare = 0;

  /// Absent if no class of the target's arrays has such a convention.
  std::optional<PaperFigures> paper;
  double paperLatencyNs = 0;
  const char *paperDefinition = "";

  std::vector<AreaItem> area;
  double areaTotal = 0, areaPhotonic = 0, areaPaper = 0;

  std::vector<LayerSummary> layers;
  PhaseSummaries phases;
  /// In the order of their forward layers, then those without one.
  std::vector<NodeSummary> nodes;
  std::vector<EngineSummary> engines;
  std::string format; ///< "bfp:4:16", "fp32"; empty without products
  std::vector<std::string> includes, excludes;
};

Summary summarize(const ReportInputs &inputs);

/// The part of summarize that groups layers by phase and node.
void addPhases(const ReportInputs &inputs, Summary &summary);

const PhaseSummary &get(const PhaseSummaries &phases, Phase phase);

double toNs(Femtoseconds time);
const char *getMemoryModelName(MemoryModel model);

/// Fields of the target that were set for this run, as "field=value".
std::vector<std::string> listChanges(const Target &target);

} // namespace phx::report

#endif // PHX_LIB_REPORT_SUMMARY_H
