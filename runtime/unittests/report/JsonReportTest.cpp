//===- JsonReportTest.cpp - The report for machines ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportSchema.h"
#include "TestRun.h"

#include "phx/isa/BaseOperations.h"
#include "phx/report/ProgramSummary.h"

#include <nlohmann/json.hpp>

using namespace phx;
using namespace phx::test;
using Json = nlohmann::json;

static void expectClose(double a, double b) {
  EXPECT_LE(std::abs(a - b), 1e-9 * std::max(std::abs(a), std::abs(b)));
}

TEST(JsonReport, SchemaDescribesEveryField) {
  Json schema = loadSchema();
  SchemaChecker checker(schema);
  checker.checkDescriptions(schema, "$");
  for (const std::string &error : checker.errors)
    ADD_FAILURE() << error;
}

TEST(JsonReport, FollowsTheSchema) {
  TestRun run;
  ReportInputs inputs = run.inputs();
  expectValid(Json::parse(makeJsonReport(inputs)));
  inputs.statistics = &run.statistics;
  inputs.accuracy = Accuracy{0.875, 1, 64};
  expectValid(Json::parse(makeJsonReport(inputs)));
}

TEST(JsonReport, CheckerNoticesDeviations) {
  TestRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  Json schema = loadSchema();
  auto errors = [&](const Json &value) {
    return SchemaChecker(schema).check(value).size();
  };
  Json wrong = report;
  wrong.erase("latency_ns");
  EXPECT_EQ(errors(wrong), 1u);
  wrong = report;
  wrong["energy_pj"]["by_component"]["laser"].erase("static");
  EXPECT_EQ(errors(wrong), 1u);
  wrong = report;
  wrong["layers"][0]["stationary"] = "third";
  wrong["surprise"] = 1;
  EXPECT_EQ(errors(wrong), 2u);
}

TEST(JsonReport, EmptyProgramIsReported) {
  TestRun run;
  run.program.code = {Instruction{}};
  run.program.layers.clear();
  run.program.products.clear();
  run.timing = {};
  Json report = Json::parse(makeJsonReport(run.inputs()));
  expectValid(report);
  EXPECT_EQ(report["latency_ns"], 0);
  EXPECT_EQ(report["throughput_per_s"], 0);
  EXPECT_EQ(report["utilization"], 0);
  EXPECT_TRUE(report["format"].is_null());
  EXPECT_TRUE(report["paper_convention"]["energy_per_mac_pj"].is_null());
}

TEST(JsonReport, SumsAgree) {
  for (MemoryModel model : {MemoryModel::Ideal, MemoryModel::Hierarchy}) {
    TestRun run(model);
    Json report = Json::parse(makeJsonReport(run.inputs()));
    const Json &energy = report["energy_pj"];
    double components = 0, dynamic = 0, layers = 0;
    for (const auto &[name, item] : energy["by_component"].items()) {
      expectClose(item["total"],
                  double(item["dynamic"]) + double(item["static"]));
      components += double(item["total"]);
      dynamic += double(item["dynamic"]);
    }
    for (const Json &layer : report["layers"]) {
      double sum = 0;
      for (const auto &[name, value] :
           layer["energy_pj"]["by_component"].items())
        sum += double(value);
      expectClose(sum, layer["energy_pj"]["total"]);
      layers += sum;
    }
    expectClose(components, energy["total"]);
    expectClose(dynamic, energy["dynamic"]);
    expectClose(layers + double(energy["unattributed"]["total"]),
                energy["total"]);
    EXPECT_GT(double(energy["unattributed"]["dynamic"]), 0);
    expectClose(double(energy["total"]) / 4, report["energy_per_inference_pj"]);
    expectClose(double(energy["total"]) / 900 * 1e-3,
                report["average_power_w"]);
    expectClose(report["throughput_per_s"], 4 / 900e-9);
  }
}

