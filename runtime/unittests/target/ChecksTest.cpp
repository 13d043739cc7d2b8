//===- ChecksTest.cpp - Rules that descriptions obey -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTarget.h"

#include "machines/rns/Operations.h"
#include "phx/isa/Limits.h"

using namespace phx;
using namespace phx::test;

TEST(TargetChecks, UnknownFieldNamesLineAndNearest) {
  std::string text = edit(readShipped(), "clock_ghz {", "clok_ghz {");
  std::string error = parseError(text);
  EXPECT_CONTAINS(error, "t.textproto:" + locate(text, "clok_ghz") + ":");
  EXPECT_CONTAINS(
      error, "unknown field 'clok_ghz' in Machine; did you mean 'clock_ghz'");
}

TEST(TargetChecks, UnknownFieldWithoutNeighbourListsAll) {
  std::string text = edit(readShipped(), "dma {", "xyzzyx {");
  std::string error = parseError(text);
  EXPECT_CONTAINS(error, locate(text, "xyzzyx"));
  EXPECT_CONTAINS(error, "known are name, description");
}

TEST(TargetChecks, UnknownFieldOnEarlierLine) {
  std::string text = edit(readShipped(), "fill_ns {", "fil_ns\n\n{");
  EXPECT_CONTAINS(parseError(text),
                  "t.textproto:" + locate(text, "fil_ns") + ":");
}

TEST(TargetChecks, SyntaxErrorsAreLocated) {
  EXPECT_CONTAINS(parseError("groups { count { value: 1.5 } }"),
                  "t.textproto:1:25:");
  EXPECT_CONTAINS(parseError("groups { count: 8 }"),
                  "a field is written NAME { value:");
  EXPECT_CONTAINS(parseError("groups {"), "t.textproto:1:");
  std::string text = readShipped();
  EXPECT_CONTAINS(parseError(text + text.substr(text.find("dma {"))), "dma");
}

TEST(TargetChecks, EmptyFileIsNoTarget) {
  std::string error = parseError("");
  EXPECT_CONTAINS(error, "the target has no name");
  EXPECT_CONTAINS(error, "nothing that computes");
}

