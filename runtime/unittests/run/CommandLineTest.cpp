//===- CommandLineTest.cpp - Options of photonic-run ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/CommandLine.h"

#include "RunHelpers.h"

using namespace phx;
using namespace phx::testing;

static Result<ParsedCommandLine> parse(std::vector<const char *> arguments) {
  arguments.insert(arguments.begin(), "photonic-run");
  return parseCommandLine(int(arguments.size()), arguments.data());
}

using Names = std::vector<std::string>;

TEST(CommandLineTest, TakesEveryOption) {
  auto parsed = parse({"--input",
                       "a=1.npy",
                       "m.phx",
                       "--input=b=2.npy",
                       "--set",
                       "core.clock_ghz=5",
                       "--set=dma.x=1",
                       "--labels",
                       "l.npy",
                       "--output-dir",
                       "out",
                       "--report",
                       "r.json",
                       "--trace",
                       "t.json",
                       "--dump-values",
                       "d",
                       "--state",
                       "in.npz",
                       "--save-state=out.npz",
                       "--seed",
                       "7",
                       "--target",
                       "mirage",
                       "--executor=reference",
                       "--timing=stepped",
                       "--threads",
                       "3",
                       "--fp32",
                       "--no-compare",
                       "--quiet",
                       "--no-color"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const CommandLine &o = parsed->options;
  EXPECT_FALSE(parsed->leave);
  EXPECT_EQ(o.program, "m.phx");
  EXPECT_EQ(o.inputs, (Names{"a=1.npy", "b=2.npy"}));
  EXPECT_EQ(o.overrides, (Names{"core.clock_ghz=5", "dma.x=1"}));
  EXPECT_EQ(o.labels + o.outputDirectory + o.report + o.trace + o.dumpDirectory,
            "l.npyoutr.jsont.jsond");
  EXPECT_EQ(o.state + o.saveState, "in.npzout.npz");
  EXPECT_EQ(o.seed, 7);
  EXPECT_EQ(o.target + o.executor + o.timing, "miragereferencestepped");
  EXPECT_EQ(o.threads, 3u);
  EXPECT_TRUE(o.fp32 && o.noCompare && o.quiet && o.noColor && !o.timingOnly);
}

TEST(CommandLineTest, HelpAndVersionLeave) {
  EXPECT_NE(parse({"--help"})->text.find("--timing-only"), std::string::npos);
  EXPECT_TRUE(parse({"--help"})->leave);
  EXPECT_EQ(parse({"--version"})->text.rfind("photonic-run ", 0), 0u);
}

TEST(CommandLineTest, ExplainsMistakes) {
  EXPECT_ERROR(parse({}), "expected a program file");
  EXPECT_ERROR(parse({"m.phx", "--inptu", "a"}), "did you mean '--input'");
  EXPECT_ERROR(parse({"m.phx", "other"}), "found 'other' as well");
  EXPECT_ERROR(parse({"m.phx", "--threads", "0"}), "--threads");
  EXPECT_ERROR(parse({"m.phx", "--threads", "many"}), "--threads");
  EXPECT_ERROR(parse({"m.phx", "--executor=quick"}), "found 'quick'");
  EXPECT_ERROR(parse({"m.phx", "--timing=open"}), "found 'open'");
  EXPECT_ERROR(parse({"m.phx", "--report"}), "--report");
  EXPECT_ERROR(parse({"m.phx", "--seed", "1.5"}), "--seed");
}

TEST(CommandLineTest, TimingOnlyTakesNoData) {
  EXPECT_TRUE(parse({"m.phx", "--timing-only", "--report", "r"}).ok());
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--input", "x.npy"}),
               "--input");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--labels", "x"}), "--labels");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--output-dir", "x"}),
               "--output-dir");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--dump-values", "x"}),
               "--dump-values");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--fp32"}), "--fp32");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--state", "x"}), "--state");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--save-state", "x"}),
               "--save-state");
  EXPECT_ERROR(parse({"m.phx", "--timing-only", "--seed", "0"}), "--seed");
}

TEST(CommandLineTest, NamesMayHoldEqualSigns) {
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(splitInput("x=a.npy", {"x"}), (Parts{"x", "a.npy"}));
  EXPECT_EQ(splitInput("a=b=c.npy", {"a=b"}), (Parts{"a=b", "c.npy"}));
  EXPECT_EQ(splitInput("a=b=c.npy", {"a"}), (Parts{"a", "b=c.npy"}));
  EXPECT_EQ(splitInput("y=c.npy", {"x"}), (Parts{"y", "c.npy"}));
  EXPECT_EQ(splitInput("c.npy", {"x"}), (Parts{"", "c.npy"}));
}

TEST(CommandLineTest, ListsInstructionsWithoutAProgram) {
  auto parsed = parse({"--list-instructions"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_TRUE(parsed->leave);
  for (const char *part :
       {"instructions\n  halt\n", "instruction fields\n  loop.count [iterations]\n",
        "  core_stream.start\n      affine, at least 0: accumulators start "
        "from "
        "+0 where it is 0\n"})
    EXPECT_NE(parsed->text.find(part), std::string::npos) << part;
  EXPECT_EQ(parsed->text.find("vector_ops"), std::string::npos);
}

TEST(CommandLineTest, ListsCountersWithoutAProgram) {
  auto parsed = parse({"--list-counters"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_TRUE(parsed->leave);
  for (const char *part :
       {"counters\n", "  vector_ops [operation]\n", "  macs [operation]\n",
        "\ncomponents\n", "  dram [pJ]\n", "vector_unit.op_pj"})
    EXPECT_NE(parsed->text.find(part), std::string::npos) << part;
}