TEST(JsonReport, LayersGetTheirInstructions) {
  TestRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  const Json &product = report["layers"][0], &relu = report["layers"][1],
             &fused = report["layers"][2];
  EXPECT_EQ(product["macs"], 32 * 1000 * 16 * 8 * 4);
  EXPECT_EQ(product["stationary"], "first");
  EXPECT_EQ(product["core_ns"], 420);
  EXPECT_EQ(product["busy_ns"], 400);
  EXPECT_EQ(product["energy_pj"]["by_component"]["vector"], 0);
  EXPECT_EQ(relu["name"], "/features/relu \"x\"");
  EXPECT_EQ(relu["latency_ns"], 380);
  EXPECT_TRUE(relu["stationary"].is_null());
  expectClose(relu["energy_pj"]["by_component"]["vector"], 32000 * 12.42);
  expectClose(relu["energy_pj"]["total"], 32000 * (12.42 + 8 * 0.48));
  EXPECT_EQ(fused["energy_pj"]["total"], 0);
  // The transfer belongs to no layer.
  expectClose(report["energy_pj"]["unattributed"]["dynamic"],
              32000 * 4 * (31 + 0.48));
  EXPECT_EQ(report["memory"]["dram_traffic_bytes"], 128000);
  const Json &memories = report["memory"]["memories"];
  ASSERT_EQ(memories.size(), 4u);
  EXPECT_EQ(memories[0]["name"], "dram");
  EXPECT_EQ(memories[0]["kind"], "off_chip");
  EXPECT_EQ(memories[0]["read_bytes"], 0);
  EXPECT_EQ(memories[0]["written_bytes"], 128000);
  int64_t onChip = 0;
  for (size_t m = 1; m < 4; ++m)
    onChip += int64_t(memories[m]["read_bytes"]) +
              int64_t(memories[m]["written_bytes"]);
  EXPECT_EQ(report["counters"]["scratchpad_bytes"], onChip);
}

TEST(JsonReport, StaticPowerRunsTheWholeTime) {
  TestRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  const Json &components = report["energy_pj"]["by_component"];
  expectClose(components["laser"]["static"],
              rns::getLaserPower(*rns::findArrays(run.target)) * 900e3);
  expectClose(components["scratchpad"]["static"], 0.1 * 900e3);
  expectClose(components["dram"]["static"], 1.0 * 900e3);
  expectClose(report["peak_power_w"],
              17 + 1.1 + rns::getLaserPower(*rns::findArrays(run.target)));
  EXPECT_EQ(report["peak_power_is_bound"], false);
  run.timing.peakDynamicW = 0; // timing was not given powers
  run.timing.peakIsExact = false;
  report = Json::parse(makeJsonReport(run.inputs()));
  EXPECT_TRUE(report["peak_power_w"].is_null());
  EXPECT_EQ(report["peak_power_is_bound"], true);
}

TEST(JsonReport, PaperConventionCountsProductsOnly) {
  TestRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  const Json &paper = report["paper_convention"];
  EXPECT_EQ(paper["latency_ns"], 420);
  const Json &parts = report["layers"][0]["energy_pj"]["by_component"];
  double expected = double(report["layers"][0]["energy_pj"]["total"]) -
                    double(parts["scratchpad"]) +
                    rns::getLaserPower(*rns::findArrays(run.target)) * 420e3;
  expectClose(paper["energy_pj"], expected);
  expectClose(paper["energy_per_mac_pj"], expected / double(report["macs"]));
  EXPECT_EQ(paper["scratchpad_energy_pj"], parts["scratchpad"]);
}

TEST(JsonReport, UtilizationIsMacsOverPeak) {
  TestRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  expectClose(report["utilization"],
              32.0 * 1000 * 16 * 8 * 4 / (900.0 * 8 * 32 * 16 * 10));
  expectClose(report["core_busy_share"], 420.0 / 900);
}