TEST(TargetChecks, MissingFieldPointsAtItsGroup) {
  std::string text =
      edit(readShipped(),
           "  count { value: 8 source: \"§VI-A2: 8 RNS-MMVMUs\" }\n", "");
  std::string error = parseError(text);
  EXPECT_CONTAINS(error,
                  "t.textproto:" + locate(text, "groups {") +
                      ": field core.count (number of arrays) is missing");
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST(TargetChecks, MissingValueIsNotZero) {
  std::string text = edit(readShipped(), "value: 0\n", "");
  EXPECT_CONTAINS(parseError(text), "core.fill_ns");
  EXPECT_CONTAINS(parseError(text), "has no value");
}

TEST(TargetChecks, MissingSourceIsRefused) {
  std::string text =
      edit(readShipped(), "source: \"§VI-A2: 8 RNS-MMVMUs\"", "");
  EXPECT_CONTAINS(parseError(text), "t.textproto:" + locate(text, "count {"));
  EXPECT_CONTAINS(parseError(text), "core.count has no source");
  std::string blank = edit(readShipped(), "\"§VI-A2: 8 RNS-MMVMUs\"", "\"  \"");
  EXPECT_CONTAINS(parseError(blank), "core.count has no source");
}

TEST(TargetChecks, LimitsAreInclusive) {
  std::string text = readShipped();
  EXPECT_EQ(parseError(text, {"core.count=1"}), "");
  EXPECT_EQ(parseError(text, {"core.count=65536"}), "");
  EXPECT_CONTAINS(parseError(text, {"core.count=65537"}), "legal is 1 to 65536");
  EXPECT_CONTAINS(parseError(text, {"core.count=0"}),
                  "core.count (number of arrays) is 0");
  EXPECT_EQ(parseError(text, {"core.fill_ns=0"}), "");
  // The energy of programming would have unlimited power.
  EXPECT_CONTAINS(parseError(text, {"core.program_ns=0"}), "legal is 1e-06 to");
  EXPECT_CONTAINS(parseError(text, {"core.fill_ns=-0.001"}), "is -0.001");
  EXPECT_CONTAINS(parseError(text, {"core.fill_ns=nan"}), "is nan");
  EXPECT_CONTAINS(parseError(text, {"dma.latency_ns=inf"}), "is inf");
  std::string nan = edit(text, "value: 0.0143", "value: nan");
  EXPECT_CONTAINS(parseError(nan), "core.dac_pj");
}

TEST(TargetChecks, SchemasHaveTheLimitsOfPrograms) {
  const struct {
    std::string field;
    limits::Range limit;
  } fields[] = {{"format.mantissa_bits", limits::mantissaBits},
                {"format.group", limits::groupLength},
                {"core.moduli", rns::modulusRange},
                {"core.count", {1, limits::arrays}},
                {"core.rows", limits::arraySide},
                {"core.columns", limits::arraySide},
                {"core.reference.mantissa_bits", limits::mantissaBits},
                {"core.reference.moduli", rns::modulusRange},
                {"core.reference.count", {1, limits::arrays}},
                {"core.reference.rows", limits::arraySide},
                {"core.reference.columns", limits::arraySide}};
  for (const auto &[field, limit] : fields)
    for (int64_t value : {limit.low - 1, limit.high + 1}) {
      std::string change = field + "=" + std::to_string(value);
      EXPECT_CONTAINS(parseError(readShipped(), {change}),
                      "legal is " + limit.toText());
    }
}

TEST(TargetChecks, LargestFormat) {
  std::vector<std::string> changes = {"format.mantissa_bits=15",
                                      "core.moduli=65536,65535,65533",
                                      "core.dac_bits=16", "core.adc_bits=16"};
  EXPECT_EQ(parseError(readShipped(), changes), "");
  changes.push_back("format.group=4096");
  EXPECT_EQ(parseError(readShipped(), changes), "");
}

TEST(TargetChecks, EveryRuleIsReportedAtOnce) {
  std::string error =
      parseError(readShipped(), {"core.count=0", "dma.bytes_per_ns=0"});
  EXPECT_CONTAINS(error, "core.count");
  EXPECT_CONTAINS(error, "dma.bytes_per_ns");
}

TEST(TargetChecks, ModuliAreCoprimeEvenAllowed) {
  std::string text = readShipped();
  EXPECT_EQ(parseError(text, {"core.moduli=64,63,61", "core.dac_bits=6"}), "");
  std::string error = parseError(text, {"core.moduli=30,32,33"});
  EXPECT_CONTAINS(
      error,
      "--set core.moduli=30,32,33: core.moduli 30 and 32 share the divisor 2");
  EXPECT_CONTAINS(parseError(text, {"core.moduli=31,32,1"}),
                  "is 1, legal is 2 to 65536");
  EXPECT_CONTAINS(parseError(text, {"core.moduli=65521,65519,65497,65479"}),
                  "exceeds 2^62");
}

TEST(TargetChecks, RangeIsExact) {
  // b_m = 5: 16 * 31^2 = 15376 fits 16367 although Eq 13 refuses it.
  std::string text = readShipped();
  EXPECT_EQ(parseError(text, {"format.mantissa_bits=5"}), "");
  std::string error = parseError(text, {"format.mantissa_bits=6"});
  EXPECT_CONTAINS(error, "16 * 63^2 = 63504");
  EXPECT_CONTAINS(error, "at most 16367");
  EXPECT_CONTAINS(error, "Eq 13");
  EXPECT_CONTAINS(error, ">= 17.0000, here it is 14.9986");
  // 3600 needs a product of at least 7201.
  EXPECT_EQ(parseError(text, {"core.moduli=7201", "core.dac_bits=13",
                              "core.adc_bits=13"}),
            "");
  error = parseError(
      text, {"core.moduli=7200", "core.dac_bits=13", "core.adc_bits=13"});
  EXPECT_CONTAINS(error, "3600");
  EXPECT_CONTAINS(error, "at most 3599");
  // A short group bounds the pass.
  EXPECT_EQ(parseError(text, {"format.mantissa_bits=6", "format.group=4"}), "");
  EXPECT_CONTAINS(
      parseError(text, {"format.mantissa_bits=6", "format.group=5"}),
      "--set format.group=5");
  // A long group is cut into passes of array width.
  EXPECT_EQ(parseError(text, {"format.group=64"}), "");
}

TEST(TargetChecks, ConvertersCoverTheLargestModulus) {
  std::string text = readShipped();
  EXPECT_CONTAINS(parseError(text, {"core.adc_bits=5"}),
                  "the largest modulus 33 needs 6 bits");
  EXPECT_CONTAINS(parseError(text, {"core.dac_bits=5"}), "core.dac_bits is 5");
  // Residues of 32 are 0 to 31.
  EXPECT_EQ(parseError(text, {"core.moduli=29,31,32", "core.dac_bits=5",
                              "core.adc_bits=5"}),
            "");
}

TEST(TargetChecks, GroupsFillWholeArrays) {
  EXPECT_EQ(parseError(readShipped(), {"format.group=8"}), "");
  EXPECT_CONTAINS(parseError(readShipped(), {"format.group=24"}),
                  "no multiple of core.columns 16");
}

TEST(TargetChecks, ScratchpadsHoldOneTile) {
  std::string text = readShipped();
  EXPECT_EQ(parseError(text, {"wgt.capacity_bytes=2048"}), "");
  EXPECT_CONTAINS(parseError(text, {"wgt.capacity_bytes=2047"}),
                  "32 x 16 tile takes 2048 bytes");
  EXPECT_CONTAINS(parseError(text, {"grad.capacity_bytes=127"}),
                  "takes 128 bytes");
  EXPECT_EQ(parseError(text, {"act.capacity_bytes=64"}), "");
}

TEST(TargetChecks, WordsAreKnown) {
  std::string text = readShipped();
  EXPECT_CONTAINS(parseError(text, {"format.rounding=truncate"}),
                  "legal is trunc, nearest or stochastic");
  EXPECT_CONTAINS(parseError(text, {"extensions=rms"}), "did you mean 'rns'");
  EXPECT_CONTAINS(parseError(edit(text, "extensions: \"rns\"", "")),
                  "add: extensions: \"rns\"");
}
