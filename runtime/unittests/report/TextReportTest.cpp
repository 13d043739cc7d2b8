//===- TextReportTest.cpp - The report for people --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestRun.h"

#include <cstdlib>
#include <iterator>
#include <sstream>

using namespace phx;
using namespace phx::test;

/// Characters, not bytes.
static size_t widthOf(const std::string &line) {
  size_t width = 0;
  for (char byte : line)
    width += (byte & 0xc0) != 0x80;
  return width;
}

TEST(TextReport, FitsEightyColumns) {
  TestRun run;
  run.program.layers[0].name =
      "/layer4/layer4.1/downsample/with/a/long/näme/conv2/Conv";
  run.program.layers[0].op = "BatchNormalizationWithALongName";
  for (bool compared : {false, true}) {
    ReportInputs inputs = run.inputs();
    inputs.accuracy = Accuracy{0.97, 1, 500};
    if (compared)
      inputs.statistics = &run.statistics;
    std::string text = makeTextReport(inputs, 80, false);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(widthOf(line), 80u) << line;
    EXPECT_NE(text.find("conv2/Conv"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    if (std::getenv("PHX_SHOW_REPORT"))
      std::printf("%s", text.c_str());
  }
}

TEST(TextReport, SaysWhatMatters) {
  TestRun run;
  ReportInputs inputs = run.inputs();
  inputs.accuracy = Accuracy{0.97, 1, 500};
  inputs.statistics = &run.statistics;
  std::string text = makeTextReport(inputs, 80, false);
  for (const char *part :
       {"saturate on mirage", "memory hierarchy, batch 4, format bfp:4:16",
        "900.0 ns", "97.0 %", "laser", "core[7]", "Relu", "20.0", "equal",
        "Not included", "DRAM traffic", "125.00 KiB", "products only"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(TextReport, ColorOnlyOnRequest) {
  TestRun run;
  EXPECT_NE(makeTextReport(run.inputs(), 80, true).find("\x1b[1m"),
            std::string::npos);
}

TEST(TextReport, UnknownPeakIsNotZero) {
  TestRun run;
  run.timing.peakDynamicW = 0;
  EXPECT_NE(makeTextReport(run.inputs(), 80, false).find("not computed"),
            std::string::npos);
}

/// The lines from "Layers" to the next empty one.
static std::vector<std::string> getLayerLines(const std::string &text) {
  std::istringstream stream(text.substr(text.find("\nLayers\n") + 1));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line) && !line.empty();)
    lines.push_back(line);
  return lines;
}

TEST(TextReport, OneRowForEachNodeOfATraining) {
  TestRun run;
  run.makeTraining();
  run.program.layers[0].name = run.program.layers[1].name =
      run.program.layers[2].name = "/features/conv1/Conv";
  std::string text = makeTextReport(run.inputs(), 100, false);
  if (std::getenv("PHX_SHOW_REPORT"))
    std::printf("%s", text.c_str());
  std::vector<std::string> lines = getLayerLines(text);
  ASSERT_EQ(lines.size(), 8u) << text;
  for (const std::string &line : lines)
    EXPECT_LE(widthOf(line), 100u) << line;
  EXPECT_NE(lines[1].find("forward"), std::string::npos);
  EXPECT_LT(lines[1].find("forward"), lines[1].find("input gradient"));
  EXPECT_LT(lines[1].find("input gradient"), lines[1].find("weight gradient"));
  EXPECT_LT(lines[1].find("weight gradient"), lines[1].find("update"));
  std::istringstream cells(lines[3]);
  std::vector<std::string> words{std::istream_iterator<std::string>(cells), {}};
  // Name, op, forward, no input gradient, weight gradient, free update.
  ASSERT_EQ(words.size(), 16u) << lines[3];
  EXPECT_EQ(words[0], "/features/conv1/Conv");
  EXPECT_EQ(words[2] + words[3], "400ns");
  EXPECT_EQ(words[6] + words[7], "--");
  EXPECT_EQ(words[8] + words[9], "380ns");
  EXPECT_EQ(words[12] + words[13], "0s");
  EXPECT_EQ(lines[4].rfind("  all layers", 0), 0u);
}

/// Whatever the scheduler begins with, rows follow the network.
TEST(TextReport, NodesComeInTheOrderOfTheNetwork) {
  TestRun run;
  run.makeTraining();
  run.program.layers[0].phase = Phase::Update;
  run.program.layers[0].op = "Mul";
  run.program.layers[1] = {"first", "Relu", {}, Phase::Forward};
  run.program.layers[2] = {
      run.program.layers[0].name, "Conv", {}, Phase::Forward};
  std::vector<std::string> lines =
      getLayerLines(makeTextReport(run.inputs(), 100, false));
  ASSERT_GE(lines.size(), 5u);
  EXPECT_EQ(lines[3].rfind("  first ", 0), 0u) << lines[3];
  EXPECT_NE(lines[4].find("Conv"), std::string::npos) << lines[4];
  EXPECT_EQ(lines[4].find("Mul"), std::string::npos) << lines[4];
}

TEST(TextReport, NarrowTerminalsGetTwoLinesForEachNode) {
  TestRun run;
  run.makeTraining();
  run.program.layers[0].op = "BatchNormalization";
  std::string text = makeTextReport(run.inputs(), 80, false);
  std::vector<std::string> lines = getLayerLines(text);
  ASSERT_EQ(lines.size(), 10u) << text;
  for (const std::string &line : lines)
    EXPECT_LE(widthOf(line), 80u) << line;
  EXPECT_NE(lines[2].find("400 ns"), std::string::npos);
  EXPECT_EQ(lines[3].find("ns"), std::string::npos);
  EXPECT_NE(lines[3].find("J"), std::string::npos);
}

TEST(TextReport, TrainingSpeaksOfStepsAndSamples) {
  TestRun run;
  run.makeTraining();
  std::string text = makeTextReport(run.inputs(), 100, false);
  for (const char *part :
       {"latency of a step", "energy of a step", "samples/s", "per sample",
        "steps", "40", "samples dropped", "13", "first loss", "2.5",
        "last loss", "0.125", "mean loss", "1.25", "one training step"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  for (const char *part : {"inf/s", "per inference"})
    EXPECT_EQ(text.find(part), std::string::npos) << part << "\n" << text;
  run.training.reset();
  text = makeTextReport(run.inputs(), 100, false);
  for (const char *part : {"samples/s", "per sample", "first loss"})
    EXPECT_EQ(text.find(part), std::string::npos) << part << "\n" << text;
}