TEST(JsonReport, StatisticsOnlyAfterARunWithData) {
  TestRun run;
  ReportInputs inputs = run.inputs();
  Json report = Json::parse(makeJsonReport(inputs));
  EXPECT_TRUE(report["layers"][0]["sqnr_db"].is_null());
  EXPECT_TRUE(report["layers"][0]["zero_mantissa_share"].is_null());
  inputs.statistics = &run.statistics;
  report = Json::parse(makeJsonReport(inputs));
  expectClose(report["layers"][0]["sqnr_db"], 20);
  EXPECT_EQ(report["layers"][0]["equals_fp32"], false);
  EXPECT_EQ(report["layers"][0]["zero_mantissa_share"], 0.02);
  EXPECT_TRUE(report["layers"][1]["sqnr_db"].is_null());
  EXPECT_EQ(report["layers"][1]["equals_fp32"], true);
  EXPECT_TRUE(report["layers"][2]["equals_fp32"].is_null());
}

TEST(JsonReport, IsDeterministicAndRoundTrips) {
  TestRun run;
  std::string text = makeJsonReport(run.inputs());
  EXPECT_EQ(text, makeJsonReport(run.inputs()));
  Json report = Json::parse(text);
  double static_ = report["energy_pj"]["by_component"]["laser"]["static"];
  EXPECT_EQ(static_,
            rns::getLaserPower(*rns::findArrays(run.target)) * 900 * 1e3);
}

TEST(JsonReport, AnyNameIsValidUtf8) {
  TestRun run;
  run.program.layers[0].name = "bad\xff\xfe"
                               "name";
  EXPECT_NO_THROW(expectValid(Json::parse(makeJsonReport(run.inputs()))));
}

TEST(JsonReport, FormatsAreNamed) {
  TestRun run;
  auto format = [&] {
    return std::string(Json::parse(makeJsonReport(run.inputs()))["format"]);
  };
  EXPECT_EQ(format(), "bfp:4:16");
  Program &program = run.program;
  getIf<Bfp>(program.conversions[0])->rounding = Rounding::Nearest;
  EXPECT_EQ(format(), "bfp:4:16:nearest");
  program.conversions.push_back(Bfp{6, 32});
  program.products[0].conversions[1] =
      uint32_t(program.conversions.size() - 1);
  EXPECT_EQ(format(), "bfp:4:16:nearest x bfp:6:32");
  program.products[0].conversions[1] = 0;
  program.conversions[0] = Fp32{};
  EXPECT_EQ(format(), "fp32");
}

TEST(JsonReport, TrainingGoesByPhase) {
  TestRun run;
  EXPECT_TRUE(Json::parse(makeJsonReport(run.inputs()))["training"].is_null());
  run.makeTraining();
  Json report = Json::parse(makeJsonReport(run.inputs()));
  expectValid(report);
  const Json &training = report["training"];
  EXPECT_EQ(training["steps"], 40);
  EXPECT_EQ(training["samples_dropped"], 13);
  EXPECT_EQ(
      training["loss"],
      (Json{
          {"name", "loss"}, {"first", 2.5}, {"last", 0.125}, {"mean", 1.25}}));
  EXPECT_EQ(training["energy_per_step_pj"], report["energy_pj"]["total"]);
  std::vector<std::string> names;
  double energy = 0;
  uint64_t macs = 0;
  for (const Json &phase : training["phases"]) {
    names.push_back(phase["phase"]);
    energy += double(phase["energy_pj"]);
    macs += uint64_t(phase["macs"]);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"forward", "loss", "input_gradient",
                                      "weight_gradient", "update"}));
  expectClose(energy + double(report["energy_pj"]["unattributed"]["total"]),
              report["energy_pj"]["total"]);
  EXPECT_EQ(macs, report["macs"]);
  const Json &forward = training["phases"][0], &weights = training["phases"][3];
  EXPECT_EQ(forward["latency_ns"], 420);
  EXPECT_EQ(forward["core_ns"], 420);
  EXPECT_EQ(forward["busy_ns"], 400);
  EXPECT_EQ(weights["latency_ns"], 380);
  EXPECT_EQ(weights["energy_pj"], report["layers"][1]["energy_pj"]["total"]);
  EXPECT_EQ(training["phases"][4]["energy_pj"], 0);
  EXPECT_EQ(report["layers"][1]["phase"], "weight_gradient");
}

