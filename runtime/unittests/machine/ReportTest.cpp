//===- ReportTest.cpp - Reports on crossbars --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Network.h"
#include "phx/report/Glossary.h"
#include "phx/report/Report.h"
#include "../report/ReportSchema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace phx;
using namespace phx::testing;
using Json = nlohmann::json;

namespace {
/// A program, timed and charged.
struct CrossbarRun {
  CrossbarRun()
      : target(makeCrossbarTarget()), program(makeOrderedProgram(Network(9))) {
    auto result = simulate(program, target);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    if (result.ok())
      timing = *result;
  }
  ReportInputs inputs() const {
    return {program, target, timing, *countCharges(program, target),
            nullptr, {},     TrainingRecord{}};
  }
  Target target;
  Program program;
  TimingResult timing;
};
} // namespace

TEST(CrossbarReport, JsonHasWhatTheClassDeclares) {
  CrossbarRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  test::expectValid(report);
  EXPECT_TRUE(report["format"].is_null());
  // 9 vectors, 3 passes, 6 and 21 rows.
  EXPECT_EQ(report["counters"]["crossbar_readouts"], 9 * 3 * (6 + 21));
  EXPECT_EQ(report["counters"]["crossbar_cell_writes"], 2 * 120 + 777);
  EXPECT_EQ(report["counters"]["adc_conversions"], 0);
  const Json &energy = report["energy_pj"]["by_component"];
  EXPECT_EQ(energy["readout"]["dynamic"], 9 * 3 * (6 * 0.25 + 21 * 0.75));
  EXPECT_EQ(energy["cells"]["dynamic"], 4 * (2 * 120 + 777));
  // 22 mW over the latency, fs to pJ.
  EXPECT_NEAR(energy["cells"]["static"].get<double>(),
              22e-6 * double(run.timing.latency), 1e-6);
  EXPECT_NEAR(
      report["area_mm2"]["by_component"]["crossbar_cells"].get<double>(),
      (3 * 4 * 8 + 2 * 16 * 16) * 0.001, 1e-12);
  // Loaded once and updated in place.
  const Json &cells = report["memory"]["memories"][cellsMemory];
  EXPECT_EQ(cells["name"], "cells");
  EXPECT_EQ(cells["kind"], "resident");
  EXPECT_EQ(cells["read_bytes"], 4 * (120 + 120));
  EXPECT_EQ(cells["written_bytes"], 4 * 120);
  EXPECT_GT(report["utilization"].get<double>(), 0);
  EXPECT_LT(report["utilization"].get<double>(), 1);
  EXPECT_TRUE(report["paper_convention"].is_null());
  auto includes = report["includes"].get<std::vector<std::string>>();
  EXPECT_EQ(std::count(includes.begin(), includes.end(),
                       "the bias of all crossbars over the whole run"),
            1);
  // Each group has the name of its own.
  std::string engines = report["engines"].dump();
  for (const char *name : {"narrow[0]", "narrow[1]", "wide[0]"})
    EXPECT_NE(engines.find(name), std::string::npos) << engines;
  // The layers take all of it.
  double readout = 0;
  for (const Json &layer : report["layers"])
    readout += layer["energy_pj"]["by_component"]["readout"].get<double>();
  EXPECT_DOUBLE_EQ(readout, energy["readout"]["dynamic"].get<double>());
}

TEST(CrossbarReport, TextAndGlossaryHaveIt) {
  CrossbarRun run;
  std::string text = makeTextReport(run.inputs(), 100, false);
  for (const char *word : {"readout", "cells"})
    EXPECT_NE(text.find(word), std::string::npos) << text;
  EXPECT_EQ(text.find("paper convention"), std::string::npos) << text;
  std::string glossary = formatGlossary(listGlossary(), 80);
  EXPECT_NE(glossary.find("  crossbar_readouts [readout]\n      rows of a tile "
                          "that a vector reads"),
            std::string::npos)
      << glossary;
}
