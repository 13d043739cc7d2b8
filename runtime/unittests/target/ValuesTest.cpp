//===- ValuesTest.cpp - Targets as lists of values ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTarget.h"

#include "phx/target/Values.h"

#include <algorithm>

using namespace phx;
using namespace phx::test;

static Target load(const std::string &name,
                   const std::vector<std::string> &changes = {}) {
  auto target = parseTarget(readShipped(name), "t.textproto", changes);
  EXPECT_TRUE(target.ok()) << target.error().message;
  return *target;
}

static std::string makeError(const TargetValues &values) {
  auto target = makeTarget(values, "here");
  return target.ok() ? "" : target.error().message;
}

static FieldValue &find(TargetValues &values, const std::string &name) {
  auto field = std::find_if(values.fields.begin(), values.fields.end(),
                            [&](const auto &one) { return one.name == name; });
  EXPECT_NE(field, values.fields.end()) << name;
  return field->value;
}

TEST(Values, MakeTheSameTarget) {
  for (const char *name : {"mirage", "mirage-device"}) {
    Target target = load(name, {"core.count=3", "core.adc_pj=0.1"});
    auto again = makeTarget(getValues(target), "here");
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->structuralHash, target.structuralHash);
    EXPECT_TRUE(findDifferences(target, *again).empty());
    EXPECT_EQ(listStructure(*again), listStructure(target));
  }
}

TEST(Values, ArePrintedAsADescription) {
  Target target =
      load("mirage", {"core.count=3", "core.adc_pj=0.30000000000000004"});
  auto again = parseTarget(printTarget(target), "t.textproto");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(findDifferences(target, *again).empty());
  // Also without sources.
  auto made = makeTarget(getValues(target), "here");
  auto read = parseTarget(printTarget(*made), "t.textproto");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->structuralHash, target.structuralHash);
}

TEST(Values, KeepTheOrderOfMemories) {
  TargetValues values = getValues(load("mirage"));
  std::reverse(values.memories.begin(), values.memories.end());
  auto other = makeTarget(values, "here");
  ASSERT_TRUE(other.ok()) << other.error().message;
  auto differences = findDifferences(load("mirage"), *other);
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0].field, "memories");
}

TEST(Values, DifferInStructureAndPrices) {
  auto differences =
      findDifferences(load("mirage"), load("mirage", {"core.adc_pj=2",
                                                      "dma.latency_ns=7",
                                                      "core.moduli=31,32,35"}));
  ASSERT_EQ(differences.size(), 3u);
  EXPECT_EQ(differences[0].field, "core.moduli");
  EXPECT_EQ(differences[0].first, "31,32,33");
  EXPECT_EQ(differences[0].second, "31,32,35");
  EXPECT_TRUE(differences[0].structural);
  EXPECT_EQ(differences[1].field, "core.adc_pj");
  EXPECT_EQ(differences[1].second, "2");
  EXPECT_FALSE(differences[1].structural);
}

TEST(Values, AreCheckedAsFilesAre) {
  TargetValues values = getValues(load("mirage"));
  find(values, "core.rows") = int64_t(0);
  EXPECT_EQ(makeError(values), "here: core.rows (outputs per array and cycle) "
                               "is 0, legal is 1 to 4096");
  find(values, "core.rows") = 32.0;
  EXPECT_EQ(makeError(values),
            "here: core.rows (outputs per array and cycle) takes an integer, "
            "found the real number 32");
  find(values, "core.rows") = int64_t(32);
  find(values, "core.moduli") = std::vector<int64_t>{30, 32, 33};
  EXPECT_CONTAINS(makeError(values), "here: core.moduli 30 and 32 share");
  values = getValues(load("mirage"));
  values.fields.push_back({"core.raws", int64_t(3), true});
  EXPECT_CONTAINS(makeError(values), "a target has no field 'core.raws'; did "
                                     "you mean 'core.rows'");
  values = getValues(load("mirage"));
  std::erase_if(values.fields,
                [](const auto &one) { return one.name == "core.rows"; });
  EXPECT_CONTAINS(makeError(values), "here: field core.rows");
  values.groups[0].machineClass = "rms";
  EXPECT_CONTAINS(makeError(values),
                  "group 'core' has the machine 'rms', which is no machine "
                  "class; did you mean 'rns'");
}