/// Layers of one phase may run apart; their time is the span.
TEST(JsonReport, PhasesSpanTheirLayers) {
  TestRun run;
  run.makeTraining();
  run.program.layers[2].phase = Phase::Forward;
  run.timing.layers[2] = {true, 700'000'000, 900'000'000, 0, 0, 200'000'000, 1};
  Json report = Json::parse(makeJsonReport(run.inputs()));
  EXPECT_EQ(report["training"]["phases"][0]["latency_ns"], 900);
  EXPECT_EQ(report["training"]["phases"][0]["busy_ns"], 600);
}

TEST(JsonReport, TrainingWithoutARunHasNoLoss) {
  TestRun run;
  run.training = TrainingRecord{};
  Json report = Json::parse(makeJsonReport(run.inputs()));
  expectValid(report);
  EXPECT_EQ(report["training"]["steps"], 0);
  EXPECT_TRUE(report["training"]["loss"].is_null());
}

TEST(JsonReport, CostIsThatOfTheTotals) {
  TestRun run;
  RunCost cost = getRunCost(run.inputs());
  Json report = Json::parse(makeJsonReport(run.inputs()));
  EXPECT_EQ(cost.latencyNs, double(report["latency_ns"]));
  EXPECT_EQ(cost.energyPj, double(report["energy_pj"]["total"]));
}

TEST(JsonReport, MachinesThatNobodyBuildsAreNamed) {
  TestRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  EXPECT_TRUE(report["machine_warnings"].empty());
  EXPECT_EQ(makeTextReport(run.inputs(), 80, false).find("No such machine"),
            std::string::npos);
  run.target = *loadTarget("mirage",
                           {"core.moduli=511,512,513", "core.dac_bits=10",
                            "core.adc_bits=10"});
  report = Json::parse(makeJsonReport(run.inputs()));
  expectValid(report);
  ASSERT_EQ(report["machine_warnings"].size(), 1u);
  std::string warning = report["machine_warnings"][0];
  EXPECT_TRUE(warning.starts_with("laser power of ")) << warning;
  std::string text = makeTextReport(run.inputs(), 80, false);
  EXPECT_NE(text.find("No such machine"), std::string::npos);
  EXPECT_NE(text.find("- laser power of "), std::string::npos) << text;
}

TEST(ProgramSummary, SaysWhatTheProgramIs) {
  TestRun run;
  Result<std::string> text = makeProgramSummary(run.program);
  ASSERT_TRUE(text.ok());
  Json summary = Json::parse(*text);
  EXPECT_EQ(summary["header"]["memory_model"], "hierarchy");
  EXPECT_EQ(summary["header"]["kind"], "inference");
  EXPECT_EQ(summary["memories"].size(), run.program.memories.size());
  ASSERT_EQ(summary["layers"].size(), run.program.layers.size());
  Json product = summary["layers"][0]["products"][0];
  EXPECT_EQ(product["stationary"], "first");
  EXPECT_EQ(product["first_format"], spell(run.program.conversions[0]));
  EXPECT_EQ(summary["layers"][1]["instructions"][0]["kind"], "vec_map");
  EXPECT_EQ(summary["rest"]["transfers"][0]["to"], "dram");
  EXPECT_EQ(summary["rest"]["transfers"][0]["bytes"], 32 * 1000 * 4);
  EXPECT_EQ(summary["is_bound"], false);
}
