//===- TextReportTest.cpp - The report for people --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestRun.h"

#include <cstdlib>
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
