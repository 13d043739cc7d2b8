//===- StalePricesTest.cpp - Prices of another structure -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/target/Fields.h"
#include "TestTarget.h"

#include <algorithm>

using namespace phx;
using namespace phx::test;

namespace {
/// What is said about prices of mirage with these changes.
std::string warn(const std::vector<std::string> &overrides) {
  auto target = loadTarget("mirage", overrides);
  EXPECT_TRUE(target.ok()) << target.error().message;
  return target.ok() ? describe(findStalePrices(*target)) : "?";
}
} // namespace

TEST(StalePrices, NothingChanged) {
  EXPECT_EQ(warn({}), "");
  EXPECT_EQ(warn({"core.clock_ghz=5", "core.adc_pj=1"}), "");
  EXPECT_EQ(warn({"core.moduli=31,32,33", "core.columns=16"}), "");
  // Nothing is stated for these.
  EXPECT_EQ(warn({"format.rounding=nearest"}), "");
}

TEST(StalePrices, RulesFollowTheStructure) {
  EXPECT_EQ(warn({"core.moduli=61,63,64"}), "");
  EXPECT_EQ(warn({"format.mantissa_bits=3"}), "");
  EXPECT_EQ(warn({"core.rows=64", "core.count=3"}), "");
}

TEST(StalePrices, NamesFieldsAndPrices) {
  EXPECT_EQ(warn({"wgt.capacity_bytes=4096"}),
            "prices do not follow the structure of the machine: "
            "wgt.capacity_bytes is 4096 instead of 8388608, for which "
            "wgt.read_pj_per_byte, wgt.write_pj_per_byte and wgt.static_mw "
            "were stated; state these prices anew (--set), or describe the machine "
            "in a target file of its own");
  std::string two = warn({"core.columns=32", "dram.capacity_bytes=1024000"});
  EXPECT_CONTAINS(two, "core.columns is 32 instead of 16, for which "
                       "core.fill_ns was stated; dram.capacity_bytes is "
                       "1024000 instead of 17179869184, for which "
                       "dram.static_mw was stated;");
}

TEST(StalePrices, PricesStatedAnewFit) {
  EXPECT_EQ(warn({"dram.capacity_bytes=1024000", "dram.static_mw=1"}), "");
  std::string text =
      warn({"wgt.capacity_bytes=4096", "wgt.static_mw=7"});
  EXPECT_CONTAINS(text, "wgt.read_pj_per_byte and wgt.write_pj_per_byte were "
                        "stated");
  EXPECT_EQ(text.find("static_mw"), std::string::npos);
  // The value of the file counts, however often it is replaced.
  EXPECT_EQ(warn({"core.columns=32", "core.columns=16"}), "");
}

TEST(StalePrices, AFileStatesItsOwnPrices) {
  std::string text =
      edit(readShipped(), "columns { value: 16", "columns { value: 32");
  auto target = parseTarget(text, "t.textproto");
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_TRUE(findStalePrices(*target).empty());
}

TEST(StalePrices, RelationsNameStructuralFields) {
  auto target = loadTarget("mirage");
  ASSERT_TRUE(target.ok());
  std::vector<std::string> structural;
  for (const TargetField &field : describeTarget(*target))
    if (field.structural)
      structural.push_back(field.name);
  for (const auto &field : target::collectFields(*target)) {
    EXPECT_TRUE(field.getStatedFor(*target).empty() || !field.isStructural());
    for (const std::string &name : field.getStatedFor(*target))
      EXPECT_EQ(std::count(structural.begin(), structural.end(), name), 1)
          << field.name << ": " << name;
  }
}
